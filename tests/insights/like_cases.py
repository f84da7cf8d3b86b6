"""Fairness as its definition says it, in plain Python: what the database's figures are held against."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

from compensation.rules import like_key
from insights.compensation_rules import Compared, Middle, median_ranks
from insights.rules import Interval


@dataclass(frozen=True)
class Observed:
    """An upheld complaint with a known loss, and what it was given; named as the statement names it."""

    given: Decimal
    loss: Decimal
    agent: int | None
    branch: int
    tier: str
    dose: str = ""
    verified_loss: Decimal | None = None
    failure_type: str = "outcome"
    defect: int | None = 1
    severity: int = 3
    currency: str = "EUR"

    @property
    def ratio(self) -> float:
        return float(self.given / self.loss)

    @property
    def likes(self) -> Hashable:
        return like_key(self.failure_type, self.defect, self.severity, self.currency), loss_band(self.loss)


def loss_band(loss: Decimal) -> tuple[Decimal, Decimal]:
    """The band that a loss above zero lies in, of 1, 3, 10, 30, 100 …: from (included), to (not included)."""
    power = Decimal(1).scaleb(loss.adjusted())
    return next((low, high) for low, high in pairwise([power, power * 3, power * 10]) if loss < high)


def quantile(ordered: Sequence[float], share: float) -> float:
    """The quantile of ordered values by linear interpolation."""
    place = share * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def middle(values: Iterable[float]) -> Middle | None:
    """The middle of values; None where fewer than five carry it."""
    ordered = sorted(values)
    n = len(ordered)
    if n < 5:
        return None
    ranks = median_ranks(n)
    interval = Interval(ordered[ranks[0] - 1], ordered[ranks[1] - 1]) if ranks else None
    return Middle(n, quantile(ordered, 0.5), quantile(ordered, 0.25), quantile(ordered, 0.75), interval)


def compare(cases: Sequence[Observed], of: Callable[[Observed], str]) -> dict[str, Compared]:
    """Each group's ratios, and their differences to the median of the like cases of all other groups."""
    groups: dict[str, list[Observed]] = defaultdict(list)
    for case in cases:
        groups[of(case)].append(case)
    compared = {}
    for group, own in groups.items():
        gaps = list(_gaps(own, [case for case in cases if of(case) != group]))
        compared[group] = Compared(len(own), middle(case.ratio for case in own), len(gaps), middle(gaps))
    return compared


def _gaps(own: Iterable[Observed], others: Iterable[Observed]) -> Iterator[float]:
    likes: dict[Hashable, list[float]] = defaultdict(list)
    for case in others:
        likes[case.likes].append(case.ratio)
    usual = {key: quantile(sorted(ratios), 0.5) for key, ratios in likes.items() if len(ratios) >= 5}
    for case in own:
        if case.likes in usual:
            yield case.ratio - usual[case.likes]


def groups_of(case: Observed) -> dict[str, str]:
    """The key of the group that a case belongs to, by the name of what is compared."""
    return {"all": "", "agent": str(case.agent or 0), "branch": str(case.branch), "tier": case.tier}


def model(cases: Sequence[Observed]) -> dict[str, dict[str, Any]]:
    """All groups as `insights.fairness_queries.fairness_of` gives them."""
    return {
        spread: compare(cases, lambda case: groups_of(case)[spread])  # noqa: B023  # called at once
        for spread in ("all", "agent", "branch", "tier")
    }
