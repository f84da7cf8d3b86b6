"""Business-time arithmetic in plain Python: opening hours, deadlines, and the time used between two moments.

The model: a calendar is open at an instant when the clock on the wall in its time zone shows a time inside
that date's hours, and business time is the real time that passes while it is open. Clock changes need no
further rule: hours of 01:00-05:00 last three hours in the night clocks go forward and five in the night they
go back, and a time of day skipped by the change is never open.

How it is computed: real time is cut into weeks from Monday 00:00 UTC. Nearly every week has one UTC offset
and no special date, so that its hours are a ready-made pattern; only the others are worked out day by day,
and remembered. A long span costs one look-up per week, however many hours it holds.
"""

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import accumulate, pairwise
from types import MappingProxyType
from typing import NamedTuple
from zoneinfo import ZoneInfo

Interval = tuple[time, time]
Span = tuple[timedelta, timedelta]

ZERO = timedelta(0)
TICK = timedelta.resolution
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)
MIDNIGHT = time(0)

# Clocks are read twice a week to find changes. In the IANA data two changes of one zone are never closer than
# 3.98 days (Freetown 1939; 6.95 days since 1970: Gaza, Recife), so that no step can hide a pair of them.
PROBE_STEP = WEEK / 2

# Weeks are numbered from the Monday 0001-01-01. The first two and the last two are left out, since looking at
# the neighbours of a week must not leave the years Python can express.
FIRST_MONDAY = datetime.min.replace(tzinfo=UTC)
FIRST_WEEK = 2
LAST_WEEK = (date.max.toordinal() - 1) // 7 - 2

# Irregular weeks one calendar remembers: some decades' worth, and a bound on memory.
REMEMBERED_WEEKS = 2048


class BusinessTimeError(ValueError):
    """What every error of this module is, so that a caller can refuse bad input in one place."""


class UnknownTimeZoneError(BusinessTimeError):
    """The time zone is not in the IANA database."""


class InvalidHoursError(BusinessTimeError):
    """An interval, weekday or date of a calendar makes no sense, such as closing before opening."""


class OverlappingHoursError(InvalidHoursError):
    """Two intervals of the same day share time."""


class NoOpeningHoursError(InvalidHoursError):
    """The calendar never opens: neither on a weekday nor on a special day."""


class NaiveDateTimeError(BusinessTimeError):
    """A moment came without a time zone, so that nobody can say when it is."""


class InvalidDurationError(BusinessTimeError):
    """A duration, target or share is negative, or not a positive number where one is needed."""


class OutOfReachError(BusinessTimeError):
    """The calendar holds too little opening time after the start, or a date is outside the years 1-9999."""


class _Shape(NamedTuple):
    """The open spans of one UTC week, as distances from its Monday 00:00 UTC, and their sum.

    `openings` repeats where each begins, and `before` says how long it has been open before each.
    """

    spans: tuple[Span, ...]
    total: timedelta
    openings: tuple[timedelta, ...]
    before: tuple[timedelta, ...]


