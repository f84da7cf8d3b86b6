"""Periods: from a preset or two dates to exact moments in the reader's time zone, and a trend's parts."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from functools import cached_property
from zoneinfo import ZoneInfo

from django.db import models
from django.utils.translation import gettext_lazy as _

LONGEST = 1096  # days: three years
DAILY_UP_TO = 45
WEEKLY_UP_TO = 200


class Preset(models.TextChoices):
    DAYS_7 = "7d", _("Last 7 days")
    DAYS_30 = "30d", _("Last 30 days")
    DAYS_90 = "90d", _("Last 90 days")
    THIS_MONTH = "month", _("This month")
    LAST_MONTH = "last_month", _("Last month")
    CUSTOM = "custom", _("From – to")


class Step(models.TextChoices):
    DAY = "day", _("Day")
    WEEK = "week", _("Week")
    MONTH = "month", _("Month")


@dataclass(frozen=True)
class Period:
    """Whole days from `first` to `last`, both included, in a time zone, as seen at the moment `now`."""

    first: dt.date
    last: dt.date
    zone: ZoneInfo
    now: dt.datetime

    @cached_property
    def start(self) -> dt.datetime:
        """The first moment, included."""
        return self.midnight(self.first)

    @cached_property
    def end(self) -> dt.datetime:
        """The moment after the last one."""
        return self.midnight(self.last + dt.timedelta(days=1))

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @cached_property
    def previous_start(self) -> dt.datetime:
        """The start of as many days right before."""
        return self.midnight(self.first - dt.timedelta(days=self.days))

    @cached_property
    def previous_end(self) -> dt.datetime:
        """The end of the comparison: it stops at the time of day that the running period has come to.

        Otherwise a period that ends with an unfinished day would look like a decline every morning.
        """
        if not self.start < self.now < self.end:
            return self.start
        local = self.now.astimezone(self.zone) - dt.timedelta(days=self.days)  # wall clock: exact over DST
        return local.astimezone(dt.UTC)

    @property
    def previous_first(self) -> dt.date:
        return self.first - dt.timedelta(days=self.days)

    @property
    def previous_last(self) -> dt.date:
        return (
            self.previous_end.astimezone(self.zone).date()
            if self.previous_end < self.start
            else (self.first - dt.timedelta(days=1))
        )

    @property
    def step(self) -> Step:
        """How fine a trend can be drawn without drowning in it."""
        if self.days <= DAILY_UP_TO:
            return Step.DAY
        return Step.WEEK if self.days <= WEEKLY_UP_TO else Step.MONTH

    @cached_property
    def parts(self) -> tuple[dt.date, ...]:
        """The first day of each part of the trend.

        Weeks begin on Monday and months on the 1st; the first part begins where the period does.
        """
        return tuple(
            day
            for day in (self.first + dt.timedelta(days=offset) for offset in range(self.days))
            if day == self.first
            or self.step == Step.DAY
            or (self.step == Step.WEEK and day.weekday() == 0)
            or (self.step == Step.MONTH and day.day == 1)
        )

    @cached_property
    def slots(self) -> tuple[tuple[dt.datetime, ...], tuple[dt.datetime, ...]]:
        """Where each slot begins and ends: the period compared with, then the parts in order."""
        starts = [self.midnight(day) for day in self.parts]
        return (self.previous_start, *starts), (self.previous_end, *starts[1:], self.end)

    def midnight(self, day: dt.date) -> dt.datetime:
        """The moment at which a day begins in the period's zone."""
        return dt.datetime.combine(day, dt.time(), tzinfo=self.zone).astimezone(dt.UTC)


# The numbers of `Period.slots`.
PREVIOUS_SLOT = 1
FIRST_SLOT = 2


def preset_dates(preset: Preset, today: dt.date) -> tuple[dt.date, dt.date]:
    """The first and the last day of a preset, seen from today; raises `ValueError` for the custom one."""
    day = dt.timedelta(days=1)
    match preset:
        case Preset.DAYS_7:
            return today - 6 * day, today
        case Preset.DAYS_30:
            return today - 29 * day, today
        case Preset.DAYS_90:
            return today - 89 * day, today
        case Preset.THIS_MONTH:
            return today.replace(day=1), today
        case Preset.LAST_MONTH:
            last = today.replace(day=1) - day
            return last.replace(day=1), last
    raise ValueError("a custom period has the dates it is given")


@dataclass(frozen=True, slots=True)
class Baseline:
    """What a warning compares with: the week up to a day, and the weeks before that it is measured against.

    The baseline ends with a month and stays the same all through the next, so that a slow rise can't become
    its own yardstick.
    """

    week_first: dt.date
    week_last: dt.date
    first: dt.date
    last: dt.date

    @property
    def weeks(self) -> float:
        return ((self.last - self.first).days + 1) / 7

    def since(self, known_since: dt.date) -> Baseline | None:
        """The part of it that is on record; None when that is less than four weeks."""
        known = replace(self, first=max(self.first, known_since))
        return known if known.weeks >= SHORTEST_BASELINE_WEEKS else None


BASELINE_WEEKS = 8
SHORTEST_BASELINE_WEEKS = 4


def baseline_for(last: dt.date) -> Baseline:
    """The baseline for the week that ends with `last`: eight weeks up to the end of the month before."""
    week_first = last - dt.timedelta(days=6)
    end = week_first.replace(day=1) - dt.timedelta(days=1)
    first = end - dt.timedelta(weeks=BASELINE_WEEKS) + dt.timedelta(days=1)
    return Baseline(week_first=week_first, week_last=last, first=first, last=end)
