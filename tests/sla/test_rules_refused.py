"""Business time: bad calendars and bad input are refused, each with an error of ours."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from sla import rules
from sla.rules import BusinessHours, Interval, add_business_time, business_time_between
from tests.sla.test_rules import HOUR, NINE_TO_FIVE, OFFICE, SECOND, at, daily


@pytest.mark.parametrize(
    "zone", ["Europe/Atlantis", "", "Europe", "../passwd", "/etc/localtime", "a\0b", None]
)
def test_an_unknown_time_zone_is_refused(zone: str) -> None:
    with pytest.raises(rules.UnknownTimeZoneError, match="is not a time zone"):
        BusinessHours(zone, OFFICE.week)


@pytest.mark.parametrize("hours", [(time(17), time(9)), (time(9), time(9)), (time(22), time(6))])
def test_an_interval_that_does_not_close_after_it_opens_is_refused(hours: Interval) -> None:
    with pytest.raises(rules.InvalidHoursError, match="weekday 2 must close after they open"):
        BusinessHours("UTC", {2: [hours]})
    with pytest.raises(rules.InvalidHoursError, match="2024-05-02 must close after they open"):
        BusinessHours("UTC", OFFICE.week, special_days={date(2024, 5, 2): [hours]})


@pytest.mark.parametrize(
    "hours",
    [
        [(time(9), time(12)), (time(11), time(17))],
        [(time(11), time(17)), (time(9), time(12))],
        [(time(9), time(17)), (time(9), time(17))],
        [(time(9), time(17)), (time(10), time(11))],
        [(time(0), time(0)), (time(9), time(17))],
        [(time(20), time(0)), (time(22), time(23))],
    ],
)
def test_overlapping_intervals_are_refused(hours: list[Interval]) -> None:
    with pytest.raises(rules.OverlappingHoursError, match="weekday 0 overlap"):
        BusinessHours("UTC", {0: hours})
    with pytest.raises(rules.OverlappingHoursError, match="2024-05-02 overlap"):
        BusinessHours("UTC", OFFICE.week, special_days={date(2024, 5, 2): hours})


def test_intervals_that_touch_are_one_stretch_of_business_time() -> None:
    hours = daily("UTC", (time(12), time(0)), (time(0), time(12)))
    assert add_business_time(datetime(2024, 5, 2, 11, tzinfo=UTC), 24 * HOUR, hours) == datetime(
        2024, 5, 3, 11, tzinfo=UTC
    )


@pytest.mark.parametrize("special_days", [{}, {date(2024, 5, 2): []}])
def test_a_calendar_that_never_opens_is_refused(special_days: dict[date, list[Interval]]) -> None:
    with pytest.raises(rules.NoOpeningHoursError, match="no opening hours at all"):
        BusinessHours("UTC", {0: [], 1: []}, special_days=special_days)


@pytest.mark.parametrize(
    "build",
    [
        lambda: BusinessHours("UTC", {7: NINE_TO_FIVE}),
        lambda: BusinessHours("UTC", {0: [(time(9, tzinfo=UTC), time(17, tzinfo=UTC))]}),
        lambda: BusinessHours("UTC", OFFICE.week, holidays={datetime(2024, 5, 2, tzinfo=UTC)}),
        lambda: BusinessHours("UTC", OFFICE.week, special_days={datetime(2024, 5, 2, tzinfo=UTC): []}),
    ],
)
def test_wrong_weekdays_and_dates_and_zoned_hours_are_refused(build: Callable[[], object]) -> None:
    with pytest.raises(rules.InvalidHoursError):
        build()


NAIVE, AWARE = datetime(2024, 5, 2, 10), datetime(2024, 5, 2, 10, tzinfo=UTC)  # noqa: DTZ001 - naive on purpose


@pytest.mark.parametrize(
    "call",
    [
        lambda: add_business_time(NAIVE, HOUR, OFFICE),
        lambda: business_time_between(NAIVE, AWARE, OFFICE),
        lambda: business_time_between(AWARE, NAIVE, OFFICE),
    ],
)
def test_naive_times_are_refused(call: Callable[[], object]) -> None:
    with pytest.raises(rules.NaiveDateTimeError, match="no time zone"):
        call()


def test_negative_durations_are_refused() -> None:
    with pytest.raises(rules.InvalidDurationError):
        add_business_time(AWARE, -timedelta.resolution, OFFICE)


def test_a_search_for_opening_time_ends_where_the_calendar_closes_for_good() -> None:
    fair = BusinessHours("Europe/Berlin", {}, special_days={date(2024, 5, 2): NINE_TO_FIVE})
    start = at("2024-04-30 12:00")
    assert add_business_time(start, 8 * HOUR, fair) == at("2024-05-02 17:00")
    for late_start, duration in ((start, 8 * HOUR + SECOND), (at("2024-05-02 17:01"), timedelta(0))):
        with pytest.raises(rules.OutOfReachError, match="closes for good"):
            add_business_time(late_start, duration, fair)


@pytest.mark.parametrize(
    "call",
    [
        lambda: add_business_time(AWARE, timedelta.max, OFFICE),
        lambda: add_business_time(AWARE.replace(year=9990), timedelta(days=3000), OFFICE),
        lambda: add_business_time(datetime.min.replace(tzinfo=UTC), HOUR, OFFICE),
        lambda: add_business_time(datetime.max.replace(tzinfo=ZoneInfo("America/New_York")), HOUR, OFFICE),
        lambda: business_time_between(AWARE, datetime.max.replace(tzinfo=UTC), OFFICE),
    ],
)
def test_the_edges_of_the_calendar_are_errors_of_ours(call: Callable[[], object]) -> None:
    with pytest.raises(rules.OutOfReachError):
        call()


def test_every_error_is_a_value_error() -> None:
    errors = [kind for name, kind in vars(rules).items() if name.endswith("Error")]
    assert len(errors) == 8
    assert all(issubclass(kind, rules.BusinessTimeError) and issubclass(kind, ValueError) for kind in errors)
