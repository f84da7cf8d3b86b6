"""Tasks about cases."""

from __future__ import annotations

from celery import shared_task

from cases.actions.calendars import follow_changed_calendars
from cases.actions.escalate import BATCH, fire_due_alerts

MOST_BATCHES = 200


@shared_task(name="cases.sweep_clocks", ignore_result=True)
def sweep_clocks() -> int:
    """Fire every alert that is due, in batches. A crash half-way loses nothing and repeats nothing."""
    fired = 0
    for _ in range(MOST_BATCHES):
        count = fire_due_alerts()
        fired += count
        if count < BATCH:
            break
    return fired


@shared_task(name="cases.follow_calendars", ignore_result=True)
def follow_calendars() -> int:
    """Let deadlines follow changed calendars for some seconds; run by beat, and by a nudge after a change."""
    return follow_changed_calendars()
