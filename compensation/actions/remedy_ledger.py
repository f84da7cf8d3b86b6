"""Movements of a remedy: its total is set aside at once, and passes to its offers as they are made.

As with offers, what moves on a budget moves on all above it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from common.errors import Conflict
from common.money import format_money
from compensation.actions import ledger
from compensation.budget_queries import current_budget
from compensation.models import Budget, BudgetMovement, Offer, Remedy
from compensation.rules import ZERO
from compensation.states import Movement


def hold_total(*, remedy: Remedy, by: User) -> None:
    """Set the total aside from the budget of the incident's branch; save the remedy after.

    Raises `Conflict`, saying what is left, when a budget is short or closed: one decision on many customers
    takes no overdraft. The branch pays, and none of its teams. A branch without a budget has no budget
    control.
    """
    budget = current_budget(remedy.incident.branch, remedy.currency, remedy.kind)
    if budget is None:
        return
    levels = ledger.lock_levels(budget)
    for level in levels:
        left = ZERO if level.closed_at is not None else max(ZERO, level.left)
        if remedy.total > left:
            raise Conflict(
                _("The budget “%(name)s” until %(until)s has %(left)s left."),
                params={
                    "name": level.label,
                    "until": level.ends_on.isoformat(),
                    "left": format_money(left, level.currency),
                },
            )
    ledger.hold(levels, remedy.total)
    remedy.budget, remedy.held = budget, remedy.total
    _note(remedy, (level.pk for level in levels), Movement.HOLD, remedy.total, by)


def pass_on(*, remedy: Remedy, offers: Sequence[Offer], by: User) -> list[BudgetMovement]:
    """Let offers take their money over from the remedy; returns what they reserve, not yet written.

    The balances of the budgets stay as they are, so that a run makes nobody wait for a budget.
    """
    amount = sum((offer.standing_amount for offer in offers), ZERO)
    if remedy.budget_id is None or not amount:
        return []
    keys = _budgets(remedy)
    remedy.held -= amount
    _note(remedy, keys, Movement.PASS_ON, amount, by)
    return [
        BudgetMovement(
            budget_id=key, offer_id=offer.pk, kind=Movement.RESERVE, amount=offer.standing_amount, by=by
        )
        for offer in offers
        for key in keys
    ]


def give_back(*, remedy: Remedy, by: User | None) -> None:
    """Give back what is still set aside for a remedy at its end; save the remedy after."""
    if remedy.budget_id is None or not remedy.held:
        return
    keys = _budgets(remedy)
    ledger.lock(keys)
    Budget.objects.filter(pk__in=keys).update(reserved=F("reserved") - remedy.held)
    _note(remedy, keys, Movement.PASS_ON, remedy.held, by)
    remedy.held = ZERO


def _budgets(remedy: Remedy) -> list[int]:
    """The budgets on which the total was set aside."""
    held = BudgetMovement.objects.filter(remedy=remedy, kind=Movement.HOLD)
    return list(held.order_by("budget").values_list("budget_id", flat=True))


def _note(remedy: Remedy, keys: Iterable[int], kind: Movement, amount: Decimal, by: User | None) -> None:
    BudgetMovement.objects.bulk_create(
        BudgetMovement(budget_id=key, remedy=remedy, kind=kind, amount=amount, by=by) for key in sorted(keys)
    )
