"""Lookups of budgets: which one pays, what stands above it, and what moved."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, Literal, NamedTuple, TypeAlias

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from accounts.models import Branch, User
from common.days import local_day
from common.prepared import prepared
from compensation.models import Budget, BudgetMovement, Offer
from compensation.rules import ZERO
from compensation.states import EFFECTS, Movement

# Of a budget and those above it: which they are, their amounts, or these with what is in their names.
Read: TypeAlias = Literal["levels", "amounts", "names"]


def budget_for(
    branch_id: int,
    currency: str,
    on: dt.date,
    kind: str = "",
    *,
    team_id: int | None = None,
    read: Read = "names",
) -> Budget | None:
    """The budget that pays for a branch that day, with all above it: the one of that kind before the general.

    Those of the team of whoever proposes come before those of the whole branch. None means that spending is
    not limited by a budget. A closed budget is found, too: it refuses. What goes beyond `read` is read when
    it is asked for: the branches and teams that are in the names of budgets, their amounts.
    """
    team = 0 if team_id is None else team_id
    return _budgets.first(read, branch_id=branch_id, currency=currency, on=on, kind=kind, team_id=team)


@prepared
def _budgets(
    read: Read, *, branch_id: int, currency: str, on: dt.date, kind: str, team_id: int
) -> QuerySet[Budget]:
    found = Budget.objects.filter(branch=branch_id, currency=currency)
    found = with_levels(found) if read == "names" else found.select_related("parent__parent__parent")
    if read == "levels":
        found = found.only("parent__parent__parent__parent")
    found = found.filter(Q(team=None) | Q(team=team_id), Q(kind="") | Q(kind=kind))
    found = found.filter(starts_on__lte=on, ends_on__gte=on)
    return found.order_by(F("team_id").asc(nulls_last=True), "-kind", "-starts_on")[:1]


def with_levels(budgets: QuerySet[Budget]) -> QuerySet[Budget]:
    """These budgets with everything joined that stands above them; a trigger holds four levels at most."""
    return budgets.select_related(
        "branch", "team", "parent__branch", "parent__team", "parent__parent__branch", "parent__parent__parent"
    )


def current_budget(
    branch: Branch, currency: str, kind: str = "", *, team_id: int | None = None, read: Read = "names"
) -> Budget | None:
    """The budget that pays for a branch today, in the branch's own day; see `budget_for`."""
    today = local_day(timezone.now(), branch.time_zone)
    return budget_for(branch.pk, currency, today, kind, team_id=team_id, read=read)


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


def budgets_moved(offer: Offer) -> Moved:
    """What an offer has moved in its round; the same on every level, so the sums of one are given.

    What it moved in a round before, it gave back: the next may take from another budget.
    """
    moved: dict[int, tuple[Decimal, Decimal]] = {}
    for key, kind, amount in _movements(offer_id=offer.pk, round_now=offer.round):
        reserved, committed = moved.get(key, (ZERO, ZERO))
        _amount, more, spent = EFFECTS[Movement(kind)]
        moved[key] = reserved + more * amount, committed + spent * amount
    return Moved(list(moved), *next(iter(moved.values()), (ZERO, ZERO)))


@prepared
def _movements(*, offer_id: int, round_now: int) -> QuerySet[BudgetMovement, Any]:
    rows = BudgetMovement.objects.filter(offer=offer_id, round=round_now).order_by("budget")
    return rows.values_list("budget", "kind", "amount")
