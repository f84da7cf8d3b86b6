"""Statements that a connection plans once and then only executes.

Planning a query with some joins takes the database longer than running it. `PREPARE` has it plan once for a
connection; PostgreSQL still plans for the values at hand wherever that promises to be quicker.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

# Of one connection; beyond that all are forgotten, for the server keeps each plan in its memory.
MOST_HELD = 400

_PLACEHOLDER = re.compile(r"%[s%]")
_held: WeakKeyDictionary[Any, dict[str, str]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Slot:
    """A value of a statement that is filled in each time."""

    name: str


class Statement:
    """SQL with its values in order: a `Slot` where one is filled in, else what is always the same.

    What is always the same is written into the SQL when it is prepared, so that the planner may use indexes
    of a part of the rows.
    """

    __slots__ = ("_marks", "_prepared", "names", "sql", "values")

    def __init__(self, sql: str, values: Sequence[object]) -> None:
        self.sql = sql
        self.values = tuple(values)
        self.names = [value.name for value in self.values if isinstance(value, Slot)]
        self._marks = f" ({', '.join(['%s'] * len(self.names))})" if self.names else ""
        self._prepared: str | None = None

    def given(self, values: Mapping[str, object]) -> list[Any]:
        """The values in the order of the SQL, for a larger statement that holds this one."""
        return [values[value.name] if isinstance(value, Slot) else value for value in self.values]

    def rows(self, values: Mapping[str, object]) -> list[tuple[Any, ...]]:
        """Execute it; one query, but for the first time on a connection."""
        return self.rows_of([values[name] for name in self.names])

    def rows_of(self, given: Sequence[Any]) -> list[tuple[Any, ...]]:
        """As `rows`, of the values of its slots in their order."""
        database = connections[DEFAULT_DB_ALIAS]
        cursor = _cursor(database)
        if settings.DATABASE_PREPARE:
            cursor.execute(f"EXECUTE {self._name(database, cursor)}{self._marks}", given)
        else:
            left = iter(given)
            params: list[Any] = [next(left) if isinstance(value, Slot) else value for value in self.values]
            cursor.execute(self.sql, params)
        return list(cursor.fetchall())

    def _name(self, database: BaseDatabaseWrapper, cursor: Any) -> str:
        held = _held.setdefault(database.connection, {})
        if self._prepared is None:
            self._prepared = self._write(cursor)
        name = held.get(self._prepared)
        if name is None:
            name = held[self._prepared] = _prepare(database, self._prepared, held)
        return name

    def _write(self, cursor: Any) -> str:
        """The SQL with $1, $2 … for what is filled in."""
        left, number = iter(self.values), 0

        def written(found: re.Match[str]) -> str:
            nonlocal number
            if found[0] == "%%":
                return "%"
            value = next(left)
            if isinstance(value, Slot):
                number += 1
                return f"${number}"
            literal: bytes = cursor.mogrify("%s", [value])
            return literal.decode()

        return _PLACEHOLDER.sub(written, self.sql)


def _cursor(database: BaseDatabaseWrapper) -> CursorWrapper:
    """One for all statements of a connection: to make one takes as long as a short statement.

    Where queries are logged each has its own, for such a cursor is of another kind.
    """
    database.close_if_health_check_failed()
    database.ensure_connection()
    if database.queries_logged:
        return database.cursor()
    # Kept beside the connection, and not under it as the statements are: a cursor holds its connection.
    connection, cursor = database.__dict__.get("amends_cursor", (None, None))
    if cursor is None or connection is not database.connection:
        cursor = database.cursor()
        database.__dict__["amends_cursor"] = (database.connection, cursor)
    return cursor


def _prepare(database: BaseDatabaseWrapper, sql: str, held: dict[str, str]) -> str:
    """Have the connection plan a statement; returns its name there."""
    name = f"amends_{len(held)}"
    # Past Django's cursor: this is no query of the page's, and who counts those must not meet it at random.
    with database.wrap_database_errors, database.connection.cursor() as cursor:
        if len(held) >= MOST_HELD:
            cursor.execute("DEALLOCATE ALL")
            held.clear()
            name = "amends_0"
        cursor.execute(f"PREPARE {name} AS {sql}")
    return name
