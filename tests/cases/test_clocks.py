"""Clocks of a case: what meets, pauses, moves and escalates them, and what must leave them alone."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine

from cases.actions.classify import Classification, reclassify_case
from cases.actions.escalate import fire_due_alerts
from cases.actions.resolve import reopen_case, resolve_case
from cases.actions.timeline import add_note, log_call, record_customer_message, send_reply
from cases.actions.waiting import stop_waiting, wait_for_customer
from cases.models import NEVER, Case, Cause, Clock
from cases.states import ClockState
from common.errors import Invalid
from messaging.models import Notice, OutboxMessage
from sla.models import Calendar, Target
from tests.factories import MONDAY, Desk, log_case, make_user

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


def clock(case: Case, metric: str = "resolution", nth: int = 1) -> Clock:
    return Clock.objects.get(case=case, metric=metric, round=nth)


def resolve(desk: Desk, case: Case, **fields: Any) -> Case:
    values: dict[str, Any] = {
        "outcome": "upheld",
        "cause": Cause.objects.get(code="staff"),
        "resolution": "",
        "reason": "told by phone",
    }
    return resolve_case(actor=desk.frontline, case_id=case.pk, **(values | fields))


@pytest.fixture
def case(desk: Desk) -> Case:
    with time_machine.travel(MONDAY, tick=False):
        return log_case(desk, severity=2)


def test_a_call_within_the_hour_meets_the_first_response(desk: Desk, case: Case) -> None:
    with time_machine.travel(MONDAY + 0.5 * HOUR, tick=False):
        log_call(actor=desk.frontline, case_id=case.pk, body="Listened.", minutes=6)
    met = clock(case, "first_response")
    assert (met.state, met.business_seconds) == (ClockState.MET, 1800)
    case.refresh_from_db()
    assert case.first_response_at == MONDAY + 0.5 * HOUR
    assert case.due_metric == "resolution"


def test_a_late_reply_misses_it_and_a_second_one_changes_nothing(desk: Desk, case: Case) -> None:
    with time_machine.travel(MONDAY + 2 * HOUR, tick=False):
        send_reply(actor=desk.frontline, case_id=case.pk, body="We are sorry.")
    with time_machine.travel(MONDAY + 3 * HOUR, tick=False):
        send_reply(actor=desk.frontline, case_id=case.pk, body="And here is more.")
    missed = clock(case, "first_response")
    assert (missed.state, missed.business_seconds, missed.stopped_at) == (
        ClockState.MISSED,
        7200,
        MONDAY + 2 * HOUR,
    )
    assert OutboxMessage.objects.filter(dedupe_key__startswith="reply:").count() == 2


def test_an_internal_note_is_no_response(desk: Desk, case: Case) -> None:
    add_note(actor=desk.frontline, case_id=case.pk, body="Kitchen asked.")
    assert clock(case, "first_response").state == ClockState.RUNNING


def test_the_customer_writing_again_moves_no_due_date(desk: Desk, case: Case) -> None:
    before = clock(case).due_at
    with time_machine.travel(MONDAY + HOUR, tick=False):
        record_customer_message(actor=desk.frontline, case_id=case.pk, body="And another thing.")
    assert clock(case).due_at == before


def test_waiting_stops_the_resolution_clock_in_business_time(desk: Desk, case: Case) -> None:
    with time_machine.travel(MONDAY + HOUR, tick=False):
        wait_for_customer(actor=desk.frontline, case_id=case.pk, reason="the receipt")
    assert clock(case).state == ClockState.PAUSED
    assert clock(case, "first_response").state == ClockState.RUNNING
    # 11:00 on Monday to 10:00 on Tuesday are seven business hours and one.
    with time_machine.travel(MONDAY + dt.timedelta(days=1), tick=False):
        record_customer_message(actor=desk.frontline, case_id=case.pk, body="Here it is.")
    running = clock(case)
    assert running.state == ClockState.RUNNING
    assert running.paused_seconds == 8 * 3600
    assert running.due_at == MONDAY + dt.timedelta(days=1) + 3 * HOUR
    case.refresh_from_db()
    assert case.state == "open"


def test_a_waiting_case_whose_first_response_is_given_has_no_due_time(desk: Desk, case: Case) -> None:
    log_call(actor=desk.frontline, case_id=case.pk, body="Asked for the receipt.")
    wait_for_customer(actor=desk.frontline, case_id=case.pk, reason="the receipt")
    case.refresh_from_db()
    assert case.due_at == NEVER
    stop_waiting(actor=desk.frontline, case_id=case.pk)
    case.refresh_from_db()
    assert case.due_at != NEVER


def test_a_pause_survives_a_change_of_severity(desk: Desk, case: Case) -> None:
    with time_machine.travel(MONDAY + HOUR, tick=False):
        wait_for_customer(actor=desk.frontline, case_id=case.pk, reason="the receipt")
    with time_machine.travel(MONDAY + 2 * HOUR, tick=False):
        stop_waiting(actor=desk.frontline, case_id=case.pk)
        to = Classification(failure_type="outcome", defect=case.defect, severity=3)
        reclassify_case(actor=desk.frontline, case_id=case.pk, to=to, reason="nobody was hurt")
    changed = clock(case)
    assert (changed.target_minutes, changed.paused_seconds) == (1440, 3600)
    # 24 business hours from Monday 10:00 are Wednesday 16:00, and the hour of the pause makes it 17:00.
    assert changed.due_at == MONDAY + dt.timedelta(days=2) + 7 * HOUR


def test_a_new_severity_recomputes_from_the_original_start_and_says_why(desk: Desk, case: Case) -> None:
    to = Classification(failure_type="outcome", defect=case.defect, severity=1)
    with pytest.raises(Invalid):
        reclassify_case(actor=desk.frontline, case_id=case.pk, to=to)
    with time_machine.travel(MONDAY + HOUR, tick=False):
        reclassify_case(actor=desk.frontline, case_id=case.pk, to=to, reason="a child was hurt")
    assert clock(case).due_at == MONDAY + 2 * HOUR
    assert "a child was hurt" in case.timeline.latest("id").text


def test_reopening_starts_a_new_clock_and_keeps_the_old_one(desk: Desk, case: Case) -> None:
    with time_machine.travel(MONDAY + HOUR, tick=False):
        resolve(desk, case)
    old = clock(case)
    assert old.state == ClockState.MET
    with time_machine.travel(MONDAY + dt.timedelta(days=9), tick=False):
        reopen_case(actor=desk.frontline, case_id=case.pk, reason="it broke again")
    new = clock(case, nth=2)
    assert new.state == ClockState.RUNNING
    assert new.due_at == MONDAY + dt.timedelta(days=9) + 4 * HOUR
    assert clock(case).stopped_at == old.stopped_at


def test_resolving_stops_every_clock(desk: Desk, case: Case) -> None:
    with time_machine.travel(MONDAY + 2 * HOUR, tick=False):
        resolve(desk, case)
    assert {each.metric: each.state for each in case.clocks.all()} == {
        "first_response": ClockState.MISSED,
        "resolution": ClockState.MET,
    }
    assert not Clock.objects.filter(case=case, next_alert_at__isnull=False).exists()


def test_each_level_tells_its_people_once(desk: Desk, case: Case) -> None:
    stranger = make_user("supervisor", *[])
    stranger.all_branches = False
    stranger.save()
    for moment, told in (
        (MONDAY + 0.74 * HOUR, []),
        (MONDAY + 0.75 * HOUR, [desk.frontline]),
        (MONDAY + 1.00 * HOUR, [desk.supervisor]),
        (MONDAY + 1.49 * HOUR, []),
        (MONDAY + 1.50 * HOUR, [desk.manager]),
        (MONDAY + 2.00 * HOUR, []),
    ):
        Notice.objects.all().delete()
        with time_machine.travel(moment, tick=False):
            fire_due_alerts()
            fire_due_alerts()
        about_first_response = Notice.objects.filter(message__contains="first response")
        assert [notice.user for notice in about_first_response] == told, moment
    assert OutboxMessage.objects.filter(to_address=desk.manager.email).count() == 1


def test_after_an_outage_every_missed_level_is_told(desk: Desk, case: Case) -> None:
    with time_machine.travel(MONDAY + 3 * HOUR, tick=False):
        fire_due_alerts()
    assert clock(case, "first_response").level == 3
    assert {notice.user for notice in Notice.objects.filter(message__contains="first response")} == {
        desk.frontline,
        desk.supervisor,
        desk.manager,
    }


def test_nothing_is_told_of_a_clock_that_has_stopped_or_is_paused(desk: Desk, case: Case) -> None:
    with time_machine.travel(MONDAY + 0.1 * HOUR, tick=False):
        log_call(actor=desk.frontline, case_id=case.pk, body="Listened.")
        wait_for_customer(actor=desk.frontline, case_id=case.pk, reason="the receipt")
    with time_machine.travel(MONDAY + dt.timedelta(days=30), tick=False):
        assert fire_due_alerts() == 0


def test_alerts_wait_for_business_hours(desk: Desk) -> None:
    evening = MONDAY.replace(hour=17, minute=30)
    with time_machine.travel(evening, tick=False):
        log_case(desk, severity=2)
    with time_machine.travel(evening + 10 * HOUR, tick=False):
        assert fire_due_alerts() == 0
    with time_machine.travel(MONDAY + dt.timedelta(days=1) - 0.75 * HOUR, tick=False):
        assert fire_due_alerts() == 1


def test_without_a_target_there_is_no_clock(desk: Desk) -> None:
    Target.objects.filter(metric="first_response").delete()
    case = log_case(desk)
    assert [each.metric for each in case.clocks.all()] == ["resolution"]


def test_one_broken_calendar_holds_up_no_other_alert(desk: Desk, case: Case) -> None:
    with time_machine.travel(MONDAY, tick=False):
        other = log_case(desk, severity=2)
    shut = Calendar.objects.create(code="shut", name_en="Shut", name_zh="关门", time_zone="UTC", week={})
    Clock.objects.filter(case=case).update(calendar=shut)
    with time_machine.travel(MONDAY + 0.8 * HOUR, tick=False):
        fire_due_alerts()
    assert clock(other, "first_response").level == 1
    assert clock(case, "first_response").level == 0
    assert [notice.params["number"] for notice in Notice.objects.filter(user=desk.frontline)] == [
        other.number
    ]


@pytest.mark.parametrize(("zone", "minutes"), [("Asia/Shanghai", 5), ("UTC", 60), ("America/New_York", 60)])
def test_a_new_target_holds_from_the_branchs_own_midnight(desk: Desk, zone: str, minutes: int) -> None:
    Target.objects.create(severity=2, metric="first_response", minutes=5, valid_from=MONDAY.date())
    desk.branch.time_zone = zone
    desk.branch.save()
    with time_machine.travel(MONDAY.replace(hour=0) - 2 * HOUR, tick=False):  # six on Monday in Shanghai
        case = log_case(desk, severity=2)
        to = Classification(failure_type="outcome", defect=case.defect, severity=3)
        reclassify_case(actor=desk.frontline, case_id=case.pk, to=to, reason="nobody was hurt")
        back = Classification(failure_type="outcome", defect=case.defect, severity=2)
        reclassify_case(actor=desk.frontline, case_id=case.pk, to=back, reason="somebody was")
    assert clock(case, "first_response").target_minutes == minutes
