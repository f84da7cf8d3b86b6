"""Escalation: whom a clock's warning or breach is told to, each level once."""

from __future__ import annotations

import datetime as dt
import logging

from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts.models import User
from accounts.queries import staff_of_branch
from accounts.states import ESCALATES_TO
from audit.actions import record
from cases.models import Clock
from cases.paths import case_path
from cases.rules import alert_at
from cases.states import ClockState
from common.queue import claim
from messaging.actions import notify
from sla.queries import business_hours
from sla.rules import BusinessHours
from sla.states import Metric

log = logging.getLogger(__name__)

BATCH = 50

ALERT_MESSAGES = {
    (Metric.FIRST_RESPONSE, 1): gettext_noop(
        "%(number)s: three quarters of the time for a first response are gone."
    ),
    (Metric.FIRST_RESPONSE, 2): gettext_noop("%(number)s: the first response is overdue."),
    (Metric.FIRST_RESPONSE, 3): gettext_noop("%(number)s: the first response is long overdue."),
    (Metric.RESOLUTION, 1): gettext_noop("%(number)s: three quarters of the time for a resolution are gone."),
    (Metric.RESOLUTION, 2): gettext_noop("%(number)s: the resolution is overdue."),
    (Metric.RESOLUTION, 3): gettext_noop("%(number)s: the resolution is long overdue."),
}


def fire_due_alerts(*, now: dt.datetime | None = None, limit: int = BATCH) -> int:
    """Fire the escalation levels that are due on up to `limit` clocks; returns how many clocks there were.

    Several sweeps may run at once: each takes clocks that no other holds, and a level moves on in the same
    transaction that tells of it.
    """
    now = now or timezone.now()
    with transaction.atomic():
        due = Clock.objects.filter(state=ClockState.RUNNING, next_alert_at__lte=now)
        clocks = claim(
            due.select_related("case", "case__owner", "calendar").order_by("next_alert_at"), limit=limit
        )
        for clock in clocks:
            try:
                with transaction.atomic():
                    _fire(clock, now)
            except SoftTimeLimitExceeded:
                raise
            except Exception:
                # The others must not wait for one whose calendar is broken; the next sweep tries it again.
                log.exception("The alert of clock %s could not be fired", clock.pk)
    return len(clocks)


def _fire(clock: Clock, now: dt.datetime) -> None:
    hours = business_hours(clock.calendar)
    if clock.calendar.applied_at != clock.calendar.changed_at:
        # Its deadline may not have followed yet: nobody is told of one that no longer holds.
        clock.next_alert_at = _next_alert(clock, hours)
    while clock.next_alert_at is not None and clock.next_alert_at <= now:
        clock.level += 1
        _tell(clock)
        clock.next_alert_at = _next_alert(clock, hours)
    clock.save(update_fields=("level", "next_alert_at"))


def _next_alert(clock: Clock, hours: BusinessHours) -> dt.datetime | None:
    return alert_at(clock.level + 1, clock.started_at, clock.target_minutes, clock.paused_seconds, hours)


def _tell(clock: Clock) -> None:
    case = clock.case
    people = _recipients(clock)
    notify(
        users=people,
        message=ALERT_MESSAGES[Metric(clock.metric), clock.level],
        params={"number": case.number},
        url=case_path(case.number),
        dedupe_key=f"clock:{clock.pk}:{clock.level}",
        urgent=clock.level > 1,
    )
    record(
        stream=f"clock:{clock.pk}",
        verb="clock.escalated",
        actor=None,
        data={
            "case": case.pk,
            "clock": clock.metric,
            "level": clock.level,
            "told": [person.pk for person in people],
        },
    )


def _recipients(clock: Clock) -> list[User]:
    """The owner at level 1, else the level's role in that branch; without an owner the supervisors."""
    case = clock.case
    if clock.level == 1 and case.owner is not None and case.owner.is_active:
        return [case.owner]
    role = ESCALATES_TO.get(max(clock.level, 2))
    return list(staff_of_branch(case.branch_id, role=role)) if role else []
