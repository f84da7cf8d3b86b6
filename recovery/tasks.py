"""The project's own tasks: proof that workers take work."""

from __future__ import annotations

from celery import shared_task

from recovery.health import record_heartbeat


@shared_task
def worker_heartbeat() -> None:
    """Leaves the time at which a worker last did something, for `/readyz`."""
    record_heartbeat()
