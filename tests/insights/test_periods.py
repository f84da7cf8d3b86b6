"""Periods are whole days of the reader's zone, also where the clock changes."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from insights.periods import Period, Preset, Step, baseline_for, preset_dates

BERLIN = ZoneInfo("Europe/Berlin")
NOON = dt.datetime(2026, 4, 1, 10, 0, tzinfo=dt.UTC)


def day(month: int, number: int, year: int = 2026) -> dt.date:
    return dt.date(year, month, number)


@pytest.mark.parametrize(
    ("preset", "first", "last"),
    [
        (Preset.DAYS_7, day(3, 25), day(3, 31)),
        (Preset.DAYS_30, day(3, 2), day(3, 31)),
        (Preset.DAYS_90, day(1, 1), day(3, 31)),
        (Preset.THIS_MONTH, day(3, 1), day(3, 31)),
        (Preset.LAST_MONTH, day(2, 1), day(2, 28)),
    ],
)
def test_presets_end_today_or_with_the_month(preset: Preset, first: dt.date, last: dt.date) -> None:
    assert preset_dates(preset, day(3, 31)) == (first, last)


def test_a_custom_period_has_no_dates_of_its_own() -> None:
    with pytest.raises(ValueError, match="custom"):
        preset_dates(Preset.CUSTOM, day(3, 31))


def test_days_begin_at_local_midnight_on_both_sides_of_a_clock_change() -> None:
    period = Period(day(3, 28), day(3, 30), BERLIN, NOON)
    assert period.start == dt.datetime(2026, 3, 27, 23, 0, tzinfo=dt.UTC)
    assert period.end == dt.datetime(2026, 3, 30, 22, 0, tzinfo=dt.UTC)
    assert period.end - period.start == dt.timedelta(hours=71)


def test_a_past_period_is_compared_with_as_many_days_right_before() -> None:
    period = Period(day(3, 1), day(3, 10), BERLIN, NOON)
    assert (period.previous_first, period.previous_last) == (day(2, 19), day(2, 28))
    assert period.previous_end == period.start


def test_a_running_period_is_compared_up_to_the_same_time_of_day() -> None:
    period = Period(day(3, 3), day(4, 1), BERLIN, NOON)
    # 12:00 in Berlin thirty days earlier, in winter time.
    assert period.previous_end == dt.datetime(2026, 3, 2, 11, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("days", "step"), [(45, Step.DAY), (46, Step.WEEK), (200, Step.WEEK), (201, Step.MONTH)]
)
def test_a_longer_period_has_coarser_parts(days: int, step: Step) -> None:
    period = Period(day(3, 31) - dt.timedelta(days=days - 1), day(3, 31), BERLIN, NOON)
    assert period.step == step
    assert period.parts[0] == period.first
    starts, stops = period.slots
    assert starts[1:] == tuple(period.midnight(part) for part in period.parts)
    assert stops[1:] == (*starts[2:], period.end)


def test_weeks_begin_on_monday() -> None:
    period = Period(day(1, 1), day(3, 31), BERLIN, NOON)
    assert {part.weekday() for part in period.parts[1:]} == {0}


def test_a_baseline_is_frozen_for_a_month_and_ends_before_the_week() -> None:
    assert {baseline_for(day(3, number)).last for number in range(7, 32)} == {day(2, 28)}
    assert baseline_for(day(3, 6)).last == day(1, 31)
    for offset in range(60):
        found = baseline_for(day(3, 1) + dt.timedelta(days=offset))
        assert found.last < found.week_first
        assert found.weeks == 8


def test_less_than_four_weeks_on_record_are_no_baseline() -> None:
    baseline = baseline_for(day(3, 20))
    assert baseline.since(day(2, 2)) is None
    known = baseline.since(day(2, 1))
    assert known is not None
    assert known.weeks == 4
