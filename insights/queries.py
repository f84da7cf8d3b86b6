"""What the dashboard reads: a few wide aggregates over the rows that `insights.figures` defines.

Every query touches the rows of the period (and of the one before it) by an index on their time, and joins the
case only when a filter needs it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import (
    Aggregate,
    Count,
    DateTimeField,
    F,
    FloatField,
    Func,
    IntegerField,
    Max,
    Q,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Coalesce

from cases.models import Case, Defect
from cases.states import ClockState
from insights.figures import CLOCKS, FIGURES, LOSS, OFFERS, RECEIVED, RESOLVED, RESPONSES, Selection
from insights.periods import Baseline
from sla.states import Metric

# The clocks' figures are named after these.
ATTAINMENT = {Metric.FIRST_RESPONSE: "response", Metric.RESOLUTION: "resolution"}


class Slot(Func):
    """The slot of a moment: how many of the given edges have been reached."""

    function = "WIDTH_BUCKET"
    output_field = IntegerField()

    def __init__(self, time: str, edges: Iterable[dt.datetime]) -> None:
        super().__init__(F(time), Value(list(edges), output_field=ArrayField(DateTimeField())))


class Percentiles(Aggregate):
    """Median and 90th percentile by linear interpolation (`percentile_cont`), as a list of two."""

    template = "PERCENTILE_CONT(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = ArrayField(FloatField())


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
    """Complaints opened and resolved, per failure type ("" when not set) and slot of `Period.edges`."""

    opened: dict[tuple[str, int], int]
    resolved: dict[tuple[str, int], int]


def cases_by_slot(selection: Selection) -> CaseCounts:
    """Complaints opened and resolved over time, in one round trip."""
    parts = [
        source.rows_and_before(selection)
        .values("failure_type", slot=Slot(source.time, selection.period.edges), kind=Value(source.code))
        .annotate(n=Count("*"))
        for source in (RECEIVED, RESOLVED)
    ]
    counts: dict[str, dict[tuple[str, int], int]] = {RECEIVED.code: {}, RESOLVED.code: {}}
    for row in parts[0].union(parts[1], all=True):
        counts[row["kind"]][row["failure_type"], row["slot"]] = row["n"]
    return CaseCounts(opened=counts[RECEIVED.code], resolved=counts[RESOLVED.code])


def won_back(selection: Selection) -> dict[str, int]:
    """Per failure type: complaints resolved in the period that have a satisfied answer by now."""
    rows = FIGURES["won_back"].rows(selection).values("failure_type")
    return dict(rows.annotate(n=Count("*")).values_list("failure_type", "n"))


def finished_clocks(selection: Selection) -> dict[Metric, Finished]:
    """Per metric: attainment, and median and 90th percentile in business and in calendar time."""
    wanted: dict[str, Aggregate] = {}
    for metric, name in ATTAINMENT.items():
        clocks, met = FIGURES[f"{name}_clocks"].where, FIGURES[f"{name}_met"].where
        wanted[f"{metric}_n"] = Count("case", filter=clocks)
        wanted[f"{metric}_met"] = Count("case", filter=met)
        wanted[f"{metric}_business"] = Percentiles("business_seconds", filter=clocks)
        wanted[f"{metric}_calendar"] = Percentiles("calendar_seconds", filter=clocks)
    row = CLOCKS.rows(selection).aggregate(**wanted)
    return {
        metric: Finished(
            row[f"{metric}_n"],
            row[f"{metric}_met"],
            _times(row[f"{metric}_business"]),
            _times(row[f"{metric}_calendar"]),
        )
        for metric in ATTAINMENT
    }


def resolutions_by_slot(selection: Selection) -> dict[int, tuple[int, int]]:
    """Per slot: finished resolution clocks, and those that were met."""
    rows = CLOCKS.rows_and_before(selection).filter(FIGURES["resolution_clocks"].where)
    counted = rows.values(slot=Slot("stopped_at", selection.period.edges)).annotate(
        n=Count("*"), met=Count("case", filter=Q(state=ClockState.MET))
    )
    return {row["slot"]: (row["n"], row["met"]) for row in counted}


def _times(pair: list[float] | None) -> Times | None:
    return None if pair is None else Times(*pair)


def answers_by_slot(selection: Selection) -> dict[int, Answers]:
    """Survey answers per slot of `Period.edges`."""
    paired = FIGURES["paired"].where
    gain = F("satisfaction") - F("satisfaction_before")
    rows = RESPONSES.rows_and_before(selection).values(slot=Slot("submitted_at", selection.period.edges))
    summed = rows.annotate(
        n=Count("*"),
        satisfied=Count("case", filter=FIGURES["satisfied"].where),
        pairs=Count("case", filter=paired),
        before=Coalesce(Sum("satisfaction_before"), 0),
        after=Coalesce(Sum("satisfaction", filter=paired), 0),
        squares=Coalesce(Sum(gain * gain, output_field=IntegerField()), 0),
    )
    return {row.pop("slot"): Answers(**row) for row in summed}


def granted_by_slot(selection: Selection) -> dict[tuple[str, int], Granted]:
    """Compensation granted per currency and slot; amounts of different currencies are never added."""
    rows = OFFERS.rows_and_before(selection).values(
        "currency", slot=Slot("decided_at", selection.period.edges)
    )
    summed = rows.annotate(
        n=Count("*"), amount=Sum("granted_amount"), alone=Count("case", filter=FIGURES["granted_alone"].where)
    )
    return {(row["currency"], row["slot"]): Granted(row["n"], row["amount"], row["alone"]) for row in summed}


def against_loss(selection: Selection) -> dict[str, AgainstLoss]:
    """Per currency: compensation for cases with a known loss, beside the losses of those cases."""
    per_case = (
        FIGURES["granted_for_loss"]
        .rows(selection)
        .values_list("currency", "case_id")
        .annotate(
            n=Count("*"), granted=Sum("granted_amount"), loss=Max(LOSS), verified=Max("case__verified_loss")
        )
    )
    # Two offers on a case must not count its loss twice, and the ORM can't group what is grouped already.
    try:
        sql, params = per_case.query.sql_with_params()
    except EmptyResultSet:  # someone without a branch
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT currency, SUM(n), COUNT(*), SUM(granted), SUM(loss), COUNT(verified)"  # noqa: S608  # from the ORM
            f" FROM ({sql}) AS per_case (currency, case_id, n, granted, loss, verified) GROUP BY currency",
            params,
        )
        return {currency: AgainstLoss(int(offers), *sums) for currency, offers, *sums in cursor.fetchall()}


def failures(selection: Selection) -> dict[tuple[str, int | None], int]:
    """Complaints opened per failure type ("" when not set) and defect (None when not set)."""
    rows = RECEIVED.rows(selection).values("failure_type", "defect_id").annotate(n=Count("*"))
    return {(row["failure_type"], row["defect_id"]): row["n"] for row in rows}


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


def week_and_baseline(selection: Selection, baseline: Baseline) -> WeekAndBaseline:
    """What a warning compares; complaints without a defect are left out."""
    midnight = selection.period.midnight
    day = dt.timedelta(days=1)
    week = Q(received_at__gte=midnight(baseline.week_first))
    before = Q(received_at__lt=midnight(baseline.last + day))
    rows = RECEIVED.between(selection, midnight(baseline.first), midnight(baseline.week_last + day))
    counted = (
        rows.filter(defect__isnull=False)
        .values("defect_id", "branch_id")
        .annotate(
            now=Count("pk", filter=week),
            then=Count("pk", filter=before),
            since=Subquery(Case.objects.order_by("received_at").values("received_at")[:1]),
        )
    )
    found = list(counted)
    return WeekAndBaseline(
        {(row["defect_id"], row["branch_id"]): (row["now"], row["then"]) for row in found},
        found[0]["since"] if found else None,
    )


def counts_by_week(selection: Selection, edges: list[dt.datetime]) -> list[int]:
    """Complaints received between neighbouring edges."""
    rows = RECEIVED.between(selection, edges[0], edges[-1]).values(slot=Slot("received_at", edges[:-1]))
    found = dict(rows.annotate(n=Count("*")).values_list("slot", "n"))
    return [found.get(slot, 0) for slot in range(1, len(edges))]
