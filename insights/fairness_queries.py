"""How like cases fared, reckoned by the database: one row per bin, person, branch and tier comes back.

A case is held against the cases that it is like: same failure, defect, severity, currency and band of loss.
Of each group of cases the database tells the middle of its ratios (compensation ÷ loss), and the middle of
their differences to the median of like cases of all other groups. That median is taken as it is: the interval
of the differences holds the group's own chance alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from compensation.rules import SEVERE_UP_TO
from insights.compensation_queries import offers_of
from insights.compensation_rules import LOSS_BANDS, Compared, Middle, median_rank_in_sql
from insights.figures import Selection
from insights.rules import TOO_FEW, Interval
from insights.tables import Table, over

# All cases as one group, which has no others to be held against.
ALL = "all"
# In place of an agent where none is recorded; no one has this key.
NOBODY = "0"


class Dosed(NamedTuple):
    """The cases of one bin of compensation ÷ loss."""

    n: int = 0
    verified: int = 0
    given: Decimal = Decimal(0)
    loss: Decimal = Decimal(0)


@dataclass
class Fairness:
    """The bins by name; by "all", "agent", "branch" and "tier" the groups by key, each written as a text."""

    doses: dict[str, Dosed] = field(default_factory=dict)
    spreads: dict[str, dict[str, Compared]] = field(default_factory=lambda: defaultdict(dict))


# `place` numbers like cases by their ratio from 0, `own_place` those of one group among them. The others'
# value at a place is that of all at this place and as many more as the group has up to there: its own case is
# left out when no more others than that stand before it. A division of numerics keeps as many digits behind
# the point as it is given: equal ratios stay equal, whatever they are the ratios of.
_STATEMENT = f"""
, measured AS MATERIALIZED (
    SELECT agent, branch, tier, dose, given, loss, verified_loss,
        (given::numeric(40, 24) / loss)::float8 AS ratio, width_bucket(loss, %s::numeric[]) AS band,
        failure_type, coalesce(defect, 0) AS defect, severity <= {SEVERE_UP_TO} AS severe, currency
    FROM (SELECT * FROM cases OFFSET 0) AS cases  -- so that each sum of offers is reckoned once
), placed AS MATERIALIZED (
    SELECT agent, branch, tier, ratio,
        dense_rank() OVER (ORDER BY defect, band, severe, failure_type, currency) AS likes,
        row_number() OVER (likes ORDER BY ratio) - 1 AS place,
        count(*) OVER likes AS everyone
    FROM measured
    WINDOW likes AS (PARTITION BY defect, band, severe, failure_type, currency)
), grouped AS MATERIALIZED (
    SELECT spread, who, likes, place, ratio, everyone,
        row_number() OVER (own ORDER BY place) - 1 AS own_place,
        everyone - count(*) OVER own AS others
    FROM placed, LATERAL (
        VALUES ('{ALL}', ''), ('agent', coalesce(agent, {NOBODY})::text), ('branch', branch::text),
            ('tier', tier)
    ) AS groups (spread, who)
    WINDOW own AS (PARTITION BY spread, who, likes)
), halves AS (
    SELECT spread, who, likes,
        (others - 1) / 2 + count(*) FILTER (WHERE place - own_place <= (others - 1) / 2) AS lower,
        others / 2 + count(*) FILTER (WHERE place - own_place <= others / 2) AS upper
    FROM grouped WHERE others >= {TOO_FEW} GROUP BY spread, who, likes, others
), usual AS (
    SELECT spread, who, halves.likes, below.ratio + (above.ratio - below.ratio) * 0.5::float8 AS ratio
    FROM halves
    JOIN placed AS below ON below.likes = halves.likes AND below.place = halves.lower
    JOIN placed AS above ON above.likes = halves.likes AND above.place = halves.upper
), compared AS (
    SELECT spread, who, grouped.ratio AS ratio, grouped.ratio - usual.ratio AS gap
    FROM grouped LEFT JOIN usual USING (spread, who, likes)
), ordered AS (
    SELECT spread, who, count(gap)::int AS matched,
        array_agg(ratio ORDER BY ratio) AS ratios,
        percentile_cont(ARRAY[0.5, 0.25, 0.75]) WITHIN GROUP (ORDER BY ratio) AS middle_ratio,
        array_agg(gap ORDER BY gap) FILTER (WHERE gap IS NOT NULL) AS gaps,
        percentile_cont(ARRAY[0.5, 0.25, 0.75]) WITHIN GROUP (ORDER BY gap) AS middle_gap
    FROM compared GROUP BY spread, who
)
SELECT 'dose', dose, count(*)::int, count(verified_loss)::int, ARRAY[sum(given), sum(loss)],
    NULL, NULL
FROM measured GROUP BY dose
UNION ALL
SELECT spread, who, cardinality(ratios), matched, NULL,
    middle_ratio || ARRAY[ratios[of_ratios], ratios[cardinality(ratios) + 1 - of_ratios]],
    middle_gap || ARRAY[gaps[of_gaps], gaps[matched + 1 - of_gaps]]
FROM ordered, LATERAL (
    SELECT {median_rank_in_sql("cardinality(ratios)")} AS of_ratios,
        {median_rank_in_sql("matched")} AS of_gaps
) AS ranks
"""  # noqa: S608  # nothing but constants are put in


def fairness(selection: Selection) -> Fairness:
    """The upheld complaints with a known loss, as the figure `compensated` counts them."""
    columns: dict[str, Any] = {
        "given": "given", "loss": "loss", "dose": "dose",
        "verified_loss": "case__verified_loss",
        "failure_type": "failure_type", "defect": "defect_id", "severity": "case__severity",
        "currency": "case__currency", "agent": "by_id", "branch": "branch_id", "tier": "case__customer__tier",
    }  # fmt: skip
    return fairness_of(offers_of("compensated", selection, **columns))


def fairness_of(cases: Table) -> Fairness:
    """The same of any cases with these columns."""
    found = Fairness()
    for spread, who, n, matched, sums, ratio, gap in over(_STATEMENT, list(LOSS_BANDS), cases=cases):
        if spread == "dose":
            found.doses[who] = Dosed(n, matched, *sums)
        else:
            found.spreads[spread][who] = Compared(n, _middle(n, ratio), matched, _middle(matched, gap))
    return found


def _middle(n: int, numbers: Sequence[float] | None) -> Middle | None:
    """The middle of n values; None where fewer than five carry it. Below six the interval is NULL."""
    if numbers is None or n < TOO_FEW:
        return None
    median, quarter, three_quarters, *ends = numbers
    return Middle(n, median, quarter, three_quarters, None if None in ends else Interval(*ends))
