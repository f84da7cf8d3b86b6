"""Lookups about offers, authority and budgets, each bounded and with what its screen shows already joined."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Authority, Branch, User
from accounts.queries import roles_with
from accounts.states import Capability
from cases.models import Case
from cases.registry import Blocker
from common.days import local_day
from common.prepared import prepared
from common.statements import Slot, Statement
from compensation.models import Budget, BudgetMovement, KindSetting, Offer, Setback
from compensation.rows import WaitingRow, as_rows
from compensation.rules import (
    ZERO,
    Likes,
    Limit,
    day_start,
    like_key,
    may_grant,
    who_decides,
    who_decides_beyond,
)
from compensation.states import EFFECTS, GRANTED, OUTSTANDING, Movement, OfferState

HISTORY = dt.timedelta(days=365)
MOST_LIKE_CASES = 50

# What stands on a case: money promised or asked for.
STANDING = (OfferState.WAITING, *GRANTED)


class Grants(NamedTuple):
    """What was granted: per case in its currency, and per customer and currency in the last 12 months."""

    by_case: dict[int, Decimal]
    lately: dict[int, dict[str, Decimal]]


@dataclass(frozen=True, slots=True)
class GrantView:
    """What a person may grant alone on a case, now, in the case's currency.

    `on_case` is what stands on the case already; `left_today` is None where the role has no authority at all.
    """

    currency: str
    limit: Limit | None
    on_case: Decimal
    left_today: Decimal | None
    may_grant: Decimal
    deciders: tuple[Limit, ...]

    def asks(self, amount: Decimal) -> str | None:
        """The role that would have to decide on this amount; None when nobody has that much authority."""
        return who_decides(self.deciders, self.on_case + amount)

    def asks_beyond(self, amount: Decimal) -> str | None:
        """The role that would have to decide on an amount that leaves the policy: one above the usual."""
        usual = self.asks(amount)
        own = self.limit.per_case if self.limit else ZERO
        above = own
        if amount > self.may_grant:
            above = max([own, *(limit.per_case for limit in self.deciders if limit.role == usual)])
        return who_decides_beyond(self.deciders, self.on_case + amount, above=above)


# --- offers --------------------------------------------------------------------------------


def visible_offers(user: User) -> QuerySet[Offer]:
    """The offers of the branches that this person works for."""
    if not user.may(Capability.SEE_CASES):
        return Offer.objects.none()
    return offers_of_branches(user.branch_ids)


def offers_of_branches(branch_ids: frozenset[int] | None) -> QuerySet[Offer]:
    """All offers of these branches; None stands for every branch."""
    return Offer.objects.all() if branch_ids is None else Offer.objects.filter(branch_id__in=branch_ids)


def get_offer_for(user: User, offer_id: int) -> Offer:
    """The offer with its case. Raises `Offer.DoesNotExist` also for one of a branch that is not theirs."""
    found = _by_key.first(user.branch_ids, offer_id=offer_id) if user.may(Capability.SEE_CASES) else None
    if found is None:
        raise Offer.DoesNotExist
    return found


@prepared
def _by_key(branch_ids: frozenset[int] | None, *, offer_id: int) -> QuerySet[Offer]:
    return (
        offers_of_branches(branch_ids)
        .filter(pk=offer_id)
        .select_related("case__customer", "case__defect", "branch", "proposer")
        .defer("case__search", "case__customer__search", "case__suggestion", "case__description")
    )


def offers_of(case: Case) -> list[Offer]:
    """A case's offers in the order they were made, with who asked, who decided and how they landed.

    Each also has `asks_customer` and `need` of its kind's setting, and `setback`, the reason of its last one.
    """
    return _offers(case_id=case.pk)


@prepared
def _offers(*, case_id: int) -> QuerySet[Offer]:
    joined = (
        "proposer",
        "approval__approver",
        "fulfilment__recorded_by",
        "answer__recorded_by",
        "voucher__branch",
    )
    setbacks = Setback.objects.filter(offer=OuterRef("pk")).order_by("-id")
    settings = KindSetting.objects.filter(pk=OuterRef("kind"))
    return (
        Offer.objects.filter(case=case_id)
        .select_related(*joined)
        .annotate(
            asks_customer=Subquery(settings.values("asks_customer")[:1]),
            need=Subquery(settings.values("need")[:1]),
            setback=Subquery(setbacks.values("reason")[:1]),
        )
        .order_by("id")
    )


def waiting_for(user: User, *, limit: int) -> list[WaitingRow]:
    """The offers that wait where this person may decide, the gravest cases first, then the oldest offers."""
    if not user.may(Capability.DECIDE_OFFER):
        return []
    return [WaitingRow._make(row) for row in _waiting(user.branch_ids, limit)]


def waiting_row(user: User, offer_id: int) -> WaitingRow | None:
    """One of these offers; None when it does not wait, or not for this person."""
    found = (
        _waiting.first(user.branch_ids, 1, offer_id=offer_id) if user.may(Capability.DECIDE_OFFER) else None
    )
    return None if found is None else WaitingRow._make(found)


@prepared
def _waiting(
    branch_ids: frozenset[int] | None, limit: int, *, offer_id: int | None = None
) -> QuerySet[Offer, tuple[Any, ...]]:
    offers = offers_of_branches(branch_ids).filter(state=OfferState.WAITING)
    if offer_id is not None:
        offers = offers.filter(pk=offer_id)
    return as_rows(offers.order_by("case__severity", "proposed_at", "id"))[:limit]


def addressed_to(user: User) -> QuerySet[Offer]:
    """The waiting offers that ask for this person's role, and are not their own."""
    if not user.may(Capability.DECIDE_OFFER):
        return Offer.objects.none()
    return visible_offers(user).filter(state=OfferState.WAITING, asked_role=user.role).exclude(proposer=user)


