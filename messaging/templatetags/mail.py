"""How e-mails say times: in full, since nobody knows when they are read."""

from __future__ import annotations

from datetime import datetime

from babel.dates import format_skeleton, format_time
from django import template
from django.utils import timezone
from django.utils.translation import gettext as _

from common.display import date_locale

register = template.Library()


@register.filter
def mail_day(moment: datetime) -> str:
    """`{{ closes_at|mail_day }}`: "Monday 23 November", in the reader's zone."""
    return str(format_skeleton("MMMMEEEEd", timezone.localtime(moment), locale=date_locale()))


@register.filter
def mail_time(moment: datetime) -> str:
    """`{{ answer_by|mail_time }}`: "Monday 23 November, 14:00", in the reader's zone."""
    clock = format_time(timezone.localtime(moment), "HH:mm", locale=date_locale())
    return _("{day}, {time}").format(day=mail_day(moment), time=clock)
