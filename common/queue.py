"""Due rows: the database says what is due, a periodic sweep claims it, and nothing is done twice."""

from __future__ import annotations

from typing import TypeVar

from django.db import models

Row = TypeVar("Row", bound=models.Model)


def claim(rows: models.QuerySet[Row], *, limit: int) -> list[Row]:
    """Lock up to `limit` of these rows for this transaction, passing over those that another sweep holds."""
    return list(rows.select_for_update(skip_locked=True, of=("self",))[:limit])
