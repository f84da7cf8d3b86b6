"""Counting for display: several counts in one round trip, each bounded, so that none grows with the table."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

# Counts beyond this are shown as "999+".
COUNT_LIMIT = 999


def bounded_counts(**rows: QuerySet[Any]) -> dict[str, int]:
    """How many rows each queryset holds, up to `COUNT_LIMIT` + 1, by one query."""
    counts = dict.fromkeys(rows, 0)
    parts: list[str] = []
    values: list[Any] = []
    asked: list[str] = []
    for name, queryset in rows.items():
        try:
            sql, params = queryset.order_by().values("pk")[: COUNT_LIMIT + 1].query.sql_with_params()
        except EmptyResultSet:
            continue
        parts.append(f"(SELECT count(*) FROM ({sql}) AS counted)")  # noqa: S608  # compiled by Django, values apart
        values.extend(params)
        asked.append(name)
    if parts:
        with connection.cursor() as cursor:
            cursor.execute("SELECT " + ", ".join(parts), values)
            counts.update(zip(asked, cursor.fetchone(), strict=True))
    return counts


def shown(count: int) -> str:
    """A bounded count as the pages show it; "" for none."""
    if not count:
        return ""
    return f"{COUNT_LIMIT}+" if count > COUNT_LIMIT else str(count)