def decided_lately(user: User, *, days: int = 14, limit: int = 10) -> QuerySet[Offer]:
    """What others decided on this person's offers in the last days, the newest first."""
    return (
        Offer.objects.filter(
            proposer=user, within_authority=False, decided_at__gte=timezone.now() - dt.timedelta(days=days)
        )
        .filter(state__in=(*GRANTED, OfferState.REJECTED))
        .select_related("case__customer", "approval__approver")
        .defer("case__search", "case__customer__search", "case__description")
        .order_by("-decided_at", "-id")[:limit]
    )


# --- history -------------------------------------------------------------------------------


def granted_to_customers(customer_ids: Collection[int]) -> dict[int, dict[str, Decimal]]:
    """What each customer was granted in the last 12 months, per currency."""
    return grants_of_customers(customer_ids).lately


def granted_to_customer(customer_id: int) -> dict[str, Decimal]:
    """What a customer was granted in the last 12 months, per currency."""
    return granted_to_customers([customer_id]).get(customer_id, {})


def grants_of_customers(customer_ids: Collection[int]) -> Grants:
    """What these customers were granted, by case and lately; one query."""
    rows = _granted(customer_ids=list(customer_ids), since=timezone.now() - HISTORY)
    by_case: dict[int, Decimal] = defaultdict(Decimal)
    lately: dict[int, dict[str, Decimal]] = defaultdict(dict)
    for customer_id, case_id, currency, total, amount in rows:
        by_case[case_id] += total
        if amount:
            lately[customer_id][currency] = lately[customer_id].get(currency, ZERO) + amount
    return Grants(dict(by_case), dict(lately))


@prepared
def _granted(*, customer_ids: list[int], since: dt.datetime) -> QuerySet[Offer, tuple[Any, ...]]:
    recent = Sum("granted_amount", filter=Q(decided_at__gte=since))
    return (
        Offer.objects.filter(case__customer__among=customer_ids, state__in=GRANTED)
        .values_list("case__customer", "case", "currency")
        .annotate(total=Sum("granted_amount"), recent=recent)
        .order_by("case__customer", "currency", "case")
    )


def like_cases(keys: Iterable[str]) -> dict[str, list[tuple[int, Decimal]]]:
    """What was granted under each key in the last 12 months: (case, amount), newest first.

    One more than are shown, so that a case can be left out of its own comparison.
    """
    wanted = sorted(set(keys))
    found: dict[str, list[tuple[int, Decimal]]] = {key: [] for key in wanted}
    if not wanted:
        return found
    since = timezone.now() - HISTORY
    for key, case_id, amount in _LIKE_CASES.rows(
        {"keys": wanted, "since": since, "most": MOST_LIKE_CASES + 1}
    ):
        found[key].append((case_id, amount))
    return found


_LIKE_CASES = Statement(
    """
    SELECT wanted.key, granted.case_id, granted.granted_amount FROM unnest(%s::text[]) AS wanted (key)
    CROSS JOIN LATERAL (
        SELECT o.case_id, o.granted_amount FROM compensation_offer o
        WHERE o.like_key = wanted.key AND o.decided_at >= %s
            AND o.state IN ('approved', 'offered', 'accepted', 'failed', 'fulfilled')
        ORDER BY o.decided_at DESC LIMIT %s
    ) granted
    """,
    (Slot("keys"), Slot("since"), Slot("most")),
)


def key_of(case: Case) -> str:
    """The name of the cases that this case is like."""
    return like_key(case.failure_type, case.defect_id, case.severity, case.currency)


