"""Business time: what must hold for every calendar, and agreement with a minute-by-minute model."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sla.rules import (
    BusinessHours,
    Interval,
    add_business_time,
    business_time_between,
)

TICK, MINUTE, HOUR, DAY = timedelta.resolution, timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

# Moments at which clocks change: by an hour, half an hour, a quarter and a whole day; at night and at
# midnight; on a Monday; twice within a week. Kolkata and UTC are there because nothing happens.
CLOCK_CHANGES = [
    ("Europe/Berlin", "2024-03-31T01:00"),
    ("Europe/Berlin", "2024-10-27T01:00"),
    ("America/New_York", "2024-03-10T07:00"),
    ("America/New_York", "2024-11-03T06:00"),
    ("Australia/Lord_Howe", "2024-04-06T15:00"),
    ("Australia/Lord_Howe", "2024-10-05T15:30"),
    ("Pacific/Apia", "2011-12-30T10:00"),
    ("America/Sao_Paulo", "2018-02-18T02:00"),
    ("America/Sao_Paulo", "2018-11-04T03:00"),
    ("America/St_Johns", "2010-11-07T02:31"),
    ("America/Recife", "2000-10-15T02:00"),
    ("Asia/Tehran", "2022-03-21T20:30"),
    ("Asia/Gaza", "2040-10-26T23:00"),
    ("Asia/Kathmandu", "1985-12-31T18:30"),
    ("Asia/Kolkata", "2024-03-31T01:00"),
    ("UTC", "2024-12-30T00:00"),
]


def to_time(quarter_hour: int) -> time:
    return time(quarter_hour // 4 % 24, quarter_hour % 4 * 15)


@st.composite
def a_days_hours(draw: st.DrawFn) -> list[Interval]:
    """Draw up to three intervals between quarter hours, or round the clock, or none."""
    points = sorted(draw(st.sets(st.integers(0, 96), max_size=6)))
    pairs = zip(points[::2], points[1::2], strict=False)
    return [(to_time(opens), to_time(closes)) for opens, closes in pairs]


@st.composite
def calendars(draw: st.DrawFn) -> tuple[BusinessHours, datetime]:
    """Draw a calendar with exceptions around a change of its clocks, and the moment of that change."""
    zone, change = draw(st.sampled_from(CLOCK_CHANGES))
    moment = datetime.fromisoformat(change).replace(tzinfo=UTC)
    near = st.integers(-6, 6).map(lambda days: moment.date() + timedelta(days))
    week = draw(st.dictionaries(st.integers(0, 6), a_days_hours(), min_size=1))
    assume(any(week.values()))
    special_days: dict[date, list[Interval]] = draw(st.dictionaries(near, a_days_hours(), max_size=3))
    holidays = draw(st.sets(near, max_size=3))
    return BusinessHours(zone, week, holidays, special_days), moment


def distances(days: int) -> st.SearchStrategy[timedelta]:
    """Draw distances either side of a moment, many of them in whole minutes, where the boundaries are."""
    exact = st.timedeltas(-timedelta(days), timedelta(days))
    return exact | st.integers(-days * 1440, days * 1440).map(lambda minutes: minutes * MINUTE)


durations = distances(4).map(abs)


def is_open(moment: datetime, hours: BusinessHours) -> bool:
    """Look at the clock on the wall and at the sign on the door."""
    local = moment.astimezone(ZoneInfo(hours.time_zone))
    today, now = local.date(), local.time()
    usual = () if today in hours.holidays else hours.week.get(today.weekday(), ())
    intervals = hours.special_days.get(today, usual)
    return any(opens <= now and (now < closes or closes == time(0)) for opens, closes in intervals)


@given(calendars(), distances(6), durations)
@settings(deadline=None)
def test_adding_then_measuring_gives_the_duration_back(
    calendar: tuple[BusinessHours, datetime], distance: timedelta, duration: timedelta
) -> None:
    hours, change = calendar
    start = change + distance
    assert business_time_between(start, add_business_time(start, duration, hours), hours) == duration


@given(calendars(), distances(6), durations)
@settings(deadline=None)
def test_a_deadline_never_lands_outside_hours(
    calendar: tuple[BusinessHours, datetime], distance: timedelta, duration: timedelta
) -> None:
    hours, change = calendar
    start = change + distance
    deadline = add_business_time(start, duration, hours)
    assert deadline >= start + duration
    assert is_open(deadline - TICK, hours) or (duration == timedelta(0) and is_open(deadline, hours))


@given(calendars(), distances(6), durations, durations, durations)
@settings(deadline=None)
def test_a_later_start_or_a_longer_duration_is_never_due_earlier(
    calendar: tuple[BusinessHours, datetime],
    distance: timedelta,
    duration: timedelta,
    delay: timedelta,
    extra: timedelta,
) -> None:
    hours, change = calendar
    start = change + distance
    due = add_business_time(start, duration, hours)
    assert add_business_time(start + delay, duration, hours) >= due
    assert add_business_time(start, duration + extra, hours) >= due + extra


@given(calendars(), distances(6), durations | st.just(timedelta(0)), durations | st.just(timedelta(0)))
@settings(deadline=None)
def test_adding_in_two_parts_is_adding_the_sum(
    calendar: tuple[BusinessHours, datetime], distance: timedelta, first: timedelta, second: timedelta
) -> None:
    hours, change = calendar
    start = change + distance
    in_parts = add_business_time(add_business_time(start, first, hours), second, hours)
    assert in_parts == add_business_time(start, first + second, hours)


@given(calendars(), distances(20), distances(20), distances(20))
@settings(deadline=None)
def test_measures_of_adjoining_spans_add_up_in_any_order(
    calendar: tuple[BusinessHours, datetime], one: timedelta, two: timedelta, three: timedelta
) -> None:
    hours, change = calendar
    a, b, c = change + one, change + two, change + three
    whole = business_time_between(a, c, hours)
    assert business_time_between(a, b, hours) + business_time_between(b, c, hours) == whole
    assert abs(whole) <= abs(c - a)


@given(calendars(), st.integers(-4 * 1440, 4 * 1440), st.integers(1, 3 * 1440), st.integers(1, 60))
@settings(deadline=None, max_examples=60)
def test_a_minute_by_minute_model_agrees(
    calendar: tuple[BusinessHours, datetime], distance: int, length: int, nth: int
) -> None:
    hours, change = calendar
    start = change + distance * MINUTE
    minutes = (start + number * MINUTE for number in range(length))
    open_minutes = [minute for minute in minutes if is_open(minute, hours)]
    assert business_time_between(start, start + length * MINUTE, hours) == len(open_minutes) * MINUTE
    for count in {1, nth, len(open_minutes)} & set(range(1, len(open_minutes) + 1)):
        assert add_business_time(start, count * MINUTE, hours) == open_minutes[count - 1] + MINUTE


@given(st.sampled_from(CLOCK_CHANGES), st.integers(-80, 80))
@settings(deadline=None)
def test_open_round_the_clock_business_time_is_real_time(change: tuple[str, str], weeks: int) -> None:
    zone, moment = change
    always = BusinessHours(zone, dict.fromkeys(range(7), ((time(0), time(0)),)))
    start = datetime.fromisoformat(moment).replace(tzinfo=UTC) + weeks * 7 * DAY
    assert business_time_between(start - 90 * DAY, start + HOUR, always) == 90 * DAY + HOUR
