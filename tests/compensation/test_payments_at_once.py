"""Payments under threads, kills and repeated answers: each offer is paid once, whatever happens."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test import Client, override_settings
from django.urls import reverse_lazy
from django.utils import timezone

from accounts.models import User
from common.errors import Conflict
from compensation.actions.fulfilment import fulfil_offer
from compensation.actions.payment_results import confirm_payment, fail_payment
from compensation.actions.payment_sending import send_again, send_due_payments
from compensation.actions.payments import freeze_batch
from compensation.models import Fulfilment, PaymentBatch, PaymentDelivery, PaymentLine, PaymentOrder
from compensation.payment_rules import BACK_OFF_MINUTES, LEASE, sign
from compensation.payment_states import DeliveryState, LineState
from tests.compensation.paying import SECRET, PaymentSystem, payable, payer_of
from tests.compensation.world import World, make_budget, make_world
from tests.support.at_once import all_at_once

pytestmark = pytest.mark.django_db(transaction=True)

CALLBACK = reverse_lazy("api:payment_callback")
SENDER = """
import os, django
django.setup()
from django.conf import settings
from django.db import connection
connection.settings_dict["NAME"] = os.environ["SENDER_DATABASE"]
settings.PAYMENT_WEBHOOK_URL = os.environ["SENDER_URL"]
settings.PAYMENT_WEBHOOK_SECRET = os.environ["SENDER_SECRET"]
from compensation.actions.payment_sending import send_due_payments
send_due_payments()
"""


@pytest.fixture
def system() -> Iterator[PaymentSystem]:
    with (
        PaymentSystem() as system,
        override_settings(PAYMENT_WEBHOOK_URL=system.url, PAYMENT_WEBHOOK_SECRET=SECRET),
    ):
        yield system


def freezing(payer: User, *orders: PaymentOrder, channel: str = "file") -> Callable[[], PaymentBatch]:
    return lambda: freeze_batch(actor=payer, order_ids=[order.pk for order in orders], channel=channel)


def handed_over(world: World, count: int = 1) -> PaymentBatch:
    orders = [payable(world) for _ in range(count)]
    return freezing(payer_of(world), *orders, channel="webhook")()


def answer(client: Client, **values: Any) -> Any:
    body = json.dumps(values).encode()
    timestamp = str(int(timezone.now().timestamp()))
    headers = {"Amends-Timestamp": timestamp, "Amends-Signature": sign(SECRET, timestamp, body)}
    return client.post(CALLBACK, body, content_type="application/json", headers=headers)


# --- threads -------------------------------------------------------------------------------


def test_eight_who_freeze_the_same_payments_at_once_make_one_batch() -> None:
    world = make_world()
    orders = [payable(world) for _ in range(3)]
    payers = [payer_of(world) for _ in range(8)]
    results = all_at_once([freezing(payer, *orders) for payer in payers])
    assert sum(isinstance(result, PaymentBatch) for result in results) == 1
    assert all(isinstance(result, (PaymentBatch, Conflict)) for result in results)
    assert PaymentLine.objects.count() == 3


def test_batches_that_overlap_at_once_pay_nobody_twice() -> None:
    world = make_world()
    orders = [payable(world) for _ in range(4)]
    choices = [orders[:2], orders[1:3], orders[2:], orders[::-1], orders[::3], orders[:1]]
    results = all_at_once([freezing(payer_of(world), *choice) for choice in choices])
    assert all(isinstance(result, (PaymentBatch, Conflict)) for result in results)
    lines = list(PaymentLine.objects.values_list("order_id", flat=True))
    assert len(lines) == len(set(lines))


def test_freezing_and_handing_out_cash_at_once_pay_once() -> None:
    world = make_world()
    order = payable(world)
    payer = payer_of(world)

    def cash() -> object:
        return fulfil_offer(
            actor=world.frontline,
            offer_id=order.offer_id,
            method="cash",
            reference="",
            landed_at=timezone.now(),
        )

    results = all_at_once([freezing(payer, order), cash])
    assert sum(isinstance(result, Conflict) for result in results) == 1
    assert Fulfilment.objects.count() + PaymentLine.objects.count() == 1


def test_confirming_and_failing_one_payment_at_once_ends_one_way() -> None:
    world = make_world()
    budget = make_budget(world.branch, 5000)
    line = freezing(payer_of(world), payable(world))().lines.get()
    payers = [payer_of(world) for _ in range(6)]
    calls: list[Callable[[], object]] = [
        partial(confirm_payment, actor=payer, line_id=line.pk) for payer in payers[:3]
    ]
    calls += [partial(fail_payment, actor=payer, line_id=line.pk, reason="Closed") for payer in payers[3:]]
    results = all_at_once(calls)
    assert results.count(True) == 1
    line.refresh_from_db()
    assert Fulfilment.objects.count() == (1 if line.state == LineState.CONFIRMED else 0)
    budget.refresh_from_db()
    assert budget.committed == (500 if line.state == LineState.CONFIRMED else 0)


def test_many_senders_at_once_hand_each_payment_over_once(system: PaymentSystem) -> None:
    handed_over(make_world(), 6)
    results = all_at_once([send_due_payments] * 4)
    assert sum(results) == 6
    assert sorted(system.deliveries.values()) == [1] * 6
    assert not PaymentDelivery.objects.exclude(state=DeliveryState.TAKEN).exists()


# --- a sender that is killed ---------------------------------------------------------------


@pytest.mark.process
def test_a_sender_killed_after_the_payment_was_taken_does_not_pay_twice(system: PaymentSystem) -> None:
    line = handed_over(make_world()).lines.get()
    system.stalls = True
    sender = subprocess.Popen(
        [sys.executable, "-c", SENDER],
        cwd=settings.BASE_DIR,
        env={
            **os.environ,
            "SENDER_DATABASE": str(connection.settings_dict["NAME"]),
            "SENDER_URL": system.url,
            "SENDER_SECRET": SECRET,
        },
    )
    try:
        assert system.has_paid.wait(60)
    finally:
        sender.send_signal(signal.SIGKILL)
        sender.wait(timeout=10)
    assert line.delivery.state == DeliveryState.SENDING
    with pytest.raises(Conflict):  # it may be paid: nobody says that it failed
        fail_payment(actor=payer_of(make_world_of(line)), line_id=line.pk, reason="Nothing came")

    system.stalls = False
    # The sender went by the real clock, this test goes by its own.
    lease_ends = line.delivery.due_at
    claimed_at = line.delivery.claimed_at
    assert claimed_at is not None
    assert lease_ends - claimed_at == LEASE
    with time_machine.travel(lease_ends - dt.timedelta(seconds=1), tick=False):
        assert send_due_payments() == 0
    with time_machine.travel(lease_ends + dt.timedelta(seconds=1)):
        assert [send_due_payments(), send_due_payments()] == [1, 0]
    assert system.deliveries == {line.end_to_end_id: 2}
    assert list(system.paid) == [line.end_to_end_id]
    assert answer(Client(), end_to_end_id=line.end_to_end_id, status="confirmed").status_code == 200
    assert Fulfilment.objects.count() == 1


def make_world_of(line: PaymentLine) -> World:
    """The world that a payment is from, for one more person in it."""
    batch = line.batch
    return World(batch.branch, batch.frozen_by, batch.frozen_by, batch.frozen_by, batch.frozen_by)


# --- a payment system that does not answer, or refuses --------------------------------------


def test_a_request_is_signed_and_says_what_to_pay(system: PaymentSystem) -> None:
    line = handed_over(make_world()).lines.get()
    assert send_due_payments() == 1
    [headers], [body] = system.headers, system.bodies
    assert headers["Amends-Signature"] == sign(SECRET, headers["Amends-Timestamp"], body)
    assert headers["Idempotency-Key"] == line.end_to_end_id
    said = json.loads(body)
    assert (said["amount"], said["currency"], said["payee"]["iban"]) == (
        "500.00",
        "CNY",
        "DE89370400440532013000",
    )


def test_without_an_answer_it_is_tried_again_under_the_same_key_and_never_failed(
    system: PaymentSystem,
) -> None:
    line = handed_over(make_world()).lines.get()
    system.status = 503
    now = timezone.now()
    for minutes in (0, *BACK_OFF_MINUTES):
        now += dt.timedelta(minutes=minutes, seconds=1)
        with time_machine.travel(now, tick=False):
            assert [send_due_payments(), send_due_payments()] == [0, 0]
    assert system.deliveries == {line.end_to_end_id: len(BACK_OFF_MINUTES) + 1}
    line = PaymentLine.objects.get()
    assert (line.state, line.delivery.state) == (LineState.WAITING, DeliveryState.GIVEN_UP)

    system.status = 202
    send_again(actor=payer_of(make_world_of(line)), line_id=line.pk)
    assert send_due_payments() == 1
    assert list(system.paid) == [line.end_to_end_id]
    with pytest.raises(Conflict):
        send_again(actor=payer_of(make_world_of(line)), line_id=line.pk)


def test_a_refused_payment_can_be_failed_and_paid_by_another_batch(system: PaymentSystem) -> None:
    world = make_world()
    line = handed_over(world).lines.get()
    with pytest.raises(Conflict):
        fail_payment(actor=payer_of(world), line_id=line.pk, reason="Too early")
    system.status = 422
    assert send_due_payments() == 0
    line = PaymentLine.objects.get()
    assert (line.delivery.state, line.delivery.last_error) == (DeliveryState.REFUSED, "HTTP 422")
    assert fail_payment(actor=payer_of(world), line_id=line.pk, reason="Refused")
    freezing(payer_of(world), line.order)()
    assert PaymentLine.objects.count() == 2


def test_without_a_payment_system_nothing_is_handed_over() -> None:
    with pytest.raises(Conflict):
        handed_over(make_world())
    assert not PaymentBatch.objects.exists()
    assert send_due_payments() == 0
    assert answer(Client(), end_to_end_id="x", status="confirmed").status_code == 404


# --- the payment system's answer -----------------------------------------------------------


def test_an_answer_that_comes_again_and_again_at_once_fulfils_once(system: PaymentSystem) -> None:
    line = handed_over(make_world()).lines.get()
    send_due_payments()
    values = {"end_to_end_id": line.end_to_end_id, "status": "confirmed", "reference": "PS-1"}
    answers = all_at_once([lambda: answer(Client(), **values)] * 5)
    assert [(each.status_code, each.json()["state"]) for each in answers] == [(200, "confirmed")] * 5
    assert Fulfilment.objects.get().reference == "PS-1"
    contrary = answer(Client(), end_to_end_id=line.end_to_end_id, status="failed", reason="AC04")
    assert contrary.status_code == 409
    assert Fulfilment.objects.count() == 1


def test_a_failure_that_the_payment_system_reports_makes_the_payment_due_again(
    system: PaymentSystem,
) -> None:
    world = make_world()
    line = handed_over(world).lines.get()
    assert answer(Client(), end_to_end_id=line.end_to_end_id, status="failed", reason="AC04").json() == {
        "end_to_end_id": line.end_to_end_id,
        "state": "failed",
    }
    assert send_due_payments() == 1  # settled already, so that nothing is sent
    assert system.deliveries == {}
    freezing(payer_of(world), line.order, channel="webhook")()
    assert send_due_payments() == 1
    assert len(system.paid) == 1


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"end_to_end_id": "UNKNOWN", "status": "confirmed"}, 404),
        ({"end_to_end_id": "UNKNOWN", "status": "perhaps"}, 422),
        ({"status": "confirmed"}, 422),
        ({"end_to_end_id": [7], "status": "confirmed"}, 422),
        ({"end_to_end_id": "x\x00", "status": "confirmed"}, 422),
    ],
)
def test_an_answer_that_makes_no_sense_gets_a_problem(
    system: PaymentSystem, values: dict[str, Any], status: int
) -> None:
    response = answer(Client(), **values)
    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json")


@pytest.mark.parametrize("wrong", ["signature", "old", "none", "body", "garbage"])
def test_an_answer_without_a_right_and_fresh_signature_is_not_heard(
    system: PaymentSystem, wrong: str
) -> None:
    line = handed_over(make_world()).lines.get()
    body = json.dumps({"end_to_end_id": line.end_to_end_id, "status": "confirmed"}).encode()
    age = 600 if wrong == "old" else 0
    timestamp = str(int(timezone.now().timestamp()) - age)
    signature = sign("another secret" if wrong == "signature" else SECRET, timestamp, body)
    headers = {"Amends-Timestamp": timestamp, "Amends-Signature": signature}
    if wrong == "none":
        headers = {}
    elif wrong == "garbage":
        headers = {"Amends-Timestamp": "soon", "Amends-Signature": "é"}
    elif wrong == "body":
        body = body.replace(b"confirmed", b"failed   ")
    response = Client().post(CALLBACK, body, content_type="application/json", headers=headers)
    assert response.status_code == 401
    assert PaymentLine.objects.get().state == LineState.WAITING