def likes_of(case: Case, found: Mapping[str, list[tuple[int, Decimal]]]) -> Likes:
    """What like cases got, without the case itself."""
    others = [amount for case_id, amount in found.get(key_of(case), []) if case_id != case.pk]
    return Likes(others[:MOST_LIKE_CASES])


# --- authority -----------------------------------------------------------------------------


def _in_force(on: dt.date) -> QuerySet[Authority]:
    """The authority in force of each role and currency on a day, which is the branch's: see `local_day`."""
    return (
        Authority.objects.filter(valid_from__lte=on)
        .order_by("currency", "role", "-valid_from")
        .distinct("currency", "role")
    )


def _limit(authority: Authority) -> Limit:
    return Limit(role=authority.role, per_case=authority.per_case, per_day=authority.per_day)


def limits_of_roles(currency: str, *, time_zone: str) -> dict[str, Limit]:
    """The limits in force in a currency today, by role; the day is that of the time zone."""
    rows = _authorities(currency=currency, on=local_day(timezone.now(), time_zone))
    return {authority.role: _limit(authority) for authority in rows}


@prepared
def _authorities(*, currency: str, on: dt.date) -> QuerySet[Authority]:
    return _in_force(on).filter(currency=currency)


def limit_of(user: User, currency: str, *, time_zone: str) -> Limit | None:
    """What this person's role may grant in a currency today, by that time zone; None when nothing."""
    on = local_day(timezone.now(), time_zone)
    authority = _in_force(on).filter(currency=currency, role=user.role).first()
    return _limit(authority) if authority else None


def deciding_limits(
    currency: str, *, branch: Branch, without: User
) -> tuple[dict[str, Limit], tuple[Limit, ...]]:
    """The limits of every role, and of those that may decide and have somebody in that branch to do it."""
    on = local_day(timezone.now(), branch.time_zone)
    rows = _manned(currency=currency, branch_id=branch.pk, without=without.pk, on=on)
    deciding = roles_with(Capability.DECIDE_OFFER)
    return (
        {row.role: _limit(row) for row in rows},
        tuple(_limit(row) for row in rows if row.manned and row.role in deciding),
    )


@prepared
def _manned(*, currency: str, branch_id: int, without: int, on: dt.date) -> QuerySet[Any]:
    """The limits in a currency, each with whether somebody but one person holds the role in a branch."""
    somebody = User.objects.filter(
        Q(all_branches=True) | Q(branches=branch_id), role=OuterRef("role"), is_active=True
    ).exclude(pk=without)
    return _in_force(on).filter(currency=currency).annotate(manned=Exists(somebody))


def granted_today(user: User, currency: str, time_zone: str) -> Decimal:
    """What this person granted within their own authority since midnight in that time zone."""
    since = day_start(timezone.now(), time_zone)
    return sum(_granted_alone(proposer_id=user.pk, currency=currency, since=since), ZERO)


@prepared
def _granted_alone(*, proposer_id: int, currency: str, since: dt.datetime) -> QuerySet[Offer, Any]:
    granted = Offer.objects.filter(proposer=proposer_id, within_authority=True, currency=currency)
    granted = granted.filter(state__in=GRANTED, decided_at__gte=since).order_by()
    return granted.values_list("granted_amount", flat=True)


def left_today(user: User, currency: str, *, time_zone: str | None = None) -> Decimal | None:
    """What this person may still grant alone today; None when the role has no authority in that currency.

    The day is that of the branch's time zone, or of the person's where no branch is given.
    """
    zone = time_zone or user.time_zone
    limit = limit_of(user, currency, time_zone=zone)
    if limit is None:
        return None
    return max(ZERO, limit.per_day - granted_today(user, currency, zone))


def standing_on(offers: Iterable[Offer], currency: str) -> Decimal:
    """What these offers of a case have granted or ask for."""
    return sum((o.standing_amount for o in offers if o.state in STANDING and o.currency == currency), ZERO)


def granted_on(case: Case) -> Decimal:
    """What a case was granted so far, in the case's currency."""
    granted = Offer.objects.filter(case=case, state__in=GRANTED, currency=case.currency)
    return granted.aggregate(total=Sum("granted_amount"))["total"] or ZERO


def grant_view(user: User, case: Case, offers: Iterable[Offer] | None = None) -> GrantView:
    """What this person may grant on this case now. `offers` are the case's, where they are at hand."""
    on_case = standing_on(offers_of(case) if offers is None else offers, case.currency)
    limits, deciders = deciding_limits(case.currency, branch=case.branch, without=user)
    limit = limits.get(user.role) if user.may(Capability.PROPOSE_OFFER) else None
    today = granted_today(user, case.currency, case.branch.time_zone) if limit else ZERO
    return GrantView(
        currency=case.currency,
        limit=limit,
        on_case=on_case,
        left_today=max(ZERO, limit.per_day - today) if limit else None,
        may_grant=may_grant(limit, on_case=on_case, today=today),
        deciders=deciders,
    )


