"""Lookups of staff and their limits."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q, QuerySet

from accounts.models import Authority, Branch, User
from accounts.states import CAPABILITIES, Capability, Role


def authority_of(role: str, currency: str, on: dt.date) -> Authority | None:
    """The limit in force for a role that day; None means that the role may grant nothing in that currency."""
    return (
        Authority.objects.filter(role=role, currency=currency, valid_from__lte=on)
        .order_by("-valid_from")
        .first()
    )


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
