"""Writes new rows by statements that are written once: the ORM takes longer for them than PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, TypeAlias

from django.db import connection, models
from django.db.models.expressions import DatabaseDefault

_Fields: TypeAlias = "tuple[models.Field[Any, Any], ...]"


def insert(*rows: models.Model) -> None:
    """Write unsaved rows of one model, and give them their keys; one query.

    As `bulk_create`, of one row or of a few: plain values only, and signals are not sent. Raises what saving
    would raise, such as `IntegrityError`.
    """
    if not rows:
        return
    model = type(rows[0])
    for row in rows:
        row._prepare_related_fields_for_save(operation_name="insert")  # type: ignore[attr-defined]
    fields = _given(model, rows)
    values = [
        field.get_db_prep_save(field.pre_save(row, add=True), connection) for row in rows for field in fields
    ]
    with connection.cursor() as cursor:
        cursor.execute(_statement(model, fields, len(rows)), values)
        keys = cursor.fetchall()
    for row, (key,) in zip(rows, keys, strict=True):
        row.pk = key
        row._state.adding, row._state.db = False, connection.alias


def _given(model: type[models.Model], rows: Sequence[models.Model]) -> _Fields:
    """The columns that have a value; the others are the database's to fill."""
    left_out = [name for name in _by_database(model) if isinstance(getattr(rows[0], name), DatabaseDefault)]
    return _fields(model, tuple(left_out))


@lru_cache(maxsize=128)
def _by_database(model: type[models.Model]) -> tuple[str, ...]:
    return tuple(field.attname for field in model._meta.concrete_fields if field.has_db_default())


@lru_cache(maxsize=128)
def _fields(model: type[models.Model], left_out: tuple[str, ...]) -> _Fields:
    return tuple(
        field
        for field in model._meta.concrete_fields
        if not field.primary_key and not field.generated and field.attname not in left_out
    )


@lru_cache(maxsize=512)
def _statement(model: type[models.Model], fields: _Fields, count: int) -> str:
    quote = connection.ops.quote_name
    names = ", ".join(quote(str(field.column)) for field in fields)
    one = f"({', '.join(['%s'] * len(fields))})"
    key = quote(str(model._meta.pk.column))
    into = quote(model._meta.db_table)
    return f"INSERT INTO {into} ({names}) VALUES {', '.join([one] * count)} RETURNING {key}"  # noqa: S608  # names of the model's
