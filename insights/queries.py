"""What the dashboard reads: a few wide aggregates over the rows that `insights.figures` defines.

Every statement finds the rows of the period (and of the one before it) by an index on their time, and joins
the case only when a filter needs it. How they are written, `insights.tables` says.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import QuerySet

from cases.models import Defect
from cases.states import ClockState
from common.prepared import prepared
from insights.figures import (
    FIGURES,
    LOSS,
    SATISFIED,
    Selection,
)
from insights.periods import Baseline, Period
from insights.tables import Table, and_before, of_period, over
from sla.states import Metric

# The clocks' figures are named after these.
ATTAINMENT = {Metric.FIRST_RESPONSE: "response", Metric.RESOLUTION: "resolution"}


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
    """Counts of complaints: per slot of `Period.slots`, per failure type ("" when not set), per defect.

    `failures` counts complaints opened in the period, by failure type and defect (None when not set).
    """

    opened: dict[int, int]
    resolved: dict[int, int]
    resolved_by_type: dict[str, int]
    won_back_by_type: dict[str, int]
    failures: dict[tuple[str, int | None], int]


# The slots of a period, each of which then finds its rows by the index: cheaper than a slot for each row.
_SLOTS = "unnest(%s::timestamptz[], %s::timestamptz[]) WITH ORDINALITY AS part (start, stop, slot)"
_IN_SLOT = "at >= start AND at < stop"


def _slots(period: Period) -> tuple[object, ...]:
    """The values of `_SLOTS`."""
    starts, stops = period.slots
    return list(starts), list(stops)


_CASES = f"""
SELECT 'opened', slot, NULL, NULL, n
    FROM {_SLOTS}, LATERAL (SELECT count(*) AS n FROM opened WHERE {_IN_SLOT}) AS counted
UNION ALL SELECT 'opened', NULL, type, defect, count(*) FROM opened WHERE at >= %s GROUP BY type, defect
UNION ALL SELECT 'resolved', slot, NULL, NULL, n
    FROM {_SLOTS}, LATERAL (SELECT count(*) AS n FROM resolved WHERE {_IN_SLOT}) AS counted