@dataclass(frozen=True)
class BusinessHours:
    """When a branch is open: weekly hours in a time zone, less holidays, with special days on top.

    `time_zone` is an IANA name. `week` maps a weekday (0 is Monday) to its intervals; a weekday that is not
    listed is closed. `holidays` are closed dates. `special_days` maps a date to the hours that replace that
    date's usual ones: part-day holidays, make-up working weekends; it wins over a holiday, and an empty list
    means closed.

    An interval is opening and closing time, closing later than opening on the same date. Midnight as closing
    time is the end of the day, so `(time(0), time(0))` is open round the clock; hours that cross midnight are
    two intervals, one on each date. Order does not matter, and intervals may touch but not overlap.

    Instances are immutable, hashable, comparable and picklable. Errors: `UnknownTimeZoneError`,
    `InvalidHoursError`, `OverlappingHoursError`, `NoOpeningHoursError`.
    """

    time_zone: str
    week: Mapping[int, Sequence[Interval]]
    holidays: Collection[date] = frozenset()
    special_days: Mapping[date, Sequence[Interval]] = field(default_factory=dict)

    _zone: ZoneInfo = field(init=False, repr=False, compare=False)
    _weekdays: tuple[tuple[Span, ...], ...] = field(init=False, repr=False, compare=False)
    _exceptions: dict[date, tuple[Span, ...]] = field(init=False, repr=False, compare=False)
    _irregular_weeks: frozenset[int] = field(init=False, repr=False, compare=False)
    _last_open_week: int = field(init=False, repr=False, compare=False)
    _patterns: dict[timedelta, _Shape] = field(init=False, repr=False, compare=False)
    _shapes: dict[int, _Shape] = field(init=False, repr=False, compare=False)
    _totals: dict[tuple[int, int], timedelta] = field(init=False, repr=False, compare=False)
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        week = {_weekday(day): _checked(hours, f"weekday {day}") for day, hours in self.week.items() if hours}
        holidays = frozenset(_plain_date(day) for day in self.holidays)
        special = {_plain_date(day): _checked(hours, str(day)) for day, hours in self.special_days.items()}
        if not week and not any(special.values()):
            raise NoOpeningHoursError("The calendar has no opening hours at all.")
        exceptions: dict[date, tuple[Span, ...]] = dict.fromkeys(holidays, ())
        exceptions |= {day: _spans(hours) for day, hours in special.items()}
        # At any offset a local date lies within the UTC dates from the day before it to the day after it.
        touched = {day: {(day.toordinal() - 1 + near) // 7 for near in (-1, 0, 1)} for day in exceptions}
        last_open = max((max(touched[day]) for day, hours in special.items() if hours), default=FIRST_WEEK)
        values = {
            "week": MappingProxyType(dict(sorted(week.items()))),
            "holidays": holidays,
            "special_days": MappingProxyType(dict(sorted(special.items()))),
            "_zone": _zone_named(self.time_zone),
            "_weekdays": tuple(_spans(week.get(day, ())) for day in range(7)),
            "_exceptions": exceptions,
            "_irregular_weeks": frozenset().union(*touched.values()),
            "_last_open_week": LAST_WEEK if week else min(last_open, LAST_WEEK),
            "_patterns": {},
            "_shapes": {},
            "_totals": {},
            "_hash": hash((self.time_zone, *sorted(week.items()), holidays, *sorted(special.items()))),
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def __hash__(self) -> int:
        return self._hash

    def __reduce__(self) -> tuple[type["BusinessHours"], tuple[object, ...]]:
        return type(self), (self.time_zone, dict(self.week), self.holidays, dict(self.special_days))

    def _shape(self, week: int) -> _Shape:
        """Give the open spans of the UTC week with this number."""
        stretches = _stretches(self._zone, week)
        if len(stretches) == 1 and week not in self._irregular_weeks:
            offset = stretches[0].offset
            pattern = self._patterns.get(offset)
            if pattern is None:
                pattern = self._patterns[offset] = _open_spans(stretches, lambda day: self._weekdays[day % 7])
            return pattern
        shape = self._shapes.get(week)
        if shape is None:
            if len(self._shapes) >= REMEMBERED_WEEKS:
                self._shapes.clear()
            monday = _monday(week).date()
            shape = _open_spans(stretches, lambda day: self._hours_on(monday, day))
            self._shapes[week] = shape
        return shape

    def _total(self, first: int, last: int) -> timedelta:
        """Measure the open time of the weeks from the first up to, but without, the last."""
        total = self._totals.get((first, last))
        if total is None:
            if len(self._totals) >= REMEMBERED_WEEKS:
                self._totals.clear()
            total = sum((self._shape(week).total for week in range(first, last)), ZERO)
            self._totals[first, last] = total
        return total

    def _hours_on(self, monday: date, days_later: int) -> tuple[Span, ...]:
        day = monday + timedelta(days_later)
        hours = self._exceptions.get(day)
        return self._weekdays[day.weekday()] if hours is None else hours


def add_business_time(start: datetime, duration: timedelta, hours: BusinessHours) -> datetime:
    """Give the first moment, in UTC, by which `duration` of business time has passed since `start`.

    A result that falls exactly at closing time is closing time, not the next opening. Adding zero gives
    `start` itself where it is within hours (opening and closing moments included), else the next opening; so
    that adding `a` and then `b` is always the same as adding `a + b`. Exact to the microsecond.

    Errors: `NaiveDateTimeError`; `InvalidDurationError` for a negative duration; `OutOfReachError` where
    the calendar holds less opening time than that after `start`.
    """
    moment = _utc(start)
    if duration < ZERO:
        raise InvalidDurationError(f"A duration of business time cannot be negative: {duration}.")
    week = _week_of(moment)
    position = moment - _monday(week)
    if position == ZERO:
        # The turn of the week may be the closing time of a span that lies in the week before.
        week, position = week - 1, WEEK
    if duration > datetime.max.replace(tzinfo=UTC) - moment:
        raise OutOfReachError(f"{duration} after {start} is beyond the year 9999.")
    remaining = duration
    while week <= hours._last_open_week:
        shape = hours._shape(week)
        if position == ZERO and shape.total < remaining:
            remaining -= shape.total
        else:
            for opening, closing in shape.spans:
                begin = max(opening, position)
                available = closing - begin
                if available >= remaining:
                    return _monday(week) + begin + remaining
                if available > ZERO:
                    remaining -= available
        week, position = week + 1, ZERO
    raise OutOfReachError(
        f"The calendar closes for good before {duration} of business time have passed since {start}."
    )


def business_time_between(start: datetime, end: datetime, hours: BusinessHours) -> timedelta:
    """Measure the business time from `start` to `end`, exact to the microsecond.

    Where `end` lies before `start` the result is negative, so that the time left until a deadline becomes
    the time it is overdue. Errors: `NaiveDateTimeError`; `OutOfReachError` at the edges of the years 1-9999.
    """
    first, last = _utc(start), _utc(end)
    if last < first:
        return -business_time_between(last, first, hours)
    first_week, last_week = _week_of(first), _week_of(last)
    whole = hours._total(first_week, last_week)
    return whole + _open_before(last, last_week, hours) - _open_before(first, first_week, hours)


class _Stretch(NamedTuple):
    """A part of a UTC week with one offset of local time; begin and end are distances from its Monday."""

    begin: timedelta
    end: timedelta
    offset: timedelta


@lru_cache(maxsize=8192)
def _stretches(zone: ZoneInfo, week: int) -> tuple[_Stretch, ...]:
    """Cut a UTC week where the zone's clocks change; reading a zone is slow, so its calendars share this."""
    monday = _monday(week).replace(tzinfo=zone)
    offsets = [(position, _offset(zone, monday + position)) for position in (ZERO, PROBE_STEP, WEEK)]
    begin = ZERO
    found = []
    for (before, old), (after, new) in pairwise(offsets):
        if old != new:
            change = _find_change(zone, monday, before, after)
            found.append(_Stretch(begin, change, old))
            begin = change
    if begin < WEEK:
        found.append(_Stretch(begin, WEEK, offsets[-1][1]))
    return tuple(found)


def _find_change(zone: ZoneInfo, monday: datetime, before: timedelta, after: timedelta) -> timedelta:
    """Halve the span that holds a clock change down to its second: the first one with the new offset."""
    old = _offset(zone, monday + before)
    low, high = before // SECOND, after // SECOND
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, monday + middle * SECOND) == old:
            low = middle
        else:
            high = middle
    return high * SECOND


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    """Give the offset at a moment whose digits are UTC, labelled with the zone as `fromutc` wants it."""
    return zone.fromutc(moment) - moment


def _open_spans(stretches: Iterable[_Stretch], hours_on: Callable[[int], tuple[Span, ...]]) -> _Shape:
    """Lay local hours onto real time; `hours_on` gives those of a day counted from the week's Monday."""
    spans = []
    for begin, end, offset in stretches:
        for day in range((begin + offset) // DAY, (end + offset - TICK) // DAY + 1):
            midnight = day * DAY - offset
            for opens, closes in hours_on(day):
                opening, closing = max(midnight + opens, begin), min(midnight + closes, end)
                if opening < closing:
                    spans.append((opening, closing))
    lengths = [closing - opening for opening, closing in spans]
    *before, total = accumulate(lengths, initial=ZERO)
    return _Shape(tuple(spans), total, tuple(opening for opening, _closing in spans), tuple(before))


def _open_before(moment: datetime, week: int, hours: BusinessHours) -> timedelta:
    """Measure the business time from the start of the moment's week to the moment."""
    position, shape = moment - _monday(week), hours._shape(week)
    last = bisect_left(shape.openings, position) - 1
    if last < 0:
        return ZERO
    opening, closing = shape.spans[last]
    return shape.before[last] + min(closing, position) - opening


def _utc(moment: datetime) -> datetime:
    if moment.utcoffset() is None:
        raise NaiveDateTimeError(f"{moment} has no time zone; business time needs an aware date and time.")
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise OutOfReachError(f"{moment} is at the edge of the calendar.") from error


def _week_of(moment: datetime) -> int:
    week = (moment.toordinal() - 1) // 7
    if not FIRST_WEEK <= week <= LAST_WEEK:
        raise OutOfReachError(f"{moment} is at the edge of the calendar.")
    return week


def _monday(week: int) -> datetime:
    return FIRST_MONDAY + week * WEEK


def _zone_named(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, TypeError, OSError) as error:
        raise UnknownTimeZoneError(f"{name!r} is not a time zone of the IANA database.") from error


def _weekday(day: int) -> int:
    if day not in range(7):
        raise InvalidHoursError(f"{day!r} is not a weekday; 0 is Monday and 6 is Sunday.")
    return day


def _plain_date(day: date) -> date:
    # A datetime is a date to Python, yet never equals one: as a holiday it would silently count for nothing.
    if isinstance(day, datetime) or not isinstance(day, date):
        raise InvalidHoursError(f"{day!r} is not a date without a time.")
    return day


def _checked(hours: Sequence[Interval], where: str) -> tuple[Interval, ...]:
    """Give the intervals in order, or say which of them are wrong on which day."""
    for opens, closes in hours:
        if opens.tzinfo is not None or closes.tzinfo is not None:
            raise InvalidHoursError(f"Hours on {where} must be local times without a time zone of their own.")
        if closes <= opens and closes != MIDNIGHT:
            raise InvalidHoursError(
                f"Hours on {where} must close after they open: {opens:%H:%M:%S}-{closes:%H:%M:%S}. "
                "Enter hours that cross midnight as two intervals, one on each day."
            )
    ordered = tuple(sorted((opens, closes) for opens, closes in hours))
    for (_, closes), (opens, _) in pairwise(ordered):
        if opens < closes or closes == MIDNIGHT:
            raise OverlappingHoursError(
                f"Hours on {where} overlap: one interval closes at {closes:%H:%M:%S}, "
                f"the next opens at {opens:%H:%M:%S}."
            )
    return ordered


def _spans(hours: Iterable[Interval]) -> tuple[Span, ...]:
    """Give intervals as distances from local midnight, with midnight as closing time a full day away."""
    return tuple((_since_midnight(opens), _since_midnight(closes) or DAY) for opens, closes in hours)


def _since_midnight(moment: time) -> timedelta:
    return timedelta(
        hours=moment.hour, minutes=moment.minute, seconds=moment.second, microseconds=moment.microsecond
    )
