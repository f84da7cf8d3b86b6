"""Proposing compensation and taking it back: authority, budget, and what is told to whom."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
import time_machine
from django.db import IntegrityError

from accounts.models import Authority, User
from accounts.states import Role
from audit.models import Event
from cases.models import Case, TimelineEntry
from cases.states import CaseState
from common.errors import Conflict, Invalid, NotAllowed
from compensation.actions.approvals import approve_offer, reject_offer
from compensation.actions.fulfilment import fulfil_offer
from compensation.actions.offers import withdraw_offer
from compensation.authority_queries import left_today
from compensation.models import Budget, BudgetMovement, Offer
from compensation.states import Movement, OfferState
from messaging.models import Notice
from tests.compensation.world import (
    NOON,
    World,
    committed,
    make_branch,
    make_budget,
    make_case,
    make_user,
    propose,
)


def movements(budget: Budget) -> list[tuple[str, Decimal]]:
    return list(
        BudgetMovement.objects.filter(budget=budget, offer__isnull=False).values_list("kind", "amount")
    )


def test_within_authority_an_offer_is_granted_at_once_and_its_money_set_aside(
    world: World, case: Case
) -> None:
    budget = make_budget(world.branch, 1000)

    offer = propose(world.frontline, case, 300)

    assert (offer.state, offer.granted_amount, offer.within_authority) == (
        OfferState.APPROVED,
        Decimal(300),
        True,
    )
    budget.refresh_from_db()
    assert [budget.reserved, budget.committed, budget.left] == [300, 0, 700]
    assert movements(budget) == [(Movement.RESERVE, Decimal(300))]
    assert Event.objects.filter(stream=case.stream, verb="offer.proposed").count() == 1
    assert TimelineEntry.objects.filter(case=case, kind="event").count() == 1


def test_above_authority_it_waits_for_the_lowest_role_that_may_decide(world: World, case: Case) -> None:
    budget = make_budget(world.branch, 100_000)

    small, large = (
        propose(world.frontline, case, 301),
        propose(world.frontline, make_case(world.branch), 2001),
    )

    assert (small.state, small.asked_role) == (OfferState.WAITING, Role.SUPERVISOR)
    assert (large.state, large.asked_role) == (OfferState.WAITING, Role.MANAGER)
    budget.refresh_from_db()
    assert budget.reserved == 0
    told = dict(Notice.objects.values_list("user", "dedupe_key"))
    assert told == {
        world.supervisor.pk: f"offer:{small.pk}:waiting:1.1:{world.supervisor.pk}",
        world.manager.pk: f"offer:{large.pk}:waiting:1.1:{world.manager.pk}",
    }


def test_a_role_that_nobody_fills_is_not_asked(world: World, case: Case) -> None:
    User.objects.filter(pk=world.supervisor.pk).update(is_active=False)

    assert propose(world.frontline, case, 301).asked_role == Role.MANAGER


def test_a_supervisor_of_another_branch_is_not_asked(world: World, case: Case) -> None:
    world.supervisor.branches.set([make_branch("garden")])

    assert propose(world.frontline, case, 301).asked_role == Role.MANAGER


def test_several_small_offers_on_a_case_do_not_pass_as_a_large_one(world: World, case: Case) -> None:
    assert propose(world.frontline, case, 200).state == OfferState.APPROVED
    assert propose(world.frontline, case, 101).state == OfferState.WAITING
    # The waiting 101 counts, too.
    assert propose(world.frontline, case, 1).state == OfferState.WAITING
    assert propose(world.frontline, make_case(world.branch), 300).state == OfferState.APPROVED


def test_the_daily_limit_holds_over_all_cases_and_ends_at_the_branchs_midnight(world: World) -> None:
    evening = dt.datetime(2026, 3, 4, 15, 0, tzinfo=dt.UTC)  # 23:00 in Shanghai
    with time_machine.travel(evening, tick=False):
        for _ in range(4):
            assert propose(world.frontline, make_case(world.branch), 300).state == OfferState.APPROVED
        assert left_today(world.frontline, "CNY", time_zone=world.branch.time_zone) == 0
        assert propose(world.frontline, make_case(world.branch), 1).state == OfferState.WAITING
    with time_machine.travel(evening + dt.timedelta(hours=1), tick=False):
        assert left_today(world.frontline, "CNY", time_zone=world.branch.time_zone) == 1200
        assert propose(world.frontline, make_case(world.branch), 300).state == OfferState.APPROVED


def test_a_withdrawn_grant_no_longer_counts_against_the_day(world: World, case: Case) -> None:
    offer = propose(world.frontline, case, 300)
    withdraw_offer(actor=world.frontline, offer_id=offer.pk, reason="Wrong case.")

    assert left_today(world.frontline, "CNY", time_zone=world.branch.time_zone) == 1200


def test_a_short_budget_makes_even_a_small_offer_wait(world: World, case: Case) -> None:
    budget = make_budget(world.branch, 50)

    offer = propose(world.frontline, case, 51)

    assert (offer.state, offer.asked_role, offer.budget) == (OfferState.WAITING, Role.SUPERVISOR, None)
    budget.refresh_from_db()
    assert (budget.reserved, movements(budget)) == (0, [])


def test_a_branch_without_a_budget_grants_without_one(world: World, case: Case) -> None:
    make_budget(make_branch("garden"), 1)

    offer = propose(world.frontline, case, 300)

    assert (offer.state, offer.budget) == (OfferState.APPROVED, None)
    assert not BudgetMovement.objects.filter(offer__isnull=False).exists()


def test_more_than_anybody_may_approve_is_refused_with_what_is_possible(world: World, case: Case) -> None:
    with pytest.raises(Invalid, match=r"30,000") as refused:
        propose(world.frontline, case, 30_001)
    assert refused.value.field == "amount"
    assert not Offer.objects.exists()


def test_a_manager_above_their_authority_is_refused_when_nobody_else_may(world: World, case: Case) -> None:
    with pytest.raises(Invalid, match=r"2,000"):
        propose(world.manager, case, 30_001)


def test_a_currency_without_authority_is_refused_with_whom_to_ask(world: World) -> None:
    with pytest.raises(Invalid, match="JPY"):
        propose(world.frontline, make_case(world.branch, currency="JPY"), 100)


@pytest.mark.parametrize("amount", ["0", "-5", "0.001", "1e30", "Infinity", "NaN"])
def test_an_amount_that_cannot_be_paid_is_refused_beside_its_field(
    world: World, case: Case, amount: str
) -> None:
    with pytest.raises(Invalid) as refused:
        propose(world.frontline, case, amount)
    assert refused.value.field == "amount"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("purpose", " "),
        ("purpose", "x" * 161),
        ("reason", ""),
        ("reason", "x" * 501),
        ("kind", "gold"),
        ("basis", ""),
    ],
)
def test_a_field_that_is_missing_or_wrong_is_named(world: World, case: Case, field: str, value: str) -> None:
    with pytest.raises(Invalid) as refused:
        propose(world.frontline, case, 10, **{field: value})
    assert refused.value.field == field


def test_an_offer_on_a_resolved_case_is_refused(world: World) -> None:
    resolved = make_case(
        world.branch, state=CaseState.RESOLVED, outcome="upheld", resolved_at=dt.datetime.now(dt.UTC)
    )
    with pytest.raises(Conflict):
        propose(world.frontline, resolved, 10)


@pytest.mark.parametrize("role", [Role.ADMIN, Role.AUDITOR, Role.FINANCE])
def test_who_does_not_recover_cases_does_not_propose(world: World, case: Case, role: Role) -> None:
    with pytest.raises(NotAllowed):
        propose(make_user(role, world.branch), case, 10)


def test_nobody_proposes_in_a_branch_they_do_not_work_for(world: World, case: Case) -> None:
    with pytest.raises(NotAllowed):
        propose(make_user(Role.FRONTLINE, make_branch("garden")), case, 10)


def test_a_role_lost_a_moment_ago_no_longer_grants(world: World, case: Case) -> None:
    stale = User.objects.get(pk=world.frontline.pk)
    User.objects.filter(pk=stale.pk).update(role=Role.AUDITOR)
    with pytest.raises(NotAllowed):
        propose(stale, case, 10)


def test_a_new_authority_counts_from_its_date_on(world: World) -> None:
    today = NOON.date()
    for days, limit in ((0, 500), (1, 900)):
        Authority.objects.create(
            role=Role.FRONTLINE,
            currency="CNY",
            per_case=limit,
            per_day=5000,
            valid_from=today + dt.timedelta(days=days),
        )
    assert propose(world.frontline, make_case(world.branch), 500).state == OfferState.APPROVED
    assert propose(world.frontline, make_case(world.branch), 501).state == OfferState.WAITING


def test_a_new_authority_counts_from_the_branchs_own_midnight(world: World) -> None:
    midnight = dt.datetime(2026, 3, 4, 16, 0, tzinfo=dt.UTC)  # of the 5th in Shanghai
    Authority.objects.create(
        role=Role.FRONTLINE, currency="CNY", per_case=500, per_day=5000, valid_from=dt.date(2026, 3, 5)
    )
    with time_machine.travel(midnight - dt.timedelta(seconds=1), tick=False):
        assert propose(world.frontline, make_case(world.branch), 301).state == OfferState.WAITING
    with time_machine.travel(midnight, tick=False):
        with committed():  # the guard in the database goes by the same day
            assert propose(world.frontline, make_case(world.branch), 500).state == OfferState.APPROVED
        west = make_branch("west", time_zone="America/New_York")
        make_user(Role.SUPERVISOR, west)
        assert propose(make_user(Role.FRONTLINE, west), make_case(west), 301).state == OfferState.WAITING


def test_withdrawing_a_waiting_offer_leaves_the_budget_alone(world: World, case: Case) -> None:
    budget = make_budget(world.branch, 5000)
    offer = propose(world.frontline, case, 1000)

    withdrawn = withdraw_offer(
        actor=world.frontline, offer_id=offer.pk, reason="They want an exchange instead."
    )

    assert withdrawn.state == OfferState.CANCELLED
    assert movements(budget) == []


def test_withdrawing_a_granted_offer_gives_the_money_back(world: World, case: Case) -> None:
    budget = make_budget(world.branch, 300)
    offer = propose(world.frontline, case, 300)

    withdraw_offer(actor=world.frontline, offer_id=offer.pk, reason="They want an exchange instead.")

    budget.refresh_from_db()
    assert [budget.reserved, budget.left] == [0, 300]
    assert movements(budget) == [(Movement.RESERVE, Decimal(300)), (Movement.RELEASE, Decimal(300))]


def test_only_the_proposer_withdraws_but_a_decider_may_cancel_what_was_granted(
    world: World, case: Case
) -> None:
    waiting = propose(world.frontline, case, 1000)
    granted = propose(world.frontline, make_case(world.branch), 300)
    colleague = make_user(Role.FRONTLINE, world.branch)
    for offer, actor in ((waiting, colleague), (granted, colleague), (waiting, world.supervisor)):
        with pytest.raises(NotAllowed):
            withdraw_offer(actor=actor, offer_id=offer.pk, reason="No.")

    cancelled = withdraw_offer(actor=world.supervisor, offer_id=granted.pk, reason="The proposer has left.")
    assert cancelled.state == OfferState.CANCELLED


def test_what_is_finished_cannot_be_withdrawn(world: World, case: Case) -> None:
    rejected = propose(world.frontline, case, 1000)
    reject_offer(actor=world.supervisor, offer_id=rejected.pk, reason="An apology is enough.")
    fulfilled = propose(world.frontline, make_case(world.branch), 10)
    fulfil_offer(
        actor=world.frontline,
        offer_id=fulfilled.pk,
        method="cash",
        reference="",
        landed_at=dt.datetime.now(dt.UTC),
    )
    for offer in (rejected, fulfilled):
        with pytest.raises(Conflict):
            withdraw_offer(actor=world.frontline, offer_id=offer.pk, reason="Late.")


def test_a_withdrawal_says_why(world: World, case: Case) -> None:
    offer = propose(world.frontline, case, 10)
    with pytest.raises(Invalid) as refused:
        withdraw_offer(actor=world.frontline, offer_id=offer.pk, reason=" ")
    assert refused.value.field == "reason"


def test_the_trail_of_an_offer_holds_no_words_about_people(world: World, case: Case) -> None:
    offer = propose(world.frontline, case, 1000, reason="Their child was ill.", purpose="For Mia")
    approve_offer(
        actor=world.supervisor, offer_id=offer.pk, amount=Decimal(900), reason="Mia was in hospital."
    )

    trail = str(list(Event.objects.filter(stream=case.stream).values_list("data", flat=True)))
    assert "Mia" not in trail
    assert "child" not in trail


@pytest.mark.parametrize(("within", "words"), [(True, "above their authority"), (False, "needs an approval")])
def test_the_database_itself_refuses_a_grant_above_the_proposers_authority(
    world: World, case: Case, within: bool, words: str
) -> None:
    offer = propose(world.frontline, case, 1000)
    granted = {"state": "approved", "granted_amount": Decimal(1000), "decided_at": dt.datetime.now(dt.UTC)}
    with pytest.raises(IntegrityError, match=words), committed():
        Offer.objects.filter(pk=offer.pk).update(within_authority=within, **granted)
