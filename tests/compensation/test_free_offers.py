"""What costs nothing: granted at once by anybody, on no budget, and left out where amounts are compared."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.conf import settings
from django.core.management import call_command
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Authority
from accounts.states import Role
from cases.models import Case
from cases.states import FailureType
from common.errors import Invalid, NotAllowed
from compensation.actions.customer import offer_to_customer, record_answer
from compensation.actions.expiry import expire_due_offers
from compensation.actions.fulfilment import fulfil_offer
from compensation.actions.kinds import KindRecord, set_kind
from compensation.actions.offers import submit_offer
from compensation.actions.promises import fire_due_reminders
from compensation.actions.telling import WITHOUT_AMOUNT
from compensation.authority_queries import granted_on
from compensation.models import Approval, BudgetMovement, Offer
from compensation.queries import key_of, like_cases
from compensation.review_queries import population_of
from compensation.states import Need, OfferState, RemedyClass
from customers.models import ContactPoint
from messaging.models import Notice
from tests.compensation.world import World, committed, make_budget, make_case, propose


def letter(world: World, case: Case, amount: int | str = 0) -> Offer:
    return propose(world.frontline, case, amount, kind="letter")


def told(case: Case) -> list[str]:
    return [entry.text for entry in case.timeline.filter(kind="event")]


def test_a_letter_is_granted_at_once_with_no_budget_and_no_authority(world: World, case: Case) -> None:
    budget = make_budget(world.branch, 10)
    Authority.objects.filter(role=Role.FRONTLINE).delete()
    with committed():
        offer = letter(world, case)
        fulfil_offer(
            actor=world.frontline,
            offer_id=offer.pk,
            method="message_sent",
            reference="",
            landed_at=timezone.now(),
            details={},
        )
    offer.refresh_from_db()
    assert (offer.state, offer.within_authority, offer.granted_amount) == (OfferState.FULFILLED, True, 0)
    assert offer.is_free
    assert offer.budget is None
    assert not BudgetMovement.objects.filter(offer=offer).exists()
    assert not Approval.objects.exists()
    budget.refresh_from_db()
    assert (budget.reserved, budget.committed) == (0, 0)
    assert granted_on(case) == 0
    assert told(case) == [
        "Non-monetary compensation granted within own authority.",
        "Non-monetary compensation reached the customer.",
    ]
    call_command("verify_ledger", verbosity=0)


@pytest.mark.parametrize("kind", ["refund", "voucher", "points", "hotel", "free_service", "replacement"])
def test_what_is_worth_something_still_needs_an_amount(world: World, case: Case, kind: str) -> None:
    with pytest.raises(Invalid, match="above zero") as refused:
        propose(world.frontline, case, 0, kind=kind)
    assert refused.value.field == "amount"


@pytest.mark.parametrize("amount", ["-1", "-0.01", "NaN", "0.001"])
def test_a_letter_costs_nothing_or_an_amount_and_nothing_else(world: World, case: Case, amount: str) -> None:
    with pytest.raises(Invalid):
        letter(world, case, amount)


def test_a_kind_that_moves_money_costs_something_whatever_it_gives_back(world: World, case: Case) -> None:
    set_kind(
        actor=world.admin,
        code="letter",
        new=KindRecord(need=Need.PAYMENT, remedy_class=RemedyClass.REGARD),
    )
    with pytest.raises(Invalid, match="above zero"):
        letter(world, case)


def test_nobody_grants_themselves_even_a_letter(world: World, case: Case) -> None:
    email = world.frontline.email
    ContactPoint.objects.create(customer=case.customer, kind="email", value=email, normalised=email)
    with pytest.raises(NotAllowed, match="your own complaint"):
        letter(world, case)


def test_the_customer_may_wish_for_an_apology_and_nothing_else(world: World, case: Case) -> None:
    offer = propose(world.frontline, case, 100)
    with committed():
        record_answer(
            actor=world.frontline,
            offer_id=offer.pk,
            answer="countered",
            channel="phone",
            amount=Decimal(0),
            kind="letter",
            words="I only want to hear that you are sorry.",
        )
        draft = Offer.objects.get(parent=offer)
        assert (draft.state, draft.amount) == (OfferState.DRAFT, 0)
        assert told(case)[-1].startswith("The customer asks for non-monetary compensation instead of CN¥")
        submitted = submit_offer(
            actor=world.frontline,
            offer_id=draft.pk,
            kind="letter",
            basis="goodwill",
            amount=Decimal(0),
            purpose="An apology",
            reason="This is what they wish for.",
        )
    assert submitted.state == OfferState.APPROVED


def test_a_wish_for_no_money_at_all_is_refused(world: World, case: Case) -> None:
    offer = propose(world.frontline, case, 100)
    with pytest.raises(Invalid, match="above zero"):
        record_answer(
            actor=world.frontline, offer_id=offer.pk, answer="countered", channel="phone", amount=Decimal(0)
        )


def test_what_costs_nothing_is_left_out_where_amounts_are_compared(world: World, case: Case) -> None:
    other = make_case(world.branch)
    letter(world, other)
    paid = propose(world.frontline, other, 120)
    assert like_cases([key_of(case)])[key_of(case)] == [(other.pk, Decimal(120))]
    drawn_from = population_of(
        currency="CNY",
        since=paid.proposed_at - dt.timedelta(days=1),
        until=timezone.now(),
        branch_ids=None,
        most=10,
    )
    assert [unit.key for unit in drawn_from] == [paid.pk]


def test_the_database_lets_nothing_free_wait_or_touch_a_budget(world: World, case: Case) -> None:
    waiting = propose(world.frontline, case, 1000)
    assert waiting.state == OfferState.WAITING
    with pytest.raises(IntegrityError, match="compensation_offer_never_negative"), committed():
        Offer.objects.filter(pk=waiting.pk).update(amount=0)


def test_the_database_lets_nothing_be_approved_for_nothing(world: World, case: Case) -> None:
    granted = propose(world.frontline, case, 100)
    with pytest.raises(IntegrityError, match="compensation_granted_no_more_than_asked"), committed():
        Offer.objects.filter(pk=granted.pk).update(granted_amount=0)


def test_pages_say_that_a_letter_costs_nothing(client: Client, world: World, case: Case) -> None:
    Case.objects.filter(pk=case.pk).update(failure_type=FailureType.PROCESS)
    client.force_login(world.frontline)
    forecast = client.get(
        reverse("desk:offer_forecast", args=[case.number]), {"amount": "0", "kind": "letter"}
    ).content.decode()
    assert "approved at once" in forecast
    assert "costs nothing" in forecast
    typed = client.get(reverse("desk:offer_forecast", args=[case.number]), {"amount": "0", "kind": "refund"})
    assert "costs nothing" not in typed.content.decode()

    letter(world, case)
    page = client.get(reverse("desk:case", args=[case.number])).content.decode()
    assert "Letter of apology <span" in page
    assert "costs nothing" in page


def test_what_the_customer_does_not_answer_and_what_is_late_are_told_without_an_amount(
    world: World, case: Case
) -> None:
    with committed():
        waiting = letter(world, case)
        offer_to_customer(actor=world.frontline, offer_id=waiting.pk)
        late = letter(world, case)
    waiting.refresh_from_db()
    late.refresh_from_db()
    assert waiting.expires_at is not None
    assert late.due_at is not None
    assert fire_due_reminders(now=late.due_at + dt.timedelta(seconds=1)) == 1
    assert expire_due_offers(now=waiting.expires_at + dt.timedelta(seconds=1)) == 1
    assert told(case)[-1] == (
        "The customer did not answer the offer of non-monetary compensation in time; it has expired."
    )
    assert {notice.text for notice in Notice.objects.all()} == {
        f"{case.number}: non-monetary compensation is overdue.",
        f"{case.number}: the customer did not answer the offer of non-monetary compensation in time.",
    }


def test_words_without_an_amount_stand_for_sentences_that_there_are() -> None:
    with Path(settings.BASE_DIR / "locale/zh_Hans/LC_MESSAGES/django.po").open(encoding="utf-8") as file:
        known = {message.id for message in read_po(file)}
    assert WITHOUT_AMOUNT.keys() | set(WITHOUT_AMOUNT.values()) <= known
