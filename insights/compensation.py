"""What the page about compensation shows: what waits, is promised, was granted and paid, and for what."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import Branch
from compensation.models.kind import kind_label
from insights import compensation_queries as queries
from insights.compensation_queries import Split, Total
from insights.figures import Selection
from insights.periods import FIRST_SLOT, PREVIOUS_SLOT
from insights.readings import Reading, share
from insights.rules import gather

SPARK_POINTS = 10
# In an address: offers of cases whose cause is not established.
NO_CAUSE = "none"


@dataclass(frozen=True, slots=True)
class MoneyRow:
    """A kind, cause or branch; `code` names it in addresses."""

    code: str
    label: str
    waiting: Total
    promised: Total
    granted: Total
    paid: Total


@dataclass(frozen=True, slots=True)
class MoneyPoint:
    """What was granted and what reached customers from one day to the next point's."""

    day: dt.date
    granted: Total
    paid: Total


@dataclass(frozen=True)
class MoneyBoard:
    """All that the page shows; amounts are in the selection's currency.

    `waiting` and `promised` are as of now, the rest is of the period. `counts` are the totals of the figures
    that stand beside them, by code.
    """

    selection: Selection
    waiting: Total
    oldest: dt.datetime | None
    promised: Total
    granted: Total
    granted_before: Total
    paid: Total
    paid_before: Total
    counts: dict[str, Total]
    kept: Reading
    kinds: list[MoneyRow]
    causes: list[MoneyRow]
    branches: list[MoneyRow]
    points: list[MoneyPoint]

    @property
    def is_empty(self) -> bool:
        return not any(each.n for each in (self.waiting, self.promised, self.granted, self.paid))

    @property
    def groups(self) -> list[tuple[str, str, list[MoneyRow]]]:
        """The tables: the name of their filter, their heading and rows."""
        return [
            ("kind", _("Kind"), self.kinds),
            ("cause", _("Cause"), self.causes),
            ("branch", _("Branch"), self.branches),
        ]

    def line(self, pick: Callable[[MoneyPoint], Total]) -> list[float]:
        """The amounts over time for a small line."""
        amounts = gather([pick(point).amount for point in self.points], SPARK_POINTS)
        return [float(amount) for amount in amounts]

    @property
    def granted_line(self) -> list[float]:
        return self.line(lambda point: point.granted)

    @property
    def paid_line(self) -> list[float]:
        return self.line(lambda point: point.paid)

    @property
    def granted_change(self) -> float | None:
        return _change(self.granted, self.granted_before)

    @property
    def paid_change(self) -> float | None:
        return _change(self.paid, self.paid_before)


_BESIDE = (
    "unanswered_now", "failed_now", "overdue_now", "clawed_back", "promises_due", "promises_kept",
    "promises_late", "promises_open",
)  # fmt: skip


def money_board(selection: Selection, branches: Mapping[int, Branch]) -> MoneyBoard:
    """Measure compensation in the selection's currency; `branches` are those that the reader may see."""
    waiting, promised = (queries.split_now(code, selection) for code in ("waiting_now", "promised_now"))
    granted, paid = (queries.split(code, selection) for code in ("grants", "paid"))
    counts = queries.totals(selection, *_BESIDE)
    splits = (waiting, promised, granted, paid)
    causes = queries.causes()
    names = {key: cause.label for key, cause in causes.items()}
    codes = {key: cause.code for key, cause in causes.items()}
    return MoneyBoard(
        selection=selection,
        waiting=waiting.total,
        oldest=queries.oldest_waiting(selection) if waiting.total.n else None,
        promised=promised.total,
        granted=granted.total,
        granted_before=granted.slots.get(PREVIOUS_SLOT, Total()),
        paid=paid.total,
        paid_before=paid.slots.get(PREVIOUS_SLOT, Total()),
        counts=counts,
        kept=share(counts["promises_kept"].n, counts["promises_due"].n),
        kinds=_rows(splits, lambda each: each.kinds, lambda kind: (str(kind), kind_label(str(kind)))),
        causes=_rows(
            splits,
            lambda each: each.causes,
            lambda key: (
                (codes[key], names[key]) if key is not None else (NO_CAUSE, _("no cause recorded yet"))
            ),
        ),
        branches=_rows(
            splits, lambda each: each.branches, lambda key: (branches[key].code, branches[key].label)
        ),
        points=_points(selection, granted, paid),
    )


def _rows(
    splits: Iterable[Split],
    pick: Callable[[Split], Mapping[Any, Total]],
    named: Callable[[Any], tuple[str, str]],
) -> list[MoneyRow]:
    picked = [pick(each) for each in splits]
    keys = {key for totals in picked for key in totals}
    rows = [MoneyRow(*named(key), *(totals.get(key, Total()) for totals in picked)) for key in keys]
    return sorted(
        rows, key=lambda row: (-row.granted.amount, -row.paid.amount, -row.promised.amount, row.label)
    )


def _points(selection: Selection, granted: Split, paid: Split) -> list[MoneyPoint]:
    return [
        MoneyPoint(day, granted.slots.get(slot, Total()), paid.slots.get(slot, Total()))
        for slot, day in enumerate(selection.period.parts, start=FIRST_SLOT)
    ]


def _change(now: Total, before: Total) -> float | None:
    """The relative change of an amount; None where there was nothing before."""
    return float((now.amount - before.amount) / before.amount) if before.amount else None
