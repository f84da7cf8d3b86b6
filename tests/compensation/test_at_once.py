"""Several people at the same moment, on real connections: no overspending, nothing twice, no deadlock."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial

import pytest
from django.core.management import call_command

from accounts.models import User
from accounts.states import Role
from cases.models import Case
from common.errors import Conflict, DomainError
from compensation.actions.approvals import approve_offer, reject_offer
from compensation.actions.budgets import Terms, change_budget
from compensation.actions.offers import propose_offer, withdraw_offer
from compensation.models import Approval, Budget, Offer
from compensation.states import OfferState
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


def approving(world: World, offer: Offer) -> Callable[[], object]:
    return lambda: approve_offer(
        actor=world.supervisor, offer_id=offer.pk, amount=offer.amount, reason="Fair."
    )


def proposing(actor: User, case: Case, amount: int) -> Callable[[], object]:
    return lambda: propose(actor, case, amount)


def books_agree() -> None:
    """Balances are the sums of the movements on every level, and nothing is overspent."""
    assert all(budget.left >= 0 for budget in Budget.objects.all())
    call_command("verify_ledger", verbosity=0)


def test_approvals_at_once_never_overspend_the_budget() -> None:
    world = make_world()
    offers = [propose(world.frontline, make_case(world.branch), 1000) for _ in range(8)]
    budget = make_budget(world.branch, 3500)

    results = all_at_once([approving(world, offer) for offer in offers])

    assert sum(isinstance(result, Offer) for result in results) == 3
    assert sum(isinstance(result, Conflict) for result in results) == 5
    budget.refresh_from_db()
    assert budget.reserved == 3000
    books_agree()


def test_branches_at_once_never_overspend_what_stands_above_them_nor_deadlock() -> None:
    """24 threads on two branches, a kind of its own and the organisation: approvals, withdrawals, raises."""
    world, garden = make_world(), make_branch("garden")
    people = make_user(Role.FRONTLINE, garden), make_user(Role.SUPERVISOR, garden)
    # The parents' keys lie above and below their children's, so that the order of locks is put to the test.
    top = make_budget(None, 6500, name="Organisation")
    own = make_budget(world.branch, 9000, parent=top)
    meals = make_budget(world.branch, 2500, kind="meal")
    change_budget(
        actor=world.admin, budget_id=meals.pk, amount=Decimal(2500), terms=Terms(own.pk), reason="Meals."
    )
    make_budget(garden, 9000, parent=top)
    kinds = ("meal", "refund")
    mine = [propose(world.frontline, make_case(world.branch), 1000, kind=kinds[n % 2]) for n in range(8)]
    theirs = [propose(people[0], make_case(garden), 1000) for _ in range(8)]
    held = [propose(world.frontline, make_case(world.branch), 100) for _ in range(4)]
    calls = [approving(world, offer) for offer in mine]
    calls += [
        partial(approve_offer, actor=people[1], offer_id=offer.pk, amount=offer.amount, reason="Fair.")
        for offer in theirs
    ]
    calls += [
        partial(withdraw_offer, actor=world.frontline, offer_id=offer.pk, reason="No.") for offer in held
    ]
    calls += [
        partial(
            change_budget,
            actor=world.admin,
            budget_id=top.pk,
            amount=Decimal(6500 + step),
            terms=Terms(),
            reason="More.",
        )
        for step in range(1, 5)
    ]

    results = all_at_once(calls)

    assert all(isinstance(result, Offer | Budget | Conflict) for result in results), results
    top.refresh_from_db()
    assert 6000 <= top.reserved <= 6504
    assert top.reserved == Decimal(1000) * sum(isinstance(result, Offer) for result in results[:16])
    books_agree()


def test_of_two_decisions_at_once_one_is_refused() -> None:
    world = make_world()
    make_budget(world.branch, 100_000)
    offer = propose(world.frontline, make_case(world.branch), 1000)

    results = all_at_once(
        [
            approving(world, offer),
            lambda: approve_offer(
                actor=world.manager, offer_id=offer.pk, amount=Decimal(900), reason="Less will do."
            ),
            lambda: reject_offer(actor=world.manager, offer_id=offer.pk, reason="No."),
            lambda: withdraw_offer(actor=world.frontline, offer_id=offer.pk, reason="No."),
        ]
    )

    # A withdrawal may follow an approval; nothing may follow a withdrawal or a rejection.
    done = [result for result in results if isinstance(result, Offer)]
    assert all(isinstance(result, Offer | DomainError) for result in results)
    assert 1 <= len(done) <= 2
    assert Approval.objects.count() <= 1
    books_agree()


def test_proposals_at_once_do_not_outrun_the_daily_limit() -> None:
    world = make_world()
    cases = [make_case(world.branch) for _ in range(8)]

    results = all_at_once([proposing(world.frontline, case, 300) for case in cases])

    states = [result.state for result in results if isinstance(result, Offer)]
    assert sorted(states) == [OfferState.APPROVED] * 4 + [OfferState.WAITING] * 4


def test_proposals_at_once_on_one_case_do_not_outrun_its_limit() -> None:
    world = make_world()
    case = make_case(world.branch)

    results = all_at_once([lambda: propose(world.frontline, case, 100) for _ in range(5)])

    states = [result.state for result in results if isinstance(result, Offer)]
    assert sorted(states) == [OfferState.APPROVED] * 3 + [OfferState.WAITING] * 2


def test_proposing_and_approving_at_once_by_the_same_person_does_not_deadlock() -> None:
    world = make_world()
    make_budget(world.branch, 1_000_000)
    waiting = [propose(world.frontline, make_case(world.branch), 500) for _ in range(4)]
    cases = [make_case(world.branch) for _ in range(4)]

    results = all_at_once(
        [approving(world, offer) for offer in waiting]
        + [proposing(world.supervisor, case, 500) for case in cases]
    )

    assert all(isinstance(result, Offer) for result in results)
    books_agree()


def test_without_waiting_for_the_lock_a_race_would_be_lost(world_in_race: World) -> None:
    """The conditional update alone holds the budget, even where nobody locks a case in common."""
    budget = Budget.objects.get()
    results = all_at_once(
        [
            lambda: propose_offer(
                actor=world_in_race.frontline,
                case_id=make_case(world_in_race.branch).pk,
                kind="meal",
                basis="goodwill",
                amount=Decimal(60),
                purpose="A meal",
                reason="The wait.",
            ),
            lambda: propose_offer(
                actor=world_in_race.manager,
                case_id=make_case(world_in_race.branch).pk,
                kind="meal",
                basis="goodwill",
                amount=Decimal(60),
                purpose="A meal",
                reason="The wait.",
            ),
        ]
    )
    states = sorted(result.state for result in results if isinstance(result, Offer))
    assert states == [OfferState.APPROVED, OfferState.WAITING]
    budget.refresh_from_db()
    assert budget.left == 40
    books_agree()


@pytest.fixture
def world_in_race() -> World:
    world = make_world()
    make_budget(world.branch, 100)
    return world
