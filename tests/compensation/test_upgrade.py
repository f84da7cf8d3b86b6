"""An installation that holds budgets can be brought to today's tables, and back."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from compensation.actions.payments import freeze_batch
from compensation.models import ApprovalStep, Budget, BudgetMovement, PaymentLine, PaymentOrder
from compensation.models.sealed import forget_keys
from compensation.states import Movement, StepState
from tests.compensation.paying import IBAN, payable, payer_of
from tests.compensation.world import make_budget, make_case, make_world, propose

BEFORE_LEVELS = ("compensation", "0008_payments_are_guarded")
BEFORE_CHAINS = [("compensation", "0014_policies"), ("accounts", "0002_api_token")]


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


@pytest.mark.django_db(transaction=True)
def test_what_waits_gets_its_step_and_accounts_are_sealed_and_opened_again() -> None:
    world = make_world()
    make_budget(world.branch, amount=90_000)
    order = payable(world)
    freeze_batch(actor=payer_of(world), order_ids=[order.pk])
    waiting = propose(world.frontline, make_case(world.branch), 500)
    account = IBAN.replace(" ", "")
    MigrationExecutor(connection).migrate(BEFORE_CHAINS)
    with connection.cursor() as cursor:
        cursor.execute("SELECT iban FROM compensation_paymentline")
        assert cursor.fetchone() == (account,)
    forget_keys()

    call_command("migrate", verbosity=0)

    step = ApprovalStep.objects.get(offer=waiting)
    assert (step.state, step.role) == (StepState.OPEN, waiting.asked_role)
    assert PaymentOrder.objects.get().iban == PaymentLine.objects.get().iban == account
    with connection.cursor() as cursor:
        cursor.execute("SELECT iban FROM compensation_paymentline")
        assert account not in cursor.fetchone()[0]
    call_command("verify_ledger", verbosity=0)
