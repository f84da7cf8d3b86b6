"""What a member of staff prefers: language, theme and time zone."""

from __future__ import annotations

import zoneinfo

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.states import Theme
from common.errors import Invalid


def set_preferences(
    *, actor: User, language: str | None = None, theme: str | None = None, time_zone: str | None = None
) -> User:
    """Change what is given of the actor's own preferences; None leaves a thing as it is.

    Raises `Invalid` at the field that is wrong. Taste is no matter for the audit trail.
    """
    changed = []
    if language is not None:
        if language not in dict(settings.LANGUAGES):
            raise Invalid(_("Choose a language from the list."), field="language")
        actor.language = language
        changed.append("language")
    if theme is not None:
        if theme not in Theme.values:
            raise Invalid(_("Choose an appearance from the list."), field="theme")
        actor.theme = theme
        changed.append("theme")
    if time_zone is not None:
        actor.time_zone = check_time_zone(time_zone)
        changed.append("time_zone")
    actor.save(update_fields=changed)
    return actor


def check_time_zone(name: str) -> str:
    """The name itself. Raises `Invalid` when there is no such time zone."""
    if name not in zoneinfo.available_timezones():
        raise Invalid(_("There is no time zone of that name."), field="time_zone")
    return name
