"""What internal audit asks about, in words: each exception with its threshold, its numbers and its offers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Branch, User
from cases.models import Case
from common.display import format_percent
from common.money import format_money
from compensation import exception_queries as found
from compensation.exception_rules import Thresholds
from compensation.models import Offer
from customers.models import Customer

# Offers that a page shows of each exception.
MOST_SHOWN = 10


@dataclass(frozen=True)
class ExceptionView:
    """One exception: whom it is about, what was counted, and the offers it rests on."""

    about: str
    says: list[str]
    offers: list[Offer]
    count: int

    @property
    def more(self) -> int:
        return max(0, self.count - len(self.offers))


@dataclass(frozen=True)
class Section:
    """The exceptions of one kind: why they are worth a question, and from when on."""

    code: str
    icon: str
    title: str
    why: str
    threshold: str
    rows: list[ExceptionView]

    @property
    def is_cut(self) -> bool:
        return len(self.rows) >= found.MOST_FOUND


@dataclass(frozen=True)
class _Names:
    people: dict[int, str]
    customers: dict[int, str]
    cases: dict[int, str]
    branches: dict[int, str]


@dataclass(frozen=True)
class Found:
    """All that was found in a period."""

    near: list[found.NearLimit]
    splits: list[found.Split]
    returning: list[found.Returning]
    pairs: list[found.Pair]

    @property
    def all(self) -> Iterable[Any]:
        return (*self.near, *self.splits, *self.returning, *self.pairs)


def sections(scope: found.Scope, thresholds: Thresholds, *, most_offers: int = MOST_SHOWN) -> list[Section]:
    """The exceptions of a period by kind; nine queries at most."""
    all_found = Found(
        found.near_limit(scope, thresholds),
        found.splits(scope, thresholds),
        found.returning(scope, thresholds),
        found.pairs(scope, thresholds),
    )
    offers = found.offers_found(key for each in all_found.all for key in each.offer_ids[:most_offers])
    names = _names(all_found)

    def view(about: str, says: Sequence[str], keys: list[int], count: int) -> ExceptionView:
        shown = [offers[key] for key in keys[:most_offers] if key in offers]
        return ExceptionView(about, [said for said in says if said], shown, count)

    return [
        _near_section(thresholds, [view(*_near(each, thresholds, names)) for each in all_found.near]),
        _split_section(thresholds, [view(*_split(each, names)) for each in all_found.splits]),
        _returning_section(thresholds, [view(*_returning(each, names)) for each in all_found.returning]),
        _pair_section(thresholds, [view(*_pair(each, names)) for each in all_found.pairs]),
    ]


def _names(all_found: Found) -> _Names:
    people = {each.person_id for each in all_found.near} | {each.most_by for each in all_found.returning}
    people |= {key for each in all_found.pairs for key in (each.proposer_id, each.approver_id)}
    customers = {each.customer_id for each in all_found.returning}
    cases = {each.case_id for each in all_found.splits}
    branches = {each.branch_id for each in all_found.pairs}
    return _Names(
        people=dict(User.objects.filter(pk__in=people).values_list("pk", "name")),
        customers=dict(Customer.objects.filter(pk__in=customers).values_list("pk", "name")),
        cases={
            key: f"{number} · {name}"
            for key, number, name in Case.objects.filter(pk__in=cases).values_list(
                "pk", "number", "customer__name"
            )
        },
        branches={row.pk: row.label for row in Branch.objects.filter(pk__in=branches)},
    )


# --- just below the limit ------------------------------------------------------------------


def _near_section(thresholds: Thresholds, rows: list[ExceptionView]) -> Section:
    threshold = _(
        "Decisions that take a case to {percent} or more of what the person could give that day, alone or as "
        "approver: at least {least}, and twice as many as in the band of the same width below."
    )
    return Section(
        code="near",
        icon="arrow-bar-to-up",
        title=_("Just below the limit"),
        why=_("Amounts that follow the loss thin out upwards. Where they crowd below a limit, ask why."),
        threshold=threshold.format(percent=format_percent(thresholds.near_from), least=thresholds.near_least),
        rows=rows,
    )


def _near(
    each: found.NearLimit, thresholds: Thresholds, names: _Names
) -> tuple[str, Sequence[str], list[int], int]:
    near = ngettext(
        "{near} of {decided} decisions in {currency} is just below the limit: {amount}.",
        "{near} of {decided} decisions in {currency} are just below the limit: {amount} together.",
        each.near,
    )
    below = _("In the band below, from {low} to {high} of the limit: {below}.")
    says = (
        near.format(
            near=each.near,
            decided=each.decided,
            currency=each.currency,
            amount=format_money(each.amount, each.currency),
        ),
        below.format(
            low=format_percent(thresholds.below_from),
            high=format_percent(thresholds.near_from),
            below=each.below,
        ),
    )
    return names.people[each.person_id], says, each.offer_ids, each.near


# --- split ---------------------------------------------------------------------------------


def _split_section(thresholds: Thresholds, rows: list[ExceptionView]) -> Section:
    threshold = _(
        "Grants on one case with at most {days} days between two of them, that together exceed what somebody "
        "who granted a part alone could have granted at once; or {parts} and more."
    )
    return Section(
        code="split",
        icon="arrows-split",
        title=_("Split over several offers"),
        why=_("An amount in parts may pass where the whole would have been looked at."),
        threshold=threshold.format(days=thresholds.split_days, parts=thresholds.split_parts),
        rows=rows,
    )


def _split(each: found.Split, names: _Names) -> tuple[str, Sequence[str], list[int], int]:
    days = (each.last_at - each.first_at).days + 1
    parts = ngettext(
        "{parts} grants within {days} day: {total} together.",
        "{parts} grants within {days} days: {total} together.",
        days,
    )
    alone = ""
    if each.alone is not None:
        alone = _("Alone, {alone} could be granted on a case.").format(
            alone=format_money(each.alone, each.currency)
        )
    said = parts.format(parts=each.parts, days=days, total=format_money(each.total, each.currency))
    return names.cases[each.case_id], (said, alone), each.offer_ids, each.parts


# --- the same customer ---------------------------------------------------------------------


def _returning_section(thresholds: Thresholds, rows: list[ExceptionView]) -> Section:
    return Section(
        code="returning",
        icon="repeat",
        title=_("The same customer again and again"),
        why=_("Either something keeps failing this customer, or complaining pays."),
        threshold=_("Compensation on {cases} or more cases of one customer in the period.").format(
            cases=thresholds.customer_cases
        ),
        rows=rows,
    )


def _returning(each: found.Returning, names: _Names) -> tuple[str, Sequence[str], list[int], int]:
    grants = _("{grants} grants on {cases} cases: {amount} together.")
    same = _("{n} of them were proposed by {name}.")
    says = (
        grants.format(grants=each.grants, cases=each.cases, amount=format_money(each.amount, each.currency)),
        same.format(n=each.by_same, name=names.people[each.most_by]) if each.by_same > 1 else "",
    )
    return names.customers[each.customer_id], says, each.offer_ids, each.grants


# --- the same pair -------------------------------------------------------------------------


def _pair_section(thresholds: Thresholds, rows: list[ExceptionView]) -> Section:
    threshold = _(
        "{least} or more decisions of one approver, which are {percent} or more of all on one proposer’s "
        "offers in a branch, and a fifth more than of the others’ offers there."
    )
    return Section(
        code="pair",
        icon="users",
        title=_("The same proposer and approver"),
        why=_("Four eyes see less when they always meet."),
        threshold=threshold.format(
            least=thresholds.pair_least, percent=format_percent(thresholds.pair_percent / 100)
        ),
        rows=rows,
    )


def _pair(each: found.Pair, names: _Names) -> tuple[str, Sequence[str], list[int], int]:
    proposer, approver = names.people[each.proposer_id], names.people[each.approver_id]
    decided = _(
        "{approver} decided on {n} of {all} offers of {proposer} at {branch}, and rejected {rejected}."
    )
    usual = _("Nobody else’s offers were decided on there, so there is nothing to compare with.")
    if each.usual is not None:
        usual = _("Of the {others} offers of others there: {share}.").format(
            others=each.others, share=format_percent(each.usual)
        )
    says = (
        decided.format(
            approver=approver,
            n=each.decided,
            all=each.of_proposer,
            proposer=proposer,
            branch=names.branches[each.branch_id],
            rejected=each.rejected,
        ),
        usual,
    )
    return f"{proposer} → {approver}", says, each.offer_ids, each.decided
