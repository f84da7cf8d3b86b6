"""What the dashboard reads: a few wide aggregates over the rows that `insights.figures` defines.

The rows come from the very querysets of the lists behind the figures; what is counted over them is written by
hand, for the ORM takes about as long to put such aggregates into SQL as the database takes to answer. Every
statement finds the rows of the period (and of the one before it) by an index on their time, and joins the
case only when a filter needs it.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

from cases.models import Case, Defect
from cases.states import ClockState
from insights.figures import (
    CLOCKS,
    FIGURES,
    LOSS,
    OFFERS,
    RECEIVED,
    RESOLVED,
    RESPONSES,
    SATISFIED,
    Selection,
)
from insights.periods import Baseline
from sla.states import Metric

# The clocks' figures are named after these.
ATTAINMENT = {Metric.FIRST_RESPONSE: "response", Metric.RESOLUTION: "resolution"}


@dataclass(frozen=True, slots=True)
class Table:
    """A queryset as a statement sees it: `columns` maps the names used there to fields."""

    rows: QuerySet[Any]
    columns: dict[str, str]


def over(statement: str, *params: Any, **tables: Table) -> list[tuple[Any, ...]]:
    """Run handwritten aggregates over querysets, which the statement knows by their names.

    Nothing is found where a queryset can't find anything: with someone who has no branch.
    """
    written: list[str] = []
    values: list[Any] = []
    for name, table in tables.items():
        try:
            sql, inner = table.rows.values_list(*table.columns.values()).query.sql_with_params()
        except EmptyResultSet:
            return []
        written.append(f"{name} ({', '.join(table.columns)}) AS NOT MATERIALIZED ({sql})")
        values.extend(inner)
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {', '.join(written)} {statement}", [*values, *params])
        return list(cursor.fetchall())


@dataclass(frozen=True, slots=True)
class Times:
    """Median and 90th percentile of a duration, in seconds."""

    median: float
    p90: float


@dataclass(frozen=True, slots=True)
class Finished:
    """Finished clocks of one metric: how many, how many in time, and how long they took."""

    n: int
    met: int
    business: Times | None
    calendar: Times | None


@dataclass(frozen=True, slots=True)
class Answers:
    """Sums over survey answers; `pairs` are those whose satisfaction before the recovery is known."""

    n: int = 0
    satisfied: int = 0
    pairs: int = 0
    before: int = 0
    after: int = 0
    squares: int = 0

    def __add__(self, other: Answers) -> Answers:
        return Answers(
            self.n + other.n,
            self.satisfied + other.satisfied,
            self.pairs + other.pairs,
            self.before + other.before,
            self.after + other.after,
            self.squares + other.squares,
        )


@dataclass(frozen=True, slots=True)
class Granted:
    """Offers granted in one currency: how many, how much, and how many without asking anyone."""

    n: int = 0
    amount: Decimal = Decimal(0)
    alone: int = 0


@dataclass(frozen=True, slots=True)
class AgainstLoss:
    """Compensation held against the losses of the same cases, in one currency; each loss counts once."""

    offers: int
    cases: int
    granted: Decimal
    loss: Decimal
    verified: int


NO_LOSS = AgainstLoss(0, 0, Decimal(0), Decimal(0), 0)


@dataclass(frozen=True, slots=True)
class CaseCounts:
    """Counts of complaints: per slot of `Period.edges`, per failure type ("" when not set), per defect.

    `failures` counts complaints opened in the period, by failure type and defect (None when not set).
    """

    opened: dict[int, int]
    resolved: dict[int, int]
    resolved_by_type: dict[str, int]
    won_back_by_type: dict[str, int]
    failures: dict[tuple[str, int | None], int]


_CASES = """
SELECT 'opened', '', width_bucket(at, %s), count(*) FROM opened GROUP BY 3
UNION ALL SELECT 'resolved', '', width_bucket(at, %s), count(*) FROM resolved GROUP BY 3
UNION ALL SELECT 'resolved_type', type, 0, count(*) FROM resolved WHERE at >= %s GROUP BY 2
UNION ALL SELECT 'won_back', type, 0, count(*) FROM won_back GROUP BY 2
UNION ALL SELECT 'failure', type, defect, count(*) FROM opened WHERE at >= %s GROUP BY 2, 3
"""


def cases_counted(selection: Selection) -> CaseCounts:
    """Complaints opened, resolved and won back, over time and by kind, in one round trip."""
    period = selection.period
    edges = list(period.edges)
    found = over(
        _CASES,
        edges,
        edges,
        period.start,
        period.start,
        opened=Table(
            RECEIVED.rows_and_before(selection),
            {"at": "received_at", "type": "failure_type", "defect": "defect_id"},
        ),
        resolved=Table(RESOLVED.rows_and_before(selection), {"at": "at", "type": "failure_type"}),
        won_back=Table(FIGURES["won_back"].rows(selection), {"type": "failure_type"}),
    )
    parts: dict[str, list[tuple[str, int, int]]] = defaultdict(list)
    for part, *counted in found:
        parts[part].append(tuple(counted))
    return CaseCounts(
        opened={slot: n for _type, slot, n in parts["opened"]},
        resolved={slot: n for _type, slot, n in parts["resolved"]},
        resolved_by_type={failure_type: n for failure_type, _key, n in parts["resolved_type"]},
        won_back_by_type={failure_type: n for failure_type, _key, n in parts["won_back"]},
        failures={(failure_type, defect): n for failure_type, defect, n in parts["failure"]},
    )


_FINISHED = """
SELECT count(*), count(*) FILTER (WHERE state = %s),
    percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY business),
    percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY calendar)
