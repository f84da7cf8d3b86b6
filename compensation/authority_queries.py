"""Lookups of authority: what a person may grant alone, and who decides on the rest."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Exists, QuerySet
from django.utils import timezone

from accounts.models import Branch, User
from accounts.queries import roles_with
from accounts.states import Capability
from cases.models import Case
from common.days import local_day
from common.prepared import prepared
from common.statements import Slot, Statement
from compensation.budget_rules import who_decides_overdraft
from compensation.models import Offer, Remedy, RemedyShare
from compensation.queries import offers_of
from compensation.rules import (
    ZERO,
    Granted,
    Limit,
    day_start,
    lowest_beyond,
    lowest_for,
    may_grant,
    standing,
    who_decides,
)
from compensation.states import GRANTED, OfferState
from customers.models import ContactPoint
from customers.rules import normalise_contact
from customers.states import ContactKind

# What stands on a case: money promised or asked for.
STANDING = (OfferState.WAITING, *GRANTED)
_DECIDING = frozenset(roles_with(Capability.DECIDE_OFFER))


@dataclass(frozen=True, slots=True)
class GrantView:
    """What a person may grant alone on a case, now, in the case's currency, of one kind and basis.

    `on_case` is what stands on the case already; `left_today` is None where there is no authority at all.
    `ranks` is what each role may decide per case. With `own_complaint` the person is
    the customer, and grants nothing.
    """

    currency: str
    limit: Limit | None
    on_case: Decimal
    left_today: Decimal | None
    may_grant: Decimal
    deciders: tuple[Limit, ...]
    ranks: Mapping[str, Decimal] = field(default_factory=dict)
    own_complaint: bool = False

    def asks(self, amount: Decimal) -> str | None:
        """The role that would have to decide on this amount; None when nobody has that much authority."""
        return who_decides(self.deciders, amount)

    def needs(self, amount: Decimal, *, leaves: bool = False, overdraws: bool = False) -> Limit | None:
        """The least authority that this amount takes; None when nobody has that much.

        What `leaves` the policy takes one level above the usual, and so does what `overdraws` a budget.
        """
        usual = lowest_for(self.deciders, amount)
        found = [usual]
        if overdraws:
            found.append(who_decides_overdraft(self.deciders, amount))
        if leaves and usual is not None:
            above = self.limit.per_case if self.limit else ZERO
            if amount > self.may_grant:
                above = max([above, *(each.per_case for each in self.deciders if each.role == usual.role)])
            found.append(lowest_beyond(self.deciders, amount, above=above))
        return max((limit for limit in found if limit is not None), key=standing, default=None)


# The most specific authority in force: a person's before the role's, then of the kind, then of the basis.
# `compensation_limit` in the database finds the same.
_HELD = """
    WITH newest AS (
        SELECT DISTINCT ON (a.role, a.user_id, a.kind, a.basis) a.*
        FROM accounts_authority a LEFT JOIN accounts_user u ON u.id = a.user_id
        WHERE a.currency = %s AND a.kind IN ('', %s) AND a.basis IN ('', %s) AND a.valid_from <= %s
            AND (a.user_id IS NULL OR u.role = a.role)
        ORDER BY a.role, a.user_id, a.kind, a.basis, a.valid_from DESC
    ), held AS (
        SELECT DISTINCT ON (role, user_id) role, user_id, kind, basis, per_case, per_day
        FROM newest WHERE NOT ends
        ORDER BY role, user_id, kind = '', basis = ''
    )
