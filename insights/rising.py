"""What is rising: the last week of each defect at each branch against a frozen baseline."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from cases.models import Defect
from insights import queries
from insights.figures import Selection
from insights.periods import Baseline, baseline_for
from insights.rules import is_rising, poisson_tail, poisson_upper_limit

CHART_WEEKS = 12


@dataclass(frozen=True, slots=True)
class Signal:
    """A defect at a branch with more complaints in a week than chance explains.

    `mean` is the baseline's complaints a week, `limit` the largest weekly count that is still ordinary.
    """

    defect: Defect
    branch_id: int
    count: int
    mean: float
    limit: int

    @property
    def times(self) -> float:
        """How many times the usual."""
        return self.count / self.mean


@dataclass(frozen=True, slots=True)
class WeekPoint:
    """Complaints of the seven days that begin with `first`."""

    first: dt.date
    count: int


@dataclass(frozen=True, slots=True)
class Rising:
    """The signals, the strongest first, and its weeks; `baseline` None says: too little history."""

    baseline: Baseline | None
    signals: tuple[Signal, ...] = ()
    weeks: tuple[WeekPoint, ...] = ()

    @property
    def strongest(self) -> Signal | None:
        return self.signals[0] if self.signals else None


def rising(selection: Selection, defects: Mapping[int, Defect]) -> Rising:
    """Compare the week up to the end of the period (or today) with its baseline, per defect and branch."""
    period = selection.period
    last = min(period.last, period.now.astimezone(period.zone).date())
    whole = baseline_for(last)
    measured = queries.week_and_baseline(selection, whole)
    baseline = whole.since(measured.since.astimezone(period.zone).date()) if measured.since else None
    if baseline is None:
        return Rising(None)
    found = []
    for (defect_id, branch_id), (count, before) in measured.counts.items():
        # A baseline without a complaint is taken as one: it proves a low rate, not an impossible event.
        mean = max(before, 1) / baseline.weeks
        if is_rising(count, mean):
            signal = Signal(defects[defect_id], branch_id, count, mean, poisson_upper_limit(mean))
            found.append((poisson_tail(count, mean), signal))
    found.sort(key=lambda item: (item[0], -item[1].count, item[1].defect.pk, item[1].branch_id))
    signals = tuple(signal for _chance, signal in found)
    return Rising(baseline, signals, _weeks(selection, baseline, signals[0]) if signals else ())


def _weeks(selection: Selection, baseline: Baseline, signal: Signal) -> tuple[WeekPoint, ...]:
    firsts = [baseline.week_first - dt.timedelta(weeks=back) for back in range(CHART_WEEKS - 1, -1, -1)]
    edges = [selection.period.midnight(day) for day in firsts]
    edges.append(selection.period.midnight(baseline.week_last + dt.timedelta(days=1)))
    one = selection.but(branch_ids=frozenset({signal.branch_id}), defect_ids=frozenset({signal.defect.pk}))
    counts = queries.counts_by_week(one, edges)
    return tuple(WeekPoint(first, count) for first, count in zip(firsts, counts, strict=True))
