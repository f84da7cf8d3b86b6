"""Lookups of staff and branches."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from accounts.models import Branch, User
from accounts.states import CAPABILITIES, Capability, Role
from common.prepared import prepared


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
