"""Budgets to play with: in three levels, read, raised, and checked against their movements."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.core.management import call_command

from compensation.actions.budgets import Terms, change_budget
from compensation.models import Budget
from tests.compensation.world import NOON, World, make_budget

TODAY = NOON.date()


def stands(budget: Budget) -> tuple[int, int, int]:
    """Its amount, and what of it is reserved and committed."""
    budget.refresh_from_db()
    return int(budget.amount), int(budget.reserved), int(budget.committed)


def books_agree() -> None:
    call_command("verify_ledger", verbosity=0)


def levels(world: World, *, own: int = 1000, region: int = 5000, whole: int = 9000) -> list[Budget]:
    """The branch's budget, the region's above it, and that of the whole organisation above both."""
    top = make_budget(None, whole, name="Organisation")
    middle = make_budget(None, region, name="Region", parent=top)
    return [make_budget(world.branch, own, parent=middle), middle, top]


def raise_to(world: World, budget: Budget, amount: int, **terms: Any) -> Budget:
    terms = {"parent_id": budget.parent_id, "reserve_at": budget.reserve_at} | terms
    return change_budget(
        actor=world.admin,
        budget_id=budget.pk,
        amount=Decimal(amount),
        terms=Terms(**terms),
        reason="A storm in May.",
    )
