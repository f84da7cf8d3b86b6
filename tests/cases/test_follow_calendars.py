"""A changed calendar moves the deadlines of open cases, once, and leaves what is finished alone."""

from __future__ import annotations

import datetime as dt
from collections import OrderedDict

import pytest
import time_machine

from audit.models import Event
from cases.actions.calendars import SETTLED, follow_changed_calendars
from cases.actions.resolve import resolve_case
from cases.actions.timeline import log_call
from cases.actions.waiting import stop_waiting, wait_for_customer
from cases.models import Case, Cause, Clock
from cases.tasks import sweep_clocks
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
    monkeypatch.setattr("sla.queries._kept", OrderedDict())


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
    with time_machine.travel(
        MONDAY + DAY + 7 * HOUR, tick=False
    ):  # three quarters, were Tuesday a day of work
        assert sweep_clocks() == 0
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
