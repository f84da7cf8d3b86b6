"""What a row's clock says is what the calendar says."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from desk.clocks import seconds_left
from sla.rules import BusinessHours, business_time_between

OFFICE = BusinessHours(
    time_zone="Europe/Berlin",
    week={day: [(dt.time(9), dt.time(12)), (dt.time(13), dt.time(17, 30))] for day in range(5)},
    holidays={dt.date(2026, 12, 25)},
)
MOMENTS = st.datetimes(dt.datetime(2001, 1, 1), dt.datetime(2040, 1, 1), timezones=st.just(dt.UTC))  # noqa: DTZ001


@given(MOMENTS, MOMENTS)
def test_what_is_left_is_the_business_time_to_the_deadline(now: dt.datetime, due: dt.datetime) -> None:
    left = seconds_left(due, now, OFFICE)
    assert left == round(business_time_between(now, due, OFFICE).total_seconds()) or (
        due < now and left == -1
    )


@given(MOMENTS, st.integers(1, 3600))
def test_a_deadline_that_has_passed_is_overdue_also_while_nothing_is_open(
    due: dt.datetime, seconds: int
) -> None:
    assert seconds_left(due, due + dt.timedelta(seconds=seconds), OFFICE) < 0
