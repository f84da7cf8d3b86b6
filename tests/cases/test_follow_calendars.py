"""A changed calendar moves the deadlines of open cases, once, and leaves what is finished alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
import time_machine
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings

from audit.models import Event
from cases.actions import clocks
from cases.actions.calendars import CLAIM, SETTLED, follow_changed_calendars
from cases.actions.resolve import resolve_case
from cases.actions.timeline import log_call
from cases.actions.waiting import stop_waiting, wait_for_customer
from cases.models import Case, Cause, Clock
from cases.tasks import follow_calendars, sweep_clocks
from messaging.models import Notice
from sla.actions.calendars import CalendarRecord, save_calendar
from sla.actions.days import Days, remove_days, set_days
from sla.models import Calendar
from tests.factories import MONDAY, Desk, log_case

pytestmark = pytest.mark.django_db
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
TUESDAY = (MONDAY + DAY).date()


@pytest.fixture(autouse=True)
def _no_hours_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time stands still here, so the calendar of another test would be taken for this one's."""
    monkeypatch.setattr("sla.queries._kept", {})


@pytest.fixture
def case(desk: Desk) -> Case:
    """Severity 3: a first response within 8 and a resolution within 24 hours of business."""
    with time_machine.travel(MONDAY, tick=False):
        return log_case(desk, severity=3)


def due(case: Case, metric: str = "resolution") -> dt.datetime:
    return Clock.objects.get(case=case, metric=metric).due_at


def close_tuesday(desk: Desk) -> None:
    set_days(actor=desk.admin, calendar_id=office().pk, new=Days(first=TUESDAY, last=TUESDAY))


def office() -> Calendar:
    return Calendar.objects.get(code="office")


def test_a_holiday_moves_the_deadlines_that_run_over_it_and_back_when_it_is_removed(
    desk: Desk, case: Case
) -> None:
    before = due(case)
    with time_machine.travel(MONDAY + HOUR, tick=False):
        close_tuesday(desk)
        assert follow_changed_calendars() == 1
    assert due(case) == before + DAY
    case.refresh_from_db()
    assert case.due_at == due(case, "first_response") == MONDAY + 8 * HOUR
    with time_machine.travel(MONDAY + 2 * HOUR, tick=False):
        remove_days(actor=desk.admin, calendar_id=office().pk, days=Days(first=TUESDAY, last=TUESDAY))
        assert follow_changed_calendars() == 1
    assert due(case) == before


def test_the_case_carries_the_new_due_time_for_the_queue(desk: Desk, case: Case) -> None:
    with time_machine.travel(MONDAY + HOUR, tick=False):
        log_call(actor=desk.frontline, case_id=case.pk, body="Listened.", minutes=3)
        close_tuesday(desk)
        follow_changed_calendars()
    case.refresh_from_db()
    assert (case.due_at, case.due_metric) == (due(case), "resolution")


def test_a_second_sweep_moves_nothing_and_writes_nothing(desk: Desk, case: Case) -> None:
    with time_machine.travel(MONDAY + HOUR, tick=False):
        close_tuesday(desk)
        follow_changed_calendars()
        moved = (due(case), Event.objects.count())
        assert follow_changed_calendars() == 0
    assert (due(case), Event.objects.count()) == moved


def test_a_complaint_that_was_being_written_meanwhile_follows_too(desk: Desk, case: Case) -> None:
    with time_machine.travel(MONDAY + HOUR, tick=False):
        close_tuesday(desk)
        follow_changed_calendars()
        # As if it had been reckoned by the old hours, and committed after the first sweep.
        Clock.objects.filter(case=case).update(due_at=MONDAY)
    with time_machine.travel(MONDAY + HOUR + SETTLED, tick=False):
        assert follow_changed_calendars() == 1
        assert office().applied_at == office().changed_at
        Clock.objects.filter(case=case).update(due_at=MONDAY)
        assert follow_changed_calendars() == 0


def test_what_moved_is_in_the_audit_trail(desk: Desk, case: Case) -> None:
    before = due(case)
    with time_machine.travel(MONDAY + HOUR, tick=False):
        close_tuesday(desk)
        follow_changed_calendars()
    event = Event.objects.get(verb="case.clocks_moved")
    assert (event.stream, event.actor) == (case.stream, None)
    assert event.data == {
        "calendar": "office",
        "clocks": [{"clock": "resolution", "from": before.isoformat(), "to": (before + DAY).isoformat()}],
    }


