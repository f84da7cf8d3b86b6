"""Movements of a branch's budget: reserved at approval, committed at fulfilment, else given back.

Balances on the budget are changed by one conditional statement each, and every change is a movement, so that
the sums always agree (`manage.py verify_ledger`).
"""

from __future__ import annotations

from decimal import Decimal

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from cases.models import Case
from common.errors import Conflict
from common.money import format_money
from compensation.models import Budget, BudgetMovement, Offer
from compensation.queries import current_budget
from compensation.states import Movement


def reserve(*, case: Case, amount: Decimal) -> tuple[bool, Budget | None]:
    """Set money aside from the budget of the case's branch.

    (True, budget) when it is set aside, (True, None) when the branch has no budget, which means no budget
    control, and (False, budget) when there is not enough left.
    """
    budget = current_budget(case.branch, case.currency)
    if budget is None:
        return True, None
    changed = Budget.objects.filter(pk=budget.pk, amount__gte=F("reserved") + F("committed") + amount).update(
        reserved=F("reserved") + amount
    )
    return changed == 1, budget


def reserve_or_refuse(*, case: Case, amount: Decimal) -> Budget | None:
    """Set money aside, or raise `Conflict` that says what is left."""
    done, budget = reserve(case=case, amount=amount)
    if not done and budget is not None:
        budget.refresh_from_db()
        raise Conflict(
            _(
                "The branch's budget until %(until)s has %(left)s left. "
                "Approve less, or have the budget raised."
            ),
            field="amount",
            params={"until": budget.ends_on.isoformat(), "left": format_money(budget.left, budget.currency)},
        )
    return budget


def note_reserved(*, offer: Offer, by: User | None) -> None:
    """Write down that the offer's money was set aside."""
    _note(offer, Movement.RESERVE, by)


def commit(*, offer: Offer, by: User | None) -> None:
    """Turn what was set aside for an offer into money spent."""
    if offer.budget_id is None:
        return
    amount = offer.standing_amount
    Budget.objects.filter(pk=offer.budget_id).update(
        reserved=F("reserved") - amount, committed=F("committed") + amount
    )
    _note(offer, Movement.COMMIT, by)


def release(*, offer: Offer, by: User | None) -> None:
    """Give back what was set aside for an offer."""
    if offer.budget_id is None:
        return
    Budget.objects.filter(pk=offer.budget_id).update(reserved=F("reserved") - offer.standing_amount)
    _note(offer, Movement.RELEASE, by)


def claw_back(*, offer: Offer, by: User | None) -> None:
    """Give back to the budget what was spent for an offer."""
    if offer.budget_id is None:
        return
    Budget.objects.filter(pk=offer.budget_id).update(committed=F("committed") - offer.standing_amount)
    _note(offer, Movement.CLAW_BACK, by)


def _note(offer: Offer, kind: Movement, by: User | None) -> None:
    if offer.budget_id is not None:
        BudgetMovement.objects.create(
            budget_id=offer.budget_id, offer=offer, kind=kind, amount=offer.standing_amount, by=by
        )
