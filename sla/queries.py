"""Business hours of a branch and the targets in force."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from threading import Lock

import chinese_calendar
import holidays
from django.db.models import QuerySet

from common.prepared import prepared
from sla.models import BranchCalendar, Calendar, CalendarDay, Target
from sla.rules import BusinessHours
from sla.states import Metric, Severity

# Public holidays are known for these years around a calendar's last change; later ones come with the library.
_YEARS_BACK, _YEARS_AHEAD = 8, 4
_MOST_KEPT = 256
_kept: dict[tuple[int, dt.datetime, int], BusinessHours] = {}
_lock = Lock()

Intervals = list[tuple[dt.time, dt.time]]


@dataclass(frozen=True, slots=True)
class SpecialDays:
    """Special days in a row that have the same hours and the same note; no hours mean closed."""

    first: dt.date
    last: dt.date
    hours: list[list[str]]
    note: str


def in_rows(days: Iterable[CalendarDay]) -> list[SpecialDays]:
    """Special days, given in order of date, as few rows as they make."""
    rows: list[SpecialDays] = []
    for day in days:
        row = rows[-1] if rows else None
        follows = row is not None and day.date - row.last == dt.timedelta(days=1)
        if row is not None and follows and (row.hours, row.note) == (day.hours, day.note):
            rows[-1] = SpecialDays(row.first, day.date, row.hours, row.note)
        else:
            rows.append(SpecialDays(day.date, day.date, day.hours, day.note))
    return rows


def parse_intervals(pairs: list[list[str]]) -> Intervals:
    """[["09:00", "17:00"], …] as times; "24:00" ends a day."""
    return [(_time(start), _time(end)) for start, end in pairs]


def _time(text: str) -> dt.time:
    return dt.time(0) if text == "24:00" else dt.time.fromisoformat(text)


def calendar_of(branch_id: int) -> Calendar:
    """The calendar that a branch works by. Raises `BranchCalendar.DoesNotExist` when it has none."""
    found = _calendar.first(branch_id=branch_id)
    if found is None:
        raise BranchCalendar.DoesNotExist
    return found.calendar


@prepared
def _calendar(*, branch_id: int) -> QuerySet[BranchCalendar]:
    return BranchCalendar.objects.filter(branch=branch_id).select_related("calendar")


def hours_of(calendar_id: int, changed_at: dt.datetime) -> BusinessHours:
    """The business hours of a calendar of which no more is at hand than when it was changed last."""
    return _kept.get((calendar_id, changed_at, _this_year())) or business_hours(
        Calendar.objects.get(pk=calendar_id)
    )


def _this_year() -> int:
    return dt.datetime.now(dt.UTC).year


def business_hours(calendar: Calendar) -> BusinessHours:
    """The calendar as arithmetic can use it; kept in memory until the calendar's `changed_at` moves on."""
    this_year = _this_year()
    key = (calendar.pk, calendar.changed_at, this_year)
    found = _kept.get(key)
    if found is not None:
        return found
    hours = _build(calendar, range(this_year - _YEARS_BACK, this_year + _YEARS_AHEAD + 1))
    with _lock:
        _kept[key] = hours
        while len(_kept) > _MOST_KEPT:
            _kept.pop(next(iter(_kept)))
    return hours


def _build(calendar: Calendar, years: range) -> BusinessHours:
    week = {int(day): parse_intervals(pairs) for day, pairs in calendar.week.items()}
    closed, special = public_days(calendar.holiday_country, years, week)
    special.update({day.date: parse_intervals(day.hours) for day in calendar.days.all()})
    return BusinessHours(time_zone=calendar.time_zone, week=week, holidays=closed, special_days=special)


def public_days(
    country: str, years: range, week: dict[int, Intervals]
) -> tuple[set[dt.date], dict[dt.date, Intervals]]:
    """A country's public holidays, and its make-up working days with the hours of an ordinary Monday."""
    if not country:
        return set(), {}
    if country != "CN":
        return set(holidays.country_holidays(country, years=years)), {}
    closed = {day for day in chinese_calendar.holidays if day.year in years}
    usual = week.get(0, [])
    return closed, {day: usual for day in chinese_calendar.workdays if day.year in years and usual}


@cache
def holiday_countries() -> frozenset[str]:
    """The ISO 3166 codes of the countries whose public holidays are known."""
    return frozenset(holidays.list_supported_countries(include_aliases=False))


def targets_for(severity: Severity | int, on: dt.date) -> dict[Metric, int]:
    """Business minutes per clock for a severity, as in force that day."""
    rows = _targets(int(severity), on=on)
    return {Metric(row.metric): row.minutes for row in rows}


@prepared
def _targets(severity: int, *, on: dt.date) -> QuerySet[Target]:
    return Target.objects.filter(severity=severity, valid_from__lte=on).order_by("valid_from")