def test_finished_clocks_stay_as_they_ended(desk: Desk, case: Case) -> None:
    with time_machine.travel(MONDAY + HOUR, tick=False):
        resolve_case(
            actor=desk.frontline,
            case_id=case.pk,
            outcome="upheld",
            cause=Cause.objects.get(code="staff"),
            resolution="",
            reason="told by phone",
        )
        ended = list(Clock.objects.values_list("due_at", "state", "business_seconds"))
        close_tuesday(desk)
        assert follow_changed_calendars() == 0
    assert list(Clock.objects.values_list("due_at", "state", "business_seconds")) == ended


def test_a_paused_clock_follows_and_is_right_when_it_goes_on(desk: Desk, case: Case) -> None:
    before = due(case)
    with time_machine.travel(MONDAY + HOUR, tick=False):
        wait_for_customer(actor=desk.frontline, case_id=case.pk, reason="the receipt")
        close_tuesday(desk)
        follow_changed_calendars()
    assert due(case) == before + DAY
    assert Clock.objects.get(case=case, metric="resolution").next_alert_at is None
    with time_machine.travel(MONDAY + 3 * HOUR, tick=False):
        stop_waiting(actor=desk.frontline, case_id=case.pk)
    assert due(case) == before + DAY + 2 * HOUR


def test_an_alert_waits_for_the_new_deadline(desk: Desk, case: Case) -> None:
    with time_machine.travel(MONDAY + HOUR, tick=False):
        log_call(actor=desk.frontline, case_id=case.pk, body="Listened.", minutes=3)
        close_tuesday(desk)
    before = Notice.objects.count()
    # Three quarters of the time would be gone, were Tuesday a day of work.
    with time_machine.travel(MONDAY + DAY + 7 * HOUR, tick=False):
        sweep_clocks()
        assert Notice.objects.count() == before
        follow_changed_calendars()
        sweep_clocks()
    assert Notice.objects.count() == before


def test_new_hours_of_the_week_count_for_cases_that_are_open(desk: Desk, case: Case) -> None:
    hours = dict.fromkeys(range(5), "09:00-12:00")
    record = CalendarRecord(name_en="Office hours", name_zh="办公时间", time_zone="UTC", hours=hours)
    with time_machine.travel(MONDAY + HOUR, tick=False):
        save_calendar(actor=desk.admin, calendar_id=office().pk, new=record)
        follow_changed_calendars()
    assert due(case, "first_response") == MONDAY.replace(hour=12) + 2 * DAY


def test_cases_of_another_calendar_stay(desk: Desk, case: Case) -> None:
    before = due(case)
    hours = dict.fromkeys(range(5), "08:00-20:00")
    other = save_calendar(
        actor=desk.admin, calendar_id=None, new=CalendarRecord(name_en="Shop", time_zone="UTC", hours=hours)
    )
    with time_machine.travel(MONDAY + HOUR, tick=False):
        set_days(actor=desk.admin, calendar_id=other.pk, new=Days(first=TUESDAY, last=TUESDAY))
        assert follow_changed_calendars() == 0
    assert due(case) == before


