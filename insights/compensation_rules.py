"""How compensation is compared, on plain numbers: medians with their intervals, and like cases of others."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple, Protocol

from insights.rules import TOO_FEW, Interval

# The upper 2.5 % of a normal distribution, for intervals of 95 %.
_Z95 = 1.959963984540054
# From here on the normal approximation of the ranks is exact to one rank, and binomials get long.
_MANY = 1000
# Losses are alike when they lie between the same two of 1, 3, 10, 30, 100 … (our judgement).
_BAND_STEPS = (Decimal(1), Decimal(3))


@lru_cache(maxsize=4096)
def median_ranks(n: int) -> tuple[int, int] | None:
    """The ranks, from 1, of the ordered values that enclose the median with at least 95 %; None below six.

    Exact for any distribution: the number of values below the median is binomial with ½. Source: Conover
    1999, Practical Nonparametric Statistics, 3.2; for many values the normal approximation of Campbell &
    Gardner 1988, BMJ 296:1454, on the safe side.
    """
    if n > _MANY:
        low = math.floor((n - _Z95 * math.sqrt(n)) / 2)
        return low, n + 1 - low
    tail, rank = 0, 0
    # The chance of at most `rank` values below the median, in units of 2⁻ⁿ, may not pass 2.5 %.
    while (tail := tail + math.comb(n, rank)) * 40 <= 2**n:
        rank += 1
    return (rank, n + 1 - rank) if rank else None


class Ordered(Protocol):
    """Values in order: a sequence, as far as a quantile looks at one."""

    def __len__(self) -> int: ...

    def __getitem__(self, at: int, /) -> float: ...


def quantile(ordered: Ordered, share: float) -> float:
    """The quantile of ordered values by linear interpolation, as PostgreSQL's percentile_cont has it."""
    place = share * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


class Middle(NamedTuple):
    """The median of n values, between which two lies the middle half, and the median's 95 % interval."""

    n: int
    median: float
    quarter: float
    three_quarters: float
    interval: Interval | None


def middle(values: Iterable[float]) -> Middle | None:
    """The middle of values; None where fewer than five carry it."""
    ordered = sorted(values)
    n = len(ordered)
    if n < TOO_FEW:
        return None
    ranks = median_ranks(n)
    interval = Interval(ordered[ranks[0] - 1], ordered[ranks[1] - 1]) if ranks else None
    return Middle(n, quantile(ordered, 0.5), quantile(ordered, 0.25), quantile(ordered, 0.75), interval)


def loss_band(loss: Decimal) -> tuple[Decimal, Decimal]:
    """The band that a loss above zero lies in, of 1, 3, 10, 30, 100 …: from (included), to (not included)."""
    power = Decimal(1).scaleb(loss.adjusted())
    steps = [power * step for step in _BAND_STEPS] + [power * 10]
    return next((low, high) for low, high in pairwise(steps) if loss < high)


class _Without:
    """Ordered values without those at some places, looked at and not copied: groups may be many."""

    def __init__(self, ordered: Sequence[float], places: Sequence[int]) -> None:
        self._ordered = ordered
        # How many of the others stand before each of these.
        self._before = [place - left_out for left_out, place in enumerate(places)]

    def __len__(self) -> int:
        return len(self._ordered) - len(self._before)

    def __getitem__(self, at: int) -> float:
        return self._ordered[at + bisect_right(self._before, at)]


@dataclass(frozen=True, slots=True)
class Observed:
    """One case: what it was given ÷ what was lost, and the name of the cases that it is like."""

    ratio: float
    likes: Hashable


@dataclass(frozen=True, slots=True)
class Compared:
    """One group of cases: their ratios, and how far they lie from the median of like cases of others.

    `ratio` is None where the group has fewer than five cases, `gap` where fewer than five of them have five
    like cases of others each.
    """

    n: int
    ratio: Middle | None
    matched: int
    gap: Middle | None

    @property
    def stands_out(self) -> bool:
        """Whether the interval of the difference lies on one side of none at all."""
        interval = self.gap.interval if self.gap else None
        return interval is not None and (interval.low > 0 or interval.high < 0)


def compare(cases: Iterable[tuple[Hashable, Observed]]) -> dict[Hashable, Compared]:
    """Each group's ratios, and their differences to the median of the like cases of all other groups.

    The others' median is taken as it is: the interval of the difference holds the group's own chance alone.
    """
    ratios: dict[Hashable, list[float]] = defaultdict(list)
    likes: dict[Hashable, dict[Hashable, list[float]]] = defaultdict(lambda: defaultdict(list))
    for group, case in cases:
        ratios[group].append(case.ratio)
        likes[case.likes][group].append(case.ratio)
    gaps: dict[Hashable, list[float]] = defaultdict(list)
    for groups in likes.values():
        everyone = sorted((ratio, at) for at, own in enumerate(groups.values()) for ratio in own)
        ratios_of_all = [ratio for ratio, _at in everyone]
        places: dict[int, list[int]] = defaultdict(list)
        for place, (_ratio, at) in enumerate(everyone):
            places[at].append(place)
        for at, (group, own) in enumerate(groups.items()):
            if len(everyone) - len(own) < TOO_FEW:
                continue
            usual = quantile(_Without(ratios_of_all, places[at]), 0.5)
            gaps[group].extend(ratio - usual for ratio in own)
    return {
        group: Compared(len(own), middle(own), len(gaps[group]), middle(gaps[group]))
        for group, own in ratios.items()
    }
