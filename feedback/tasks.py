"""Celery tasks of `feedback`: the sweeps of surveys and reminders, run by beat."""

from __future__ import annotations

from celery import shared_task

from feedback.actions import send


@shared_task(name="feedback.tasks.send_due_surveys")
def send_due_surveys() -> int:
    """Send the surveys that are due."""
    return send.send_due_surveys()


@shared_task(name="feedback.tasks.send_due_reminders")
def send_due_reminders() -> int:
    """Remind those who have not answered."""
    return send.send_due_reminders()