def test_more_cases_than_a_batch_all_move(desk: Desk, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cases.actions.calendars.BATCH", 2)
    with time_machine.travel(MONDAY, tick=False):
        for _ in range(4):
            log_case(desk, severity=3)
    with time_machine.travel(MONDAY + HOUR, tick=False):
        close_tuesday(desk)
        assert follow_changed_calendars() == 5


def several(desk: Desk, monkeypatch: pytest.MonkeyPatch, *, batch: int) -> list[Case]:
    """Five open cases, and a batch of so many."""
    monkeypatch.setattr("cases.actions.calendars.BATCH", batch)
    with time_machine.travel(MONDAY, tick=False):
        return [log_case(desk, severity=3) for _ in range(5)]


def seconds_a_look(monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    """Let so much time go by whenever a run looks at the clock."""
    monkeypatch.setattr("cases.actions.calendars.monotonic", count(0, seconds).__next__)


def test_a_long_following_goes_on_where_the_run_before_had_to_stop(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = several(desk, monkeypatch, batch=3)
    seconds_a_look(monkeypatch, 5)
    with time_machine.travel(MONDAY + HOUR, tick=False):
        close_tuesday(desk)
        runs = [follow_changed_calendars()]
        assert office().passed_case == cases[runs[0] - 1].pk
        while office().passed_case:
            runs.append(follow_changed_calendars())
    assert len(runs) > 1
    assert 0 < max(runs) < 5
    assert sum(runs) == 5
    assert {due(case) for case in cases} == {due(cases[0])}


def test_a_calendar_that_changes_on_the_way_is_followed_from_the_first_case_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = several(desk, monkeypatch, batch=3)
    before = due(cases[0])
    seconds_a_look(monkeypatch, 5)
    with time_machine.travel(MONDAY + HOUR, tick=False):
        close_tuesday(desk)
        assert 0 < follow_changed_calendars() < 5
    with time_machine.travel(MONDAY + HOUR + dt.timedelta(seconds=1), tick=False):
        wednesday = TUESDAY + DAY
        set_days(actor=desk.admin, calendar_id=office().pk, new=Days(first=wednesday, last=wednesday))
        seconds_a_look(monkeypatch, 0)
        assert follow_changed_calendars() == 5
    assert {due(case) for case in cases} == {before + 2 * DAY}


def test_alerts_are_fired_while_clocks_still_follow(
    desk: Desk, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As when the worker is killed in the middle of it.
    monkeypatch.setattr("cases.actions.calendars.follow_calendars", raising(SystemExit()))
    with time_machine.travel(MONDAY + HOUR, tick=False):
        thursday = TUESDAY + 2 * DAY
        set_days(actor=desk.admin, calendar_id=office().pk, new=Days(first=thursday, last=thursday))
    with time_machine.travel(MONDAY + 8 * HOUR, tick=False):
        assert sweep_clocks() == 1
    assert Clock.objects.get(case=case, metric="first_response").level > 0


def test_following_has_a_task_of_its_own_that_beat_sends_and_a_change_hurries(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    sent = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert {"cases.sweep_clocks", follow_calendars.name} <= sent
    told: list[str] = []
    monkeypatch.setattr("common.queue._messenger.tell", told.append)
    with django_capture_on_commit_callbacks(execute=True):
        close_tuesday(desk)
    assert follow_calendars.name in told


def test_a_calendar_in_the_hands_of_another_run_is_left_to_it_until_that_is_given_up(
    desk: Desk, case: Case
) -> None:
    with time_machine.travel(MONDAY + HOUR, tick=False):
        close_tuesday(desk)
        Calendar.objects.update(claimed_until=MONDAY + HOUR + CLAIM)
        assert follow_changed_calendars() == 0
    with time_machine.travel(MONDAY + HOUR + CLAIM + SETTLED, tick=False):
        assert follow_changed_calendars() == 1
    assert office().claimed_until is None


def test_a_second_run_finds_the_calendar_taken_while_the_first_is_at_work(
    desk: Desk, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    results: list[int] = []

    def follow_and_let_another_try(held: Case) -> list[dict[str, object]]:
        results.append(follow_changed_calendars())
        return clocks.follow_calendars(held)

    monkeypatch.setattr("cases.actions.calendars.follow_calendars", follow_and_let_another_try)
    with time_machine.travel(MONDAY + HOUR, tick=False):
        close_tuesday(desk)
        assert follow_changed_calendars() == 1
    assert results == [0]


def test_the_time_limit_of_a_task_ends_the_run_and_sets_the_calendar_free(
    desk: Desk, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = due(case)
    with time_machine.travel(MONDAY + HOUR, tick=False):
        close_tuesday(desk)
    with time_machine.travel(MONDAY + 2 * HOUR, tick=False), monkeypatch.context() as patch:
        patch.setattr("cases.actions.calendars.follow_calendars", raising(SoftTimeLimitExceeded()))
        with pytest.raises(SoftTimeLimitExceeded):
            follow_changed_calendars()
    assert office().applied_at != office().changed_at
    with time_machine.travel(MONDAY + 2 * HOUR, tick=False):
        assert follow_changed_calendars() == 1
    assert due(case) == before + DAY


def test_the_time_limit_of_a_task_ends_the_sweep_of_alerts(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cases.actions.escalate._fire", raising(SoftTimeLimitExceeded()))
    with time_machine.travel(MONDAY + 8 * HOUR, tick=False), pytest.raises(SoftTimeLimitExceeded):
        sweep_clocks()


def test_a_case_that_fails_once_does_not_count_as_done_and_keeps_no_other_waiting(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    cases = several(desk, monkeypatch, batch=2)
    before = due(cases[0])

    def fail_for_the_second(held: Case) -> list[dict[str, object]]:
        if held.pk == cases[1].pk:
            raise ValueError("once")
        return clocks.follow_calendars(held)

    with time_machine.travel(MONDAY + HOUR, tick=False):
        close_tuesday(desk)
    with time_machine.travel(MONDAY + 2 * HOUR, tick=False), monkeypatch.context() as patch:
        patch.setattr("cases.actions.calendars.follow_calendars", fail_for_the_second)
        assert follow_changed_calendars() == 4
    assert "could not follow calendar office" in caplog.text
    assert office().applied_at != office().changed_at
    with time_machine.travel(MONDAY + 2 * HOUR + SETTLED, tick=False):
        assert follow_changed_calendars() == 1
    assert office().applied_at == office().changed_at
    assert due(cases[1]) == before + DAY


def raising(error: BaseException) -> Callable[..., None]:
    def fail(*_args: object, **_more: object) -> None:
        raise error

    return fail
