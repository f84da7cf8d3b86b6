"""Batches of like offers, and the order in which offers wait."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.core.management import call_command

from accounts.models import User
from audit.models import Event
from cases.models import Case
from common.errors import Invalid
from compensation.actions.approvals import approve_offer, reject_offer
from compensation.actions.batches import MOST_AT_ONCE, Decided, decide_batch
from compensation.models import Approval, Offer
from compensation.rows import waiting_for, waiting_like, waiting_row
from compensation.states import Decision, OfferState
from tests.compensation.world import NOON, World, make_budget, make_case, make_world, propose
from tests.support.at_once import all_at_once


def wait(world: World, amount: int = 500, **fields: object) -> Offer:
    return propose(world.frontline, make_case(world.branch, **fields), amount)


def due(offer: Offer, hours: int) -> None:
    Case.objects.filter(pk=offer.case_id).update(due_at=NOON + dt.timedelta(hours=hours))


def batch(world: World, *offers: Offer, decision: Decision = Decision.APPROVED) -> list[str]:
    seen = {offer.pk: offer.amount for offer in offers}
    decided = decide_batch(actor=world.supervisor, decision=decision, seen=seen, reason="As like cases.")
    return [each.refused for each in sorted(decided, key=lambda each: each.offer.pk)]


def states(*offers: Offer) -> list[str]:
    return [Offer.objects.get(pk=offer.pk).state for offer in offers]


def test_the_inbox_is_sorted_by_what_breaches_first_and_follows_the_clocks(world: World) -> None:
    late, soon, later = wait(world), wait(world), wait(world, severity=1)
    for offer, hours in ((late, -1), (soon, 1), (later, 5)):
        due(offer, hours)
    assert [row.pk for row in waiting_for(world.supervisor, limit=10)] == [late.pk, soon.pk, later.pk]

    due(later, -5)

    assert [row.pk for row in waiting_for(world.supervisor, limit=10)] == [later.pk, late.pk, soon.pk]
    row = waiting_row(world.supervisor, later.pk)
    assert row is not None
    assert row.risk_at == NOON - dt.timedelta(hours=5)


def test_what_asks_for_the_reader_comes_before_what_breaches_first(world: World) -> None:
    for_manager, mine = wait(world, 5000), wait(world)
    due(for_manager, -9)
    due(mine, 9)

    assert [row.pk for row in waiting_for(world.supervisor, limit=1)] == [mine.pk]
    assert [row.pk for row in waiting_for(world.manager, limit=1)] == [for_manager.pk]
    assert [row.asked for row in waiting_for(world.supervisor, limit=9)] == [True, False]


def test_what_does_not_wait_has_no_risk_until_it_waits_again(world: World) -> None:
    offer = wait(world)
    approve_offer(actor=world.supervisor, offer_id=offer.pk, amount=Decimal(500), reason="Fair.")
    before = Offer.objects.get(pk=offer.pk).risk_at
    due(offer, 3)
    assert Offer.objects.get(pk=offer.pk).risk_at == before


def test_like_offers_are_those_of_the_same_failure_gravity_kind_and_basis(world: World) -> None:
    one, two = wait(world), wait(world, 700)
    severe = wait(world, severity=1)
    voucher = propose(world.frontline, make_case(world.branch), 500, kind="voucher")
    other = wait(world, defect=None)
    own = propose(world.supervisor, make_case(world.branch), 5000)

    def like(offer: Offer) -> set[int]:
        row = waiting_row(world.supervisor, offer.pk)
        assert row is not None
        return {each.pk for each in waiting_like(world.supervisor, row, limit=9)}

    assert like(one) == like(two) == {one.pk, two.pk}
    assert like(severe) == {severe.pk}
    assert like(voucher) == {voucher.pk}
    assert like(other) == {other.pk}
    assert own.pk not in like(one)


def test_a_batch_decides_on_each_with_an_approval_and_an_event_of_its_own(world: World) -> None:
    offers = [wait(world, amount) for amount in (400, 500, 600)]

    assert batch(world, *offers) == ["", "", ""]

    assert states(*offers) == [OfferState.APPROVED] * 3
    assert set(Approval.objects.values_list("reason", flat=True)) == {"As like cases."}
    assert Event.objects.filter(verb="offer.approved").count() == 3


def test_one_that_is_refused_holds_up_no_other_and_says_why(world: World) -> None:
    make_budget(world.branch, 900)
    offers = [wait(world, amount) for amount in (400, 5000, 450, 300 + 1)]
    for hours, offer in enumerate(offers):
        due(offer, hours)
    reject_offer(actor=world.manager, offer_id=offers[2].pk, reason="No loss.")

    told = batch(world, *offers)

    assert told[0] == ""
    assert "Your authority is" in told[1]
    assert "Rejected" in told[2]
    assert told[3] == ""
    assert states(*offers) == ["approved", "waiting", "rejected", "approved"]


def test_the_first_to_breach_get_what_the_budget_has_left(world: World) -> None:
    budget = make_budget(world.branch, 900)
    offers = [wait(world) for _ in range(2)]
    due(offers[0], 5)
    due(offers[1], 1)

    told = batch(world, *offers)

    assert told[1] == ""
    assert "budget" in told[0]
    budget.refresh_from_db()
    assert budget.reserved == 500


def test_ones_own_offer_in_a_batch_is_refused(world: World) -> None:
    own = propose(world.supervisor, make_case(world.branch), 5000)
    assert batch(world, own) == ["You proposed this yourself, so someone else decides."]


def test_what_asks_for_another_amount_than_was_shown_is_refused(world: World) -> None:
    offer = wait(world)
    offer.amount = Decimal(400)
    assert "CN¥500.00 now" in batch(world, offer)[0]
    assert states(offer) == ["waiting"]


def test_a_batch_can_be_rejected(world: World) -> None:
    offers = [wait(world) for _ in range(2)]
    assert batch(world, *offers, decision=Decision.REJECTED) == ["", ""]
    assert states(*offers) == ["rejected", "rejected"]


def test_a_batch_needs_a_reason_some_offers_and_like_ones(world: World) -> None:
    offer, unlike = wait(world), wait(world, defect=None)
    seen = {offer.pk: offer.amount}
    too_many = dict.fromkeys(range(MOST_AT_ONCE + 1), Decimal(1))
    for wanted, reason, words in (
        (seen, " ", "Give a reason"),
        ({}, "Fair.", "Choose the offers"),
        (too_many, "Fair.", "at most"),
        ({**seen, unlike.pk: unlike.amount}, "Fair.", "not alike"),
    ):
        with pytest.raises(Invalid, match=words):
            decide_batch(actor=world.supervisor, decision=Decision.APPROVED, seen=wanted, reason=reason)
    assert states(offer, unlike) == ["waiting", "waiting"]


@pytest.mark.django_db(transaction=True)
def test_the_same_batch_by_four_people_at_once_decides_on_each_offer_once() -> None:
    world = make_world()
    budget = make_budget(world.branch, 2000)
    offers = [wait(world) for _ in range(6)]
    seen = {offer.pk: offer.amount for offer in offers}

    def decide(actor: User) -> Callable[[], list[Decided]]:
        return lambda: decide_batch(actor=actor, decision=Decision.APPROVED, seen=seen, reason="Fair.")

    told = all_at_once([decide(actor) for actor in (world.supervisor, world.manager) * 2])

    # Four fit into the budget; the others are refused for want of money, whoever asks.
    assert sum(not each.refused for decided in told for each in decided) == 4
    assert sorted(states(*offers)) == ["approved"] * 4 + ["waiting"] * 2
    assert Approval.objects.count() == 4
    budget.refresh_from_db()
    assert budget.reserved == 2000
    call_command("verify_ledger", verbosity=0)
