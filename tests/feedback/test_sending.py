"""Surveys: asked once, by day, not too often, and never about a case that is open again."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.test import override_settings

from audit.models import Event
from cases.actions.locking import lock_case
from cases.actions.remedy import record_remedy_landed
from cases.actions.resolve import reopen_case
from cases.models import RecoveryStep, TimelineEntry
from cases.states import StepKind, StepState
from feedback.actions.invite import ASKED_LATELY, NO_ADDRESS, REOPENED
from feedback.actions.send import send_due_reminders, send_due_surveys
from feedback.models import Instrument, Invitation
from feedback.states import InvitationState
from messaging.actions import letter
from messaging.models import OutboxMessage
from tests.feedback.world import World, answer, invitation_of, make_case, make_customer, make_world, resolve

FRIDAY = dt.datetime(2026, 11, 20, 13, 0, tzinfo=dt.UTC)  # 14:00 in Berlin
DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(FRIDAY, tick=False) as coordinates:
        yield coordinates


def test_a_day_after_resolution_the_customer_is_asked_once_in_their_language(
    world: World, clock: time_machine.Traveller
) -> None:
    case = world.resolved(language="zh-hans")
    clock.shift(DAY - HOUR)
    assert send_due_surveys() == 0
    clock.shift(HOUR)
    assert send_due_surveys() == 1
    assert send_due_surveys() == 0
    invitation = invitation_of(case)
    assert (invitation.state, invitation.sent_at) == (InvitationState.SENT, FRIDAY + DAY)
    assert invitation.closes_at == FRIDAY + 15 * DAY
    mail = OutboxMessage.objects.get()
    assert mail.language == "zh-hans"
    assert f"/survey/{invitation.token}/" in mail.body_text
    assert "您对我们处理投诉的方式满意吗？" in mail.body_html
    assert "海港酒店" in mail.body_text


def test_asking_finishes_the_follow_up_step_and_stands_on_the_timeline(
    world: World, clock: time_machine.Traveller
) -> None:
    case = world.resolved()
    clock.shift(DAY)
    send_due_surveys()
    step = RecoveryStep.objects.get(case=case, kind=StepKind.FOLLOW_UP)
    assert (step.state, step.by) == (StepState.DONE, None)
    assert TimelineEntry.objects.filter(case=case, body__startswith="Asked the customer").exists()
    assert Event.objects.filter(stream=case.stream, verb="survey.sent").count() == 1


def test_a_remedy_that_arrives_after_resolution_moves_the_question(
    world: World, clock: time_machine.Traveller
) -> None:
    case = world.resolved()
    clock.shift(HOUR)
    with transaction.atomic():
        record_remedy_landed(case=lock_case(case.pk), at=FRIDAY + 3 * DAY)
    clock.shift(DAY)
    assert send_due_surveys() == 0
    clock.move_to(FRIDAY + 4 * DAY)
    assert send_due_surveys() == 1


def test_a_worker_that_was_down_all_day_does_not_ask_at_night(
    world: World, clock: time_machine.Traveller
) -> None:
    world.resolved()
    clock.shift(DAY + 7 * HOUR)  # 21:00 in Berlin
    assert send_due_surveys() == 0
    clock.shift(11 * HOUR)  # 08:00
    assert send_due_surveys() == 0
    clock.shift(HOUR)
    assert send_due_surveys() == 1


def test_night_is_the_customers_own(world: World, clock: time_machine.Traveller) -> None:
    case = world.resolved(customer=make_customer(time_zone="Asia/Shanghai"))
    assert invitation_of(case).due_at == dt.datetime(2026, 11, 22, 1, 0, tzinfo=dt.UTC)


@override_settings(FEEDBACK_DELAY_HOURS=1 / 60)
def test_the_demo_asks_after_a_minute_even_at_night(world: World, clock: time_machine.Traveller) -> None:
    clock.move_to(FRIDAY + 8 * HOUR)
    world.resolved()
    clock.shift(59)
    assert send_due_surveys() == 0
    clock.shift(1)
    assert send_due_surveys() == 1


def test_a_customer_is_asked_at_most_once_in_90_days(world: World, clock: time_machine.Traveller) -> None:
    customer = make_customer()
    world.resolved(customer=customer)
    second = world.resolved(customer=customer)
    clock.shift(DAY)
    assert send_due_surveys() == 1
    skipped = invitation_of(second)
    assert (skipped.state, skipped.skip_reason) == (InvitationState.SKIPPED, ASKED_LATELY)
    clock.shift(91 * DAY)
    third = world.resolved(customer=customer)
    clock.shift(DAY)
    assert send_due_surveys() == 1
    assert invitation_of(third).state == InvitationState.SENT


def test_a_case_opened_again_is_not_asked_about(world: World, clock: time_machine.Traveller) -> None:
    case = world.resolved()
    reopen_case(actor=world.owner, case_id=case.pk, reason="The refund did not arrive.")
    skipped = invitation_of(case)
    assert (skipped.state, skipped.skip_reason) == (InvitationState.SKIPPED, REOPENED)
    clock.shift(2 * DAY)
    assert send_due_surveys() == 0
    resolve(case, world.owner)
    assert invitation_of(case).round == 2
    clock.shift(DAY)
    assert send_due_surveys() == 1


def test_a_customer_without_an_address_is_not_asked_and_the_reason_is_kept(
    world: World, clock: time_machine.Traveller
) -> None:
    case = world.resolved(customer=make_customer(email=None))
    clock.shift(DAY)
    assert send_due_surveys() == 0
    assert invitation_of(case).skip_reason == NO_ADDRESS


def test_without_an_active_questionnaire_nothing_is_planned(world: World) -> None:
    Instrument.objects.update(is_active=False)
    world.resolved()
    assert not Invitation.objects.exists()


def test_one_reminder_after_four_days_and_no_more(world: World, clock: time_machine.Traveller) -> None:
    world.resolved()
    clock.shift(DAY)
    send_due_surveys()
    clock.shift(4 * DAY - HOUR)
    assert send_due_reminders() == 0
    clock.shift(HOUR)
    assert [send_due_reminders(), send_due_reminders()] == [1, 0]
    clock.shift(5 * DAY)
    assert send_due_reminders() == 0
    assert OutboxMessage.objects.filter(template="survey_reminder").count() == 1


def test_whoever_has_answered_or_is_served_again_is_not_reminded(
    world: World, clock: time_machine.Traveller
) -> None:
    answered, reopened = world.resolved(), world.resolved()
    clock.shift(DAY)
    send_due_surveys()
    answer(answered)
    reopen_case(actor=world.owner, case_id=reopened.pk, reason="It broke again.")
    clock.shift(4 * DAY)
    assert send_due_reminders() == 0


def test_no_reminder_at_night(world: World, clock: time_machine.Traveller) -> None:
    world.resolved()
    clock.shift(DAY)
    send_due_surveys()
    clock.shift(4 * DAY + 9 * HOUR)
    assert send_due_reminders() == 0
    clock.shift(10 * HOUR)
    assert send_due_reminders() == 1


def test_one_that_cannot_be_sent_does_not_hold_up_the_others(
    world: World, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, fine = world.resolved(language="en"), world.resolved(language="zh-hans")

    def refuse_english(**fields: Any) -> OutboxMessage:
        if fields["language"] == "en":
            raise RuntimeError("This template is broken.")
        return letter(**fields)

    monkeypatch.setattr("feedback.actions.send.letter", refuse_english)
    clock.shift(DAY)
    assert send_due_surveys() == 1
    assert invitation_of(broken).state == InvitationState.SCHEDULED
    assert invitation_of(fine).state == InvitationState.SENT


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_ask_everyone_once_and_a_customer_of_two_cases_once() -> None:
    with override_settings(FEEDBACK_DELAY_HOURS=0):
        world = make_world()
        twice = make_customer()
        for _ in range(6):
            world.resolved()
        for _ in range(2):
            resolve(make_case(world.branch, customer=twice, owner=world.owner), world.owner)
        start = threading.Barrier(2)
        sent: list[int] = []

        def sweep() -> None:
            try:
                start.wait(timeout=10)
                sent.append(send_due_surveys())
            finally:
                connection.close()

        threads = [threading.Thread(target=sweep) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=30)
        send_due_surveys()
    assert sum(sent) <= 7
    assert OutboxMessage.objects.filter(template="survey").count() == 7
    assert Invitation.objects.filter(state=InvitationState.SENT, case__customer=twice).count() == 1
    assert not Invitation.objects.filter(state=InvitationState.SCHEDULED).exists()
