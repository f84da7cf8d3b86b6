"""Queries that are written into SQL once and asked often.

For the ORM takes longer to write a statement with some joins than the database takes to answer it: 1 to 2 ms.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Generic, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Field, ForeignObject, Lookup, Model, QuerySet
from django.db.models.query import FlatValuesListIterable, ModelIterable, ValuesListIterable
from django.db.models.sql.compiler import SQLCompiler
from django.db.transaction import TransactionManagementError

from common.instances import maker
from common.statements import Slot, Statement

R = TypeVar("R")

# Statements of one query: one for each set of what shapes it, such as a person's branches.
MOST_KEPT = 500
# Stand in a query, while it is written, for the values that it is read with. The numbers are ones that every
# integer column can hold: the ORM writes no query for what a column can't.
_FIRST_NUMBER = 31_741
_FIRST_MOMENT = dt.datetime(1801, 1, 1, tzinfo=dt.UTC)


class NotPlainError(TypeError):
    """A prepared query was given a value that can't be filled in."""


@ForeignObject.register_lookup
@Field.register_lookup
class Among(Lookup):
    """`customer__among=keys`: as `__in`, but the same statement however many keys a list has.

    The keys stand in a subquery, so that the database can't look at how many there are: else it plans anew
    for each short list, which takes it longer than to answer.
    """

    lookup_name = "among"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        column, params = self.process_lhs(compiler, connection)
        # Without its length: a key that is longer than the column must not be cut to one that it holds.
        kind = str(self.lhs.output_field.db_type(connection)).partition("(")[0]
        return f"{column} = ANY(ARRAY(SELECT unnest(%s::{kind}[])))", [*params, list(self.rhs)]


@dataclass(frozen=True, slots=True)
class _Written:
    """A statement, and what makes rows of its answer."""

    statement: Statement
    rows: Callable[[list[tuple[Any, ...]]], Iterable[Any]]
    locks: bool


class Prepared(Generic[R]):
    """A query as a function of values; made by `prepared`.

    `write` returns the queryset. What is given by position shapes the statement, and so do the names given:
    each set is written once. What is given by name is filled in each time: a number, a text, a date, a time
    or, for the lookup `among`, a list of keys. The queryset must pass it to the database as it is.
    """

    def __init__(self, write: Callable[..., QuerySet[Any, R]]) -> None:
        self.write = write
        self.written: dict[Hashable, _Written | None] = {}

    def __call__(self, *shape: Hashable, **values: Any) -> list[R]:
        """The rows as the queryset would give them; one query. Raises `NotPlainError`, and `TypeError` for a
        model whose constructor does more than to keep its values.
        """
        written = self._of(shape, values)
        if written is None:
            return []
        if written.locks and not connection.in_atomic_block:
            raise TransactionManagementError("Rows are locked within a transaction only.")
        return list(written.rows(written.statement.rows(values)))

    def sql(self, *shape: Hashable, **values: Any) -> tuple[str, list[Any]] | None:
        """The statement and its values, for a larger one to hold; None when it can't find anything."""
        written = self._of(shape, values)
        return None if written is None else (written.statement.sql, written.statement.given(values))

    def statement(self, *shape: Hashable, **values: Any) -> Statement | None:
        """The statement without its values; None when it can't find anything."""
        written = self._of(shape, values)
        return None if written is None else written.statement

    def first(self, *shape: Hashable, **values: Any) -> R | None:
        """The first row, or None; the query should end after it by itself."""
        return next(iter(self(*shape, **values)), None)

    def _of(self, shape: tuple[Hashable, ...], values: dict[str, Any]) -> _Written | None:
        key = (shape, tuple(values))
        try:
            return self.written[key]
        except KeyError:
            written = self._write(shape, values)
        if len(self.written) >= MOST_KEPT:
            self.written.clear()
        self.written[key] = written
        return written

    def _write(self, shape: tuple[Hashable, ...], values: dict[str, Any]) -> _Written | None:
        stand_ins = stand_ins_for(values)
        rows = self.write(*shape, **stand_ins)
        compiler = rows.query.get_compiler(DEFAULT_DB_ALIAS)
        try:
            sql, params = compiler.as_sql()
        except EmptyResultSet:
            return None
        make = _MAKERS[rows._iterable_class](compiler)
        return _Written(statement(sql, params, stand_ins), make, rows.query.select_for_update)


