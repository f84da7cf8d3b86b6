"""Budgets in levels and by kind: what offers set aside, spend and give back, and where it stops."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction

from accounts.states import Role
from cases.models import Case
from common.errors import Conflict, NotAllowed
from compensation.actions import ledger
from compensation.actions.approvals import approve_offer, reject_offer
from compensation.actions.budgets import close_budget
from compensation.actions.fulfilment import fulfil_offer
from compensation.actions.offers import withdraw_offer
from compensation.budget_queries import current_budget
from compensation.models import Budget, BudgetMovement, Offer
from compensation.states import Movement, OfferState, ReserveAt
from tests.compensation.budgets import books_agree, levels, raise_to, stands
from tests.compensation.world import NOON, World, make_branch, make_budget, make_case, make_user, propose


def approve(world: World, offer: Offer, amount: int | None = None, *, by: Any = None) -> Offer:
    value = offer.amount if amount is None else Decimal(amount)
    return approve_offer(actor=by or world.supervisor, offer_id=offer.pk, amount=value, reason="Fair.")


def kinds(offer: Offer, budget: Budget) -> list[str]:
    return list(BudgetMovement.objects.filter(offer=offer, budget=budget).values_list("kind", flat=True))


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