# --- promises and answers ------------------------------------------------------------------


def kind_setting(kind: str) -> KindSetting:
    """How offers of this kind are handled; the defaults where nothing is set."""
    return KindSetting.objects.filter(pk=kind).first() or KindSetting(kind=kind)


def expiring_offers(now: dt.datetime) -> QuerySet[Offer]:
    """The offers that the customer has not answered in time, the oldest first."""
    return Offer.objects.filter(state=OfferState.OFFERED, expires_at__lte=now).order_by("expires_at", "id")


def due_promises(now: dt.datetime) -> QuerySet[Offer]:
    """The granted offers of whose promise somebody is to be reminded by now."""
    return Offer.objects.filter(next_reminder_at__lte=now).order_by("next_reminder_at", "id")


# --- budgets -------------------------------------------------------------------------------


def budget_for(branch_id: int, currency: str, on: dt.date, kind: str = "") -> Budget | None:
    """The budget that pays for a branch that day, with all above it: the one of that kind before the general.

    None means that spending is not limited by a budget. A closed budget is found, too: it refuses.
    """
    return _budgets.first(branch_id=branch_id, currency=currency, on=on, kind=kind)


@prepared
def _budgets(*, branch_id: int, currency: str, on: dt.date, kind: str) -> QuerySet[Budget]:
    found = with_levels(Budget.objects.filter(branch=branch_id, currency=currency))
    found = found.filter(Q(kind="") | Q(kind=kind), starts_on__lte=on, ends_on__gte=on)
    return found.order_by("-kind", "-starts_on")[:1]


def with_levels(budgets: QuerySet[Budget]) -> QuerySet[Budget]:
    """These budgets with everything joined that stands above them; a trigger holds four levels at most."""
    return budgets.select_related("branch", "parent__branch", "parent__parent__parent")


def current_budget(branch: Branch, currency: str, kind: str = "") -> Budget | None:
    """The budget that pays for a branch today, in the branch's own day."""
    return budget_for(branch.pk, currency, local_day(timezone.now(), branch.time_zone), kind)


def visible_budgets(user: User) -> QuerySet[Budget]:
    """The budgets of the branches that a person works for, and those that stand above branches."""
    budgets = with_levels(Budget.objects.all())
    if user.branch_ids is None:
        return budgets
    return budgets.filter(Q(branch__in=user.branch_ids) | Q(branch=None))


def latest_movements(budget_id: int, *, limit: int) -> list[BudgetMovement]:
    """What moved on a budget last, the newest first, with the case of the offer and who did it."""
    rows = BudgetMovement.objects.filter(budget=budget_id).select_related("by", "offer", "counterpart")
    rows = rows.annotate(case_number=F("offer__case__number"))
    return list(rows.order_by("-id")[:limit])


class Moved(NamedTuple):
    """The budgets that have an offer's money, from the lowest key up, and what stands on each of them."""

    budgets: list[int]
    reserved: Decimal
    committed: Decimal


def budgets_moved(offer_id: int) -> Moved:
    """What an offer has moved so far; the same on every level, so the sums of one are given."""
    rows = BudgetMovement.objects.filter(offer=offer_id).order_by("budget")
    moved: dict[int, tuple[Decimal, Decimal]] = {}
    for key, kind, amount in rows.values_list("budget", "kind", "amount"):
        reserved, committed = moved.get(key, (ZERO, ZERO))
        _amount, more, spent = EFFECTS[Movement(kind)]
        moved[key] = reserved + more * amount, committed + spent * amount
    return Moved(list(moved), *next(iter(moved.values()), (ZERO, ZERO)))


# --- closing a case ------------------------------------------------------------------------


def closing_blockers(case: Case) -> Iterator[Blocker]:
    """What compensation says against resolving a case: money not delivered, a question not answered."""
    states = set(
        Offer.objects.filter(case=case, state__in=OUTSTANDING).order_by().values_list("state", flat=True)
    )
    for code, (against, message) in _AGAINST_CLOSING.items():
        if not states.isdisjoint(against):
            yield Blocker(code, message)


_AGAINST_CLOSING = {
    "offer_unfulfilled": (
        {OfferState.APPROVED, OfferState.ACCEPTED},
        _("Approved compensation has not reached the customer yet."),
    ),
    "offer_waiting": ({OfferState.WAITING}, _("An offer is still waiting for approval.")),
    "offer_unanswered": ({OfferState.OFFERED}, _("The customer has not answered an offer yet.")),
    "offer_failed": ({OfferState.FAILED}, _("Compensation did not arrive and has to be sent again.")),
    "offer_draft": ({OfferState.DRAFT}, _("The customer's wish for something else has not been answered.")),
}
