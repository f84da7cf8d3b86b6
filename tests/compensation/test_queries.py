"""What the screens ask: history, like cases, budgets, and that the books are checked for real."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command

from accounts.models import Authority
from accounts.states import Role
from audit.models import Event
from cases.models import Case, Defect
from common.errors import Invalid, NotAllowed
from compensation import seed
from compensation.actions.approvals import approve_offer
from compensation.actions.budgets import set_budget
from compensation.actions.fulfilment import fulfil_offer
from compensation.actions.offers import withdraw_offer
from compensation.asking import addressed_to
from compensation.budget_queries import budget_for
from compensation.models import Budget, Offer
from compensation.queries import (
    MOST_LIKE_CASES,
    granted_to_customer,
    key_of,
    like_cases,
    likes_of,
)
from compensation.rows import waiting_for
from tests.compensation.world import World, make_branch, make_budget, make_case, make_user, propose

TODAY = dt.date(2026, 3, 4)
NOW = dt.datetime(2026, 3, 4, 10, 0, tzinfo=dt.UTC)


def likes(case: Case) -> list[Decimal]:
    return list(likes_of(case, like_cases([key_of(case)])).amounts)


def test_a_customers_compensation_counts_grants_of_twelve_months_in_each_currency(world: World) -> None:
    with time_machine.travel(NOW - dt.timedelta(days=366), tick=False):
        old = propose(world.frontline, make_case(world.branch), 10)
    customer = old.case.customer
    propose(world.frontline, make_case(world.branch, customer=customer), 20)
    propose(world.frontline, make_case(world.branch, customer=customer), 30)
    propose(world.frontline, make_case(world.branch, customer=customer, currency="EUR"), 40)
    propose(world.frontline, make_case(world.branch, customer=customer), 500)  # waits
    gone = propose(world.frontline, make_case(world.branch, customer=customer), 60)
    withdraw_offer(actor=world.frontline, offer_id=gone.pk, reason="No.")

    assert granted_to_customer(customer.pk) == {"CNY": Decimal(50), "EUR": Decimal(40)}
    assert granted_to_customer(0) == {}


def test_like_cases_are_those_of_the_same_failure_without_the_case_itself(world: World, case: Case) -> None:
    other_defect = Defect.objects.filter(family__isnull=False).last()
    propose(world.frontline, case, 1)
    propose(world.frontline, make_case(world.branch), 2)
    propose(world.frontline, make_case(world.branch, severity=4), 3)
    propose(world.frontline, make_case(world.branch, severity=1), 4)
    propose(world.frontline, make_case(world.branch, defect=other_defect), 5)
    propose(world.frontline, make_case(world.branch, failure_type="process"), 6)
    propose(world.frontline, make_case(world.branch, currency="EUR"), 7)
    propose(world.frontline, make_case(world.branch), 900)  # waits

    assert sorted(likes(case)) == [2, 3]


def test_like_cases_are_the_newest_of_a_year(world: World, case: Case) -> None:
    with time_machine.travel(NOW - dt.timedelta(days=366), tick=False):
        propose(world.frontline, make_case(world.branch), 299)
    with time_machine.travel(NOW, tick=False):
        for amount in range(1, MOST_LIKE_CASES + 5):
            propose(world.frontline, make_case(world.branch), amount)
        assert len(likes(case)) <= MOST_LIKE_CASES
        assert 299 not in likes(case)


def test_the_database_names_like_cases_as_the_rules_do(world: World) -> None:
    for fields in ({}, {"defect": None}, {"failure_type": ""}, {"severity": 2}, {"currency": "EUR"}):
        offer = propose(world.frontline, make_case(world.branch, **fields), 10)
        assert Offer.objects.get(pk=offer.pk).like_key == key_of(offer.case)
    waiting = propose(world.frontline, make_case(world.branch), 1000)
    assert Offer.objects.get(pk=waiting.pk).like_key == ""
    approve_offer(actor=world.supervisor, offer_id=waiting.pk, amount=Decimal(1000), reason="Fair.")
    assert Offer.objects.get(pk=waiting.pk).like_key == key_of(waiting.case)


def test_the_inbox_holds_what_waits_where_one_may_decide(world: World) -> None:
    mine = propose(world.frontline, make_case(world.branch), 1000)
    for_manager = propose(world.frontline, make_case(world.branch), 5000)
    own = propose(world.supervisor, make_case(world.branch), 5000)
    garden = make_branch("garden")
    make_user(Role.SUPERVISOR, garden)
    propose(make_user(Role.FRONTLINE, garden), make_case(garden), 1000)

    waiting = waiting_for(world.supervisor, limit=10)
    assert [row.pk for row in waiting] == [mine.pk, for_manager.pk, own.pk]
    assert addressed_to(world.supervisor).count() == 1
    assert addressed_to(world.manager).count() == 2
    assert waiting_for(world.frontline, limit=10) == []
    assert addressed_to(world.admin).count() == 0


def test_the_budget_in_force_is_that_of_the_day(world: World) -> None:
    for start, end, amount in (
        (dt.date(2026, 2, 1), dt.date(2026, 2, 28), 1),
        (dt.date(2026, 3, 1), dt.date(2026, 3, 31), 2),
    ):
        set_budget(
            actor=world.admin,
            branch_id=world.branch.pk,
            currency="CNY",
            starts_on=start,
            ends_on=end,
            amount=Decimal(amount),
        )
    for day, amount in ((dt.date(2026, 2, 28), 1), (dt.date(2026, 3, 1), 2), (dt.date(2026, 3, 31), 2)):
        budget = budget_for(world.branch.pk, "CNY", day)
        assert budget is not None
        assert budget.amount == amount
    assert budget_for(world.branch.pk, "CNY", dt.date(2026, 4, 1)) is None
    assert budget_for(world.branch.pk, "EUR", TODAY) is None


def test_a_grant_is_paid_by_the_budget_of_the_branchs_own_day(world: World) -> None:
    april = Budget.objects.create(
        branch=world.branch,
        currency="CNY",
        starts_on=dt.date(2026, 4, 1),
        ends_on=dt.date(2026, 4, 30),
        amount=1000,
    )
    with time_machine.travel(dt.datetime(2026, 3, 31, 15, 59, tzinfo=dt.UTC), tick=False):
        assert propose(world.frontline, make_case(world.branch), 10).budget is None
    with time_machine.travel(dt.datetime(2026, 3, 31, 16, 0, tzinfo=dt.UTC), tick=False):
        assert propose(world.frontline, make_case(world.branch), 10).budget == april


def test_a_budget_is_changed_but_not_below_what_is_spent_nor_over_another(world: World, case: Case) -> None:
    def change(**fields: object) -> Budget:
        values = {
            "actor": world.admin,
            "branch_id": world.branch.pk,
            "currency": "CNY",
            "starts_on": TODAY,
            "ends_on": TODAY + dt.timedelta(days=30),
            "amount": Decimal(1000),
            **fields,
        }
        return set_budget(**values)  # type: ignore[arg-type]

    budget = change()
    with time_machine.travel(NOW, tick=False):
        propose(world.frontline, case, 300)
    assert change(amount=Decimal(300)).pk == budget.pk
    for fields, field in (
        ({"amount": Decimal(299)}, "amount"),
        ({"starts_on": TODAY + dt.timedelta(days=30), "ends_on": TODAY + dt.timedelta(days=60)}, "starts_on"),
        ({"ends_on": TODAY - dt.timedelta(days=1)}, "ends_on"),
    ):
        with pytest.raises(Invalid) as refused:
            change(**fields)
        assert refused.value.field == field
    with pytest.raises(NotAllowed):
        change(actor=world.manager)
    assert Event.objects.filter(stream=f"budget:{budget.pk}").count() == 2


def test_the_ledger_command_finds_what_does_not_agree(world: World, case: Case) -> None:
    budget = make_budget(world.branch, 1000)
    kept = propose(world.frontline, case, 100)
    fulfil_offer(
        actor=world.frontline,
        offer_id=kept.pk,
        method="cash",
        reference="",
        landed_at=dt.datetime.now(dt.UTC),
    )
    gone = propose(world.frontline, make_case(world.branch), 50)
    withdraw_offer(actor=world.frontline, offer_id=gone.pk, reason="No.")
    out = StringIO()
    call_command("verify_ledger", stdout=out)
    assert "1 budgets agree" in out.getvalue()

    Budget.objects.filter(pk=budget.pk).update(reserved=7)
    errors = StringIO()
    with pytest.raises(CommandError, match="1 disagreement"):
        call_command("verify_ledger", stderr=errors)
    assert f"budget {budget.pk}: reserved 7.0000, movements say 0.0000" in errors.getvalue()


def test_every_role_that_proposes_starts_with_an_authority_and_keeps_what_was_set(db: None) -> None:
    assert Authority.objects.count() == 12
    Authority.objects.filter(role=Role.FRONTLINE, currency="EUR").update(per_case=75)
    seed.seed()
    assert Authority.objects.count() == 12
    assert Authority.objects.get(role=Role.FRONTLINE, currency="EUR").per_case == 75
