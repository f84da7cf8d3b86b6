"""Celery tasks of `compensation`: the sweeps of open offers, of promises and of payments, run by beat."""

from __future__ import annotations

from collections.abc import Callable

from celery import shared_task

from compensation.actions import expiry, promises
from compensation.actions.payment_sending import send_due_payments

MOST_BATCHES = 40


@shared_task(name="compensation.tasks.expire_offers")
def expire_offers() -> int:
    """Expire the offers that customers have not answered in time."""
    return _in_batches(expiry.expire_due_offers, expiry.BATCH)


@shared_task(name="compensation.tasks.remind_of_promises")
def remind_of_promises() -> int:
    """Tell of granted compensation that should have arrived."""
    return _in_batches(promises.fire_due_reminders, promises.BATCH)


@shared_task(name="compensation.tasks.send_payments")
def send_payments() -> int:
    """Hand payments over to the payment system; also run by a nudge when a batch was frozen."""
    return send_due_payments()


def _in_batches(sweep: Callable[[], int], batch: int) -> int:
    """Sweep until little is left: a crash half-way loses nothing and repeats nothing."""
    done = 0
    for _ in range(MOST_BATCHES):
        count = sweep()
        done += count
        if count < batch:
            break
    return done
