"""How compensation is compared: medians with their intervals, bands of loss, and like cases of others."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from insights.rules import Interval

# The upper 2.5 % of a normal distribution, for intervals of 95 %.
_Z95 = 1.959963984540054
# From here on the normal approximation of the ranks is exact to one rank, and binomials get long.
_MANY = 1000
# Losses are alike when they lie between the same two of 1, 3, 10, 30, 100 … (our judgement); these go from
# the smallest amount that the database holds to the largest.
LOSS_BANDS = tuple(Decimal(step).scaleb(power) for power in range(-4, 11) for step in (1, 3))


def _exact_ranks(most: int) -> Iterator[int]:
    """For each number of values from 1 on, the lower rank; 0 where there is none.

    The chance of at most `rank` values below the median may not pass 2.5 %. `tail` is that chance and `term`
    that of exactly `rank`, both in units of 2⁻ⁿ, and so from one n to the next in whole numbers.
    """
    rank, term, tail = 0, 1, 1
    for n in range(1, most + 1):
        tail, term = 2 * tail - term, term * n // (n - rank)
        if tail * 40 <= 2**n:
            rank += 1
            term = term * (n + 1 - rank) // rank
            tail += term
        yield rank


_EXACT = tuple(_exact_ranks(_MANY))


def median_ranks(n: int) -> tuple[int, int] | None:
    """The ranks, from 1, of the ordered values that enclose the median with at least 95 %; None below six.

    Exact for any distribution: the number of values below the median is binomial with ½. Source: Conover
    1999, Practical Nonparametric Statistics, 3.2; for many values the normal approximation of Campbell &
    Gardner 1988, BMJ 296:1454, on the safe side.
    """
    rank = math.floor((n - _Z95 * math.sqrt(n)) / 2) if n > _MANY else _EXACT[n - 1]
    return (rank, n + 1 - rank) if rank else None


def median_rank_in_sql(n: str) -> str:
    """The lower of the `median_ranks` for the database, where `n` is reckoned; NULL where there is none."""
    exact = ",".join(str(rank or "NULL") for rank in _EXACT)
    near = f"floor(({n} - {_Z95}::float8 * sqrt({n}::float8)) / 2)::int"
    return f"CASE WHEN {n} > {_MANY} THEN {near} ELSE ('{{{exact}}}'::int[])[{n}] END"


class Middle(NamedTuple):
    """The median of n values, between which two lies the middle half, and the median's 95 % interval."""

    n: int
    median: float
    quarter: float
    three_quarters: float
    interval: Interval | None


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