FROM clocks
"""


def finished_clocks(selection: Selection) -> dict[Metric, Finished]:
    """Per metric: attainment, and median and 90th percentile in business and in calendar time."""
    return {metric: _finished(selection, name) for metric, name in ATTAINMENT.items()}


def _finished(selection: Selection, name: str) -> Finished:
    columns = {"state": "state", "business": "business_seconds", "calendar": "calendar_seconds"}
    rows = FIGURES[f"{name}_clocks"].rows(selection)
    for n, met, business, calendar in over(_FINISHED, ClockState.MET.value, clocks=Table(rows, columns)):
        return Finished(n, met, _times(business), _times(calendar))
    return Finished(0, 0, None, None)


def _times(pair: list[float] | None) -> Times | None:
    return None if pair is None else Times(*pair)


def resolutions_by_slot(selection: Selection) -> dict[int, tuple[int, int]]:
    """Per slot: finished resolution clocks, and those that were met."""
    rows = CLOCKS.rows_and_before(selection).filter(FIGURES["resolution_clocks"].where)
    found = over(
        "SELECT width_bucket(at, %s), count(*), count(*) FILTER (WHERE state = %s) FROM clocks GROUP BY 1",
        list(selection.period.edges),
        ClockState.MET.value,
        clocks=Table(rows, {"at": "stopped_at", "state": "state"}),
    )
    return {slot: (n, met) for slot, n, met in found}


_ANSWERS = """
SELECT width_bucket(at, %s), count(*), count(*) FILTER (WHERE after >= %s), count(before),
    coalesce(sum(before), 0), coalesce(sum(after) FILTER (WHERE before IS NOT NULL), 0),
    coalesce(sum((after - before) * (after - before)), 0)
