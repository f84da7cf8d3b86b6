"""Tasks about cases."""

from __future__ import annotations

from celery import shared_task

from cases.actions.escalate import BATCH, fire_due_alerts

MOST_BATCHES = 200


@shared_task(name="cases.sweep_clocks", ignore_result=True)
def sweep_clocks() -> int:
    """Fire every alert that is due, in batches: a crash half-way loses nothing and repeats nothing."""
    fired = 0
    for _ in range(MOST_BATCHES):
        count = fire_due_alerts()
        fired += count
        if count < BATCH:
            break
    return fired
