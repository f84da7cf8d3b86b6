"""Clocks as the pages show them: what is left in words, and how much of the time is used."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import Protocol

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


def clock_view(clock: Clock, now: dt.datetime | None = None) -> ClockView:
    """One clock of a case."""
    label = Metric(clock.metric).label
    if clock.state in (ClockState.MET, ClockState.MISSED):
        return _finished(clock, str(label))
    if clock.state == ClockState.PAUSED:
        return ClockView("paused", _("paused"), str(label), _used(clock, clock.paused_at or clock.due_at))
    hours = business_hours(clock.calendar)
    return _running(clock.due_at, clock.target_minutes, clock.metric, hours, now or timezone.now())


def row_clock(case: Case, clocks: dict[int, Clock], now: dt.datetime) -> ClockView | None:
    """The clock that stands beside a case: the one due first, or that we wait."""
    if case.state == CaseState.WAITING and case.pk not in clocks:
        return ClockView("paused", _("waiting for customer"), "", 0)
    clock = clocks.get(case.pk)
    return clock_view(clock, now) if clock else None


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


def queue_clock(row: Timed, now: dt.datetime) -> ClockView | None:
    """The clock that a row of a list shows: the one due first, or that we wait."""
    if row.minutes is None or row.calendar_id is None or row.calendar_changed_at is None:
        waits = row.state == CaseState.WAITING
        return ClockView("paused", _("waiting for customer"), "", 0) if waits else None
    hours = hours_of(row.calendar_id, row.calendar_changed_at)
    return _running(row.due_at, row.minutes, row.due_metric, hours, now)


class Answered(Timed, Protocol):
    """A row about an offer that waits: asked for when, and when the first deadline behind it passes."""

    @property
    def proposed_at(self) -> dt.datetime: ...
    @property
    def risk_at(self) -> dt.datetime: ...


def answer_clock(row: Answered, now: dt.datetime) -> ClockView | None:
    """The clock of an offer that waits: the answer's where that is due before the case's clocks."""
    if row.risk_at >= row.due_at or row.calendar_id is None or row.calendar_changed_at is None:
        return queue_clock(row, now)
    hours = hours_of(row.calendar_id, row.calendar_changed_at)
    given = business_time_between(row.proposed_at, row.risk_at, hours).total_seconds()
    return _running(row.risk_at, max(1, round(given / 60)), Metric.DECISION, hours, now)


@lru_cache(maxsize=64)
def _metric_label(metric: str, _language: str | None) -> str:
    return str(Metric(metric).label)


def _running(
    due_at: dt.datetime, minutes: int, metric: str, hours: BusinessHours, now: dt.datetime
) -> ClockView:
    language = get_language()
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
        exact=_due_words(language).format(time=format_exact(due_at, language=language)),
        left=left,
        total=total,
        open_for=_open_for(hours, now),
    )


@lru_cache(maxsize=16)
def _due_words(_language: str | None) -> str:
    return _("due {time}")


@lru_cache(maxsize=64)
def _open_for(hours: BusinessHours, now: dt.datetime) -> int:
    """Business seconds within the next hours; the rows of a page share calendars, and the moment."""
    return round(business_time_between(now, now + LOOK_AHEAD, hours).total_seconds())


def _used(clock: Clock, at: dt.datetime) -> int:
    hours = business_hours(clock.calendar)
    taken = business_time_between(clock.started_at, max(at, clock.started_at), hours).total_seconds()
    return max(0, min(100, round(100 * (taken - clock.paused_seconds) / (clock.target_minutes * 60))))


def seconds_left(due: dt.datetime, now: dt.datetime, hours: BusinessHours) -> int:
    """Business seconds until a deadline; below zero once it has passed."""
    if now <= due:
        return round(business_time_between(now, due, hours).total_seconds())
    return -max(1, round(business_time_between(due, now, hours).total_seconds()))
