"""What staff do on the case page about an offer that the customer has a say in, and about its promise."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse

from accounts.models import User
from cases.models import Case
from compensation.actions.customer import offer_to_customer, record_answer
from compensation.actions.fulfilment import fulfil_offer
from compensation.models import KindSetting, Offer
from compensation.states import OfferState
from tests.compensation.world import World, propose
from tests.desk.reading import case_page, signed_in, text_of

pytestmark = pytest.mark.usefixtures("at_noon")


@pytest.fixture
def granted(world: World, case: Case) -> Offer:
    return propose(world.frontline, case, 200)


def acts(user: User, offer: Offer) -> list[str]:
    """What the page lets this person do about the offer, by address, in order."""
    page = case_page(user, offer.case).content.decode()
    names = ("submit", "out", "answer", "fulfil", "fail", "claw_back", "withdraw")
    places = {
        name: page.find(f'action="{reverse(f"desk:offer_{name}", args=(offer.pk,))}"') for name in names
    }
    return sorted((name for name in names if places[name] >= 0), key=places.__getitem__)


def post(user: User, act: str, offer: Offer, **data: str) -> object:
    response = signed_in(user).post(reverse(f"desk:offer_{act}", args=(offer.pk,)), data)
    offer.refresh_from_db()
    return response


def test_each_state_offers_what_can_be_done_and_nothing_else(world: World, granted: Offer) -> None:
    someone = world.frontline
    assert acts(someone, granted) == ["fulfil", "fail", "out", "withdraw"]
    offer_to_customer(actor=someone, offer_id=granted.pk)
    assert acts(someone, granted) == ["answer", "withdraw"]
    record_answer(actor=someone, offer_id=granted.pk, answer="accepted", channel="phone")
    assert acts(someone, granted) == ["fulfil", "fail"]
    assert acts(world.supervisor, granted) == ["fulfil", "fail", "withdraw"]
    fulfil_offer(
        actor=someone, offer_id=granted.pk, method="cash", reference="", landed_at=dt.datetime.now(dt.UTC)
    )
    assert acts(someone, granted) == []
    assert acts(world.supervisor, granted) == ["claw_back"]


def test_a_kind_that_asks_first_shows_the_answer_and_no_fulfilment(world: World, case: Case) -> None:
    offer = propose(world.frontline, case, 100, kind="free_service")
    assert KindSetting.objects.get(pk="free_service").asks_customer
    assert acts(world.frontline, offer) == ["answer", "out", "withdraw"]
    post(world.frontline, "answer", offer, answer="accepted", channel="phone")
    assert offer.state == OfferState.ACCEPTED
    assert "The customer accepts by phone" in text_of(case_page(world.frontline, case))


def test_an_offer_made_until_a_day_can_be_answered_to_its_end_at_the_branch(
    world: World, granted: Offer
) -> None:
    post(world.frontline, "out", granted, answer_by="2026-03-06")
    assert granted.expires_at == dt.datetime(2026, 3, 6, 15, 59, 59, tzinfo=dt.UTC)
    assert "who may answer until" in text_of(case_page(world.frontline, granted.case))


def test_a_day_in_the_past_is_refused_beside_its_field(world: World, granted: Offer) -> None:
    response = post(world.frontline, "out", granted, answer_by="2026-03-01")
    assert response.status_code == 422  # type: ignore[attr-defined]
    assert "lies in the past" in text_of(response)  # type: ignore[arg-type]
    assert granted.state == OfferState.APPROVED


def test_a_wish_is_recorded_and_then_proposed(world: World, case: Case, granted: Offer) -> None:
    wish = {
        "answer": "countered",
        "channel": "counter",
        "amount": "250",
        "kind": "voucher",
        "words": "A return.",
    }
    post(world.frontline, "answer", granted, **wish)
    draft = Offer.objects.get(parent=granted)
    assert granted.state == OfferState.COUNTERED
    assert acts(world.frontline, draft) == ["submit", "withdraw"]
    page = text_of(case_page(world.frontline, case))
    assert "The customer asks for something else at the counter" in page
    assert "A return." in page

    values = {
        "amount": "240",
        "kind": "voucher",
        "basis": "goodwill",
        "purpose": "Dinner",
        "reason": "Half way.",
    }
    post(world.frontline, "submit", draft, **values)
    assert (draft.state, draft.amount) == (OfferState.APPROVED, Decimal(240))


@pytest.mark.parametrize("amount", ["", "0", "-1", "1e13", "0.001", "much"])
def test_a_wish_without_a_sound_amount_is_refused_with_what_was_typed(
    world: World, granted: Offer, amount: str
) -> None:
    wish = {
        "answer": "countered",
        "channel": "phone",
        "amount": amount,
        "kind": "refund",
        "words": "Dear me.",
    }
    response = post(world.frontline, "answer", granted, **wish)
    assert response.status_code == 422  # type: ignore[attr-defined]
    page = response.content.decode()  # type: ignore[attr-defined]
    assert 'aria-invalid="true"' in page
    assert "Dear me." in page
    assert granted.state == OfferState.APPROVED


def test_what_did_not_arrive_says_why_and_is_tried_again(world: World, case: Case, granted: Offer) -> None:
    post(world.frontline, "fail", granted, reason="The account is closed.")
    assert granted.state == OfferState.FAILED
    assert "The account is closed." in text_of(case_page(world.frontline, case))
    assert acts(world.frontline, granted) == ["fulfil", "fail", "withdraw"]


def test_clawing_back_from_the_page_needs_a_reason(world: World, granted: Offer) -> None:
    fulfil_offer(
        actor=world.frontline,
        offer_id=granted.pk,
        method="cash",
        reference="",
        landed_at=dt.datetime.now(dt.UTC),
    )
    response = post(world.supervisor, "claw_back", granted, reason=" ")
    assert response.status_code == 422  # type: ignore[attr-defined]
    post(world.supervisor, "claw_back", granted, reason="The wrong customer.")
    assert granted.state == OfferState.CLAWED_BACK


def test_the_page_says_how_the_promise_stands(world: World, case: Case, granted: Offer) -> None:
    assert granted.due_at is not None
    assert "to arrive by" in text_of(case_page(world.frontline, case))
    with time_machine.travel(granted.due_at + dt.timedelta(hours=1)):
        assert ": overdue" in text_of(case_page(world.frontline, case))
        fulfil_offer(
            actor=world.frontline,
            offer_id=granted.pk,
            method="cash",
            reference="",
            landed_at=dt.datetime.now(dt.UTC),
        )
        assert ": arrived late" in text_of(case_page(world.frontline, case))


def test_the_ways_of_fulfilling_are_those_of_the_kind(world: World, case: Case) -> None:
    propose(world.frontline, case, 50, kind="gift")
    page = text_of(case_page(world.frontline, case))
    assert "Sent by post or courier" in page
    assert "Back to the original means of payment" not in page
