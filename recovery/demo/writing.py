"""Writing many rows of the demo at once, with keys that the rows that point at them can use."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import models

from common.copying import copy_rows, reserve_ids


def write_rows(rows: Sequence[models.Model]) -> None:
    """Write new rows of one model and give them their keys. What they point at has to be written already."""
    if not rows:
        return
    for row, key in zip(rows, reserve_ids(type(rows[0]), len(rows)), strict=True):
        row.pk = key
        row._prepare_related_fields_for_save("write_rows")  # type: ignore[attr-defined]  # as bulk_create does
    copy_rows(rows)