def prepared(write: Callable[..., QuerySet[Any, R]]) -> Prepared[R]:
    """`@prepared`: the function returns a queryset of instances or of a `values_list`."""
    return Prepared(write)


def stand_ins_for(values: Mapping[str, object]) -> dict[str, Any]:
    """What to write a query with in place of these values. Raises `NotPlainError`."""
    return {name: _stand_in(value, number) for number, (name, value) in enumerate(values.items())}


def statement(sql: str, params: Iterable[object], stand_ins: Mapping[str, Any]) -> Statement:
    """The statement in which each stand-in is to be filled in. Raises `NotPlainError` when one got lost."""
    slots = {_as_key(value): Slot(name) for name, value in stand_ins.items()}
    filled = [slots.get(_as_key(value), value) for value in params]
    missing = stand_ins.keys() - {value.name for value in filled if isinstance(value, Slot)}
    if missing:
        raise NotPlainError(f"The query does not pass on as they are: {sorted(missing)}.")
    return Statement(sql, filled)


def _as_key(value: object) -> object:
    if isinstance(value, list):
        return tuple(value)
    return value if isinstance(value, int | str | Decimal | dt.date) else None


def _stand_in(value: object, number: int) -> Any:
    """A value of the same type that no one ever asks for. Raises `NotPlainError`."""
    match value:
        case bool():
            pass
        case int():
            return _FIRST_NUMBER + number
        case str():
            return f"\x1astands-in-{number}"
        case Decimal():
            return Decimal(_FIRST_NUMBER + number)
        case dt.datetime():
            return _FIRST_MOMENT + dt.timedelta(days=number)
        case dt.date():
            return (_FIRST_MOMENT + dt.timedelta(days=number)).date()
        case list():
            return [_FIRST_NUMBER + number]
    raise NotPlainError(f"{value!r} can't be filled into a prepared query.")


def _converted(compiler: SQLCompiler) -> Callable[[list[tuple[Any, ...]]], Iterable[Any]]:
    """Columns that need it are converted, as the ORM does: JSON, for one."""
    converters = compiler.get_converters([each[0] for each in compiler.select[: compiler.col_count]])
    if not converters:
        return lambda rows: rows
    return lambda rows: compiler.apply_converters(rows, converters)


def _tuples(compiler: SQLCompiler) -> Callable[[list[tuple[Any, ...]]], Iterable[Any]]:
    convert = _converted(compiler)
    return lambda rows: map(tuple, convert(rows))


def _values(compiler: SQLCompiler) -> Callable[[list[tuple[Any, ...]]], Iterable[Any]]:
    convert = _converted(compiler)
    return lambda rows: (value for (value,) in convert(rows))


def _instances(compiler: SQLCompiler) -> Callable[[list[tuple[Any, ...]]], Iterator[Model]]:
    """Makes instances with all that is joined to them, as `ModelIterable` does."""
    convert, klass = _converted(compiler), compiler.klass_info
    assert klass is not None
    make_one = maker(klass, compiler.select)
    annotations = list((compiler.annotation_col_map or {}).items())

    def make(rows: list[tuple[Any, ...]]) -> Iterator[Model]:
        for row in convert(rows):
            instance = make_one(row)
            assert instance is not None
            for name, column in annotations:
                setattr(instance, name, row[column])
            yield instance

    return make


_Maker = Callable[[SQLCompiler], Callable[[list[tuple[Any, ...]]], Iterable[Any]]]
_MAKERS: dict[type, _Maker] = {
    ModelIterable: _instances,
    ValuesListIterable: _tuples,
    FlatValuesListIterable: _values,
}
