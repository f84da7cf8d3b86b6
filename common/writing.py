"""Writes rows by statements that are written once: the ORM takes longer for them than PostgreSQL."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeAlias, cast

from django.core.exceptions import ObjectDoesNotExist
from django.db import DEFAULT_DB_ALIAS, connection, connections, models
from django.db.models.expressions import DatabaseDefault

from common.money import AmountField, CurrencyField
from common.statements import Slot, Statement

# A connection holds a plan for each number of rows; of more rows planning is the smaller part.
MOST_PREPARED = 10

# Types of values, and which of theirs.
_Takes: TypeAlias = Mapping[type, Callable[[Any], bool]]


@dataclass(frozen=True, slots=True, eq=False)
class _Columns:
    """The columns of a model that a statement writes, each with the values that go in as they are."""

    model: type[models.Model]
    each: tuple[tuple[str, _Takes, models.Field[Any, Any]], ...]

    @property
    def names(self) -> list[str]:
        return [_column(field) for _name, _types, field in self.each]

    def values(self, row: models.Model, *, add: bool) -> list[Any]:
        """What the database gets of a row."""
        own, database = row.__dict__, connections[DEFAULT_DB_ALIAS]
        return [
            value
            if (takes := plain.get(type(value := own.get(name, ...)))) and takes(value)
            else field.get_db_prep_save(field.pre_save(row, add=add), database)
            for name, plain, field in self.each
        ]


def insert(*rows: models.Model) -> None:
    """Write unsaved rows of one model, and give them their keys; one query.

    As `bulk_create`, of one row or of a few: plain values only, and signals are not sent. Raises what saving
    would raise, such as `IntegrityError`.
    """
    if not rows:
        return
    for row in rows:
        row._prepare_related_fields_for_save(operation_name="insert")  # type: ignore[attr-defined]
    columns = _given(rows)
    values = [value for row in rows for value in columns.values(row, add=True)]
    statement = _insertion(columns, len(rows))
    if len(rows) <= MOST_PREPARED:
        keys = statement.rows_of(values)
    else:
        with connection.cursor() as cursor:
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
    columns = _named(type(row), names)
    if not _change(columns).rows_of([*columns.values(row, add=False), row.pk]):
        raise ObjectDoesNotExist(f"There is no {type(row).__name__} {row.pk} any more.")


def _given(rows: Sequence[models.Model]) -> _Columns:
    """The columns that have a value; the others are the database's to fill."""
    model = type(rows[0])
    left_out = [name for name in _by_database(model) if isinstance(getattr(rows[0], name), DatabaseDefault)]
    return _all_but(model, tuple(left_out))


@lru_cache(maxsize=128)
def _by_database(model: type[models.Model]) -> tuple[str, ...]:
    return tuple(field.attname for field in model._meta.concrete_fields if field.has_db_default())


@lru_cache(maxsize=128)
def _all_but(model: type[models.Model], left_out: tuple[str, ...]) -> _Columns:
    return _columns(
        model,
        [
            field
            for field in model._meta.concrete_fields
            if not field.primary_key and not field.generated and field.attname not in left_out
        ],
    )


@lru_cache(maxsize=128)
def _named(model: type[models.Model], names: tuple[str, ...]) -> _Columns:
    return _columns(model, [cast("models.Field[Any, Any]", model._meta.get_field(name)) for name in names])


def _columns(model: type[models.Model], fields: Sequence[models.Field[Any, Any]]) -> _Columns:
    return _Columns(model, tuple((field.attname, _taken_as_they_are(field), field) for field in fields))


def _taken_as_they_are(field: models.Field[Any, Any]) -> _Takes:
    """The values that neither the field nor the driver would change."""
    if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
        return {}
    target = field.target_field if isinstance(field, models.ForeignKey) else field
    return _PLAIN.get(type(target), {})


def _always(_value: object) -> bool:
    return True


def _tells_zone(value: dt.datetime) -> bool:
    return value.tzinfo is not None


_NOTHING: _Takes = {type(None): _always}
_TEXT: _Takes = {str: _always, **_NOTHING}
_NUMBER: _Takes = {int: _always, **_NOTHING}
_PLAIN: dict[type[models.Field[Any, Any]], _Takes] = {
    models.CharField: _TEXT,
    CurrencyField: _TEXT,
    models.TextField: _TEXT,
    models.BooleanField: {bool: _always, **_NOTHING},
    models.BigAutoField: _NUMBER,
    models.IntegerField: _NUMBER,
    models.PositiveIntegerField: _NUMBER,
    models.PositiveSmallIntegerField: _NUMBER,
    models.DateTimeField: {dt.datetime: _tells_zone, **_NOTHING},
    models.DateField: _NOTHING,
    AmountField: {Decimal: Decimal.is_finite, **_NOTHING},
}


@lru_cache(maxsize=512)
def _insertion(columns: _Columns, count: int) -> Statement:
    names = columns.names
    one = f"({', '.join(['%s'] * len(names))})"
    sql = f"INSERT INTO {_table(columns.model)} ({', '.join(names)}) VALUES {', '.join([one] * count)}"  # noqa: S608  # own names
    return _returning_key(columns.model, sql, count * len(names))


@lru_cache(maxsize=128)
def _change(columns: _Columns) -> Statement:
    model, names = columns.model, columns.names
    values = ", ".join(f"{name} = %s" for name in names)
    sql = f"UPDATE {_table(model)} SET {values} WHERE {_column(model._meta.pk)} = %s"  # noqa: S608  # own names
    return _returning_key(model, sql, len(names) + 1)


def _returning_key(model: type[models.Model], sql: str, count: int) -> Statement:
    return Statement(
        f"{sql} RETURNING {_column(model._meta.pk)}", [Slot(str(number)) for number in range(count)]
    )


def _table(model: type[models.Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def _column(field: models.Field[Any, Any]) -> str:
    return connection.ops.quote_name(str(field.column))
