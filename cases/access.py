"""Which cases a person may see: decided here, in the lookup, for pages and programs alike."""

from __future__ import annotations

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery

from accounts.models import User
from accounts.states import Capability
from cases.models import Case
from common.prepared import prepared


def visible_cases(user: User) -> QuerySet[Case]:
    """The cases of the branches that this person works for."""
    if not user.may(Capability.SEE_CASES):
        return Case.objects.none()
    return cases_of_branches(user.branch_ids)


def cases_of_branches(branch_ids: frozenset[int] | None) -> QuerySet[Case]:
    """All cases of these branches; None stands for every branch."""
    return Case.objects.all() if branch_ids is None else Case.objects.filter(branch_id__in=branch_ids)


def get_case_by_tracking_token(token: str) -> Case:
    """The case that a customer follows by their link. Raises `Case.DoesNotExist`."""
    return (
        Case.objects.select_related("customer", "branch")
        .defer("search", "customer__search", "description")
        .get(tracking_token=token)
    )


def get_case_for(user: User, number: str) -> Case:
    """The case with that number, with what every page of it shows; `complaints` counts its customer's cases.

    Raises `Case.DoesNotExist` also when it exists but is of another branch, so that numbers tell nothing.
    """
    found = _by_number.first(user.branch_ids, number=number) if user.may(Capability.SEE_CASES) else None
    if found is None:
        raise Case.DoesNotExist
    return found


@prepared
def _by_number(branch_ids: frozenset[int] | None, *, number: str) -> QuerySet[Case]:
    theirs = Case.objects.filter(customer=OuterRef("customer")).order_by().values("customer")
    counted = theirs.annotate(n=Count("pk")).values("n")
    return (
        cases_of_branches(branch_ids)
        .filter(number=number)
        .select_related("customer", "branch", "owner", "logged_by", "defect__family", "cause")
        .defer("search", "customer__search")
        .annotate(complaints=Subquery(counted, output_field=IntegerField()))
    )
