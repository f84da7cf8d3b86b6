"""Several approvers at the same second, on real connections: each step once, nobody twice, one grant."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.core.management import call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.models import User
from accounts.states import Role
from common.errors import DomainError
from compensation.actions.approvals import approve_offer, reject_offer
from compensation.actions.returning import recall_offer, return_offer
from compensation.models import Approval, ApprovalRoute, ApprovalStep, Budget, Offer
from compensation.states import OfferState, ReserveAt, StepState
from tests.compensation.chains import LONG_AGO, make_route, second
from tests.compensation.world import (
    World,
    make_branch,
    make_budget,
    make_case,
    make_user,
    make_world,
    propose,
)
from tests.support.at_once import all_at_once

pytestmark = pytest.mark.django_db(transaction=True)

_branches = itertools.count(1)
Call = Callable[[], object]


def approving(actor: User, offer: Offer, amount: int = 1000) -> Call:
    return lambda: approve_offer(actor=actor, offer_id=offer.pk, amount=Decimal(amount), reason="Fair.")


def holds(offer: Offer) -> None:
    """What must hold of an offer and its steps, however it came about."""
    offer.refresh_from_db()
    steps = list(ApprovalStep.objects.filter(offer=offer, round=offer.round))
    deciders = [step.decided_by_id for step in steps if step.decided_by_id]
    assert len(set(deciders)) == len(deciders)
    assert offer.proposer_id not in deciders
    still = [step for step in steps if step.state in (StepState.OPEN, StepState.PLANNED)]
    assert bool(still) == (offer.state == OfferState.WAITING)
    if offer.state == OfferState.APPROVED:
        assert {step.state for step in steps} == {StepState.APPROVED}
        assert offer.granted_amount == min(step.amount for step in steps if step.amount)
        assert Approval.objects.get(offer=offer).amount == offer.granted_amount
    assert all(budget.left >= 0 for budget in Budget.objects.all())
    call_command("verify_ledger", verbosity=0)


def test_one_step_is_decided_once_when_two_approve_at_the_same_second() -> None:
    world = make_world()
    make_route(Role.SUPERVISOR, Role.MANAGER)
    other = second(Role.SUPERVISOR, world)
    offer = propose(world.frontline, make_case(world.branch), 1000)

    results = all_at_once([approving(world.supervisor, offer), approving(other, offer)])

    assert sum(isinstance(result, Offer) for result in results) == 1
    assert sum(isinstance(result, DomainError) for result in results) == 1
    holds(offer)
    assert offer.asked_role == Role.MANAGER


def test_steps_asked_together_can_be_decided_at_the_same_second() -> None:
    world = make_world()
    make_budget(world.branch, 5000)
    make_route((Role.SUPERVISOR, Role.MANAGER, Role.MANAGER))
    other = second(Role.MANAGER, world)
    offer = propose(world.frontline, make_case(world.branch), 1000)

    results = all_at_once([approving(one, offer) for one in (world.supervisor, world.manager, other)])

    assert all(isinstance(result, Offer) for result in results)
    holds(offer)
    assert offer.state == OfferState.APPROVED


def test_one_person_who_clicks_many_times_decides_one_step() -> None:
    world = make_world()
    make_route(Role.MANAGER, Role.MANAGER)
    second(Role.MANAGER, world)
    offer = propose(world.frontline, make_case(world.branch), 1000)

    results = all_at_once([approving(world.manager, offer) for _ in range(6)])

    assert sum(isinstance(result, Offer) for result in results) == 1
    holds(offer)
    assert offer.state == OfferState.WAITING


def _calls(world: World, other: User, offer: Offer) -> dict[str, Call]:
    return {
        "supervisor": approving(world.supervisor, offer),
        "supervisor_less": approving(world.supervisor, offer, 700),
        "manager": approving(world.manager, offer, 700),
        "other": approving(other, offer, 600),
        "reject": lambda: reject_offer(actor=other, offer_id=offer.pk, reason="No."),
        "ask": lambda: return_offer(actor=world.manager, offer_id=offer.pk, question="Why?"),
        "recall": lambda: recall_offer(actor=world.frontline, offer_id=offer.pk),
        "self": approving(world.frontline, offer),
    }


def _fresh() -> World:
    """A branch of its own for each example: what others have left is committed."""
    ApprovalRoute.objects.update(valid_to=LONG_AGO)
    branch = make_branch(f"branch-{next(_branches)}")
    return World(
        branch=branch,
        frontline=make_user(Role.FRONTLINE, branch),
        supervisor=make_user(Role.SUPERVISOR, branch),
        manager=make_user(Role.MANAGER, branch),
        admin=make_user(Role.ADMIN, None),
    )


@settings(max_examples=12, deadline=None)
@given(
    st.sampled_from([("supervisor", "manager"), (("supervisor", "manager"), "manager"), (("manager",),)]),
    st.lists(
        st.sampled_from(
            ["supervisor", "supervisor_less", "manager", "other", "reject", "ask", "recall", "self"]
        ),
        min_size=2,
        max_size=5,
        unique=True,
    ),
    st.sampled_from(ReserveAt),
)
def test_whatever_happens_at_the_same_second_leaves_one_outcome(
    levels: tuple[str | tuple[str, ...], ...], names: list[str], reserve_at: ReserveAt
) -> None:
    world = _fresh()
    make_route(*levels)
    other = second(Role.MANAGER, world)
    make_budget(world.branch, 3000, reserve_at=reserve_at)
    offer = propose(world.frontline, make_case(world.branch), 1000)
    calls = _calls(world, other, offer)

    results = all_at_once([calls[name] for name in names])

    assert all(isinstance(result, Offer | DomainError) for result in results), results
    holds(offer)
