"""Aggregates written by hand over the rows of figures, which are those of the lists behind them.

The ORM takes about as long to put such aggregates into SQL as the database takes to answer, so that each is
written once and then only executed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from common.prepared import MOST_KEPT, prepared
from common.statements import Slot, Statement
from insights.figures import Figure, Moments, Selection
from insights.periods import Period

# Statements are written without the period: its moments are filled in.
_ANY_PERIOD = Period(dt.date.min, dt.date.min, ZoneInfo("UTC"), dt.datetime.min.replace(tzinfo=dt.UTC))


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of a figure at some moments as a statement sees them.

    `columns` maps the names used there to fields, or to what is reckoned from fields.
    """

    figure: Figure
    selection: Selection
    moments: Moments
    columns: dict[str, Any]

    @property
    def shape(self) -> tuple[Any, ...]:
        """What the statement that reads the rows depends on."""
        return (self.figure, self.selection.but(period=_ANY_PERIOD), *self.columns.values())

    def statement(self) -> Statement | None:
        """What reads the rows; None when there can't be any: for someone who has no branch."""
        return _rows.statement(*self.shape, **self.moments)


@prepared
def _rows(figure: Figure, shape: Selection, *columns: Any, **moments: dt.datetime) -> QuerySet[Any, Any]:
    return figure.at(shape, moments).values_list(*columns)


def of_period(figure: Figure, selection: Selection, **columns: Any) -> Table:
    """The rows that a figure counts."""
    return Table(figure, selection, figure.source.moments(selection.period), columns)


def and_before(figure: Figure, selection: Selection, **columns: Any) -> Table:
    """The rows of the period and of the one it is compared with."""
    moments = {**figure.source.moments(selection.period), "start": selection.period.previous_start}
    return Table(figure, selection, moments, columns)


def over(aggregate: str, *params: Any, **tables: Table) -> list[tuple[Any, ...]]:
    """Run handwritten aggregates over the rows of figures, which the statement knows by their names."""
    key = (aggregate, len(params), *((name, table.shape) for name, table in tables.items()))
    if key not in _written:
        if len(_written) >= MOST_KEPT:
            _written.clear()
        _written[key] = _write(aggregate, len(params), tables)
    statement = _written[key]
    if statement is None:
        return []
    values = {f"value {at}": value for at, value in enumerate(params)}
    for name, table in tables.items():
        values |= {f"{moment} of {name}": at for moment, at in table.moments.items()}
    return statement.rows(values)


_written: dict[Hashable, Statement | None] = {}


def _write(aggregate: str, params: int, tables: Mapping[str, Table]) -> Statement | None:
    """The statement of `over`, with slots for moments and values; None when it can't find anything."""
    parts: list[str] = []
    values: list[object] = []
    for name, table in tables.items():
        found = table.statement()
        if found is None:
            return None
        parts.append(f"{name} ({', '.join(table.columns)}) AS NOT MATERIALIZED ({found.sql})")
        values.extend(
            Slot(f"{each.name} of {name}") if isinstance(each, Slot) else each for each in found.values
        )
    slots = [Slot(f"value {at}") for at in range(params)]
    return Statement(f"WITH {', '.join(parts)} {aggregate}", [*values, *slots])
