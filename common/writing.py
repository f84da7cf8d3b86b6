"""Writes rows by statements that are written once: the ORM takes longer for them than PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, TypeAlias, cast

from django.core.exceptions import ObjectDoesNotExist
from django.db import DEFAULT_DB_ALIAS, connection, connections, models
from django.db.models.expressions import DatabaseDefault

from common.statements import Slot, Statement

# A connection holds a plan for each number of rows; of more rows planning is the smaller part.
MOST_PREPARED = 10

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
    fields, database = _given(model, rows), connections[DEFAULT_DB_ALIAS]
    values = [
        field.get_db_prep_save(field.pre_save(row, add=True), database) for row in rows for field in fields
    ]
    statement = _insertion(model, fields, len(rows))
    if len(rows) <= MOST_PREPARED:
        keys = statement.rows(_numbered(values))
    else:
        with database.cursor() as cursor:
            cursor.execute(statement.sql, values)
            keys = cursor.fetchall()
    for row, (key,) in zip(rows, keys, strict=True):
        row.pk = key
        row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS


def update(row: models.Model, *names: str) -> None:
    """Write these fields of a row that is there; one query.

    As `save(update_fields=…)`: plain values only, and signals are not sent. Raises what saving would raise,
    `FieldDoesNotExist` for another name, and `ObjectDoesNotExist` when the row is not there any more.
    """
    row._prepare_related_fields_for_save(operation_name="save")  # type: ignore[attr-defined]
    model = type(row)
    fields, database = _named(model, names), connections[DEFAULT_DB_ALIAS]
    values = [field.get_db_prep_save(field.pre_save(row, add=False), database) for field in fields]
    if not _change(model, fields).rows(_numbered([*values, row.pk])):
        raise ObjectDoesNotExist(f"There is no {model.__name__} {row.pk} any more.")


def _numbered(values: Sequence[Any]) -> dict[str, Any]:
    return {str(number): value for number, value in enumerate(values)}


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


@lru_cache(maxsize=128)
def _named(model: type[models.Model], names: tuple[str, ...]) -> _Fields:
    return tuple(cast("models.Field[Any, Any]", model._meta.get_field(name)) for name in names)


@lru_cache(maxsize=512)
def _insertion(model: type[models.Model], fields: _Fields, count: int) -> Statement:
    names = ", ".join(_column(field) for field in fields)
    one = f"({', '.join(['%s'] * len(fields))})"
    sql = f"INSERT INTO {_table(model)} ({names}) VALUES {', '.join([one] * count)}"  # noqa: S608  # own names
    return _returning_key(model, sql, count * len(fields))


@lru_cache(maxsize=128)
def _change(model: type[models.Model], fields: _Fields) -> Statement:
    values = ", ".join(f"{_column(field)} = %s" for field in fields)
    sql = f"UPDATE {_table(model)} SET {values} WHERE {_column(model._meta.pk)} = %s"  # noqa: S608  # own names
    return _returning_key(model, sql, len(fields) + 1)


def _returning_key(model: type[models.Model], sql: str, count: int) -> Statement:
    return Statement(
        f"{sql} RETURNING {_column(model._meta.pk)}", [Slot(str(number)) for number in range(count)]
    )


def _table(model: type[models.Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def _column(field: models.Field[Any, Any]) -> str:
    return connection.ops.quote_name(str(field.column))
