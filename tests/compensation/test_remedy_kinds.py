"""A remedy by what its kind takes: the customer's yes, or something of theirs that may be missing."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
import time_machine
from django.core.management import call_command

from common.errors import Invalid
from common.templatetags.ui import day
from compensation.actions.customer import record_answer
from compensation.actions.expiry import expire_due_offers
from compensation.actions.remedy_run import run_next_batch
from compensation.actions.remedy_steering import start_remedy
from compensation.models import Budget, Offer, Remedy
from compensation.states import OfferState
from customers.models import ContactPoint, Customer
from messaging.models import Notice, OutboxMessage
from tests.compensation.incidents import approve, make_customers, make_incident, propose
from tests.compensation.world import make_budget
from tests.factories import MONDAY, Desk, make_desk


@pytest.fixture
def desk(db: None) -> Desk:
    return make_desk()


@pytest.fixture
def budget(desk: Desk) -> Budget:
    return make_budget(desk.branch, 5000)


def run(desk: Desk, customers: list[Customer], kind: str) -> Remedy:
    with time_machine.travel(MONDAY, tick=False):
        remedy = approve(desk, propose(desk, make_incident(desk, customers), 10, kind=kind))
        start_remedy(actor=desk.supervisor, remedy_id=remedy.pk)
        run_next_batch()
    return remedy


def letter() -> str:
    return OutboxMessage.objects.get(template="remedy").body_text


def test_a_kind_that_takes_a_yes_is_offered_by_the_letter_and_promised_once_accepted(
    desk: Desk, budget: Budget
) -> None:
    run(desk, make_customers(1), "free_service")
    offer = Offer.objects.get()
    assert (offer.state, offer.offered_at, offer.due_at) == (OfferState.OFFERED, MONDAY, None)
    assert offer.expires_at == dt.datetime(2026, 3, 16, 23, 59, 59, tzinfo=dt.UTC)
    assert f"let us know by {day(dt.date(2026, 3, 16))} whether you would like it" in letter()

    with time_machine.travel(MONDAY + dt.timedelta(days=1), tick=False):
        record_answer(actor=desk.frontline, offer_id=offer.pk, answer="accepted", channel="phone")
    offer.refresh_from_db()
    assert offer.state == OfferState.ACCEPTED
    assert offer.due_at is not None
    call_command("verify_ledger", verbosity=0)
    call_command("verify_audit", verbosity=0)


def test_to_whom_no_letter_goes_staff_make_the_offer(desk: Desk, budget: Budget) -> None:
    [reached, unreached] = make_customers(2)
    ContactPoint.objects.filter(customer=unreached).delete()
    run(desk, [reached, unreached], "free_service")
    offer = Offer.objects.get(case__customer=unreached)
    assert offer.state == OfferState.APPROVED
    assert offer.due_at is not None
    assert offer.expires_at is None


def test_offers_that_nobody_answers_give_their_money_back_without_a_message_for_each(
    desk: Desk, budget: Budget
) -> None:
    run(desk, make_customers(3), "free_service")
    assert expire_due_offers(now=MONDAY + dt.timedelta(days=20)) == 3
    assert set(Offer.objects.values_list("state", flat=True)) == {OfferState.EXPIRED}
    budget.refresh_from_db()
    assert budget.reserved == Decimal(0)
    assert not Notice.objects.filter(dedupe_key__endswith=":expired").exists()
    call_command("verify_ledger", verbosity=0)


def test_a_kind_that_takes_a_yes_is_not_given_without_a_letter(desk: Desk) -> None:
    incident = make_incident(desk, make_customers(1))
    with pytest.raises(Invalid) as refused:
        propose(desk, incident, kind="free_service", tell_customers=False)
    assert refused.value.field == "tell_customers"


@pytest.mark.parametrize(
    ("kind", "said", "unsaid"),
    [
        ("voucher", "You need not do anything", "We get in touch"),
        ("compensation", "We get in touch with you if we need something", "You need not do anything"),
        ("meal", "We get in touch with you if we need something", "You need not do anything"),
    ],
)
def test_the_letter_promises_no_more_than_is_so(desk: Desk, kind: str, said: str, unsaid: str) -> None:
    run(desk, make_customers(1), kind)
    assert Offer.objects.get().state == OfferState.APPROVED
    assert said in letter()
    assert unsaid not in letter()
