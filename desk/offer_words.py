"""What stands beside an offer, in words: the loss, like cases, the customer, authority and budget."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from html import escape

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common.display import format_percent
from common.money import format_money
from common.templatetags.ui import day, when
from compensation.inbox import Dossier
from compensation.kind_states import MONEY_DETAILS, Detail
from compensation.rules import ZERO, Likes
from compensation.states import DOSE_SOURCE
from desk.budget_words import budget_words


@dataclass(frozen=True, slots=True)
class DoseView:
    """Compensation ÷ loss, with what research says about it."""

    ratio: Decimal
    label: str
    tone: str
    note: str
    source: str = DOSE_SOURCE


@dataclass(frozen=True, slots=True)
class Fact:
    """A term and what is known; `tone` is "" or a colour's name."""

    term: str
    value: str | SafeString
    tone: str = ""


def detail_words(details: Mapping[str, str], currency: str) -> list[tuple[str, str]]:
    """What was told of a fulfilment, as pairs of a label and what a reader sees."""
    return [
        (str(detail.label), _detail(detail, details[detail], currency))
        for detail in Detail
        if detail in details
    ]


def _detail(detail: Detail, value: str, currency: str) -> str:
    if detail in MONEY_DETAILS:
        return format_money(Decimal(value), currency)
    return day(dt.date.fromisoformat(value)) if detail is Detail.BOOKED_FOR else value


def likes_words(likes: Likes, currency: str) -> SafeString:
    """What like cases were granted."""
    if not likes.count:
        return format_html('<span class="quiet">{}</span>', _("none in 12 months"))
    words = ngettext("%(n)s, %(median)s", "%(n)s, median %(median)s, %(low)s–%(high)s", likes.count)
    amounts = {"median": likes.typical, "low": likes.lowest, "high": likes.highest}
    written = {name: _whole(amount or Decimal(0), currency) for name, amount in amounts.items()}
    return SafeString(escape(words % {"n": likes.count, **written}))  # escaped


def dose_words(dose: DoseView) -> SafeString:
    """The ratio to the loss; what research says of it on hover."""
    return format_html(
        '<span class="{}" title="{}. {} ({})">{}</span>',
        dose.tone,
        dose.label,
        dose.note,
        dose.source,
        _("%(ratio)s of loss") % {"ratio": format_percent(dose.ratio)},
    )


def facts_of(facts: Dossier, dose: DoseView | None) -> Iterator[Fact]:
    """What a decision on an offer rests on, in the order in which one asks."""
    offer, currency = facts.offer, facts.offer.currency
    yield Fact(_("Loss"), _loss(facts, dose))
    if offer.policy_low is not None and offer.policy_high is not None:
        yield Fact(_("Policy"), _policy(facts), "risk" if offer.deviation_reason else "")
    yield Fact(_("Like cases"), likes_words(facts.likes, currency))
    yield Fact(_("Customer"), _customer(facts))
    if facts.granted:
        yield Fact(_("Granted on this case"), format_money(facts.granted, currency))
    asked = format_html("{} · {}", offer.proposer.name, when(offer.proposed_at))
    if facts.proposer_limit:
        amount = _whole(facts.proposer_limit.per_case, currency)
        asked = format_html("{} · {}", asked, _("may grant %(amount)s") % {"amount": amount})
    yield Fact(_("Asked by"), asked)
    limit = _("none in this currency")
    if facts.limit:
        limit = _("%(amount)s per case") % {"amount": _whole(facts.limit.per_case, currency)}
    yield Fact(_("Your authority"), limit, "" if facts.within else "risk")
    if facts.in_place_of is not None:
        lent = {"name": facts.in_place_of.name, "amount": _whole(facts.in_place_of.limit.per_case, currency)}
        yield Fact(_("In the place of"), _("%(name)s · %(amount)s per case") % lent)
    yield Fact(_("Budget left"), _budget(facts), "late" if facts.budget_short else "")


def _policy(facts: Dossier) -> str:
    """The policies' range for the whole case, and why this leaves it."""
    offer = facts.offer
    low = _whole(offer.policy_low or ZERO, offer.currency)
    high = _whole(offer.policy_high or ZERO, offer.currency)
    band = high if low == high else f"{low}–{high}"
    if not offer.deviation_reason:
        return _("%(range)s, inside") % {"range": band}
    return _("%(range)s, outside: %(reason)s") % {"range": band, "reason": offer.deviation_reason}


def _loss(facts: Dossier, dose: DoseView | None) -> SafeString:
    case = facts.case
    if case.loss is None:
        return format_html('<span class="quiet">{}</span>', _("not known"))
    said = format_html("{}", format_money(case.loss, facts.offer.currency))
    if case.verified_loss is None:
        said = format_html('{} <span class="quiet">{}</span>', said, _("as claimed"))
    return said if dose is None else format_html("{} · {}", said, dose_words(dose))


def _customer(facts: Dossier) -> str:
    before = facts.complaints_before
    said = [ngettext("%(n)s complaint before", "%(n)s complaints before", before) % {"n": before}]
    granted = " · ".join(format_money(amount, currency) for currency, amount in facts.granted_before.items())
    if granted:
        said.append(_("%(amounts)s in 12 months") % {"amounts": granted})
    return " · ".join(said)


def _budget(facts: Dossier) -> SafeString:
    if facts.budget is None:
        return format_html('<span class="quiet">{}</span>', _("no budget set"))
    return budget_words(facts.budget, facts.offer.branch)


def _whole(amount: Decimal, currency: str) -> str:
    return format_money(amount, currency, whole=True)
