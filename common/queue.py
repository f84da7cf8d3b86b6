"""Due rows: the database says what is due, a periodic sweep claims it, and nothing is done twice."""

from __future__ import annotations

import logging
from typing import TypeVar

from celery import current_app
from django.db import models, transaction
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

Row = TypeVar("Row", bound=models.Model)


def claim(rows: models.QuerySet[Row], *, limit: int, of: tuple[str, ...] = ("self",)) -> list[Row]:
    """Lock up to `limit` of these rows for this transaction, passing over those that another sweep holds.

    `of` names what is locked along with the rows themselves: relations that the queryset joins.
    """
    return list(rows.select_for_update(skip_locked=True, of=of)[:limit])


def nudge(task: str) -> None:
    """After the commit, ask a worker to run a sweep now; should the broker be lost, beat runs it later."""
    transaction.on_commit(lambda: _send(task))


def _send(task: str) -> None:
    try:
        current_app.send_task(task, expires=60)
    except (OSError, KombuError, RedisError):
        log.warning("The broker could not be told to run %s; the periodic sweep will.", task)
