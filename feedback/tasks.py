"""Celery tasks of `feedback`: the sweeps of surveys, reminders and follow-ups, run by beat."""

from __future__ import annotations

from celery import shared_task

from feedback.actions import send
from feedback.actions.remind import BATCH, fire_due_reminders

MOST_BATCHES = 40


@shared_task(name="feedback.tasks.send_due_surveys")
def send_due_surveys() -> int:
    """Send the surveys that are due."""
    return send.send_due_surveys()


@shared_task(name="feedback.tasks.send_due_reminders")
def send_due_reminders() -> int:
    """Remind those who have not answered."""
    return send.send_due_reminders()


@shared_task(name="feedback.tasks.remind_of_follow_ups")
def remind_of_follow_ups() -> int:
    """Tell of follow-ups that are overdue, in batches: a crash half-way loses nothing and repeats nothing."""
    told = 0
    for _ in range(MOST_BATCHES):
        count = fire_due_reminders()
        told += count
        if count < BATCH:
            break
    return told
