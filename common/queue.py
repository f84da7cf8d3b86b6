"""Due rows: the database says what is due, a periodic sweep claims it, and nothing is done twice."""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
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
    """After the commit, ask a worker to run a sweep soon; should the broker be lost, beat runs it later."""
    transaction.on_commit(lambda: _messenger.tell(task))


def told(timeout: float = 5) -> bool:
    """Wait until the broker has been told everything; returns whether it has."""
    return _messenger.settle(timeout)


class _Messenger:
    """Tells the broker from a thread of its own, so that no page waits for it.

    Many nudges within a moment become one: a sweep finds all that is due, whoever asked for it.
    """

    GATHER = 0.05  # seconds

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Start anew: a process that was forked has none of its parent's threads."""
        self.pending: set[str] = set()
        self.changed = threading.Condition()
        self.busy = False
        self.running = False

    def tell(self, task: str) -> None:
        with self.changed:
            if not self.running:
                self.running = True
                threading.Thread(target=self._run, name="nudges", daemon=True).start()
            self.pending.add(task)
            self.changed.notify_all()

    def settle(self, timeout: float) -> bool:
        with self.changed:
            return self.changed.wait_for(lambda: not self.pending and not self.busy, timeout)

    def _run(self) -> None:
        while True:
            with self.changed:
                self.changed.wait_for(lambda: self.pending)
                self.busy = True
            time.sleep(self.GATHER)
            with self.changed:
                tasks, self.pending = self.pending, set()
            for task in tasks:
                _send(task)
            with self.changed:
                self.busy = False
                self.changed.notify_all()


_messenger = _Messenger()
os.register_at_fork(after_in_child=_messenger.forget)
# A command that ends right after its commit would take what it has to tell with it.
atexit.register(told)


def _send(task: str) -> None:
    try:
        current_app.send_task(task, expires=60)
    except (OSError, KombuError, RedisError):
        log.warning("The broker could not be told to run %s; the periodic sweep will.", task)
    except Exception:
        # The thread that tells goes on: what is due is found by the sweep all the same.
        log.exception("The broker could not be told to run %s.", task)
