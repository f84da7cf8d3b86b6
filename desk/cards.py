"""Draws what waits in the inbox and is not open: in Python, as the rows of lists of cases."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from html import escape

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from accounts.states import Role
from common.display import ClockView, format_percent
from common.money import format_money
from common.templatetags.ui import clock as draw_clock
from common.templatetags.ui import when
from compensation.models.kind import kind_label
from compensation.paths import remedy_path
from compensation.rows import WaitingRow
from compensation.rules import dose_ratio
from desk.rows import severity_mark


@dataclass(frozen=True, slots=True)
class Card:
    """What waits, as a card of the inbox; `lent` says that the reader stands in for those who are asked."""

    row: WaitingRow
    clock: ClockView | None
    is_own: bool
    lent: bool

    @property
    def key(self) -> tuple[bool, int]:
        """Offers and remedies are numbered apart."""
        return self.row.is_remedy, self.row.pk

    @property
    def asked(self) -> bool:
        """Whether it is addressed to the reader."""
        return self.row.asked

    @property
    def url(self) -> str:
        """Where it is decided on."""
        return remedy_path(self.row.number) if self.row.is_remedy else f"{_inbox()}?offer={self.row.pk}"


def draw_card(card: Card, language: str, *, key: str = "") -> SafeString:
    """Enough of an offer to choose the next; `key` is the one that leads to it."""
    row = card.row
    bound = f' data-key="{key}"' if key else ""
    title, told = _words_of(
        language,
        row.is_remedy,
        row.amount,
        row.currency,
        kind_label(row.kind),
        row.customer_name,
        row.severity,
        (row.summary, row.defect_in(language), row.proposer_name, *_whose(card, language)),
    )
    timed = draw_clock(card.clock) if card.clock else f'<span class="quiet">{when(row.proposed_at)}</span>'
    return SafeString(  # what comes from people is escaped
        f'<article class="panel" id="{"remedy" if row.is_remedy else "offer"}-{row.pk}"><header>'
        f'<h2><a href="{escape(card.url)}"{bound}>{title}</a></h2>{timed}</header>{told}</article>\n'
    )


# The same offers stand in the inbox until they are decided: only their clocks change.
@lru_cache(maxsize=2048)
def _words_of(
    language: str,
    is_remedy: bool,
    amount: Decimal,
    currency: str,
    kind_name: str,
    customer_name: str,
    severity: int,
    said: tuple[str, ...],
) -> tuple[str, str]:
    """A card's title, and the line under it."""
    title = f"{format_money(amount, currency)} {kind_name} · {customer_name}"
    mark = f'<span class="chip">{escape(_("remedy for all"))}</span> ' if is_remedy else ""
    line = escape(" · ".join(filter(None, said)))
    return escape(title), f'<p class="quiet">{severity_mark(severity, language)} {mark}{line}</p>'


def draw_choice(card: Card, language: str, *, chosen: bool) -> SafeString:
    """An offer of a batch with its box; the box also tells which amount was shown."""
    row = card.row
    said = [row.number, row.summary, row.proposer_name, *_whose(card, language)]
    ratio = dose_ratio(row.amount, row.loss)
    if ratio is not None:
        said.insert(0, _("%(ratio)s of loss") % {"ratio": format_percent(ratio)})
    timed = draw_clock(card.clock) if card.clock else ""
    return SafeString(  # what comes from people is escaped
        '<li><label class="check"><input type="checkbox" name="offer" data-choice'
        f' value="{row.pk}:{row.amount}"{" checked" if chosen else ""}>'
        f"<span><b>{escape(format_money(row.amount, row.currency))}</b> {escape(row.customer_name)}"
        f'<br><small class="quiet">{escape(" · ".join(said))}</small></span></label>{timed}</li>\n'
    )


def _whose(card: Card, language: str) -> list[str]:
    if card.is_own:
        return [_("your own proposal")]
    if card.asked and not card.lent:
        return []
    roles = {"role": " + ".join(_role(role, language) for role in card.row.asked_roles)}
    return [_("you stand in for: %(role)s") % roles if card.lent else _("for: %(role)s") % roles]


@lru_cache(maxsize=1)
def _inbox() -> str:
    return reverse("desk:approvals")


@lru_cache(maxsize=64)
def _role(role: str, _language: str) -> str:
    return str(Role(role).label) if role else ""
