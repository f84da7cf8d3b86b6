"""Routes of approval: for a branch or for all, changed from a day on, and ended."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from accounts.states import Role
from audit.models import Event
from cases.models import Case
from common.errors import Conflict, Invalid, NotAllowed
from compensation.actions.routes import NewRoute, add_route, change_route, end_route
from compensation.models import ApprovalRoute, Offer
from tests.compensation.chains import make_route, states
from tests.compensation.world import NOON, World, make_branch, make_case, make_user, propose

TODAY = NOON.date()
DAY = dt.timedelta(days=1)
ONE: list[tuple[int, str, str]] = [(1, "supervisor", "open")]
TWO = [*ONE, (2, "manager", "planned")]


def new(**fields: Any) -> NewRoute:
    values: dict[str, Any] = {
        "name": "Two decide",
        "currency": "CNY",
        "levels": ((Role.SUPERVISOR,), (Role.MANAGER,)),
        "valid_from": TODAY,
        **fields,
    }
    return NewRoute(**values)


def asked(world: World, case: Case | None = None) -> list[tuple[int, str, str]]:
    """The steps of an offer that is proposed now."""
    return states(propose(world.frontline, case or make_case(world.branch), 1000))


def test_a_change_ends_the_old_the_day_before_and_begins_the_new(world: World) -> None:
    old = make_route(Role.SUPERVISOR)
    changed = change_route(actor=world.admin, route_id=old.pk, new=new(valid_from=TODAY + 7 * DAY))
    old.refresh_from_db()
    assert (old.valid_to, changed.valid_from, changed.valid_to) == (TODAY + 6 * DAY, TODAY + 7 * DAY, None)
    assert asked(world) == ONE
    with time_machine.travel(NOON + 7 * DAY):
        assert asked(world) == TWO
    assert Event.objects.filter(verb__in=("route.changed", "route.added")).count() == 2


def test_a_change_of_today_takes_the_place_of_what_began_today(world: World) -> None:
    first = add_route(actor=world.admin, new=new(kind="refund", levels=((Role.SUPERVISOR,),)))
    offer = propose(world.frontline, make_case(world.branch), 1000)
    assert offer.route_id == first.pk

    change_route(actor=world.admin, route_id=first.pk, new=new())

    assert asked(world) == TWO
    assert states(offer) == ONE
    unused = ApprovalRoute.objects.get(name="Two decide", valid_to=None)
    Offer.objects.filter(route=unused).update(route=None)
    end_route(actor=world.admin, route_id=unused.pk)
    assert not ApprovalRoute.objects.filter(pk=unused.pk).exists()


def test_a_route_that_is_ended_on_its_first_day_is_taken_by_no_further_offer(world: World) -> None:
    route = add_route(actor=world.admin, new=new())
    assert asked(world) == TWO
    end_route(actor=world.admin, route_id=route.pk)
    assert asked(world) == ONE


def test_what_has_ended_or_will_is_not_changed_beyond_its_end(world: World) -> None:
    route = make_route(Role.SUPERVISOR, valid_to=TODAY + 3 * DAY)
    with pytest.raises(Invalid) as refused:
        change_route(actor=world.admin, route_id=route.pk, new=new(valid_from=TODAY + 4 * DAY))
    assert refused.value.field == "valid_from"
    changed = change_route(actor=world.admin, route_id=route.pk, new=new(valid_from=TODAY + 3 * DAY))
    assert changed.valid_to == TODAY + 3 * DAY
    ApprovalRoute.objects.filter(pk=route.pk).update(valid_to=TODAY - DAY)
    with pytest.raises(Conflict):
        change_route(actor=world.admin, route_id=route.pk, new=new())


def test_nothing_ends_when_the_new_one_is_refused(world: World) -> None:
    route = make_route(Role.SUPERVISOR)
    with pytest.raises(NotAllowed):
        change_route(actor=world.manager, route_id=route.pk, new=new())
    wrong: tuple[dict[str, Any], ...] = (
        {"name": " "},
        {"levels": ()},
        {"levels": ((Role.MANAGER,),) * 4},
        {"levels": ((Role.FRONTLINE,),)},
        {"branch_id": 0},
        {"from_amount": Decimal("0.001")},
        {"valid_from": TODAY - DAY},
    )
    for each in wrong:
        with pytest.raises(Invalid):
            change_route(actor=world.admin, route_id=route.pk, new=new(**each))
    route.refresh_from_db()
    assert route.valid_to is None
    assert ApprovalRoute.objects.count() == 1


def test_a_route_of_the_branch_comes_before_others_and_is_for_no_other_branch(world: World) -> None:
    garden = make_branch("garden")
    make_user(Role.SUPERVISOR, garden)
    world.frontline.branches.add(garden)
    make_route(Role.SUPERVISOR, kind="refund", from_amount=10)
    add_route(actor=world.admin, new=new(branch_id=world.branch.pk))

    assert asked(world) == TWO
    assert asked(world, make_case(garden)) == ONE
