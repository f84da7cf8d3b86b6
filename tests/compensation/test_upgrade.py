"""An installation that holds budgets can be brought to today's tables, and back."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from compensation.models import Budget, BudgetMovement
from compensation.states import Movement
from tests.compensation.world import make_budget, make_world

BEFORE_LEVELS = ("compensation", "0008_payments_are_guarded")


@pytest.mark.django_db(transaction=True)
def test_budgets_of_before_levels_get_a_movement_for_their_amount() -> None:
    budget = make_budget(make_world().branch, amount=Decimal(750))
    MigrationExecutor(connection).migrate([BEFORE_LEVELS])
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM compensation_budgetmovement WHERE budget_id = %s", [budget.pk])
        assert cursor.fetchone() == (0,)

    call_command("migrate", verbosity=0)

    allotted = BudgetMovement.objects.get(budget=budget)
    assert (allotted.kind, allotted.amount) == (Movement.ALLOT, Decimal(750))
    assert Budget.objects.get(pk=budget.pk).amount == Decimal(750)
    call_command("verify_ledger", verbosity=0)
