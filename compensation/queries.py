"""Lookups about offers, each bounded and with what its screen shows already joined."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import OuterRef, Q, QuerySet, Subquery, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.states import Capability
from cases.models import Case
from cases.registry import Blocker
from common.prepared import prepared
from common.statements import Slot, Statement
from compensation.models import KindSetting, Offer, Setback
from compensation.rules import (
    ZERO,
    Likes,
    like_key,
)
from compensation.states import GRANTED, OUTSTANDING, OfferState

HISTORY = dt.timedelta(days=365)
MOST_LIKE_CASES = 50


class Grants(NamedTuple):
    """What was granted: per case in its currency, and per customer and currency in the last 12 months."""

    by_case: dict[int, Decimal]
    lately: dict[int, dict[str, Decimal]]


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

    Each also has `asks_customer` of its kind's setting, and `setback`, the reason of its last one.
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
            setback=Subquery(setbacks.values("reason")[:1]),
        )
        .order_by("id")
    )


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

    One more than are shown, so that a case can be left out of its own comparison. A letter that cost nothing
    says nothing of amounts.
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
            AND o.state IN ('approved', 'offered', 'accepted', 'failed', 'fulfilled') AND o.granted_amount > 0
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


# --- promises and answers ------------------------------------------------------------------


def expiring_offers(now: dt.datetime) -> QuerySet[Offer]:
    """The offers that the customer has not answered in time, the oldest first."""
    return Offer.objects.filter(state=OfferState.OFFERED, expires_at__lte=now).order_by("expires_at", "id")


def due_promises(now: dt.datetime) -> QuerySet[Offer]:
    """The granted offers of whose promise somebody is to be reminded by now."""
    return Offer.objects.filter(next_reminder_at__lte=now).order_by("next_reminder_at", "id")


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
    "offer_draft": ({OfferState.DRAFT}, _("An offer is still a draft: propose it, or withdraw it.")),
}