"""
_HELD_BY = (Slot("currency"), Slot("kind"), Slot("basis"), Slot("on"))
_LIMITS = Statement(
    f"{_HELD} SELECT role, per_case, per_day, kind, basis, user_id FROM held",  # noqa: S608  # SQL of this module
    _HELD_BY,
)
# How many may decide by each: others than the proposer, and nobody on their own complaint.
_MANNED = Statement(
    f"""
    {_HELD}, complaining AS (
        SELECT u.id FROM customers_contactpoint p JOIN accounts_user u ON lower(u.email) = p.normalised
        WHERE p.customer_id = %s AND p.kind = 'email'
    )
    SELECT h.role, h.per_case, h.per_day, h.kind, h.basis, h.user_id, (
        SELECT count(*) FROM accounts_user u
        WHERE u.role = h.role AND u.is_active AND u.id <> %s AND u.id NOT IN (SELECT id FROM complaining)
            AND (u.all_branches OR EXISTS (
                SELECT FROM accounts_user_branches b WHERE b.user_id = u.id AND b.branch_id = %s))
            AND CASE WHEN h.user_id IS NULL
                THEN NOT EXISTS (SELECT FROM held own WHERE own.user_id = u.id)
                ELSE u.id = h.user_id END
    ), %s IN (SELECT id FROM complaining)
    FROM held h
    """,  # noqa: S608  # SQL of this module
    (*_HELD_BY, Slot("customer"), Slot("without"), Slot("branch"), Slot("without")),
)


def _held(currency: str, on: dt.date, kind: str, basis: str) -> list[Limit]:
    rows = _LIMITS.rows({"currency": currency, "kind": kind, "basis": basis, "on": on})
    return [Limit(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Held:
    """The limits in force for one kind and basis."""

    limits: list[Limit]

    def of(self, user: User) -> Limit | None:
        """This person's own limit, else that of their role."""
        return self.of_person(user.pk, user.role)

    def of_person(self, person: int, role: str) -> Limit | None:
        """The same of somebody of whom only the key and the role are at hand."""
        mine = [each for each in self.limits if each.role == role and each.person in (None, person)]
        return min(mine, key=lambda limit: limit.person is None, default=None)

    @property
    def ranks(self) -> dict[str, Decimal]:
        """What each role may decide per case."""
        return {limit.role: limit.per_case for limit in self.limits if limit.person is None}


def limits_in_force(currency: str, *, time_zone: str, kind: str = "", basis: str = "") -> Held:
    """The limits in force in a currency today; the day is that of the time zone."""
    return Held(_held(currency, local_day(timezone.now(), time_zone), kind, basis))


@dataclass(frozen=True, slots=True)
class Authorities:
    """Everybody's authority for an offer now, with what it counts of the case's grants."""

    held: Held
    granted: Sequence[Granted]

    def of(self, person: User) -> Limit | None:
        """This person's authority; None for none."""
        limit = self.held.of(person)
        return with_grants(limit, self.granted) if limit else None


def authorities_for(case: Case, offer: Offer) -> Authorities:
    """Who may grant how much of what this offer of the case gives; two queries."""
    zone = case.branch.time_zone
    held = limits_in_force(offer.currency, time_zone=zone, kind=offer.kind, basis=offer.basis)
    return Authorities(held, grants_on(case))


def limits_of_roles(currency: str, *, time_zone: str, kind: str = "", basis: str = "") -> dict[str, Limit]:
    """The limits in force in a currency today, by role; the day is that of the time zone."""
    held = limits_in_force(currency, time_zone=time_zone, kind=kind, basis=basis)
    return {limit.role: limit for limit in held.limits if limit.person is None}


def limit_of(user: User, currency: str, *, time_zone: str, kind: str = "", basis: str = "") -> Limit | None:
    """What this person may grant in a currency today, by that time zone; None when nothing.

    Without a kind or a basis it is what holds for any.
    """
    return limits_in_force(currency, time_zone=time_zone, kind=kind, basis=basis).of(user)


def limits_held(
    currency: str, *, time_zone: str, kind: str, basis: str
) -> Callable[[int, str], Limit | None]:
    """The limits in force today, to look up a person's by key and role: their own, else that of the role."""
    return limits_in_force(currency, time_zone=time_zone, kind=kind, basis=basis).of_person


def deciding_limits(
    currency: str, *, branch: Branch, without: User, kind: str = "", basis: str = ""
) -> tuple[Limit, ...]:
    """The limits by which somebody else in that branch may decide."""
    return _deciding(currency, branch, without, kind, basis).deciders


class _Deciding(NamedTuple):
    """All limits, those by which somebody may decide, and whether the customer is the person left out."""

    limits: list[Limit]
    deciders: tuple[Limit, ...]
    own_complaint: bool


def _deciding(
    currency: str, branch: Branch, without: User, kind: str, basis: str, customer_id: int = 0
) -> _Deciding:
    values = {
        "currency": currency,
        "kind": kind,
        "basis": basis,
        "on": local_day(timezone.now(), branch.time_zone),
        "customer": customer_id,
        "without": without.pk,
        "branch": branch.pk,
    }
    rows = _MANNED.rows(values)
    limits = [Limit(*row[:-1]) for row in rows]
    deciders = tuple(limit for limit in limits if limit.people and limit.role in _DECIDING)
    return _Deciding(limits, deciders, any(row[-1] for row in rows))


def granted_today(user: User, currency: str, time_zone: str, *, limit: Limit | None = None) -> Decimal:
    """What this person granted within their own authority since midnight in that time zone.

    With a `limit` only what that limit counts.
    """
    since = day_start(timezone.now(), time_zone)
    rows = [Granted(*row) for row in _granted_alone(proposer_id=user.pk, currency=currency, since=since)]
    return limit.counted(rows) if limit else sum((row.amount for row in rows), ZERO)


