"""Budgets in levels and by kind, their terms, warnings, carrying over and closing."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction

from accounts.states import Role
from audit.models import Event
from cases.models import Case
from common.errors import Conflict, DomainError, Invalid, NotAllowed, Overtaken
from compensation.actions import ledger
from compensation.actions.approvals import approve_offer, reject_offer
from compensation.actions.budgets import Terms, budget_values, change_budget, close_budget, set_budget
from compensation.actions.carrying import carry_over, carry_over_due, warn_of_forecasts
from compensation.actions.fulfilment import fulfil_offer
from compensation.actions.offers import withdraw_offer
from compensation.budget_queries import current_budget
from compensation.models import Budget, BudgetMovement, Offer
from compensation.states import Movement, OfferState, ReserveAt
from messaging.models import Notice
from tests.compensation.world import NOON, World, make_branch, make_budget, make_case, make_user, propose

TODAY = NOON.date()


def approve(world: World, offer: Offer, amount: int | None = None, *, by: Any = None) -> Offer:
    value = offer.amount if amount is None else Decimal(amount)
    return approve_offer(actor=by or world.supervisor, offer_id=offer.pk, amount=value, reason="Fair.")


def stands(budget: Budget) -> tuple[int, int, int]:
    budget.refresh_from_db()
    return int(budget.amount), int(budget.reserved), int(budget.committed)


def kinds(offer: Offer, budget: Budget) -> list[str]:
    return list(BudgetMovement.objects.filter(offer=offer, budget=budget).values_list("kind", flat=True))


def books_agree() -> None:
    call_command("verify_ledger", verbosity=0)


def levels(world: World, *, own: int = 1000, region: int = 5000, whole: int = 9000) -> list[Budget]:
    """The branch's budget, the region's above it, and that of the whole organisation above both."""
    top = make_budget(None, whole, name="Organisation")
    middle = make_budget(None, region, name="Region", parent=top)
    return [make_budget(world.branch, own, parent=middle), middle, top]


def test_what_is_reserved_spent_and_given_back_moves_on_every_level(world: World) -> None:
    own, region, whole = levels(world)
    kept, given_back = (propose(world.frontline, make_case(world.branch), amount) for amount in (200, 50))
    assert [stands(each) for each in (own, region, whole)] == [(1000, 250, 0), (5000, 250, 0), (9000, 250, 0)]

    withdraw_offer(actor=world.frontline, offer_id=given_back.pk, reason="A mistake.")
    fulfil_offer(actor=world.frontline, offer_id=kept.pk, method="cash", reference="", landed_at=NOON)

    assert [stands(each) for each in (own, region, whole)] == [(1000, 0, 200), (5000, 0, 200), (9000, 0, 200)]
    books_agree()


@pytest.mark.parametrize("short", [0, 1, 2])
def test_a_level_that_is_short_stops_it_on_all_and_is_named(world: World, case: Case, short: int) -> None:
    offer = propose(world.frontline, case, 500)
    budgets = levels(
        world, **{name: 400 if at == short else 5000 for at, name in enumerate(("own", "region", "whole"))}
    )

    with pytest.raises(Conflict) as refused:
        approve(world, offer)

    assert budgets[short].label in str(refused.value)
    assert all(each.reserved == 0 for each in Budget.objects.all())
    assert offer.movements.count() == 0


def test_two_branches_share_what_stands_above_them(world: World) -> None:
    _own, region, _whole = levels(world, region=500)
    other = make_branch("garden")
    make_budget(other, 1000, parent=region)
    propose(world.frontline, make_case(world.branch), 300)
    supervisor = make_user(Role.SUPERVISOR, other)
    offer = propose(make_user(Role.FRONTLINE, other), make_case(other), 300)
    assert offer.state == OfferState.WAITING
    with pytest.raises(Conflict, match="Region"):
        approve(world, offer, by=supervisor)
    books_agree()


def test_a_budget_for_a_kind_pays_before_the_one_for_all(world: World) -> None:
    general = make_budget(world.branch, 1000)
    meals = make_budget(world.branch, 100, kind="meal", parent=general)
    propose(world.frontline, make_case(world.branch), 60, kind="meal")
    propose(world.frontline, make_case(world.branch), 70)
    assert (stands(meals)[1], stands(general)[1]) == (60, 130)
    assert propose(world.frontline, make_case(world.branch), 60, kind="meal").state == OfferState.WAITING
    books_agree()


def test_reserved_at_proposal_and_lowered_at_approval_keeps_what_was_granted(
    world: World, case: Case
) -> None:
    budget = make_budget(world.branch, 1000, reserve_at=ReserveAt.PROPOSAL)
    offer = propose(world.frontline, case, 900)
    assert stands(budget) == (1000, 900, 0)

    approve(world, offer, 700)

    assert stands(budget) == (1000, 700, 0)
    assert kinds(offer, budget) == [Movement.RESERVE, Movement.REDUCE]
    books_agree()


@pytest.mark.parametrize("end", ["reject", "withdraw"])
def test_reserved_at_proposal_is_given_back_when_nothing_comes_of_it(
    world: World, case: Case, end: str
) -> None:
    budget = make_budget(world.branch, 1000, reserve_at=ReserveAt.PROPOSAL)
    offer = propose(world.frontline, case, 900)
    if end == "reject":
        reject_offer(actor=world.supervisor, offer_id=offer.pk, reason="No.")
    else:
        withdraw_offer(actor=world.frontline, offer_id=offer.pk, reason="No.")
    assert stands(budget) == (1000, 0, 0)
    books_agree()


def test_a_proposal_beyond_the_budget_waits_without_money_until_it_is_raised(
    world: World, case: Case
) -> None:
    budget = make_budget(world.branch, 500, reserve_at=ReserveAt.PROPOSAL)
    offer = propose(world.frontline, case, 900)
    assert (offer.budget, stands(budget)) == (None, (500, 0, 0))
    with pytest.raises(Conflict):
        approve(world, offer)
    raise_to(world, budget, 900)
    assert approve(world, offer).state == OfferState.APPROVED
    books_agree()


def raise_to(world: World, budget: Budget, amount: int, **terms: Any) -> Budget:
    terms = {"parent_id": budget.parent_id, "reserve_at": budget.reserve_at} | terms
    return change_budget(
        actor=world.admin,
        budget_id=budget.pk,
        amount=Decimal(amount),
        terms=Terms(**terms),
        reason="A storm in May.",
    )


def test_a_soft_stop_lets_one_level_up_go_beyond_but_not_beyond_its_share(world: World) -> None:
    budget = make_budget(world.branch, 1000, overdraft=Decimal("0.2"))
    approve(world, propose(world.frontline, make_case(world.branch), 900))
    offer = propose(world.frontline, make_case(world.branch), 290)
    assert (offer.state, offer.asked_role) == (OfferState.WAITING, Role.MANAGER)

    with pytest.raises(NotAllowed, match="Manager"):
        approve(world, offer)
    assert stands(budget) == (1000, 900, 0)
    assert approve(world, offer, by=world.manager).state == OfferState.APPROVED
    with pytest.raises(Conflict):
        approve(world, propose(world.frontline, make_case(world.branch), 20), by=world.manager)
    assert stands(budget) == (1000, 1190, 0)
    books_agree()


def test_a_closed_budget_gives_no_more_and_pays_what_it_holds(world: World) -> None:
    own, region, _whole = levels(world)
    held = propose(world.frontline, make_case(world.branch), 100)
    waiting = propose(world.frontline, make_case(world.branch), 500)

    close_budget(actor=world.admin, budget_id=region.pk, reason="The region is dissolved.")

    with pytest.raises(Conflict, match=r"Region.*closed"):
        approve(world, waiting)
    assert propose(world.frontline, make_case(world.branch), 10).state == OfferState.WAITING
    fulfil_offer(actor=world.frontline, offer_id=held.pk, method="cash", reference="", landed_at=NOON)
    assert stands(own) == (1000, 0, 100)
    with pytest.raises(Conflict):
        raise_to(world, Budget.objects.get(pk=region.pk), 9000)
    with pytest.raises(Conflict):
        close_budget(actor=world.admin, budget_id=region.pk, reason="Again.")
    with pytest.raises(IntegrityError, match="closed budget"), transaction.atomic():
        Budget.objects.filter(pk=region.pk).update(reserved=200)
    books_agree()


def test_money_clawed_back_returns_to_every_level_and_never_more_than_was_spent(
    world: World, case: Case
) -> None:
    own, region, _whole = levels(world)
    offer = propose(world.frontline, case, 100)
    fulfil_offer(actor=world.frontline, offer_id=offer.pk, method="cash", reference="", landed_at=NOON)
    offer.refresh_from_db()
    with pytest.raises(Conflict):
        ledger.claw_back(offer=offer, by=world.manager, amount=Decimal(101))
    ledger.claw_back(offer=offer, by=world.manager, reason="Paid to the wrong account.")
    assert (stands(own), stands(region)) == ((1000, 0, 0), (5000, 0, 0))
    with pytest.raises(Conflict):
        ledger.claw_back(offer=offer, by=world.manager)


def test_giving_back_twice_gives_back_once(world: World, case: Case) -> None:
    budget = make_budget(world.branch, 1000)
    offer = propose(world.frontline, case, 100)
    for _ in range(2):
        ledger.release(offer=offer, by=world.manager)
    assert stands(budget) == (1000, 0, 0)


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


def test_a_budget_that_was_placed_elsewhere_since_it_was_read_sets_nothing_aside(world: World) -> None:
    own = make_budget(world.branch, 1000)
    read = current_budget(world.branch, "CNY")
    assert read is not None
    above = make_budget(None, 5000, name="Region")
    Budget.objects.filter(pk=own.pk).update(parent=above)
    with pytest.raises(Conflict), transaction.atomic():
        ledger.lock_levels(read)
    propose(world.frontline, make_case(world.branch), 200)
    assert stands(above) == (5000, 200, 0)


def test_more_than_four_levels_or_a_circle_are_refused_by_the_database(world: World) -> None:
    budgets = [make_budget(None, 1000, name="Level 1")]
    for number in (2, 3, 4):
        budgets.append(make_budget(None, 1000, name=f"Level {number}", parent=budgets[-1]))
    with pytest.raises(IntegrityError, match="four levels"), transaction.atomic():
        make_budget(world.branch, 1000, parent=budgets[-1])
    with pytest.raises(IntegrityError, match="four levels"), transaction.atomic():
        Budget.objects.filter(pk=budgets[0].pk).update(parent=budgets[2])


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


def test_tampered_levels_and_balances_are_found(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    own, _region, _whole = levels(world)
    offer = propose(world.frontline, make_case(world.branch), 100)
    BudgetMovement.objects.create(
        budget=make_budget(None, 50, name="Elsewhere"), offer=offer, kind=Movement.RESERVE, amount=1
    )
    Budget.objects.filter(pk=own.pk).update(amount=1234)
    with pytest.raises(Exception, match="disagreements"):
        call_command("verify_ledger")
    found = capsys.readouterr().err
    assert f"budget {own.pk}: amount 1234.0000, movements say 1000.0000" in found
    assert f"offer {offer.pk}: reserve is not on every level" in found
