"""Celery tasks of `compensation`: the sweeps of unanswered offers and of promises, run by beat."""

from __future__ import annotations

from collections.abc import Callable

from celery import shared_task

from compensation.actions import expiry, promises

MOST_BATCHES = 40


@shared_task(name="compensation.tasks.expire_offers")
def expire_offers() -> int:
    """Expire the offers that customers have not answered in time."""
    return _in_batches(expiry.expire_due_offers, expiry.BATCH)


@shared_task(name="compensation.tasks.remind_of_promises")
def remind_of_promises() -> int:
    """Tell of granted compensation that should have arrived."""
    return _in_batches(promises.fire_due_reminders, promises.BATCH)


def _in_batches(sweep: Callable[[], int], batch: int) -> int:
    """Sweep until little is left: a crash half-way loses nothing and repeats nothing."""
    done = 0
    for _ in range(MOST_BATCHES):
        count = sweep()
        done += count
        if count < batch:
            break
    return done
