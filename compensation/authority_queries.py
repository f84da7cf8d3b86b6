"""Lookups of authority: what a person may grant alone, and who decides on the rest."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Sum
from django.utils import timezone

from accounts.models import Authority, Branch, User
from accounts.queries import roles_with
from accounts.states import Capability
from cases.models import Case
from common.days import local_day
from common.prepared import prepared
from compensation.models import Offer
from compensation.queries import offers_of
from compensation.rules import ZERO, Limit, day_start, may_grant, who_decides, who_decides_beyond
from compensation.states import GRANTED, OfferState

# What stands on a case: money promised or asked for.
STANDING = (OfferState.WAITING, *GRANTED)


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