FROM answers GROUP BY 1
"""


def answers_by_slot(selection: Selection) -> dict[int, Answers]:
    """Survey answers per slot of `Period.edges`."""
    columns = {"at": "submitted_at", "after": "satisfaction", "before": "satisfaction_before"}
    answers = Table(RESPONSES.rows_and_before(selection), columns)
    found = over(_ANSWERS, list(selection.period.edges), SATISFIED, answers=answers)
    return {slot: Answers(*sums) for slot, *sums in found}


_GRANTED = """
SELECT currency, width_bucket(at, %s), count(*), sum(amount), count(*) FILTER (WHERE alone)
FROM offers GROUP BY 1, 2
"""


def granted_by_slot(selection: Selection) -> dict[tuple[str, int], Granted]:
    """Compensation granted per currency and slot; amounts of different currencies are never added."""
    columns = {
        "currency": "currency",
        "at": "decided_at",
        "amount": "granted_amount",
        "alone": "within_authority",
    }
    offers = Table(OFFERS.rows_and_before(selection), columns)
    found = over(_GRANTED, list(selection.period.edges), offers=offers)
    return {(currency, slot): Granted(*sums) for currency, slot, *sums in found}


# Two offers on a case must not count its loss twice: the amounts are summed per case first.
_AGAINST_LOSS = """
SELECT currency, sum(n)::int, count(*), sum(granted), sum(loss), count(verified) FROM (
    SELECT currency, count(*) AS n, sum(amount) AS granted, max(loss) AS loss, max(verified) AS verified
    FROM offers GROUP BY currency, case_id
) AS per_case GROUP BY currency
"""


def against_loss(selection: Selection) -> dict[str, AgainstLoss]:
    """Per currency: compensation for cases with a known loss, beside the losses of those cases."""
    columns = {
        "currency": "currency",
        "case_id": "case_id",
        "amount": "granted_amount",
        "verified": "case__verified_loss",
        "loss": "loss",
    }
    rows = FIGURES["granted_for_loss"].rows(selection).annotate(loss=LOSS)
    found = over(_AGAINST_LOSS, offers=Table(rows, columns))
    return {currency: AgainstLoss(*sums) for currency, *sums in found}


def defects() -> dict[int, Defect]:
    """Every defect with its family."""
    return {defect.pk: defect for defect in Defect.objects.select_related("family")}


@dataclass(frozen=True, slots=True)
class WeekAndBaseline:
    """Complaints in the week looked at and in the whole baseline, per defect and branch.

    `since` is when the first complaint on record came in, whatever is selected.
    """

    counts: dict[tuple[int, int], tuple[int, int]]
    since: dt.datetime | None


_WEEK_AND_BASELINE = """
SELECT defect, branch, count(*) FILTER (WHERE at >= %s), count(*) FILTER (WHERE at < %s),
    (SELECT min(at) FROM ever)
FROM complaints WHERE defect IS NOT NULL GROUP BY 1, 2
"""


def week_and_baseline(selection: Selection, baseline: Baseline) -> WeekAndBaseline:
    """What a warning compares; complaints without a defect are left out."""
    midnight = selection.period.midnight
    day = dt.timedelta(days=1)
    rows = RECEIVED.between(selection, midnight(baseline.first), midnight(baseline.week_last + day))
    found = over(
        _WEEK_AND_BASELINE,
        midnight(baseline.week_first),
        midnight(baseline.last + day),
        complaints=Table(rows, {"at": "received_at", "defect": "defect_id", "branch": "branch_id"}),
        ever=Table(Case.objects.order_by(), {"at": "received_at"}),
    )
    return WeekAndBaseline(
        {(defect, branch): (now, then) for defect, branch, now, then, _since in found},
        found[0][-1] if found else None,
    )


def counts_by_week(selection: Selection, edges: list[dt.datetime]) -> list[int]:
    """Complaints received between neighbouring edges."""
    found = over(
        "SELECT width_bucket(at, %s), count(*) FROM complaints GROUP BY 1",
        edges[:-1],
        complaints=Table(RECEIVED.between(selection, edges[0], edges[-1]), {"at": "received_at"}),
    )
    counts = dict(found)
    return [counts.get(slot, 0) for slot in range(1, len(edges))]
