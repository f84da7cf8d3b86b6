"""Counting for display: several counts in one round trip, each bounded, so that none grows with the table."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db.models import QuerySet

from common.prepared import stand_ins_for, statement
from common.statements import Statement

# Counts beyond this are shown as "999+".
COUNT_LIMIT = 999
# And those beside the places that one can go to, on every page, as "99+".
RAIL_LIMIT = 99


@dataclass(frozen=True, slots=True)
class Counts:
    """A query for several bounded counts, written once and asked often: writing it takes longer."""

    names: tuple[str, ...]
    asked: tuple[str, ...]
    statement: Statement

    def read(self, values: Mapping[str, object]) -> dict[str, int]:
        """How many rows there are now."""
        counts = dict.fromkeys(self.names, 0)
        if self.asked:
            [found] = self.statement.rows(values)
            counts.update(zip(self.asked, found, strict=True))
        return counts


_written: dict[Hashable, Counts] = {}
MOST_WRITTEN = 1000


def kept_counts(
    key: Hashable,
    rows: Callable[..., Mapping[str, QuerySet[Any]]],
    *,
    limit: int = COUNT_LIMIT,
    **values: object,
) -> dict[str, int]:
    """How many rows each of these querysets has, up to `limit` + 1, in one query.

    The query is kept under a key that names all it depends on but the values, for which `rows` is called
    with stand-ins (see `common.prepared`).
    """
    found = _written.get(key)
    if found is None:
        if len(_written) >= MOST_WRITTEN:
            _written.clear()
        stand_ins = stand_ins_for(values)
        found = _written[key] = _write(rows(**stand_ins), stand_ins, limit)
    return found.read(values)


def _write(rows: Mapping[str, QuerySet[Any]], stand_ins: Mapping[str, Any], limit: int) -> Counts:
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
    used = {name: value for name, value in stand_ins.items() if value in values}
    return Counts(tuple(rows), tuple(asked), statement("SELECT " + ", ".join(parts), values, used))


def shown(count: int, *, limit: int = COUNT_LIMIT) -> str:
    """A bounded count as the pages show it; "" for none."""
    if not count:
        return ""
    return f"{limit}+" if count > limit else str(count)
