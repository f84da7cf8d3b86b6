"""A voucher that was partly redeemed before it was clawed back: what the customer had counts everywhere."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import IntegrityError

from audit.models import Event
from cases.models import Case
from common.errors import Conflict
from compensation.actions.redemption import Wanted, redeem_voucher
from compensation.actions.setbacks import claw_back_offer
from compensation.actions.vouchers import Issued, issue_voucher
from compensation.authority_queries import granted_on
from compensation.models import Budget, Offer, Voucher
from compensation.queries import granted_to_customer
from compensation.states import OfferState, VoucherState
from tests.compensation.world import World, committed, make_budget, propose


@pytest.fixture
def budget(world: World) -> Budget:
    return make_budget(world.branch, 5000)


@pytest.fixture
def issued(world: World, case: Case, budget: Budget) -> Issued:
    with committed():
        offer = propose(world.frontline, case, 200, kind="voucher")
        return issue_voucher(actor=world.frontline, offer_id=offer.pk, send=False)


def redeem(world: World, issued: Issued, amount: int) -> None:
    redeem_voucher(actor=world.frontline, code=issued.code, wanted=Wanted(amount=Decimal(amount)))


def claw_back(world: World, issued: Issued) -> Offer:
    with committed():
        return claw_back_offer(
            actor=world.supervisor, offer_id=issued.voucher.offer_id, reason="Obtained by a lie."
        )


def test_what_was_redeemed_stays_granted_and_spent(
    world: World, case: Case, budget: Budget, issued: Issued
) -> None:
    redeem(world, issued, 50)
    offer = claw_back(world, issued)

    offer.refresh_from_db()
    budget.refresh_from_db()
    assert (offer.state, offer.granted_amount, offer.taken_back) == (OfferState.FULFILLED, 50, 150)
    assert not offer.is_lowered
    assert granted_on(case) == budget.committed == 50
    assert granted_to_customer(case.customer_id) == {"CNY": Decimal(50)}
    assert Voucher.objects.get().state == VoucherState.VOID
    event = Event.objects.get(verb="offer.clawed_back")
    assert (event.data["amount"], event.data["currency"]) == ("150.0000", "CNY")
    call_command("verify_ledger", verbosity=0)


def test_the_rest_is_taken_back_once(world: World, budget: Budget, issued: Issued) -> None:
    redeem(world, issued, 50)
    claw_back(world, issued)
    with pytest.raises(Conflict, match="taken back already"):
        claw_back(world, issued)
    budget.refresh_from_db()
    assert budget.committed == 50


def test_what_nobody_redeemed_is_clawed_back_whole(world: World, case: Case, issued: Issued) -> None:
    offer = claw_back(world, issued)
    offer.refresh_from_db()
    assert (offer.state, offer.granted_amount, offer.taken_back) == (OfferState.CLAWED_BACK, 200, 0)
    assert granted_on(case) == 0


def test_the_database_leaves_granted_what_was_redeemed_and_nothing_else(world: World, issued: Issued) -> None:
    redeem(world, issued, 50)
    with pytest.raises(IntegrityError, match="is what was redeemed of it"), committed():
        Offer.objects.filter(pk=issued.voucher.offer_id).update(granted_amount=20, taken_back=180)


def test_nothing_is_taken_back_of_what_is_no_voucher(world: World, case: Case) -> None:
    offer = propose(world.frontline, case, 100)
    with pytest.raises(IntegrityError, match="compensation_taken_back_of_fulfilled"), committed():
        Offer.objects.filter(pk=offer.pk).update(granted_amount=60, taken_back=40)
