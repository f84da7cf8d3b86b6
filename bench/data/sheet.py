"""Rows on their way into one table, written by COPY as plain text: no instance is made for any of them."""

from __future__ import annotations

import datetime as dt
import io
import json
from typing import Any

from django.db import connection, models
from django.db.models.fields import NOT_PROVIDED

from common.copying import NULL, escape

PIECE = 1 << 20


class Sheet:
    """A table whose columns that are `listed` are given for each row; the others get the model's default.

    A column that has no default and is not listed is a mistake, told at once.
    """

    def __init__(self, model: type[models.Model], listed: str) -> None:
        named = listed.split()
        fields = {field.attname: field for field in model._meta.concrete_fields}
        others = [field for name, field in fields.items() if name not in named and not field.primary_key]
        columns = ", ".join(
            f'"{name}"' for name in [fields[name].column for name in named] + [o.column for o in others]
        )
        self.sql = f'COPY "{model._meta.db_table}" ({columns}) FROM STDIN'
        self.rest = "".join(f"\t{_default(field)}" for field in others) + "\n"
        self.lines: list[str] = []

    def add(self, *values: str) -> None:
        """A row: the listed columns in order, as COPY reads them."""
        self.lines.append("\t".join(values) + self.rest)

    def write(self) -> int:
        """Write the rows and forget them; returns how many there were."""
        count = len(self.lines)
        if count:
            with connection.cursor() as cursor:
                cursor.copy_expert(self.sql, io.BytesIO("".join(self.lines).encode()), PIECE)
        self.lines = []
        return count


def text(value: str) -> str:
    """Free text as COPY reads it."""
    return escape(value)


def json_text(value: Any) -> str:
    """A JSON value as COPY reads it."""
    return escape(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def moment(value: dt.datetime | None) -> str:
    """A moment, or nothing, as COPY reads it."""
    return NULL if value is None else value.isoformat()


def _default(field: models.Field[Any, Any]) -> str:
    if field.default is NOT_PROVIDED:
        if field.null:
            return NULL
        if field.db_default is NOT_PROVIDED and not (field.blank and field.empty_strings_allowed):
            raise TypeError(f"{field} has no default, so each row must say what it is.")
    value = field.get_default()
    if value is None:
        return NULL
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, dt.datetime):
        return value.isoformat()
    if isinstance(value, list | dict):
        return "{}" if not value else json_text(value)
    return escape(str(value))
