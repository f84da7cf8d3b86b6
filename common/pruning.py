"""Deleting in small bites: no long lock, no long transaction, and a bound on what one run may cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import models, transaction

BATCH = 1000
MOST_BATCHES = 50


def delete_in_batches(model: type[models.Model], rows: models.QuerySet[Any]) -> int:
    """Delete these rows, up to `BATCH` × `MOST_BATCHES` of them, in the given order; returns how many.

    The rest is left to the next run. No signals are sent, and the model may have nothing that refers to it.
    """
    return _in_batches(rows, lambda keys: _plain(model).filter(pk__in=keys)._raw_delete(rows.db))


def update_in_batches(model: type[models.Model], rows: models.QuerySet[Any], **values: object) -> int:
    """Write these values into the rows, which must no longer be among them then; bounded as deleting is."""
    return _in_batches(rows, lambda keys: _plain(model).filter(pk__in=keys).update(**values))


def _plain(model: type[models.Model]) -> models.QuerySet[Any]:
    return model._base_manager.all()


def _in_batches(rows: models.QuerySet[Any], work: Callable[[list[Any]], int]) -> int:
    done = 0
    for _ in range(MOST_BATCHES):
        with transaction.atomic():
            # What another run holds is its business.
            locked = rows.select_for_update(skip_locked=True).values_list("pk", flat=True)
            keys = list(locked[:BATCH])
            if keys:
                done += work(keys)
        if len(keys) < BATCH:
            break
    return done
