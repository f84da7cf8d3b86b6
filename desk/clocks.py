"""Clocks as the pages show them: what is left in words, and how much of the time is used."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import NamedTuple, Protocol, Self

from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from cases.models import Case, Clock
from cases.states import CaseState, ClockState
from common.display import ClockState as Shown
from common.display import ClockView, format_duration, format_exact
from sla.queries import business_hours, hours_of
from sla.rules import BusinessHours, business_time_between
from sla.states import Metric

RISK_FROM = 0.75
# How far ahead the page may count down by itself before it is loaded again.
LOOK_AHEAD = dt.timedelta(hours=2)
# Moments are measured from here: near those that are asked about, for far ones take longer.
HERE = timezone.now()


class Reading(NamedTuple):
    """When a page is read, in which language, and in which time zone: asked once, not for each row."""

    now: dt.datetime
    language: str
    zone: dt.tzinfo

    @classmethod
    def begin(cls) -> Self:
        return cls(timezone.now(), get_language() or "en", timezone.get_current_timezone())


def clock_view(clock: Clock, reading: Reading) -> ClockView:
    """One clock of a case."""
    label = Metric(clock.metric).label
    if clock.state in (ClockState.MET, ClockState.MISSED):
        return _finished(clock, str(label))
    if clock.state == ClockState.PAUSED:
        return ClockView("paused", _("paused"), str(label), _used(clock, clock.paused_at or clock.due_at))
    hours = business_hours(clock.calendar)
    return _running(clock.due_at, clock.target_minutes, clock.metric, hours, reading)


def row_clock(case: Case, clocks: dict[int, Clock], reading: Reading) -> ClockView | None:
    """The clock that stands beside a case: the one due first, or that we wait."""
    if case.state == CaseState.WAITING and case.pk not in clocks:
        return ClockView("paused", _("waiting for customer"), "", 0)
    clock = clocks.get(case.pk)
    return clock_view(clock, reading) if clock else None


def _finished(clock: Clock, label: str) -> ClockView:
    taken = format_duration(clock.business_seconds or 0, days=False)
    met = clock.state == ClockState.MET
    words = _("met in {time}") if met else _("missed after {time}")
    exact = "" if clock.stopped_at is None else format_exact(clock.stopped_at)
    return ClockView("met" if met else "missed", words.format(time=taken), label, 100, clock.due_at, exact)


class Timed(Protocol):
    """What a row of a list says of its case's clock; `minutes` is the target of the one due first, if any."""

    @property
    def state(self) -> str: ...
    @property
    def due_at(self) -> dt.datetime: ...
    @property
    def due_metric(self) -> str: ...
    @property
    def minutes(self) -> int | None: ...
    @property
    def calendar_id(self) -> int | None: ...
    @property
    def calendar_changed_at(self) -> dt.datetime | None: ...


def queue_clock(row: Timed, reading: Reading) -> ClockView | None:
    """The clock that a row of a list shows: the one due first, or that we wait."""
    if row.minutes is None or row.calendar_id is None or row.calendar_changed_at is None:
        waits = row.state == CaseState.WAITING
        return ClockView("paused", _("waiting for customer"), "", 0) if waits else None
    hours = hours_of(row.calendar_id, row.calendar_changed_at)
    return _running(row.due_at, row.minutes, row.due_metric, hours, reading)


class Answered(Timed, Protocol):
    """A row about an offer that waits: asked for when, and when the first deadline behind it passes."""

    @property
    def proposed_at(self) -> dt.datetime: ...
    @property
    def risk_at(self) -> dt.datetime: ...


def answer_clock(row: Answered, reading: Reading) -> ClockView | None:
    """The clock of an offer that waits: the answer's where that is due before the case's clocks."""
    if row.risk_at >= row.due_at or row.calendar_id is None or row.calendar_changed_at is None:
        return queue_clock(row, reading)
    hours = hours_of(row.calendar_id, row.calendar_changed_at)
    given = (_opened(row.risk_at, hours) - _opened(row.proposed_at, hours)).total_seconds()
    return _running(row.risk_at, max(1, round(given / 60)), Metric.DECISION, hours, reading)


@lru_cache(maxsize=64)
def _metric_label(metric: str, _language: str) -> str:
    return str(Metric(metric).label)


def _running(
    due_at: dt.datetime, minutes: int, metric: str, hours: BusinessHours, reading: Reading
) -> ClockView:
    now, language, zone = reading
    left = seconds_left(due_at, now, hours)
    total = minutes * 60
    used = 1 - left / total
    state: Shown = "late" if left < 0 else "risk" if used >= RISK_FROM else "ok"
    return ClockView(
        state=state,
        text=format_duration(left, days=False, language=language),
        label=_metric_label(metric, language),
        percent=max(0, min(100, round(used * 100))),
        due_at=due_at,
        exact=_due_words(due_at, zone, language),
        left=left,
        total=total,
        open_for=_open_for(hours, now),
    )


# The same cases stand in the lists of one reader after another: what does not change with time is kept.
@lru_cache(maxsize=4096)
def _due_words(due_at: dt.datetime, zone: dt.tzinfo, language: str) -> str:
    return _("due {time}").format(time=format_exact(due_at, zone, language=language))


@lru_cache(maxsize=4096)
def _opened(moment: dt.datetime, hours: BusinessHours) -> dt.timedelta:
    """The business time up to that moment; the difference of two of them is what lies between."""
    return business_time_between(HERE, moment, hours)


@lru_cache(maxsize=64)
def _open_for(hours: BusinessHours, now: dt.datetime) -> int:
    """Business seconds within the next hours; the rows of a page share calendars, and the moment."""
    return round((_opened(now + LOOK_AHEAD, hours) - _opened(now, hours)).total_seconds())


def _used(clock: Clock, at: dt.datetime) -> int:
    hours = business_hours(clock.calendar)
    taken = business_time_between(clock.started_at, max(at, clock.started_at), hours).total_seconds()
    return max(0, min(100, round(100 * (taken - clock.paused_seconds) / (clock.target_minutes * 60))))


def seconds_left(due: dt.datetime, now: dt.datetime, hours: BusinessHours) -> int:
    """Business seconds until a deadline; below zero once it has passed."""
    left = round((_opened(due, hours) - _opened(now, hours)).total_seconds())
    return left if now <= due else min(-1, left)