@prepared
def _granted_alone(*, proposer_id: int, currency: str, since: dt.datetime) -> QuerySet[Offer, Any]:
    granted = Offer.objects.filter(proposer=proposer_id, within_authority=True, currency=currency)
    granted = granted.filter(state__in=GRANTED, decided_at__gte=since).order_by()
    return granted.values_list("kind", "basis", "granted_amount")


def left_today(user: User, currency: str, *, time_zone: str | None = None) -> Decimal | None:
    """What this person may still grant alone today; None when there is no authority in that currency.

    The day is that of the branch's time zone, or of the person's where no branch is given.
    """
    zone = time_zone or user.time_zone
    limit = limit_of(user, currency, time_zone=zone)
    if limit is None:
        return None
    return max(ZERO, limit.per_day - granted_today(user, currency, zone, limit=limit))


def standing_on(offers: Iterable[Offer], currency: str) -> list[Granted]:
    """What these offers of a case have granted or ask for."""
    return [
        Granted(o.kind, o.basis, o.standing_amount)
        for o in offers
        if o.state in STANDING and o.currency == currency
    ]


def grants_on(case: Case) -> list[Granted]:
    """What a case was granted so far, in the case's currency."""
    rows = _granted(case_id=case.pk, currency=case.currency)
    return [Granted(kind, basis, amount or ZERO) for kind, basis, amount in rows]


@prepared
def _granted(*, case_id: int, currency: str) -> QuerySet[Offer, Any]:
    granted = Offer.objects.filter(case=case_id, state__in=GRANTED, currency=currency).order_by()
    return granted.values_list("kind", "basis", "granted_amount")


def granted_on(case: Case) -> Decimal:
    """The sum of what a case was granted so far."""
    return sum((row.amount for row in grants_on(case)), ZERO)


def complains(customer: Any, address: Any) -> Exists:
    """The condition that an e-mail address is one of the customer's; either may refer to a column."""
    points = ContactPoint.objects.filter(customer=customer, kind=ContactKind.EMAIL, normalised=address)
    return Exists(points)


def is_own_complaint(user: User, case: Case) -> bool:
    """Whether this person is the customer who complains: one of their e-mail addresses is the same."""
    return bool(
        _addresses(customer_id=case.customer_id, address=normalise_contact(ContactKind.EMAIL, user.email))
    )


def is_own_incident(user: User, remedy: Remedy) -> bool:
    """Whether this person is one of the customers who would get something by a remedy."""
    address = normalise_contact(ContactKind.EMAIL, user.email)
    points = ContactPoint.objects.filter(kind=ContactKind.EMAIL, normalised=address)
    return RemedyShare.objects.filter(remedy=remedy, customer__in=points.values("customer")).exists()


@prepared
def _addresses(*, customer_id: int, address: str) -> QuerySet[ContactPoint, Any]:
    mine = ContactPoint.objects.filter(customer=customer_id, kind=ContactKind.EMAIL, normalised=address)
    return mine.order_by().values_list("pk", flat=True)


def with_grants(limit: Limit, granted: Sequence[Granted]) -> Limit:
    """The limit with what it counts of this on the case."""
    return replace(limit, on_case=limit.counted(granted))


def grant_view(
    user: User, case: Case, offers: Iterable[Offer] | None = None, *, kind: str = "", basis: str = ""
) -> GrantView:
    """What this person may grant on this case now. `offers` are the case's, where they are at hand.

    Without a kind or a basis it is what holds for any.
    """
    stands = standing_on(offers_of(case) if offers is None else offers, case.currency)
    found = _deciding(case.currency, case.branch, user, kind, basis, case.customer_id)
    limit = Held(found.limits).of(user) if user.may(Capability.PROPOSE_OFFER) else None
    today = granted_today(user, case.currency, case.branch.time_zone, limit=limit) if limit else ZERO
    on_case = limit.counted(stands) if limit else ZERO
    return GrantView(
        currency=case.currency,
        limit=limit,
        on_case=sum((row.amount for row in stands), ZERO),
        left_today=max(ZERO, limit.per_day - today) if limit else None,
        may_grant=ZERO if found.own_complaint else may_grant(limit, on_case=on_case, today=today),
        deciders=tuple(with_grants(each, stands) for each in found.deciders),
        ranks=Held(found.limits).ranks,
        own_complaint=found.own_complaint,
    )
