"""Running clocks follow their calendars: a changed calendar moves the deadlines of open cases."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator

from django.db import OperationalError, transaction
from django.db.models import F
from django.utils import timezone

from audit.actions import record
from cases.actions.clocks import follow_calendars
from cases.actions.locking import lock_case
from cases.models import Case, Clock
from cases.states import OPEN_STATES, ClockState
from sla.models import Calendar

log = logging.getLogger(__name__)

BATCH = 200
# A complaint that is being written while its calendar changes may have read the old hours: what is older than
# any page may take has been written, or never will be.
SETTLED = dt.timedelta(minutes=1)


def follow_changed_calendars(*, now: dt.datetime | None = None) -> int:
    """Move the deadlines of open cases whose calendar has changed; returns how many cases moved.

    Each case is a transaction of its own, and what has moved does not move again, so that a crash half-way
    loses nothing and two sweeps at once do no harm.
    """
    now = now or timezone.now()
    moved = 0
    for calendar in Calendar.objects.exclude(applied_at=F("changed_at")).order_by("pk"):
        results = [_follow(case_id, calendar) for case_id in _cases_by(calendar)]
        moved += results.count(True)
        if None not in results and calendar.changed_at <= now - SETTLED:
            unchanged = Calendar.objects.filter(pk=calendar.pk, changed_at=calendar.changed_at)
            unchanged.update(applied_at=calendar.changed_at)
    return moved


def _cases_by(calendar: Calendar) -> Iterator[int]:
    """Open cases with a clock that runs by a calendar, a batch at a time."""
    live = Clock.objects.filter(calendar=calendar, state__in=(ClockState.RUNNING, ClockState.PAUSED))
    after = 0
    while True:
        rows = Case.objects.filter(state__in=OPEN_STATES, pk__gt=after, pk__in=live.values("case_id"))
        batch = list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])
        yield from batch
        if len(batch) < BATCH:
            return
        after = batch[-1]


def _follow(case_id: int, calendar: Calendar) -> bool | None:
    """Whether a case's deadlines moved; None when somebody holds it for so long that it has to wait."""
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
    except OperationalError:
        log.warning(
            "Case %s is held by somebody: its clocks follow calendar %s later", case_id, calendar.code
        )
        return None
    except Exception:
        # The others must not wait for one that can't be reckoned.
        log.exception("The clocks of case %s could not follow calendar %s", case_id, calendar.code)
        return False
    return bool(moved)