UNION ALL SELECT 'resolved', NULL, type, NULL, count(*) FROM resolved WHERE at >= %s GROUP BY type
UNION ALL SELECT 'won_back', NULL, type, NULL, count(*) FROM won_back GROUP BY type
"""  # noqa: S608  # nothing but constants are put in


def cases_counted(selection: Selection) -> CaseCounts:
    """Complaints opened, resolved and won back, over time and by kind, in one round trip."""
    period = selection.period
    once = (*_slots(period), period.start)
    found = over(
        _CASES,
        *(once + once),
        opened=and_before(
            FIGURES["opened"], selection, at="received_at", type="failure_type", defect="defect_id"
        ),
        resolved=and_before(FIGURES["resolved"], selection, at="at", type="failure_type"),
        won_back=of_period(FIGURES["won_back"], selection, type="failure_type"),
    )
    slots: dict[str, dict[int, int]] = {"opened": {}, "resolved": {}}
    kinds: dict[str, dict[tuple[str, int | None], int]] = {"opened": {}, "resolved": {}, "won_back": {}}
    for part, slot, failure_type, defect, n in found:
        if slot is not None:
            slots[part][slot] = n
        else:
            kinds[part][failure_type, defect] = n
    return CaseCounts(
        opened=slots["opened"],
        resolved=slots["resolved"],
        resolved_by_type={failure_type: n for (failure_type, _none), n in kinds["resolved"].items()},
        won_back_by_type={failure_type: n for (failure_type, _none), n in kinds["won_back"].items()},
        failures=kinds["opened"],
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
    clocks = of_period(FIGURES[f"{name}_clocks"], selection, **columns)
    for n, met, business, calendar in over(_FINISHED, ClockState.MET.value, clocks=clocks):
        return Finished(n, met, _times(business), _times(calendar))
    return Finished(0, 0, None, None)


def _times(pair: list[float] | None) -> Times | None:
    return None if pair is None else Times(*pair)


_RESOLUTIONS = f"""
SELECT slot, n, met FROM {_SLOTS}, LATERAL (
    SELECT count(*) AS n, count(*) FILTER (WHERE state = %s) AS met FROM clocks WHERE {_IN_SLOT}
) AS counted
"""  # noqa: S608  # as above


def resolutions_by_slot(selection: Selection) -> dict[int, tuple[int, int]]:
    """Per slot: finished resolution clocks, and those that were met."""
    found = over(
        _RESOLUTIONS,
        *_slots(selection.period),
        ClockState.MET.value,
        clocks=and_before(FIGURES["resolution_clocks"], selection, at="stopped_at", state="state"),
    )
    return {slot: (n, met) for slot, n, met in found}


_ANSWERS = f"""
SELECT slot, counted.* FROM {_SLOTS}, LATERAL (
    SELECT count(*), count(*) FILTER (WHERE after >= %s), count(before),
        coalesce(sum(before), 0), coalesce(sum(after) FILTER (WHERE before IS NOT NULL), 0),
        coalesce(sum((after - before) * (after - before)), 0)
    FROM answers WHERE {_IN_SLOT}
) AS counted
"""  # noqa: S608  # as above


def answers_by_slot(selection: Selection) -> dict[int, Answers]:
    """Survey answers per slot of the period."""
    columns = {"at": "submitted_at", "after": "satisfaction", "before": "satisfaction_before"}
    answers = and_before(FIGURES["surveyed"], selection, **columns)
    found = over(_ANSWERS, *_slots(selection.period), SATISFIED, answers=answers)
    return {slot: Answers(*sums) for slot, *sums in found}


_GRANTED = f"""
SELECT currency, slot, n, amount, alone FROM {_SLOTS}, LATERAL (
    SELECT currency, count(*) AS n, sum(amount) AS amount, count(*) FILTER (WHERE alone) AS alone
    FROM offers WHERE {_IN_SLOT} GROUP BY currency
) AS counted
"""  # noqa: S608  # as above


def granted_by_slot(selection: Selection) -> dict[tuple[str, int], Granted]:
    """Compensation granted per currency and slot; amounts of different currencies are never added."""
    columns = {
        "currency": "currency",
        "at": "decided_at",
        "amount": "granted_amount",
        "alone": "within_authority",
    }
    offers = and_before(FIGURES["granted"], selection, **columns)
    found = over(_GRANTED, *_slots(selection.period), offers=offers)
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
        "loss": LOSS,
    }
    found = over(_AGAINST_LOSS, offers=of_period(FIGURES["granted_for_loss"], selection, **columns))
    return {currency: AgainstLoss(*sums) for currency, *sums in found}


def defects() -> dict[int, Defect]:
    """Every defect with its family."""
    return {defect.pk: defect for defect in _defects()}


@prepared
def _defects() -> QuerySet[Defect]:
    return Defect.objects.select_related("family")


@dataclass(frozen=True, slots=True)
class WeekAndBaseline:
    """Complaints in the week looked at and in the whole baseline, per defect and branch.

    `since` is when the first complaint on record came in, whatever is selected.
    """

    counts: dict[tuple[int, int], tuple[int, int]]
    since: dt.datetime | None


_WEEK_AND_BASELINE = """
SELECT defect, branch, count(*) FILTER (WHERE at >= %s), count(*) FILTER (WHERE at < %s),
    (SELECT min(received_at) FROM cases_case)
FROM complaints GROUP BY 1, 2
"""


def week_and_baseline(selection: Selection, baseline: Baseline) -> WeekAndBaseline:
    """What a warning compares; complaints without a defect are left out."""
    midnight = selection.period.midnight
    day = dt.timedelta(days=1)
    columns = {"at": "received_at", "defect": "defect_id", "branch": "branch_id"}
    first, end = midnight(baseline.first), midnight(baseline.week_last + day)
    found = over(
        _WEEK_AND_BASELINE,
        midnight(baseline.week_first),
        midnight(baseline.last + day),
        complaints=Table(FIGURES["classified"], selection, {"start": first, "end": end}, columns),
    )
    return WeekAndBaseline(
        {(defect, branch): (now, then) for defect, branch, now, then, _since in found},
        found[0][-1] if found else None,
    )


def counts_by_week(selection: Selection, edges: list[dt.datetime]) -> list[int]:
    """Complaints received between neighbouring edges."""
    found = over(
        "SELECT width_bucket(at, %s::timestamptz[]), count(*) FROM complaints GROUP BY 1",
        edges[:-1],
        complaints=Table(
            FIGURES["opened"], selection, {"start": edges[0], "end": edges[-1]}, {"at": "received_at"}
        ),
    )
    counts = dict(found)
    return [counts.get(slot, 0) for slot in range(1, len(edges))]
