"""Celery tasks of `messaging`: the sweep of the outbox."""

from __future__ import annotations

from celery import shared_task

from messaging.actions import send_due_messages


@shared_task(name="messaging.tasks.send_due")
def send_due() -> int:
    """Send what is due; run by beat, and by a nudge whenever a message has been written."""
    return send_due_messages()
