"""What is rising: the last week of each defect at each branch against a frozen baseline."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from cases.models import Defect
from insights import queries
from insights.figures import Selection
from insights.periods import Baseline, baseline_for
from insights.rules import poisson_upper_limit, rising_by_chance

CHART_WEEKS = 12


@dataclass(frozen=True)
class Signal:
    """A defect at a branch with more complaints in a week than chance explains: `chance` is how likely it is.

    `mean` is the baseline's complaints a week.
    """

    defect: Defect
    branch_id: int
    count: int
    mean: float
    chance: float

    @cached_property
    def limit(self) -> int:
        """The largest weekly count that is still ordinary; reckoned for those that are shown."""
        return poisson_upper_limit(self.mean)

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
        chance = rising_by_chance(count, mean)
        if chance is not None:
            found.append(Signal(defects[defect_id], branch_id, count, mean, chance))
    found.sort(key=lambda signal: (signal.chance, -signal.count, signal.defect.pk, signal.branch_id))
    signals = tuple(found)
    return Rising(baseline, signals, _weeks(selection, baseline, signals[0]) if signals else ())


def _weeks(selection: Selection, baseline: Baseline, signal: Signal) -> tuple[WeekPoint, ...]:
    firsts = [baseline.week_first - dt.timedelta(weeks=back) for back in range(CHART_WEEKS - 1, -1, -1)]
    edges = [selection.period.midnight(day) for day in firsts]
    edges.append(selection.period.midnight(baseline.week_last + dt.timedelta(days=1)))
    one = selection.but(branch_ids=frozenset({signal.branch_id}), defect_ids=frozenset({signal.defect.pk}))
    counts = queries.counts_by_week(one, edges)
    return tuple(WeekPoint(first, count) for first, count in zip(firsts, counts, strict=True))
