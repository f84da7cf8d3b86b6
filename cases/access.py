"""Which cases a person may see: decided here, in the lookup, for pages and programs alike."""

from __future__ import annotations

from django.db.models import QuerySet

from accounts.models import User
from accounts.states import Capability
from cases.models import Case


def visible_cases(user: User) -> QuerySet[Case]:
    """The cases of the branches that this person works for."""
    if not user.may(Capability.SEE_CASES):
        return Case.objects.none()
    branch_ids = user.branch_ids
    return Case.objects.all() if branch_ids is None else Case.objects.filter(branch_id__in=branch_ids)


def get_case_by_tracking_token(token: str) -> Case:
    """The case that a customer follows by their link. Raises `Case.DoesNotExist`."""
    return (
        Case.objects.select_related("customer", "branch")
        .defer("search", "customer__search", "description")
        .get(tracking_token=token)
    )


def get_case_for(user: User, number: str) -> Case:
    """The case with that number, with what every page of it shows.

    Raises `Case.DoesNotExist` also when it exists but is of another branch, so that numbers tell nothing.
    """
    return (
        visible_cases(user)
        .select_related("customer", "branch", "owner", "logged_by", "defect__family", "cause")
        .defer("search", "customer__search")
        .get(number=number)
    )
