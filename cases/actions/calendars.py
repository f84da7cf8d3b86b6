"""Running clocks follow their calendars: a changed calendar moves the deadlines of open cases."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from celery.exceptions import SoftTimeLimitExceeded
from django.db import OperationalError, transaction
from django.db.models import F, Q
from django.utils import timezone

from audit.actions import record
from cases.actions.clocks import follow_calendars
from cases.actions.locking import lock_case
from cases.models import Case, Clock
from cases.states import OPEN_STATES, ClockState
from common.queue import claim
from sla.models import Calendar

log = logging.getLogger(__name__)

BATCH = 200
# A run ends well before the next one is due; what is left goes on from where it stopped.
MOST_SECONDS = 15
# Longer than a task may run: whoever holds a calendar beyond that is gone.
CLAIM = dt.timedelta(minutes=5)
# A complaint that is being written while its calendar changes may have read the old hours: what is older than
# any page may take has been written, or never will be.
SETTLED = dt.timedelta(minutes=1)


def follow_changed_calendars(*, now: dt.datetime | None = None) -> int:
    """Move the deadlines of open cases whose calendar has changed; returns how many cases moved.

    A run takes about `MOST_SECONDS` seconds at most, and the next goes on where it stopped. Each case is a
    transaction of its own, and what has moved does not move again, so that a crash half-way loses nothing. A
    calendar is followed by one run at a time. It counts as applied after a pass over its cases that began
    when the change was settled and left no case out; a pass that is not enough is followed by another.
    """
    now = now or timezone.now()
    until = monotonic() + MOST_SECONDS
    moved = 0
    while monotonic() < until:
        with _claimed(now) as calendar:
            if calendar is None:
                break
            moved += _go_on(calendar, now, until)
    return moved


@contextmanager
def _claimed(now: dt.datetime) -> Iterator[Calendar | None]:
    """A calendar with cases to go through now that no other run holds: the one that waits longest."""
    behind = Calendar.objects.exclude(applied_at=F("changed_at"))
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    ready = Q(pass_began_at=None) | Q(passed_case__gt=0) | Q(pass_began_at__lte=now - SETTLED)
    with transaction.atomic():
        rows = behind.filter(free, ready).order_by(F("pass_began_at").asc(nulls_first=True), "pk")
        calendar = next(iter(claim(rows, limit=1)), None)
        if calendar is not None:
            Calendar.objects.filter(pk=calendar.pk).update(claimed_until=now + CLAIM)
    try:
        yield calendar
    finally:
        if calendar is not None:
            Calendar.objects.filter(pk=calendar.pk).update(claimed_until=None)


def _go_on(calendar: Calendar, now: dt.datetime, until: float) -> int:
    """Go on with the pass over a calendar's cases, or begin one; returns how many cases moved."""
    if not calendar.passed_case:
        calendar.pass_began_at, calendar.pass_left_out = now, False
    moved = 0
    while batch := _cases_after(calendar):
        for case_id in batch:
            result = _follow(case_id, calendar)
            moved += result is True
            calendar.pass_left_out |= result is None
            calendar.passed_case = case_id
            if monotonic() >= until:
                break
        if not _keep_place(calendar) or monotonic() >= until:
            return moved
    calendar.passed_case = 0
    began = calendar.pass_began_at
    if began is not None and began >= calendar.changed_at + SETTLED and not calendar.pass_left_out:
        calendar.applied_at = calendar.changed_at
    _keep_place(calendar)
    return moved


def _cases_after(calendar: Calendar) -> list[int]:
    """The next open cases with a clock that runs by the calendar."""
    live = Clock.objects.filter(calendar=calendar, state__in=(ClockState.RUNNING, ClockState.PAUSED))
    rows = Case.objects.filter(
        state__in=OPEN_STATES, pk__gt=calendar.passed_case, pk__in=live.values("case_id")
    )
    return list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])


def _keep_place(calendar: Calendar) -> bool:
    """Write down how far the pass has come; False when the calendar has changed again, and it begins anew."""
    unchanged = Calendar.objects.filter(pk=calendar.pk, changed_at=calendar.changed_at)
    names = ("applied_at", "pass_began_at", "pass_left_out", "passed_case")
    return bool(unchanged.update(**{name: getattr(calendar, name) for name in names}))


def _follow(case_id: int, calendar: Calendar) -> bool | None:
    """Whether a case's deadlines moved; None when they could not, and it has to be tried again."""
    try:
        with transaction.atomic():
            case = lock_case(case_id)
            moved = follow_calendars(case)
            if moved:
                record(
                    stream=case.stream,
                    verb="case.clocks_moved",
                    actor=None,
                    data={"calendar": calendar.code, "clocks": moved},
                )
    except SoftTimeLimitExceeded:
        raise
    except OperationalError:
        log.warning(
            "Case %s is held by somebody: its clocks follow calendar %s later", case_id, calendar.code
        )
        return None
    except Exception:
        # The others must not wait for one that can't be reckoned.
        log.exception("The clocks of case %s could not follow calendar %s yet", case_id, calendar.code)
        return None
    return bool(moved)
