"""The promise in a granted compensation: when to remind of it, and whether it was kept; on plain values."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from compensation.states import PromiseState

# How long after the due time each level is told: who handles the case, the supervisors, the managers. This is
# our judgement.
REMINDERS: dict[int, dt.timedelta] = {
    1: dt.timedelta(hours=-24),
    2: dt.timedelta(0),
    3: dt.timedelta(hours=48),
}


def reminder_at(level: int, due_at: dt.datetime) -> dt.datetime | None:
    """When this level is reminded; None when there is no such level."""
    return due_at + REMINDERS[level] if level in REMINDERS else None


def first_level(due_at: dt.datetime, *, made_at: dt.datetime) -> int:
    """The first level to remind: a short promise is not reminded of before it was made."""
    return 1 if due_at + REMINDERS[1] > made_at else 2


def promise_state(
    due_at: dt.datetime | None, landed_at: dt.datetime | None, *, now: dt.datetime
) -> PromiseState | None:
    """How a promise stands; None where nothing was promised by a time."""
    if due_at is None:
        return None
    if landed_at is not None:
        return PromiseState.KEPT if landed_at <= due_at else PromiseState.LATE
    return PromiseState.OPEN if now <= due_at else PromiseState.OVERDUE


def end_of_day(start: dt.datetime, days: int, time_zone: str) -> dt.datetime:
    """The end, in UTC, of the day that is `days` calendar days after that of `start` there."""
    return end_of(start.astimezone(ZoneInfo(time_zone)).date() + dt.timedelta(days=days), time_zone)


def end_of(day: dt.date, time_zone: str) -> dt.datetime:
    """The last second of a day there, in UTC."""
    return dt.datetime.combine(day, dt.time(23, 59, 59), tzinfo=ZoneInfo(time_zone)).astimezone(dt.UTC)
