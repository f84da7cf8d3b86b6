"""Follow-ups that nobody does: each level is told once, whatever the sweeps go through."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.db import connections, transaction

from accounts.models import User
from accounts.states import Role
from audit.models import Event
from feedback.actions import remind
from feedback.actions.follow_up import finish_follow_up
from feedback.actions.remind import fire_due_reminders
from feedback.actions.send import send_due_surveys
from feedback.models import FollowUp
from feedback.tasks import remind_of_follow_ups
from messaging.models import Notice, OutboxMessage
from tests.factories import make_user
from tests.feedback.world import World, answer, make_world

pytestmark = pytest.mark.django_db
FRIDAY = dt.datetime(2026, 11, 20, 13, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def clock(settings: Any) -> Iterator[time_machine.Traveller]:
    settings.FEEDBACK_DELAY_HOURS = 0
    with time_machine.travel(FRIDAY, tick=False) as coordinates:
        yield coordinates


@pytest.fixture
def world() -> World:
    return make_world()


def unhappy(world: World, **fields: Any) -> FollowUp:
    """The follow-up of an unhappy customer; whom it was given to has been told, and that is wiped here."""
    case = world.resolved(**fields)
    send_due_surveys()
    answer(case, 1)
    Notice.objects.all().delete()
    OutboxMessage.objects.all().delete()
    return FollowUp.objects.get(case=case)


def told() -> list[User]:
    return [notice.user for notice in Notice.objects.order_by("pk")]


def test_each_level_tells_its_people_once(world: World, clock: time_machine.Traveller) -> None:
    other = make_user(Role.SUPERVISOR, world.branch)
    follow_up = unhappy(world)
    assignee = follow_up.assignee
    assert assignee is not None
    for hours, people in (
        (47, []),
        (48, [assignee]),
        (71, []),
        (72, [world.supervisor, other]),
        (96, [world.manager]),
        (500, []),
    ):
        Notice.objects.all().delete()
        clock.move_to(FRIDAY + hours * HOUR)
        fire_due_reminders()
        fire_due_reminders()
        assert told() == people, hours
    assert OutboxMessage.objects.filter(to_address=world.manager.email).count() == 1
    levels = Event.objects.filter(verb="follow_up.escalated").order_by("sequence")
    assert [event.data["level"] for event in levels] == [1, 2, 3]


def test_after_an_outage_every_missed_level_is_told(world: World, clock: time_machine.Traveller) -> None:
    unhappy(world)
    clock.shift(100 * HOUR)
    assert remind_of_follow_ups() == 1
    assert told() == [world.supervisor, world.supervisor, world.manager]
    assert remind_of_follow_ups() == 0


def test_what_is_done_is_told_to_nobody(world: World, clock: time_machine.Traveller) -> None:
    follow_up = unhappy(world)
    finish_follow_up(actor=world.supervisor, follow_up_id=follow_up.pk, result="Called.")
    clock.shift(500 * HOUR)
    assert fire_due_reminders() == 0
    assert told() == []


def test_a_follow_up_that_is_opened_again_reminds_again(world: World, clock: time_machine.Traveller) -> None:
    follow_up = unhappy(world)
    clock.shift(48 * HOUR)
    fire_due_reminders()
    finish_follow_up(actor=world.supervisor, follow_up_id=follow_up.pk, result="Called.")
    answer(follow_up.case, 4)
    answer(follow_up.case, 1)
    Notice.objects.all().delete()
    clock.shift(48 * HOUR)
    fire_due_reminders()
    assert told() == [world.supervisor]


def test_the_owner_of_the_case_is_never_reminded(world: World, clock: time_machine.Traveller) -> None:
    follow_up = unhappy(world)
    follow_up.case.owner = world.supervisor
    follow_up.case.save()
    clock.shift(100 * HOUR)
    fire_due_reminders()
    assert set(told()) == {world.manager}


def test_a_follow_up_that_nobody_has_is_told_to_the_supervisors(
    world: World, clock: time_machine.Traveller
) -> None:
    unhappy(world)
    FollowUp.objects.update(assignee=None)
    clock.shift(48 * HOUR)
    fire_due_reminders()
    assert told() == [world.supervisor]


def test_one_that_cannot_be_told_of_holds_up_no_other(
    world: World, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, sound = unhappy(world), unhappy(world)
    Notice.objects.all().delete()
    real = remind.notify

    def failing(**fields: Any) -> list[Notice]:
        if fields["params"]["number"] == broken.case.number:
            raise RuntimeError("told half of them")
        return real(**fields)

    monkeypatch.setattr(remind, "notify", failing)
    clock.shift(48 * HOUR)
    fire_due_reminders()
    broken.refresh_from_db()
    sound.refresh_from_db()
    assert (broken.level, sound.level) == (0, 1)
    assert [notice.params["number"] for notice in Notice.objects.all()] == [sound.case.number]
    monkeypatch.undo()
    fire_due_reminders()
    assert Notice.objects.count() == 2


class Killed(BaseException):
    """Stands for the end of the process: nothing catches it."""


def test_a_sweep_killed_halfway_tells_nothing_and_the_next_tells_all_once(
    world: World, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        unhappy(world)
    clock.shift(48 * HOUR)
    real, calls = remind.record, []

    def killing(**fields: Any) -> Event:
        calls.append(fields)
        if len(calls) == 2:
            raise Killed
        return real(**fields)

    monkeypatch.setattr(remind, "record", killing)
    with pytest.raises(Killed):
        fire_due_reminders()
    assert Notice.objects.count() == OutboxMessage.objects.count() == 0
    monkeypatch.undo()
    assert [fire_due_reminders(), fire_due_reminders()] == [3, 0]
    assert Notice.objects.count() == OutboxMessage.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_tell_nobody_twice(
    world: World, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(4):
        unhappy(world)
    clock.shift(48 * HOUR)
    counts: list[int] = []
    both_hold = threading.Barrier(2)
    real = remind.claim

    def claiming(*args: Any, **kwargs: Any) -> list[Any]:
        rows = real(*args, **kwargs)
        both_hold.wait(timeout=30)
        return rows

    monkeypatch.setattr(remind, "claim", claiming)

    def sweep() -> None:
        try:
            with transaction.atomic():
                counts.append(fire_due_reminders(limit=3))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=sweep) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(counts) == [1, 3]
    assert Notice.objects.count() == OutboxMessage.objects.count() == 4


def test_a_sweep_with_nothing_due_asks_one_question(world: World, django_assert_num_queries: Any) -> None:
    unhappy(world)
    with django_assert_num_queries(3):  # the question, between a savepoint and its release
        assert fire_due_reminders() == 0
