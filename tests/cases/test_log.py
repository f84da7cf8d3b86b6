"""Logging: what a saved complaint brings along, and that a refused one leaves nothing behind."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction

from audit.models import Event
from cases.actions.log import log_complaint, next_numbers
from cases.models import Case, Clock, RecoveryStep
from cases.queries import search_cases
from cases.states import StepKind, StepState
from common.errors import Invalid, NotAllowed
from customers.actions import NewCustomer
from customers.models import Customer
from messaging.models import OutboxMessage
from tests.factories import MONDAY, Desk, complaint, log_case, make_branch, make_customer

pytestmark = pytest.mark.django_db


@time_machine.travel(MONDAY, tick=False)
def test_a_saved_complaint_has_number_owner_steps_and_clocks(desk: Desk) -> None:
    case = log_case(desk)

    assert case.number.startswith("C-26-")
    assert case.owner == case.logged_by == desk.frontline
    assert [step.kind for step in case.steps.all()] == list(StepKind)
    due = {clock.metric: clock.due_at for clock in case.clocks.all()}
    assert due == {
        "first_response": MONDAY + dt.timedelta(hours=1),
        "resolution": MONDAY + dt.timedelta(hours=4),
    }
    case.refresh_from_db()
    assert (case.due_at, case.due_metric) == (MONDAY + dt.timedelta(hours=1), "first_response")
    assert not case.timeline.exists()


def test_the_customer_is_acknowledged_in_their_language(desk: Desk) -> None:
    customer = make_customer(desk.frontline, name="王芳", email="wang@example.com", language="zh-hans")
    case = log_case(
        desk, customer=customer, language="zh-hans", description="快递晚到两天，没人说得清在哪里。"
    )

    message = OutboxMessage.objects.get(about=case.stream)
    assert message.to_address == "wang@example.com"
    assert message.language == "zh-hans"
    assert case.number in message.subject
    assert any("\u4e00" <= character <= "\u9fff" for character in message.subject)
    assert case.steps.get(kind="acknowledge").state == StepState.DONE
    assert case.next_step == StepKind.LISTEN


def test_without_an_address_acknowledging_is_left_to_people(desk: Desk) -> None:
    customer = make_customer(desk.frontline, email="", phone="+49 30 2312 5001")
    case = log_case(desk, customer=customer)

    assert not OutboxMessage.objects.filter(about=case.stream).exists()
    assert case.next_step == StepKind.ACKNOWLEDGE


def test_a_new_customer_is_written_with_the_case_or_not_at_all(desk: Desk) -> None:
    new = NewCustomer(name="Ada Fern", email="ada@example.com")
    case = log_case(desk, customer=new)
    assert case.customer.name == "Ada Fern"

    with pytest.raises(Invalid):
        log_case(desk, customer=NewCustomer(name="Bo Reed", phone="+49 30 2312 5002"), description="  ")
    assert not Customer.objects.filter(name="Bo Reed").exists()


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"description": "  "}, "description"),
        ({"channel": "pigeon"}, "channel"),
        ({"severity": 5}, "severity"),
        ({"failure_type": "both"}, "failure_type"),
        ({"remedies_sought": ["revenge"]}, "remedies_sought"),
        ({"loss_amount": Decimal("-1")}, "loss_amount"),
        ({"loss_amount": Decimal("1.005")}, "loss_amount"),
        ({"satisfaction_before": 6}, "satisfaction_before"),
        ({"occurred_on": dt.date(2999, 1, 1)}, "occurred_on"),
        ({"customer": NewCustomer(name="", email="a@example.com")}, "name"),
        ({"customer": NewCustomer(name="Ada")}, "phone"),
        ({"customer": NewCustomer(name="Ada", email="nowhere")}, "email"),
    ],
)
def test_bad_input_is_named_and_nothing_is_written(desk: Desk, fields: dict[str, Any], field: str) -> None:
    make_customer(desk.frontline)
    before = (Customer.objects.count(), Event.objects.count())
    new = complaint(desk, **({"customer": Customer.objects.first()} | fields))

    with pytest.raises(Invalid) as refused:
        log_complaint(actor=desk.frontline, new=new)

    assert refused.value.field == field
    assert str(refused.value)
    assert (Customer.objects.count(), Event.objects.count()) == before
    assert not Case.objects.exists()
    assert not OutboxMessage.objects.exists()


def test_only_those_who_may_log_for_the_branch_can(desk: Desk) -> None:
    for person in (desk.auditor, desk.admin):
        with pytest.raises(NotAllowed):
            log_case(desk, actor=person)
    with pytest.raises(NotAllowed):
        log_case(desk, branch=make_branch())
    assert not Case.objects.exists()


def test_case_numbers_never_repeat() -> None:
    numbers = next_numbers(500, MONDAY) + next_numbers(500, MONDAY)
    assert len(set(numbers)) == 1000


@pytest.mark.parametrize("words", ["过敏", "花生", "甜点里", "C-26", "dessert", "PEANUT"])
def test_a_case_is_found_by_any_of_its_words(desk: Desk, words: str) -> None:
    with time_machine.travel(MONDAY, tick=False):
        case = log_case(desk, description="甜点里有花生碎，孩子过敏了。Peanuts in the dessert.")
        log_case(desk, description="前台态度冷淡。")
    found = [each.pk for each in search_cases(desk.frontline, words).rows]
    assert case.pk in found
    if words != "C-26":
        assert found == [case.pk]


def test_search_reaches_only_ones_own_branches(desk: Desk) -> None:
    log_case(desk, description="甜点里有花生碎。")
    stranger = make_branch()
    desk.colleague.branches.set([stranger])
    assert search_cases(desk.colleague, "花生").rows == []


def test_the_database_itself_refuses_what_must_not_be(desk: Desk) -> None:
    case = log_case(desk)
    for change in ({"severity": 9}, {"satisfaction_before": 0}, {"state": "resolved"}, {"loss_amount": -1}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Case.objects.filter(pk=case.pk).update(**change)
    step = RecoveryStep.objects.filter(case=case, state="open")
    with pytest.raises(IntegrityError), transaction.atomic():
        step.update(state="skipped", at=MONDAY, note="")
    with pytest.raises(IntegrityError), transaction.atomic():
        Clock.objects.filter(case=case).update(state="met")


def test_saving_costs_a_fixed_number_of_queries(desk: Desk, django_assert_num_queries: Any) -> None:
    log_case(desk)
    new = complaint(desk, customer=make_customer(desk.frontline))
    with django_assert_num_queries(SAVING):
        log_complaint(actor=desk.frontline, new=new)
    assert Case.objects.count() == 2


# BEGIN and COMMIT of the case and of what it calls count as queries here.
SAVING = 12
