"""The terms of budgets: their amount, their place under others, their warnings, and what is carried over."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.states import Role
from audit.models import Event
from common.errors import Conflict, DomainError, Invalid, NotAllowed, Overtaken
from compensation.actions.budgets import Terms, budget_values, change_budget, close_budget, set_budget
from compensation.actions.carrying import carry_over, carry_over_due, warn_of_forecasts
from compensation.budget_queries import current_budget
from compensation.models import Budget, BudgetMovement
from messaging.models import Notice
from tests.compensation.budgets import TODAY, books_agree, levels, raise_to, stands
from tests.compensation.world import World, make_branch, make_budget, make_case, make_user, propose


def test_raising_and_lowering_are_movements_with_their_reason(world: World) -> None:
    budget = make_budget(world.branch, 1000)
    raise_to(world, budget, 1500)
    raise_to(world, budget, 1200)
    rows = BudgetMovement.objects.filter(budget=budget).values_list("kind", "amount", "reason")
    assert list(rows) == [
        ("allot", Decimal(1000), ""),
        ("raise", Decimal(500), "A storm in May."),
        ("lower", Decimal(300), "A storm in May."),
    ]
    books_agree()


def test_a_change_without_a_reason_or_by_someone_else_is_refused(world: World) -> None:
    budget = make_budget(world.branch, 1000)
    with pytest.raises(Invalid):
        change_budget(actor=world.admin, budget_id=budget.pk, amount=Decimal(1), terms=Terms(), reason="  ")
    with pytest.raises(NotAllowed):
        change_budget(
            actor=world.manager, budget_id=budget.pk, amount=Decimal(1), terms=Terms(), reason="More."
        )
    seen = budget_values(budget)
    raise_to(world, budget, 1100)
    with pytest.raises(Overtaken):
        change_budget(
            actor=world.admin,
            budget_id=budget.pk,
            amount=Decimal(5),
            terms=Terms(),
            reason="Less.",
            seen=seen,
        )


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"overdraft": Decimal("1.5")}, "overdraft"),
        ({"warn_at": [0]}, "warn_at"),
        ({"warn_at": [1, 2, 3, 4, 5, 6, 7]}, "warn_at"),
        ({"reserve_at": "never"}, "reserve_at"),
        ({"parent_id": 0x7FFFFFFF}, "parent"),
    ],
)
def test_terms_that_make_no_sense_are_refused_beside_their_field(
    world: World, terms: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        raise_to(world, make_budget(world.branch, 1000), 1000, **terms)
    assert refused.value.field == field


def test_a_budget_is_put_only_under_one_that_covers_it_and_before_it_pays(world: World) -> None:
    own = make_budget(world.branch, 1000)
    dollars = make_budget(None, 1000, name="Dollars", currency="USD")
    short = make_budget(None, 1000, name="Short", ends_on=TODAY)
    other = make_budget(make_branch("garden"), 1000)
    for above in (dollars, short, other, own):
        with pytest.raises(Invalid) as refused:
            raise_to(world, own, 1000, parent_id=above.pk)
        assert refused.value.field == "parent"
    region = make_budget(None, 1000, name="Region")
    assert raise_to(world, own, 1000, parent_id=region.pk).parent == region
    propose(world.frontline, make_case(world.branch), 100)
    with pytest.raises(Invalid) as refused:
        raise_to(world, Budget.objects.get(pk=own.pk), 1000, parent_id=None)
    assert refused.value.field == "parent"
    with pytest.raises(IntegrityError, match="stays where it is"), transaction.atomic():
        Budget.objects.filter(pk=own.pk).update(parent=None)


def test_more_than_four_levels_or_a_circle_are_refused_by_the_database(world: World) -> None:
    budgets = [make_budget(None, 1000, name="Level 1")]
    for number in (2, 3, 4):
        budgets.append(make_budget(None, 1000, name=f"Level {number}", parent=budgets[-1]))
    with pytest.raises(IntegrityError, match="four levels"), transaction.atomic():
        make_budget(world.branch, 1000, parent=budgets[-1])
    with pytest.raises(IntegrityError, match="four levels"), transaction.atomic():
        Budget.objects.filter(pk=budgets[0].pk).update(parent=budgets[2])


def test_a_budget_above_branches_has_a_name_and_pays_for_nothing_by_itself(world: World) -> None:
    values: dict[str, Any] = {
        "actor": world.admin,
        "branch_id": None,
        "currency": "CNY",
        "starts_on": TODAY,
        "ends_on": TODAY,
        "amount": Decimal(1000),
    }
    with pytest.raises(Invalid) as refused:
        set_budget(**values)
    assert refused.value.field == "name"
    assert set_budget(**values, name="Organisation").label == "Organisation"
    assert current_budget(world.branch, "CNY") is None
    with pytest.raises(DomainError):
        set_budget(**values, name="Organisation", kind="meal")


def test_managers_are_told_once_for_each_share_of_each_level(world: World) -> None:
    own, region, _whole = levels(world, own=1000, region=1000)
    over_all = make_user(Role.MANAGER, None)
    for amount in (290, 290, 290):
        propose(world.supervisor, make_case(world.branch), amount)

    def told(user: Any) -> list[str]:
        return sorted(
            row.text for row in Notice.objects.filter(user=user, message__contains="reserved or spent")
        )

    assert told(world.manager) == ["80% of the budget Harbour (CN¥1,000.00) is reserved or spent."]
    assert len(told(over_all)) == 2
    propose(world.supervisor, make_case(world.branch), 130)
    assert len(told(world.manager)) == 2
    assert [stands(each)[1] for each in (own, region)] == [1000, 1000]


def test_managers_are_told_once_of_a_pace_that_will_not_last(world: World) -> None:
    make_budget(world.branch, 1000)
    make_budget(None, 100_000, name="Whole")
    propose(world.supervisor, make_case(world.branch), 600)
    assert [warn_of_forecasts(), warn_of_forecasts()] == [1, 1]
    notices = Notice.objects.filter(message__contains="At this pace")
    assert [row.user for row in notices] == [world.manager]
    assert notices[0].params["expected"] == "CNY 1,190.16"


def periods(world: World, **fields: Any) -> tuple[Budget, Budget]:
    """A budget that ended yesterday, and the one that follows it."""
    yesterday = TODAY - dt.timedelta(days=1)
    old = make_budget(
        world.branch, 1000, starts_on=TODAY - dt.timedelta(days=30), ends_on=yesterday, **fields
    )
    return old, make_budget(world.branch, 500, starts_on=TODAY, ends_on=TODAY + dt.timedelta(days=30))


def test_what_is_left_is_carried_over_once_as_a_pair_of_movements(world: World) -> None:
    old, new = periods(world)
    assert carry_over(actor=world.admin, budget_id=old.pk) == 1000
    assert (stands(old), stands(new)) == ((0, 0, 0), (1500, 0, 0))
    with pytest.raises(Conflict):
        carry_over(actor=world.admin, budget_id=old.pk)
    pair = BudgetMovement.objects.exclude(counterpart=None).values_list("budget", "counterpart", "kind")
    assert list(pair) == [(old.pk, new.pk, "carry_out"), (new.pk, old.pk, "carry_in")]
    assert Event.objects.filter(verb="budget.carried_over").count() == 1
    books_agree()


def test_the_sweep_carries_over_those_that_are_so_set_and_only_once(world: World) -> None:
    _old, new = periods(world, carries_over=True)
    assert [carry_over_due(), carry_over_due()] == [1, 0]
    assert stands(new)[0] == 1500
    books_agree()


def test_a_period_that_runs_or_has_no_successor_is_not_carried_over(world: World) -> None:
    old, new = periods(world)
    for budget in (new, make_budget(world.branch, 9, kind="meal", ends_on=TODAY - dt.timedelta(days=2))):
        with pytest.raises(Conflict):
            carry_over(actor=world.admin, budget_id=budget.pk)
    close_budget(actor=world.admin, budget_id=new.pk, reason="No.")
    with pytest.raises(Conflict):
        carry_over(actor=world.admin, budget_id=old.pk)
    with pytest.raises(NotAllowed):
        carry_over(actor=world.manager, budget_id=old.pk)
