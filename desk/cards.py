"""Draws the waiting offers that are not open: in Python, as the rows of lists of cases."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from html import escape

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.states import Role
from common.display import ClockView
from common.money import format_money
from common.templatetags.ui import clock as draw_clock
from common.templatetags.ui import when
from compensation.models.kind import kind_label
from compensation.rows import WaitingRow
from desk.rows import severity_mark


@dataclass(frozen=True, slots=True)
class Card:
    """One waiting offer of the inbox; `asked` says that it is addressed to the reader's role."""

    row: WaitingRow
    clock: ClockView | None
    is_own: bool
    asked: bool


def draw_card(card: Card, *, key: str = "") -> SafeString:
    """Enough of an offer to choose the next; `key` is the one that leads to it."""
    row, language = card.row, get_language() or "en"
    bound = f' data-key="{key}"' if key else ""
    title = f"{format_money(row.amount, row.currency)} {kind_label(row.kind)} · {row.customer_name}"
    defect = row.defect_in(language)
    said = [row.summary, *([defect] if defect else []), row.proposer_name, *_whose(card, language)]
    timed = draw_clock(card.clock) if card.clock else f'<span class="quiet">{when(row.proposed_at)}</span>'
    return mark_safe(  # noqa: S308  # what comes from people is escaped
        f'<article class="panel" id="offer-{row.pk}"><header>'
        f'<h2><a href="{_inbox()}?offer={row.pk}"{bound}>{escape(title)}</a></h2>{timed}</header>'
        f'<p class="quiet">{severity_mark(row.severity, language)} {escape(" · ".join(said))}</p></article>\n'
    )


def _whose(card: Card, language: str) -> list[str]:
    if card.is_own:
        return [_("your own proposal")]
    return [] if card.asked else [_("for: %(role)s") % {"role": _role(card.row.asked_role, language)}]


@lru_cache(maxsize=1)
def _inbox() -> str:
    return reverse("desk:approvals")


@lru_cache(maxsize=64)
def _role(role: str, _language: str) -> str:
    return str(Role(role).label) if role else ""
