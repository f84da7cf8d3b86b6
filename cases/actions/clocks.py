"""Clocks of a case: started, paused, stopped and recomputed inside the actions that cause it."""

from __future__ import annotations

import datetime as dt

from cases.models import NEVER, Case, Clock
from cases.rules import alert_at, business_seconds_taken, clock_due
from cases.states import CLOCK_TRANSITIONS, ClockState
from common.days import local_day
from sla.models import Calendar
from sla.queries import business_hours, calendar_of, targets_for
from sla.rules import BusinessHours, business_time_between
from sla.states import Metric

_LIVE = (ClockState.RUNNING, ClockState.PAUSED)


def build_clocks(
    case: Case,
    *,
    at: dt.datetime,
    metrics: tuple[Metric, ...] = (Metric.FIRST_RESPONSE, Metric.RESOLUTION),
    nth: int = 1,
) -> list[Clock]:
    """Clocks for a case that start at a moment, not yet written, so that many cases can be written at once.

    A metric for which no target is set gets no clock.
    """
    calendar = calendar_of(case.branch_id)
    hours = business_hours(calendar)
    targets = targets_for(case.severity, local_day(at, case.branch.time_zone))
    return [
        _new_clock(case, metric, targets[metric], calendar, hours, at, nth)
        for metric in metrics
        if metric in targets
    ]


def _new_clock(
    case: Case,
    metric: Metric,
    minutes: int,
    calendar: Calendar,
    hours: BusinessHours,
    at: dt.datetime,
    nth: int,
) -> Clock:
    return Clock(
        case=case,
        metric=metric,
        round=nth,
        severity=case.severity,
        target_minutes=minutes,
        calendar=calendar,
        started_at=at,
        due_at=clock_due(at, minutes, 0, hours),
        next_alert_at=alert_at(1, at, minutes, 0, hours),
    )


def live_clocks(case: Case) -> list[Clock]:
    """The running and paused clocks of a case, locked, with their calendars."""
    return list(
        Clock.objects.select_for_update(of=("self",))
        .select_related("calendar")
        .filter(case=case, state__in=_LIVE)
    )


def stop_clocks(case: Case, *, at: dt.datetime, metrics: tuple[Metric, ...] = tuple(Metric)) -> None:
    """Finish the live clocks of these metrics: met when stopped by their due time, else missed."""
    for clock in live_clocks(case):
        if clock.metric in metrics:
            if clock.state == ClockState.PAUSED:
                _count_pause(clock, at)
            hours = business_hours(clock.calendar)
            _move(clock, ClockState.MET if at <= clock.due_at else ClockState.MISSED)
            clock.stopped_at = at
            clock.business_seconds = business_seconds_taken(clock.started_at, at, clock.paused_seconds, hours)
            clock.calendar_seconds = max(0, round((at - clock.started_at).total_seconds()))
            clock.next_alert_at = None
            clock.save()
    refresh_due(case)


def pause_clocks(case: Case, *, at: dt.datetime) -> None:
    """Stop the resolution clock from counting while we wait; a first response is still owed."""
    for clock in live_clocks(case):
        if clock.state == ClockState.RUNNING and clock.metric == Metric.RESOLUTION:
            _move(clock, ClockState.PAUSED)
            clock.paused_at = at
            clock.next_alert_at = None
            clock.save()
    refresh_due(case)


def resume_clocks(case: Case, *, at: dt.datetime) -> None:
    """Let paused clocks count again; their due times move by the business time they were paused."""
    for clock in live_clocks(case):
        if clock.state == ClockState.PAUSED:
            _count_pause(clock, at)
            _move(clock, ClockState.RUNNING)
            _reschedule_alert(clock)
            clock.save()
    refresh_due(case)


def recompute_clocks(case: Case, *, on: dt.date) -> list[dict[str, object]]:
    """Give live clocks the target of the case's new severity, from their original start.

    Returns what changed, for the audit trail. Levels that have fired stay fired.
    """
    targets = targets_for(case.severity, on)
    changes: list[dict[str, object]] = []
    for clock in live_clocks(case):
        minutes = targets.get(Metric(clock.metric))
        if minutes is None or minutes == clock.target_minutes:
            continue
        changes.append({"clock": clock.metric, "from": clock.target_minutes, "to": minutes})
        clock.severity, clock.target_minutes = case.severity, minutes
        _set_due(clock)
        if clock.state == ClockState.RUNNING:
            _reschedule_alert(clock)
        clock.save()
    refresh_due(case)
    return changes


def follow_calendars(case: Case) -> list[dict[str, object]]:
    """Give live clocks the due times of their calendars as these are now.

    Returns what moved, for the audit trail; a second time nothing moves. Levels that have fired stay fired,
    and business time that was counted in a pause that is over stays as it was counted.
    """
    moved: list[dict[str, object]] = []
    for clock in live_clocks(case):
        before = clock.due_at, clock.next_alert_at
        _set_due(clock)
        if clock.state == ClockState.RUNNING:
            _reschedule_alert(clock)
        if (clock.due_at, clock.next_alert_at) != before:
            clock.save(update_fields=("due_at", "next_alert_at"))
            moved.append(
                {"clock": clock.metric, "from": before[0].isoformat(), "to": clock.due_at.isoformat()}
            )
    if moved:
        refresh_due(case)
    return moved


def refresh_due(case: Case) -> None:
    """Repeat on the case the earliest due time of its running clocks, for the queue."""
    first = Clock.objects.filter(case=case, state=ClockState.RUNNING).order_by("due_at", "id").first()
    case.due_at, case.due_metric = (first.due_at, first.metric) if first else (NEVER, "")
    case.save(update_fields=("due_at", "due_metric"))


def _move(clock: Clock, state: ClockState) -> None:
    if state not in CLOCK_TRANSITIONS[ClockState(clock.state)]:
        raise ValueError(f"A clock can't go from {clock.state} to {state}.")
    clock.state = state


def _count_pause(clock: Clock, at: dt.datetime) -> None:
    if clock.paused_at is not None and at > clock.paused_at:
        paused = business_time_between(clock.paused_at, at, business_hours(clock.calendar))
        clock.paused_seconds += round(paused.total_seconds())
    clock.paused_at = None
    _set_due(clock)


def _set_due(clock: Clock) -> None:
    hours = business_hours(clock.calendar)
    clock.due_at = clock_due(clock.started_at, clock.target_minutes, clock.paused_seconds, hours)


def _reschedule_alert(clock: Clock) -> None:
    hours = business_hours(clock.calendar)
    clock.next_alert_at = alert_at(
        clock.level + 1, clock.started_at, clock.target_minutes, clock.paused_seconds, hours
    )
