"""Carrying what is left of a budget into the next period, and telling of paces that will not last."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from decimal import Decimal

from django.db import transaction
from django.db.models import Exists, F, OuterRef
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from accounts.access import require
from accounts.models import User
from accounts.states import Capability
from audit.actions import record
from common.days import local_day
from common.errors import Conflict
from compensation.actions.budget_telling import tell_of_forecast
from compensation.budget_rules import burn
from compensation.models import Budget, BudgetMovement
from compensation.states import Movement

CARRIED = gettext_noop("Left of the period before")


def carry_over(*, actor: User | None, budget_id: int) -> Decimal:
    """Move what is left of a budget that is over into the one that follows it; once. Returns how much.

    What is reserved stays behind, where it will be spent. `actor` is None when it goes by itself. Raises
    `Conflict` when the period is not over, nothing follows, it was carried over before, or nothing is left.
    """
    with transaction.atomic():
        old = Budget.objects.select_related("branch").get(pk=budget_id)
        if actor is not None:
            require(actor, Capability.CHANGE_SETTINGS, branch_id=old.branch_id)
        following = _following(old)
        if not is_over(old):
            raise Conflict(_("This period is not over yet."))
        if following is None:
            raise Conflict(_("There is no budget for the time right after it yet."))
        # In the order of their keys, as every action on budgets.
        rows = Budget.objects.select_for_update(no_key=True, of=("self",)).order_by("pk")
        locked = {row.pk: row for row in rows.filter(pk__in=(old.pk, following.pk))}
        if BudgetMovement.objects.filter(budget=old, kind=Movement.CARRY_OUT).exists():
            raise Conflict(_("What was left has been carried over already."))
        if locked[following.pk].closed_at is not None:
            raise Conflict(_("This budget is closed."))
        left = locked[old.pk].left
        if left <= 0:
            raise Conflict(_("Nothing is left to carry over."))
        _move(old, following, left, actor)
    return left


def carry_over_due() -> int:
    """Carry over every budget that is so set and over; returns how many. A crash half-way repeats nothing."""
    carried = BudgetMovement.objects.filter(budget=OuterRef("pk"), kind=Movement.CARRY_OUT)
    due = Budget.objects.filter(carries_over=True, ends_on__lt=timezone.now().date() + dt.timedelta(days=1))
    due = due.filter(~Exists(carried), amount__gt=F("reserved") + F("committed")).select_related("branch")
    count = 0
    for budget in due.order_by("pk"):
        following = _following(budget)
        if is_over(budget) and following is not None and following.closed_at is None:
            # Somebody may have closed or carried over one of them meanwhile: the others go on.
            with suppress(Conflict):
                carry_over(actor=None, budget_id=budget.pk)
                count += 1
    return count


def warn_of_forecasts() -> int:
    """Tell managers of running budgets that at their pace will not last; returns how many those are."""
    now, count = timezone.now(), 0
    running = Budget.objects.filter(
        closed_at=None,
        starts_on__lte=now.date() + dt.timedelta(days=1),
        ends_on__gte=now.date() - dt.timedelta(days=1),
    )
    for budget in running.select_related("branch", "team").order_by("pk"):
        with transaction.atomic():
            pace = burn(
                used=budget.used,
                amount=budget.amount,
                starts_on=budget.starts_on,
                ends_on=budget.ends_on,
                today=today_of(budget, now),
            )
            if pace.expected is not None and pace.runs_out_on is not None:
                tell_of_forecast(budget, pace.expected)
                count += 1
    return count


def today_of(budget: Budget, now: dt.datetime) -> dt.date:
    """The day that it is where a budget is spent; budgets above branches go by UTC."""
    return local_day(now, budget.branch.time_zone) if budget.branch else now.date()


def is_over(budget: Budget) -> bool:
    """Whether the last day of the period has passed."""
    return budget.ends_on < today_of(budget, timezone.now())


def _following(budget: Budget) -> Budget | None:
    return Budget.objects.filter(
        branch=budget.branch_id,
        team=budget.team_id,
        name=budget.name,
        kind=budget.kind,
        currency=budget.currency,
        starts_on=budget.ends_on + dt.timedelta(days=1),
    ).first()


def _move(old: Budget, new: Budget, amount: Decimal, actor: User | None) -> None:
    Budget.objects.filter(pk=old.pk).update(amount=F("amount") - amount)
    Budget.objects.filter(pk=new.pk).update(amount=F("amount") + amount)
    BudgetMovement.objects.bulk_create(
        BudgetMovement(budget=budget, counterpart=other, kind=kind, amount=amount, reason=CARRIED, by=actor)
        for budget, other, kind in ((old, new, Movement.CARRY_OUT), (new, old, Movement.CARRY_IN))
    )
    record(
        stream=f"budget:{old.pk}",
        verb="budget.carried_over",
        actor=actor,
        data={"into": new.pk, "amount": str(amount), "currency": old.currency},
    )
