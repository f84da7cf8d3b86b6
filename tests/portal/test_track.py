"""The tracking page: plain words that are true at every moment, and nothing from inside."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from cases.actions.log import NewCase, log_complaint
from cases.actions.resolve import reopen_case
from cases.actions.timeline import add_note, send_reply
from cases.models import Case
from compensation.models import Fulfilment, Offer
from compensation.states import FulfilmentMethod, OfferKind, OfferState
from feedback.actions.send import send_due_surveys
from tests.feedback.world import World, answer, make_customer, make_world, resolve

FRIDAY = dt.datetime(2026, 11, 20, 13, 0, tzinfo=dt.UTC)
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(FRIDAY, tick=False) as traveller:
        yield traveller


@pytest.fixture
def world() -> World:
    return make_world()


def logged(world: World, **fields: Any) -> Case:
    values: dict[str, Any] = {
        "customer": make_customer(),
        "branch": world.branch,
        "channel": "phone",
        "description": "The soup was cold.",
        "severity": 2,
    }
    return log_complaint(actor=world.owner, new=NewCase(**(values | fields)))


def page(client: Client, case: Case) -> str:
    reply = client.get(reverse("portal:track", args=[case.tracking_token]))
    assert reply.status_code == 200
    return " ".join(reply.content.decode().split())


def test_it_says_who_does_what_by_when_in_the_customers_time(
    client: Client, world: World, clock: Any
) -> None:
    case = logged(world)
    shown = page(client, case)
    assert "We have your complaint" in shown
    assert "answers you by Friday 20 November, 15:00" in shown  # one business hour, in Berlin
    assert case.number in shown


def test_a_missed_promise_is_owned(client: Client, world: World, clock: Any) -> None:
    case = logged(world)
    clock.shift(2 * HOUR)
    assert "We are late, and that is our fault" in page(client, case)


def test_after_the_first_answer_it_says_when_it_should_be_settled(
    client: Client, world: World, clock: Any
) -> None:
    case = logged(world)
    clock.shift(HOUR / 2)
    send_reply(actor=world.owner, case_id=case.pk, body="We are looking.")
    shown = page(client, case)
    assert "We are working on your complaint" in shown
    assert "Friday 20 November, 14:30" in shown
    assert "We mean to have it settled by Friday 20 November, 18:00" in shown


def test_it_says_what_has_landed_and_not_what_is_only_offered(
    client: Client, world: World, clock: Any
) -> None:
    case = logged(world)
    offers = [
        Offer.objects.create(
            case=case,
            branch=world.branch,
            kind=kind,
            amount=Decimal(5),
            granted_amount=Decimal(5) if state != OfferState.WAITING else None,
            decided_at=FRIDAY if state != OfferState.WAITING else None,
            currency="EUR",
            purpose="The dinner",
            reason="Secret reasoning",
            state=state,
            proposer=world.manager,
            within_authority=True,
        )
        for kind, state in (
            (OfferKind.REFUND, OfferState.FULFILLED),
            (OfferKind.VOUCHER, OfferState.APPROVED),
            (OfferKind.MEAL, OfferState.WAITING),
        )
    ]
    Fulfilment.objects.create(
        offer=offers[0], method=FulfilmentMethod.CASH, landed_at=FRIDAY, recorded_by=world.owner
    )
    shown = page(client, case)
    assert "Refund · €5.00" in shown
    assert "reached you on Friday 20 November" in shown
    assert "Voucher" not in shown
    assert "Meal" not in shown


def test_it_says_what_is_promised_by_when_and_what_waits_for_a_yes(
    client: Client, world: World, clock: Any
) -> None:
    case = logged(world)
    for kind, state in ((OfferKind.POINTS, OfferState.ACCEPTED), (OfferKind.UPGRADE, OfferState.OFFERED)):
        Offer.objects.create(
            case=case,
            branch=world.branch,
            kind=kind,
            amount=Decimal(5),
            granted_amount=Decimal(5),
            decided_at=FRIDAY,
            currency="EUR",
            purpose="The dinner",
            reason="Secret reasoning",
            state=state,
            proposer=world.manager,
            within_authority=True,
            due_at=FRIDAY + 3 * 24 * HOUR if state == OfferState.ACCEPTED else None,
            offered_at=FRIDAY,
            expires_at=FRIDAY + 5 * 24 * HOUR,
        )
    shown = page(client, case)
    assert "reaches you by Monday 23 November" in shown
    assert "please tell us by Wednesday 25 November" in shown
    clock.shift(4 * 24 * HOUR)
    assert "should have reached you by Monday 23 November" in page(client, case)


def test_nothing_from_inside_is_shown(client: Client, world: World, clock: Any) -> None:
    case = logged(world, severity=1)
    add_note(actor=world.owner, case_id=case.pk, body="Customer seems difficult.")
    shown = page(client, case)
    for secret in ("difficult", world.owner.name, "Critical", case.customer.name, "cold soup"):
        assert secret not in shown


def test_settled_then_asked_then_opened_again(client: Client, world: World, clock: Any) -> None:
    case = logged(world)
    resolve(case, world.owner)
    assert "Your complaint is settled" in page(client, case)
    clock.shift(DAY)
    send_due_surveys()
    assert "/survey/" in page(client, case)
    answer(case, 5)
    assert "/survey/" not in page(client, case)
    reopen_case(actor=world.owner, case_id=case.pk, reason="The refund did not arrive.")
    shown = page(client, case)
    assert "Your complaint was opened again" in shown
    assert "is settled" not in shown
    assert "refund did not arrive" not in shown


def test_it_speaks_chinese_to_those_who_do(client: Client, world: World, clock: Any) -> None:
    shown = page(client, logged(world, language="zh-hans"))
    assert 'lang="zh-hans"' in shown
    assert "海港酒店" in shown
    assert "11月20日" in shown


def test_it_takes_four_queries_whatever_has_happened(
    client: Client, world: World, clock: Any, django_assert_num_queries: Any
) -> None:
    case = logged(world)
    with django_assert_num_queries(4):
        page(client, case)
