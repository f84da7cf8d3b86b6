"""Counting for display: several counts in one round trip, each bounded, so that none grows with the table."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

# Counts beyond this are shown as "999+".
COUNT_LIMIT = 999
# And those beside the places that one can go to, on every page, as "99+".
RAIL_LIMIT = 99


@dataclass(frozen=True, slots=True)
class Counts:
    """A query for several bounded counts, written once and asked often: writing it takes longer."""

    names: tuple[str, ...]
    asked: tuple[str, ...]
    sql: str
    values: tuple[Any, ...]

    def read(self, replaced: tuple[Any, Any] | None = None) -> dict[str, int]:
        """How many rows there are now; `replaced` is a value it was written with, and the one for now."""
        counts = dict.fromkeys(self.names, 0)
        if self.asked:
            values = self.values
            if replaced is not None:
                written, present = replaced
                values = tuple(present if value == written else value for value in values)
            with connection.cursor() as cursor:
                cursor.execute(self.sql, values)
                counts.update(zip(self.asked, cursor.fetchone(), strict=True))
        return counts


_written: dict[Hashable, Counts] = {}
MOST_WRITTEN = 1000


def kept_counts(
    key: Hashable, rows: Callable[[], Mapping[str, QuerySet[Any]]], *, limit: int = COUNT_LIMIT
) -> Counts:
    """The query for these querysets, kept under a key that names all they depend on."""
    found = _written.get(key)
    if found is None:
        if len(_written) >= MOST_WRITTEN:
            _written.clear()
        found = _written[key] = write_counts(rows(), limit=limit)
    return found


def write_counts(rows: Mapping[str, QuerySet[Any]], *, limit: int = COUNT_LIMIT) -> Counts:
    """The query that counts the rows of each queryset, up to `limit` + 1."""
    parts: list[str] = []
    values: list[Any] = []
    asked: list[str] = []
    for name, queryset in rows.items():
        try:
            sql, params = queryset.order_by().values("pk")[: limit + 1].query.sql_with_params()
        except EmptyResultSet:
            continue
        parts.append(f"(SELECT count(*) FROM ({sql}) AS counted)")  # noqa: S608  # compiled by Django, values apart
        values.extend(params)
        asked.append(name)
    return Counts(tuple(rows), tuple(asked), "SELECT " + ", ".join(parts), tuple(values))


def shown(count: int, *, limit: int = COUNT_LIMIT) -> str:
    """A bounded count as the pages show it; "" for none."""
    if not count:
        return ""
    return f"{limit}+" if count > limit else str(count)
