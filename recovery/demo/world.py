"""The places of the demo: branches with their calendars, and what arithmetic needs of them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from accounts.models import Branch
from recovery.demo.trades import TRADES, Trade
from sla.models import BranchCalendar, Calendar, CalendarDay
from sla.queries import business_hours, targets_for
from sla.rules import BusinessHours, add_business_time, business_time_between
from sla.states import Metric, Severity


@dataclass(frozen=True, slots=True)
class Place:
    """A branch, what it trades in, and its business time."""

    trade: Trade
    branch: Branch
    calendar: Calendar
    hours: BusinessHours

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.trade.time_zone)

    def after(self, moment: dt.datetime, seconds: float) -> dt.datetime:
        """The moment by which that much business time has passed."""
        return add_business_time(moment, dt.timedelta(seconds=seconds), self.hours)

    def before(self, moment: dt.datetime, seconds: float) -> dt.datetime:
        """The latest moment from which that much business time passes until the given one."""
        wanted = dt.timedelta(seconds=seconds)
        reach = dt.timedelta(days=2) + 2 * wanted
        while business_time_between(moment - reach, moment, self.hours) < wanted:
            reach *= 2
        early, late = moment - reach, moment
        while late - early > dt.timedelta(milliseconds=1):
            middle = early + (late - early) / 2
            if business_time_between(middle, moment, self.hours) >= wanted:
                early = middle
            else:
                late = middle
        return early

    def between(self, start: dt.datetime, end: dt.datetime) -> float:
        """Business seconds between two moments."""
        return business_time_between(start, end, self.hours).total_seconds()


def create_places(now: dt.datetime) -> dict[str, Place]:
    """Write branches and calendars; the kitchen and the shop also have special days."""
    places = {}
    for trade in TRADES:
        english, chinese = trade.names
        branch = Branch.objects.create(
            code=trade.code,
            name_en=english,
            name_zh=chinese,
            time_zone=trade.time_zone,
            currency=trade.currency,
        )
        calendar = Calendar.objects.create(
            code=trade.code,
            name_en=trade.calendar_names[0],
            name_zh=trade.calendar_names[1],
            time_zone=trade.time_zone,
            week=trade.week,
            holiday_country=trade.holiday_country,
            changed_at=now,
        )
        CalendarDay.objects.bulk_create(_special_days(trade, calendar, now))
        BranchCalendar.objects.create(branch=branch, calendar=calendar)
        places[trade.code] = Place(trade, branch, calendar, business_hours(calendar))
    return places


def _special_days(trade: Trade, calendar: Calendar, now: dt.datetime) -> list[CalendarDay]:
    """Half a day before Christmas in Berlin, a long evening on New Year's Eve in Shanghai."""
    years = (now.year - 1, now.year)
    if trade.kind == "shop":
        days = [(dt.date(year, 12, 24), [["10:00", "14:00"]], "Christmas Eve") for year in years]
    elif trade.kind == "restaurant":
        days = [(dt.date(year, 12, 31), [["10:30", "14:30"], ["17:00", "24:00"]], "跨年夜") for year in years]
    else:
        return []
    return [CalendarDay(calendar=calendar, date=day, hours=hours, note=note) for day, hours, note in days]


Targets = dict[int, dict[Metric, int]]


def targets(on: dt.date) -> Targets:
    """Business minutes per severity and clock."""
    return {severity.value: targets_for(severity, on) for severity in Severity}
