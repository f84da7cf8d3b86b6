"""Celery tasks of `compensation`: the sweeps that beat runs, and the run of remedies."""

from __future__ import annotations

from collections.abc import Callable

from celery import shared_task

from compensation.actions import (
    carrying,
    escalation,
    expiry,
    promises,
    remedy_asking,
    remedy_run,
    remedy_steering,
    remedy_vouchers,
    sealing,
    voucher_care,
)
from compensation.actions.payment_sending import send_due_payments

MOST_BATCHES = 40
MOST_BATCHES_OF_REMEDIES = 400


@shared_task(name="compensation.tasks.expire_offers")
def expire_offers() -> int:
    """Expire the offers that customers have not answered in time."""
    return _in_batches(expiry.expire_due_offers, expiry.BATCH)


@shared_task(name="compensation.tasks.remind_of_promises")
def remind_of_promises() -> int:
    """Tell of granted compensation that should have arrived."""
    return _in_batches(promises.fire_due_reminders, promises.BATCH)


@shared_task(name="compensation.tasks.escalate_steps")
def escalate_steps() -> int:
    """Tell of offers, and of remedies of incidents, on which nobody has decided in time."""
    steps = _in_batches(escalation.escalate_due_steps, escalation.BATCH)
    return steps + _in_batches(remedy_asking.escalate_due_remedies, remedy_asking.BATCH)


@shared_task(name="compensation.tasks.send_payments")
def send_payments() -> int:
    """Hand payments over to the payment system; also run by a nudge when a batch was frozen."""
    return send_due_payments()


@shared_task(name="compensation.tasks.sweep_budgets", ignore_result=True)
def sweep_budgets() -> None:
    """Carry over what is left of budgets that are over, then warn of those that will not last."""
    carrying.carry_over_due()
    carrying.warn_of_forecasts()


def _in_batches(sweep: Callable[[], int], batch: int) -> int:
    """Sweep until little is left: a crash half-way loses nothing and repeats nothing."""
    done = 0
    for _ in range(MOST_BATCHES):
        count = sweep()
        done += count
        if count < batch:
            break
    return done


@shared_task(name="compensation.tasks.remind_of_vouchers")
def remind_of_vouchers() -> int:
    """Remind customers of vouchers that expire soon."""
    return voucher_care.send_voucher_reminders()


@shared_task(name="compensation.tasks.issue_vouchers")
def issue_vouchers() -> int:
    """Issue the vouchers that remedies of incidents have granted."""
    return remedy_vouchers.issue_due_vouchers()


@shared_task(name="compensation.tasks.rekey_vouchers")
def rekey_vouchers() -> int:
    """After a change of SECRET_KEY, keep the digests of codes under the new one."""
    return voucher_care.rekey_vouchers()


@shared_task(name="compensation.tasks.rewrap_keys")
def rewrap_keys() -> int:
    """After a change of SEALING_KEYS or SECRET_KEY, keep the keys for account numbers under the new one."""
    return sealing.rewrap_keys()


@shared_task(name=remedy_steering.RUN_TASK, ignore_result=True)
def run_remedies() -> int:
    """Grant what is due of the remedies that run, batch by batch; returns how many customers were dealt with.

    Killed at any moment it loses nothing and repeats nothing: the next one goes on.
    """
    done = 0
    for _ in range(MOST_BATCHES_OF_REMEDIES):
        count = remedy_run.run_next_batch()
        if not count:
            break
        done += count
    return done
