"""What waits for whom: by the roles that are asked, and by what others who are away have lent."""

from __future__ import annotations

import datetime as dt
from functools import reduce
from operator import or_
from typing import Any, NamedTuple

from django.db.models import (
    DateField,
    DateTimeField,
    Exists,
    F,
    Func,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Value,
)
from django.db.models.functions import Cast, Lower
from django.db.models.lookups import IsNull
from django.utils import timezone

from accounts.models import Delegation, User
from accounts.queries import roles_with
from accounts.states import Capability
from compensation.authority_queries import complains
from compensation.models import ApprovalStep, Offer, Remedy
from compensation.queries import offers_of_branches
from compensation.states import OfferState, RemedyState

_DECIDING = roles_with(Capability.DECIDE_OFFER)


class Reader(NamedTuple):
    """What shapes somebody's questions: their branches (None for all), their role, and those lent to them."""

    branch_ids: frozenset[int] | None
    role: str
    lent: tuple[str, ...]

    @classmethod
    def of(cls, user: User) -> Reader:
        return cls(user.branch_ids, user.role, user.lent_roles)


def reader_values(user: User) -> dict[str, Any]:
    """What fills them in: `at` only where authority is lent, which is for some days."""
    return {"user_id": user.pk} | ({"at": timezone.now()} if user.lent_roles else {})


def addressed_to(user: User, at: dt.datetime | None = None) -> QuerySet[Offer]:
    """The waiting offers of which a step is open for this person, or for whom they stand in for.

    Neither what they proposed, nor what they have decided a step of.
    """
    if not user.may(Capability.DECIDE_OFFER):
        return Offer.objects.none()
    ways = ways_to_offers(Reader.of(user), user.pk, at or timezone.now())
    return waiting_offers(user.branch_ids).filter(any_of(ways), open_to(user.pk))


def addressed_remedies(user: User, at: dt.datetime | None = None) -> QuerySet[Remedy]:
    """The same of the remedies of incidents."""
    if not user.may(Capability.DECIDE_OFFER):
        return Remedy.objects.none()
    asked = asked_for_remedy(Reader.of(user), user.pk, at or timezone.now())
    return waiting_remedies(user.branch_ids).filter(asked)


def waiting_offers(branch_ids: frozenset[int] | None) -> QuerySet[Offer]:
    """All offers of these branches that wait; None stands for every branch."""
    return offers_of_branches(branch_ids).filter(state=OfferState.WAITING)


def waiting_remedies(branch_ids: frozenset[int] | None) -> QuerySet[Remedy]:
    """The same of remedies."""
    remedies = Remedy.objects.filter(state=RemedyState.WAITING)
    return remedies if branch_ids is None else remedies.filter(incident__branch_id__in=branch_ids)


def ways_to_offers(reader: Reader, user_id: int, at: dt.datetime | None) -> list[Q]:
    """How an offer may ask somebody, by their own role or one that is lent: each goes by an index."""
    ways = [Q(asked_role=reader.role), _asked_beside(reader.role)]
    if at is not None:
        for role in reader.lent:
            lent = Q(Exists(lent_for_offer(user_id, at).filter(delegator__role=role)))
            ways += [Q(asked_role=role) & lent, _asked_beside(role) & lent]
    return ways


def asked_for_remedy(reader: Reader, user_id: int, at: dt.datetime | None) -> Q:
    """Which remedies ask them, and are not their own."""
    ways = [Q(asked_role=reader.role)]
    if at is not None:
        lent = lent_for_remedy(user_id, at)
        ways += [Q(Exists(lent.filter(delegator__role=role)), asked_role=role) for role in reader.lent]
    return any_of(ways) & ~Q(proposer=user_id)


def any_of(ways: list[Q]) -> Q:
    """At least one of these conditions."""
    return reduce(or_, ways)


def open_to(user_id: int) -> Q:
    """That this person has no part in an offer: neither proposed it nor decided a step of its round."""
    steps = ApprovalStep.objects.filter(offer=OuterRef("pk"), round=OuterRef("round"))
    decided = Exists(steps.filter(Q(decided_by=user_id) | Q(on_behalf_of=user_id)))
    return ~Q(proposer=user_id) & ~Q(decided)


def _asked_beside(role: str) -> Q:
    """What asks for a role together with another before it; few are asked so, and have their index.

    Not by `contains`, which the planner thinks so rare that it would sort all instead of reading that index.
    """
    place = Func(F("asked_beside"), Value(role), function="array_position", output_field=IntegerField())
    return ~Q(asked_beside=[]) & Q(IsNull(place, False))


def lent_for_offer(user_id: int, at: dt.datetime) -> QuerySet[Delegation]:
    """By which this person decides on the outer offer then, besides their own authority.

    Nobody lends what they have no say in themselves: they proposed it, complain, or have decided a step.
    """
    person = OuterRef("delegator")
    own = complains(OuterRef(OuterRef("case__customer")), Lower(OuterRef("delegator__email")))
    steps = ApprovalStep.objects.filter(offer=OuterRef(OuterRef("pk")), round=OuterRef(OuterRef("round")))
    decided = steps.filter(Q(decided_by=person) | Q(on_behalf_of=person))
    return _lent(user_id, at, branch="branch").filter(~own, ~Exists(decided))


def lent_for_remedy(user_id: int, at: dt.datetime) -> QuerySet[Delegation]:
    """The same of the outer remedy; whether they would get something by it is asked when it is decided."""
    return _lent(user_id, at, branch="incident__branch")


def _lent(user_id: int, at: dt.datetime, *, branch: str) -> QuerySet[Delegation]:
    """What is in force on the day of the branch, by others than the proposer who decide in that branch."""
    reached = User.branches.through.objects.filter(
        user=OuterRef("delegator"), branch=OuterRef(OuterRef(branch))
    )
    moment = Cast(Value(at), DateTimeField())
    local = Func(OuterRef(f"{branch}__time_zone"), moment, function="timezone", output_field=DateTimeField())
    today = Cast(local, DateField())
    return Delegation.objects.filter(
        Q(delegator__all_branches=True) | Exists(reached),
        ~Q(delegator=OuterRef("proposer")),
        delegate=user_id,
        revoked_at=None,
        starts_on__lte=today,
        ends_on__gte=today,
        delegator__is_active=True,
        delegator__role__in=_DECIDING,
    )
