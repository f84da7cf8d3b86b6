"""Writing many rows at once by COPY, several times as fast as INSERT."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

from django.db import connection, models

NULL = "\\N"


def copy_in(rows: Sequence[models.Model]) -> None:
    """Write new rows of one model and give them their keys. What they point at has to be written already."""
    if not rows:
        return
    meta = rows[0]._meta
    keys = _new_keys(meta.db_table, str(meta.pk.column), len(rows))
    for row, key in zip(rows, keys, strict=True):
        row.pk = key
        row._prepare_related_fields_for_save("copy_in")  # type: ignore[attr-defined]  # as bulk_create does
    text = io.StringIO()
    writer = csv.writer(text)
    fields = meta.concrete_fields
    writer.writerows([_written(field, getattr(row, field.attname)) for field in fields] for row in rows)
    text.seek(0)
    columns = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    table = connection.ops.quote_name(meta.db_table)
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {table} ({columns}) FROM STDIN (FORMAT csv, NULL '{NULL}')", text)


def _new_keys(table: str, column: str, count: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
            [table, column, count],
        )
        return [key for (key,) in cursor.fetchall()]


def _written(field: models.Field[Any, Any], value: Any) -> Any:
    if value is None:
        return NULL
    if isinstance(field, models.JSONField):
        return json.dumps(value, ensure_ascii=False)
    return str(value.value) if isinstance(value, models.Choices) else value
