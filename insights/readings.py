"""A figure as it is shown: its value, how many observations carry it, and what it was before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from insights.queries import Answers
from insights.rules import Interval, Support, mean_interval, support, wilson


@dataclass(frozen=True, slots=True)
class Reading:
    """A share, a mean or a ratio; `value` is None where too few observations carry it.

    `interval` is its 95 % confidence interval, `before` the same figure in the period compared with.
    """

    n: int
    value: float | None = None
    interval: Interval | None = None
    before: float | None = None

    @property
    def support(self) -> Support:
        return support(self.n)

    @property
    def shown(self) -> bool:
        return self.value is not None

    @property
    def flagged(self) -> bool:
        """Shown, but from so few observations that the next one may change it."""
        return self.support == Support.FEW

    @property
    def delta(self) -> float | None:
        """The difference to the period before, in the unit of the value."""
        return None if self.value is None or self.before is None else self.value - self.before

    @property
    def points(self) -> float | None:
        """The difference of a share in percentage points."""
        return None if self.delta is None else 100 * self.delta


@dataclass(frozen=True, slots=True)
class Tally:
    """A count, and the count of the period before."""

    n: int
    before: int = 0

    @property
    def change(self) -> float | None:
        """The relative change; None where there is too little to compare with."""
        return (
            None
            if support(self.before) in (Support.NONE, Support.TOO_FEW)
            else (self.n - self.before) / self.before
        )


def share(hits: int, n: int, before: tuple[int, int] | None = None) -> Reading:
    """Hits of n with a Wilson interval; `before` holds hits and n of the period compared with."""
    if support(n) in (Support.NONE, Support.TOO_FEW):
        return Reading(n)
    earlier = share(*before).value if before else None
    return Reading(n, hits / n, wilson(hits, n), earlier)


def uplift(now: Answers, before: Answers | None = None) -> Reading:
    """Mean of satisfaction after minus before, over pairs, in points of the 1–5 scale."""
    if support(now.pairs) in (Support.NONE, Support.TOO_FEW):
        return Reading(now.pairs)
    gain = now.after - now.before
    earlier = uplift(before).value if before else None
    return Reading(now.pairs, gain / now.pairs, mean_interval(gain, now.squares, now.pairs), earlier)


def ratio(part: Decimal, whole: Decimal, n: int) -> Reading:
    """A quotient of two sums over n cases; it has no simple interval, so none is given."""
    if support(n) in (Support.NONE, Support.TOO_FEW) or not whole:
        return Reading(n)
    return Reading(n, float(part / whole))


def mean_of(total: int, n: int) -> float | None:
    """The mean, unless too few carry it."""
    return None if support(n) in (Support.NONE, Support.TOO_FEW) else total / n


def line(pairs: Sequence[tuple[float | Decimal, int]]) -> list[float | None]:
    """The quotients of (sum, n) as points of a line, with gaps where n is too small to say anything."""
    return [None if support(n) in (Support.NONE, Support.TOO_FEW) else float(total) / n for total, n in pairs]
