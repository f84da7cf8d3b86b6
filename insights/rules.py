"""Statistics that the measures stand on, on plain numbers: intervals, small samples, warning limits."""

from __future__ import annotations

import enum
import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

# Below the first a share or a mean says nothing and is not shown; below the second it is flagged.
TOO_FEW = 5
FEW = 30

# The upper tail of a normal distribution beyond three standard deviations: what a control limit stands for.
WARNING_RISK = 0.00135
WARNING_AT_LEAST = 5

_Z95 = 1.959963984540054


class Support(enum.StrEnum):
    """How far a number of observations carries a share, a mean or a percentile."""

    NONE = "none"
    TOO_FEW = "too_few"
    FEW = "few"
    ENOUGH = "enough"


def support(n: int) -> Support:
    """What n observations allow: nothing to say, suppressed (n < 5), shown and flagged (n < 30), or shown."""
    if n == 0:
        return Support.NONE
    if n < TOO_FEW:
        return Support.TOO_FEW
    return Support.FEW if n < FEW else Support.ENOUGH


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate's 95 % confidence interval, in the unit of the estimate."""

    low: float
    high: float


def wilson(successes: int, n: int, z: float = _Z95) -> Interval:
    """The Wilson score interval of a share, without continuity correction; shares are between 0 and 1.

    Source: Wilson 1927, JASA 22:209; recommended for small n by Brown, Cai & DasGupta 2001, Statistical
    Science 16:101. Raises `ValueError` unless 0 ≤ successes ≤ n and n > 0.
    """
    if not 0 <= successes <= n or n == 0:
        raise ValueError(f"a share needs 0 <= successes <= n and n > 0, not {successes} of {n}")
    share, z2 = successes / n, z * z
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = z / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    # At the ends the formula gives exactly 0 or 1, which floating point misses by an ulp.
    low = 0.0 if successes == 0 else max(0.0, middle - half)
    high = 1.0 if successes == n else min(1.0, middle + half)
    return Interval(low, high)


def mean_interval(total: float, squares: float, n: int, z: float = _Z95) -> Interval:
    """The normal 95 % interval of a mean from Σx and Σx²: mean ± z·s/√n.

    Good from about n = 30 on; below that the page flags the figure. Raises `ValueError` for n < 2.
    """
    if n < 2:
        raise ValueError("an interval of a mean needs at least two observations")
    mean = total / n
    variance = max(0.0, (squares - total * mean) / (n - 1))
    half = z * math.sqrt(variance / n)
    return Interval(mean - half, mean + half)


def poisson_tail(count: int, mean: float) -> float:
    """P(X ≥ count) for a Poisson variable of that mean: the chance of so many by accident alone.

    Summed term by term from `count` upwards, so that tiny tails keep their precision.
    """
    if count <= 0:
        return 1.0
    if mean <= 0:
        return 0.0
    if count <= mean:
        # The lower sum is the short one here, and the difference loses no precision.
        return 1.0 - math.fsum(_poisson_term(k, mean) for k in range(count))
    term = _poisson_term(count, mean)
    total, k = 0.0, count
    while term > total * 1e-17:
        total += term
        k += 1
        term *= mean / k
    return total


def _poisson_term(count: int, mean: float) -> float:
    return math.exp(count * math.log(mean) - mean - math.lgamma(count + 1))


def poisson_upper_limit(mean: float, risk: float = WARNING_RISK) -> int:
    """The largest count that is still ordinary: one more has a chance below `risk` at this mean.

    Exact, where ū + 3√ū is wrong: at a mean of 0.5 that limit would warn ten times too often.
    """
    # The median is no less than the mean's whole part, so that the tail from there on is a half at least;
    # three standard deviations further little is left. Between them it is halved, not counted up.
    low = math.floor(mean) if risk <= 0.5 else 0
    high = max(1, math.ceil(mean + 3 * math.sqrt(mean)))
    while poisson_tail(high + 1, mean) >= risk:
        low, high = high, 2 * high
    while low < high:
        middle = (low + high) // 2
        if poisson_tail(middle + 1, mean) >= risk:
            low = middle + 1
        else:
            high = middle
    return low


def rising_by_chance(count: int, mean: float) -> float | None:
    """How likely so many are by accident, where that warns: at least five, and above the exact Poisson limit.

    None where it does not warn.
    """
    if count < WARNING_AT_LEAST or count <= mean:
        # What lies up to the mean is ordinary whatever the mean: no need for its long sum.
        return None
    chance = poisson_tail(count, mean)
    return chance if chance < WARNING_RISK else None


def shares_so_far(counts: Sequence[int], total: int) -> list[float]:
    """The cumulated shares of a Pareto list, for counts in descending order; zeros when there is nothing."""
    shares, running = [], 0
    for count in counts:
        running += count
        shares.append(running / total if total else 0.0)
    return shares


Amount = TypeVar("Amount", int, Decimal)


def gather(values: Sequence[Amount], groups: int) -> list[Amount]:
    """Neighbouring values summed into at most `groups` groups; the last one may be shorter."""
    if not values:
        return []
    size = math.ceil(len(values) / groups)
    return [sum(values[at + 1 : at + size], values[at]) for at in range(0, len(values), size)]
