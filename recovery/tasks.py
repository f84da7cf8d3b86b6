"""The project's own tasks: proof that workers take work, and clearing up at night."""

from __future__ import annotations

from celery import shared_task

from recovery.health import record_heartbeat
from recovery.pruning import prune


@shared_task
def worker_heartbeat() -> None:
    """Leaves the time at which a worker last did something, for `/readyz`."""
    record_heartbeat()


@shared_task
def prune_nightly() -> None:
    """Deletes what is kept no longer; `docs/operate.md` says what and after how long."""
    prune()
