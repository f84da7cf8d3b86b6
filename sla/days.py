"""Deadlines in business days, for promises that are made in days and not in hours."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from sla.rules import (
    BusinessHours,
    InvalidDurationError,
    OutOfReachError,
    add_business_time,
    business_time_between,
)

# A calendar with fewer opening days than one in a month can't promise anything in days.
_LONGEST_GAP = 31


def add_business_days(start: dt.datetime, days: int, hours: BusinessHours) -> dt.datetime:
    """The closing time, in UTC, of the nth day that is open after the day of `start`.

    The day of `start` does not count, as in the usual "within n business days". Days are those of the
    calendar's time zone, and a day that opens for a minute is a business day.

    Errors: `InvalidDurationError` unless `days` is above zero; `OutOfReachError` where the calendar has too
    few opening days after `start`.
    """
    if days < 1:
        raise InvalidDurationError(f"A deadline is at least one business day ahead: {days}.")
    zone = ZoneInfo(hours.time_zone)
    day = start.astimezone(zone).date()
    for _ in range(days * _LONGEST_GAP):
        day += dt.timedelta(days=1)
        opens = _midnight(day, zone)
        length = business_time_between(opens, _midnight(day + dt.timedelta(days=1), zone), hours)
        if length:
            days -= 1
            if not days:
                return add_business_time(opens, length, hours)
    raise OutOfReachError(f"The calendar has too few opening days after {start}.")


def _midnight(day: dt.date, zone: ZoneInfo) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(0), tzinfo=zone).astimezone(dt.UTC)
