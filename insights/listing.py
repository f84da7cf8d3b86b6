"""The list behind a figure: the rows it counts, the latest first, page by page and as a file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from cases.models import Case, Resolution
from insights.figures import Figure, Selection

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place between two rows of a list; `forward` looks at what comes after it, else before it."""

    at: dt.datetime
    pk: int
    forward: bool

    def __str__(self) -> str:
        return f"{'n' if self.forward else 'p'}{self.at.astimezone(dt.UTC):%Y%m%d%H%M%S%f}-{self.pk}"

    @classmethod
    def read(cls, text: str) -> Cursor | None:
        """The cursor in an address; None when there is none, or one that was never handed out."""
        moment, _dash, pk = text[1:].partition("-")
        if text[:1] not in ("n", "p") or not pk.isdecimal() or len(pk) > 18:
            return None
        try:
            at = dt.datetime.strptime(moment, "%Y%m%d%H%M%S%f").replace(tzinfo=dt.UTC)
        except ValueError:
            return None
        return cls(at, int(pk), forward=text[0] == "n")


@dataclass(frozen=True, slots=True)
class Counted:
    """One row that a figure counts, with its case; `row` is the case, clock, answer or offer itself."""

    case: Case
    row: Any
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class ListPage:
    """A part of a figure's list, and the cursors of its neighbours."""

    rows: list[Counted]
    previous: Cursor | None
    next: Cursor | None


def ordered_rows(figure: Figure, selection: Selection) -> QuerySet[Any]:
    """The rows of a figure with what a list shows of each, the latest first."""
    case = figure.source.case
    joined = ("customer", "branch", "defect")
    rows = figure.rows(selection).select_related(
        *([case.rstrip("_")] if case else []), *(case + name for name in joined), *figure.source.joined
    )
    heavy = ("search", "description", "resolution", "suggestion", "customer__search")
    if figure.source.model is Resolution:
        rows = rows.defer("text")
    return rows.defer(*(case + name for name in heavy)).order_by(f"-{figure.source.time}", "-pk")


def list_page(figure: Figure, selection: Selection, cursor: Cursor | None = None) -> ListPage:
    """The rows after (or before) a cursor, by keyset: the tenth page costs as much as the first."""
    time = figure.source.time
    rows = ordered_rows(figure, selection)
    backward = cursor is not None and not cursor.forward
    if cursor is not None:
        beyond = "gt" if backward else "lt"
        rows = rows.filter(
            Q(**{f"{time}__{beyond}e": cursor.at}),
            Q(**{f"{time}__{beyond}": cursor.at}) | Q(**{f"pk__{beyond}": cursor.pk}),
        )
    if backward:
        rows = rows.order_by(time, "pk")
    found = list(rows[: PAGE_SIZE + 1])
    more = len(found) > PAGE_SIZE
    found = found[:PAGE_SIZE]
    if backward:
        found.reverse()
    shown = [counted(figure, row) for row in found]
    has_previous = more if backward else cursor is not None
    has_next = True if backward else more
    return ListPage(
        rows=shown,
        previous=Cursor(shown[0].at, found[0].pk, forward=False) if shown and has_previous else None,
        next=Cursor(shown[-1].at, found[-1].pk, forward=True) if shown and has_next else None,
    )


def all_rows(figure: Figure, selection: Selection) -> Iterator[Counted]:
    """Every row of a figure's list, read in batches."""
    for row in ordered_rows(figure, selection).iterator(chunk_size=2000):
        yield counted(figure, row)


def counted(figure: Figure, row: Any) -> Counted:
    """A row with its case and the moment that put it into the period."""
    case = figure.source.case.rstrip("_")
    return Counted(_follow(row, case) if case else row, row, _follow(row, figure.source.time))


def _follow(row: Any, path: str) -> Any:
    """What a path of lookups leads to, from a row with everything on it joined."""
    for name in path.split("__"):
        row = getattr(row, name)
    return row
