"""A case goes over only to the states that the table allows, whatever is asked of it."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from audit.models import Event
from cases.actions.locking import move_case
from cases.actions.resolve import reopen_case, resolve_case
from cases.actions.waiting import stop_waiting, wait_for_customer
from cases.models import Case, Cause
from cases.states import TRANSITIONS, CaseState
from common.errors import Conflict
from tests.factories import Desk, log_case

pytestmark = pytest.mark.django_db


def wait(desk: Desk, case: Case) -> Case:
    return wait_for_customer(actor=desk.frontline, case_id=case.pk, reason="a receipt")


def go_on(desk: Desk, case: Case) -> Case:
    return stop_waiting(actor=desk.frontline, case_id=case.pk)


def resolve(desk: Desk, case: Case) -> Case:
    cause = Cause.objects.get(code="not_established")
    return resolve_case(
        actor=desk.frontline, case_id=case.pk, outcome="upheld", cause=cause, resolution="", reason="agreed"
    )


def reopen(desk: Desk, case: Case) -> Case:
    return reopen_case(actor=desk.frontline, case_id=case.pk, reason="again")


Act = Callable[[Desk, Case], Case]
WAYS: dict[str, tuple[Act, ...]] = {"open": (), "waiting": (wait,), "resolved": (resolve,)}
ALLOWED: dict[Act, dict[str, str]] = {
    wait: {"open": "waiting"},
    go_on: {"waiting": "open"},
    resolve: {"open": "resolved", "waiting": "resolved"},
    reopen: {"resolved": "open"},
}


@pytest.mark.parametrize("state", WAYS)
@pytest.mark.parametrize("act", ALLOWED)
def test_each_action_moves_a_case_from_the_states_it_is_for_and_is_refused_in_others(
    desk: Desk, state: str, act: Act
) -> None:
    case = log_case(desk)
    for step in WAYS[state]:
        step(desk, case)
    wanted, before = ALLOWED[act].get(state), Event.objects.count()
    if wanted is None:
        with pytest.raises(Conflict):
            act(desk, case)
        assert Event.objects.count() == before
    else:
        act(desk, case)
    assert Case.objects.get().state == (wanted or state)


def test_every_way_of_an_action_is_in_the_table_and_the_other_way_round() -> None:
    ways = {(start, end) for moves in ALLOWED.values() for start, end in moves.items()}
    assert ways == {(start.value, end.value) for start, ends in TRANSITIONS.items() for end in ends}


@pytest.mark.parametrize(("state", "wanted"), list(itertools.product(CaseState, CaseState)))
def test_a_case_is_moved_as_the_table_says(state: CaseState, wanted: CaseState) -> None:
    case = Case(state=state)
    if wanted in TRANSITIONS[state]:
        move_case(case, wanted)
        assert case.state == wanted
    else:
        with pytest.raises(Conflict):
            move_case(case, wanted)
        assert case.state == state
