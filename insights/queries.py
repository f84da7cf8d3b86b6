"""What the dashboard reads: a few wide aggregates over the rows that `insights.figures` defines.

Every query touches the rows of the period (and of the one before it) by an index on their time, and joins the
case only when a filter needs it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    Aggregate,
    Count,
    DateTimeField,
    F,
    FloatField,
    Func,
    IntegerField,
    Max,
    Min,
    Q,
    Sum,
    Value,
)
from django.db.models.functions import Coalesce

from cases.models import Case, Defect
from cases.states import ClockState
from insights.figures import CLOCKS, FIGURES, LOSS, OFFERS, RECEIVED, RESOLVED, RESPONSES, Selection
from insights.periods import Baseline


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
class ClockTimes:
    """How long the n finished clocks of one metric took, in business time and in calendar time."""

    n: int
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


def opened_by_slot(selection: Selection) -> dict[int, int]:
    """Complaints opened per slot of `Period.edges`."""
    rows = RECEIVED.rows_and_before(selection).values(slot=Slot("received_at", selection.period.edges))
    return dict(rows.annotate(n=Count("*")).values_list("slot", "n"))


def resolved_by_slot(selection: Selection) -> dict[int, int]:
    """Complaints resolved per slot of `Period.edges`."""
    rows = RESOLVED.rows_and_before(selection).values(slot=Slot("resolved_at", selection.period.edges))
    return dict(rows.annotate(n=Count("*")).values_list("slot", "n"))


def won_back(selection: Selection) -> int:
    """How many of the complaints resolved in the period have a satisfied answer by now."""
    return FIGURES["won_back"].rows(selection).count()


def clocks_by_slot(selection: Selection) -> dict[tuple[str, int], tuple[int, int]]:
    """Per metric and slot: finished clocks, and those that were met."""
    rows = CLOCKS.rows_and_before(selection).values("metric", slot=Slot("stopped_at", selection.period.edges))
    counted = rows.annotate(n=Count("*"), met=Count("*", filter=Q(state=ClockState.MET)))
    return {(row["metric"], row["slot"]): (row["n"], row["met"]) for row in counted}


def clock_times(selection: Selection) -> dict[str, ClockTimes]:
    """Per metric: median and 90th percentile in business and in calendar time."""
    rows = CLOCKS.rows(selection).values("metric")
    measured = rows.annotate(
        n=Count("business_seconds"),
        business=Percentiles("business_seconds"),
        calendar=Percentiles("calendar_seconds"),
    )
    return {
        row["metric"]: ClockTimes(row["n"], _times(row["business"]), _times(row["calendar"]))
        for row in measured
    }


def _times(pair: list[float] | None) -> Times | None:
    return None if pair is None else Times(*pair)


def answers_by_slot(selection: Selection) -> dict[int, Answers]:
    """Survey answers per slot of `Period.edges`."""
    rows = RESPONSES.rows_and_before(selection).values(key=Slot("submitted_at", selection.period.edges))
    return _answers(rows)


def answers_by_failure_type(selection: Selection) -> dict[str, Answers]:
    """Survey answers per type of failure of their cases."""
    return _answers(RESPONSES.rows(selection).values(key=F("case__failure_type")))


def _answers(rows: Any) -> dict[Any, Answers]:
    paired = FIGURES["paired"].where
    gain = F("satisfaction") - F("satisfaction_before")
    summed = rows.annotate(
        n=Count("*"),
        satisfied=Count("*", filter=FIGURES["satisfied"].where),
        pairs=Count("*", filter=paired),
        before=Coalesce(Sum("satisfaction_before"), 0),
        after=Coalesce(Sum("satisfaction", filter=paired), 0),
        squares=Coalesce(Sum(gain * gain, output_field=IntegerField()), 0),
    )
    return {row.pop("key"): Answers(**row) for row in summed}


def granted_by_slot(selection: Selection) -> dict[tuple[str, int], Granted]:
    """Compensation granted per currency and slot; amounts of different currencies are never added."""
    rows = OFFERS.rows_and_before(selection).values(
        "currency", slot=Slot("decided_at", selection.period.edges)
    )
    summed = rows.annotate(
        n=Count("*"), amount=Sum("granted_amount"), alone=Count("*", filter=FIGURES["granted_alone"].where)
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
    sums: dict[str, AgainstLoss] = {}
    for currency, _case, n, granted, loss, verified in per_case:
        so_far = sums.get(currency, AgainstLoss(0, 0, Decimal(0), Decimal(0), 0))
        sums[currency] = AgainstLoss(
            so_far.offers + n,
            so_far.cases + 1,
            so_far.granted + granted,
            so_far.loss + loss,
            so_far.verified + (verified is not None),
        )
    return sums


def failures(selection: Selection) -> dict[tuple[str, int | None], int]:
    """Complaints opened per failure type ("" when not set) and defect (None when not set)."""
    rows = RECEIVED.rows(selection).values("failure_type", "defect_id").annotate(n=Count("*"))
    return {(row["failure_type"], row["defect_id"]): row["n"] for row in rows}


def defects() -> dict[int, Defect]:
    """Every defect with its family."""
    return {defect.pk: defect for defect in Defect.objects.select_related("family")}


def first_received() -> dt.datetime | None:
    """When the first complaint on record came in."""
    return Case.objects.aggregate(first=Min("received_at"))["first"]


def week_and_baseline(selection: Selection, baseline: Baseline) -> dict[tuple[int, int], tuple[int, int]]:
    """Per defect and branch: complaints in the week looked at, and in the whole baseline."""
    midnight = selection.period.midnight
    day = dt.timedelta(days=1)
    week = Q(received_at__gte=midnight(baseline.week_first))
    before = Q(received_at__lt=midnight(baseline.last + day))
    rows = RECEIVED.between(selection, midnight(baseline.first), midnight(baseline.week_last + day))
    counted = (
        rows.filter(defect__isnull=False)
        .values("defect_id", "branch_id")
        .annotate(now=Count("*", filter=week), then=Count("*", filter=before))
    )
    return {(row["defect_id"], row["branch_id"]): (row["now"], row["then"]) for row in counted}


def counts_by_week(selection: Selection, edges: list[dt.datetime]) -> list[int]:
    """Complaints received between neighbouring edges."""
    rows = RECEIVED.between(selection, edges[0], edges[-1]).values(slot=Slot("received_at", edges[:-1]))
    found = dict(rows.annotate(n=Count("*")).values_list("slot", "n"))
    return [found.get(slot, 0) for slot in range(1, len(edges))]
