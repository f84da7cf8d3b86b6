"""What stands on a budget is what its offers and its movements say, and the forecast goes on from there."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
import time_machine

from compensation.actions.offers import propose_offer
from compensation.budget_rules import burn
from compensation.models import Budget, Offer
from compensation.states import OfferState
from insights.burning import Burned, burned
from insights.compensation_figures import OFFER_FIGURES
from insights.compensation_queries import Total, on_budgets
from insights.listing import all_rows
from tests.compensation.world import NOON, SHANGHAI, World, make_budget, make_case, make_world
from tests.insights.world import looking_at


@pytest.fixture
def world(db: None) -> World:
    with time_machine.travel(NOON, tick=False):
        return make_world()


def grant(world: World, amount: int) -> Offer:
    return propose_offer(
        actor=world.frontline,
        case_id=make_case(world.branch).pk,
        kind="refund",
        basis="goodwill",
        amount=Decimal(amount),
        purpose="the trouble",
        reason="it came late",
    )


def burn_of(budget: Budget, at: dt.datetime) -> Burned:
    pace = burn(
        used=budget.used,
        amount=budget.amount,
        starts_on=budget.starts_on,
        ends_on=budget.ends_on,
        today=at.date(),
    )
    return burned(budget, pace, time_zone=SHANGHAI, now=at)


def test_the_list_of_a_budget_holds_what_is_used_of_it(world: World) -> None:
    with time_machine.travel(NOON, tick=False):
        budget = make_budget(world.branch, 5000)
        other = make_budget(world.branch, 5000, kind="voucher")
        granted = [grant(world, amount) for amount in (120, 80)]
    budget.refresh_from_db()
    assert {offer.state for offer in granted} == {OfferState.APPROVED}
    selection = looking_at(currency="CNY", narrower=(("budget", budget.pk),))
    rows = [each.row for each in all_rows(OFFER_FIGURES["on_budget"], selection)]
    assert sum(row.standing for row in rows) == budget.used == 200
    assert on_budgets([budget.pk, other.pk]) == {budget.pk: Total(2, Decimal(200))}


def test_what_was_used_meets_the_forecast_and_the_forecast_the_end(world: World) -> None:
    days = dt.timedelta(days=1)
    with time_machine.travel(NOON, tick=False):
        first = NOON.date()
        budget = make_budget(world.branch, 1000, starts_on=first, ends_on=first + 9 * days)
        grant(world, 100)
    with time_machine.travel(NOON + 4 * days, tick=False):
        grant(world, 100)
    budget.refresh_from_db()
    points = burn_of(budget, NOON + 4 * days).points
    assert [point.used for point in points] == [100, 100, 100, 100, 200, *[None] * 5]
    # 200 in five days of ten: 400 by the end.
    assert [point.forecast for point in points] == [None] * 4 + [200, 240, 280, 320, 360, 400]


def test_before_a_budget_begins_nothing_is_told(world: World) -> None:
    start = NOON.date() + dt.timedelta(days=20)
    with time_machine.travel(NOON, tick=False):
        budget = make_budget(world.branch, 1000, starts_on=start, ends_on=start + dt.timedelta(days=20))
    points = burn_of(budget, NOON).points
    assert {(point.used, point.forecast) for point in points} == {(None, None)}
