"""Lookups of staff and branches."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q, QuerySet

from accounts.models import Branch, Delegation, User
from accounts.states import CAPABILITIES, Capability, Role
from common.days import earliest_day, latest_day
from common.prepared import prepared

MOST_DELEGATIONS = 100


def signed_in(user_id: int) -> User | None:
    """Whoever a session is for, with what others lend them: every page of the desk asks for both."""
    return _signed_in.first(user_id=user_id, first=earliest_day(), last=latest_day())


@prepared
def _signed_in(*, user_id: int, first: dt.date, last: dt.date) -> QuerySet[User]:
    lent = Delegation.between(first, last).filter(delegate=OuterRef("pk")).order_by()
    roles = lent.values_list("delegator__role", flat=True)
    return User.objects.filter(pk=user_id).order_by().annotate(lent_now=ArraySubquery(roles))


def staff_of_branch(branch_id: int, *, role: str) -> QuerySet[User]:
    """Active staff of a role who reach the branch, those of the branch itself first."""
    return (
        User.objects.filter(Q(branches=branch_id) | Q(all_branches=True), is_active=True, role=role)
        .distinct()
        .order_by("all_branches", "id")
    )


def roles_with(capability: Capability) -> list[Role]:
    """The roles that hold a capability."""
    return [role for role, held in CAPABILITIES.items() if capability in held]


def owners_for(branch_id: int) -> QuerySet[User]:
    """Active staff who may own cases of a branch, by name."""
    return (
        User.objects.filter(
            Q(branches=branch_id) | Q(all_branches=True),
            is_active=True,
            role__in=roles_with(Capability.RECOVER_CASE),
        )
        .distinct()
        .order_by("name", "pk")
    )


def branches_of(user: User) -> QuerySet[Branch]:
    """The active branches that a person works for."""
    branches = Branch.objects.filter(is_active=True)
    return branches if user.branch_ids is None else branches.filter(pk__in=user.branch_ids)


def delegations_of(user: User, *, everybody: bool = False) -> list[Delegation]:
    """What this person lends and borrows, or what everybody does: those in force and to come first."""
    rows = Delegation.objects.select_related("delegator", "delegate", "created_by")
    if not everybody:
        rows = rows.filter(Q(delegator=user) | Q(delegate=user))
    return list(rows.order_by("revoked_at", "-ends_on", "-id")[:MOST_DELEGATIONS])


def delegators_of(user: User, *, branch_id: int, on: dt.date) -> list[User]:
    """In whose place this person may decide in a branch on a day: active staff who decide there."""
    lent = Delegation.objects.filter(
        delegate=user, starts_on__lte=on, ends_on__gte=on, revoked_at__isnull=True
    )
    people = User.objects.filter(pk__in=lent.values("delegator"), is_active=True).order_by("pk")
    return [each for each in people if each.may(Capability.DECIDE_OFFER) and each.reaches(branch_id)]


def delegates_of(people: Iterable[User], *, branch_id: int, on: dt.date) -> list[User]:
    """Who stands in for any of these on a day, and decides in that branch."""
    lent = Delegation.objects.filter(
        delegator__in=people, starts_on__lte=on, ends_on__gte=on, revoked_at__isnull=True
    )
    found = User.objects.filter(pk__in=lent.values("delegate"), is_active=True).order_by("pk")
    return [each for each in found if each.may(Capability.DECIDE_OFFER) and each.reaches(branch_id)]


def deciders() -> QuerySet[User]:
    """Active staff who decide on compensation, by name."""
    roles = roles_with(Capability.DECIDE_OFFER)
    return User.objects.filter(is_active=True, role__in=roles).order_by("name", "pk")


def branch_options(user: User) -> list[Branch]:
    """The same branches to choose from, on every page of a list."""
    if user.branch_ids is None:
        return _branches()
    return _branches(branch_ids=sorted(user.branch_ids))


def branch_by_key(user: User, key: int) -> Branch | None:
    """One of them; None when there is none with that key."""
    return next((branch for branch in branch_options(user) if branch.pk == key), None)


@prepared
def _branches(*, branch_ids: list[int] | None = None) -> QuerySet[Branch]:
    branches = Branch.objects.filter(is_active=True)
    return branches if branch_ids is None else branches.filter(pk__among=branch_ids)
