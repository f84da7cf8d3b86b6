"""The dashboard of a selection: every figure with n, interval and comparison, ready to be shown."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from cases.models import Defect
from cases.states import FailureType
from insights import queries
from insights.figures import Selection
from insights.periods import FIRST_SLOT, PREVIOUS_SLOT
from insights.queries import Answers, CaseCounts, Finished, Granted
from insights.readings import Reading, Tally, line, mean_of, ratio, share, uplift
from insights.rising import Rising, rising
from insights.rules import gather, shares_so_far
from sla.states import Metric

SPARK_POINTS = 10
PARETO_TOP = 10


@dataclass(frozen=True, slots=True)
class Recovery:
    """Customers won back, and by how much their satisfaction rose."""

    satisfied: int
    recovered: Reading
    of_resolved: Reading
    uplift: Reading
    mean_before: float | None
    mean_after: float | None
    recovered_line: list[float | None]
    uplift_line: list[float | None]


@dataclass(frozen=True, slots=True)
class ClockRow:
    """Attainment and times of one clock."""

    metric: Metric
    attainment: Reading
    missed: int
    finished: Finished
    figure: str

    @property
    def figures(self) -> dict[str, str]:
        """The codes of the figures that this row shows."""
        return {part: f"{self.figure}_{part}" for part in ("clocks", "met", "missed")}


@dataclass(frozen=True, slots=True)
class CurrencyRow:
    """Compensation granted in one currency, and against the losses of the cases it was for."""

    currency: str
    n: int
    amount: Decimal
    before: Decimal | None
    alone: Reading
    alone_n: int
    to_loss: Reading
    loss_offers: int
    loss: Decimal
    verified: int
    line: list[float | None]

    @property
    def change(self) -> float | None:
        """The relative change of the amount since the period before."""
        return None if not self.before else float((self.amount - self.before) / self.before)


@dataclass(frozen=True, slots=True)
class TypeRow:
    """Process or outcome failures ("" for complaints without a type)."""

    code: str
    label: str
    figure: str
    opened: int
    of_opened: Reading
    resolved: int
    won_back: int
    of_resolved: Reading


@dataclass(frozen=True, slots=True)
class ParetoRow:
    """A defect or a family of them, and its share of all that have one; `length` is that of its bar."""

    defect: Defect
    n: int
    share: float
    so_far: float
    length: float


@dataclass(frozen=True, slots=True)
class Pareto:
    """What fails most, the largest first."""

    kinds: list[ParetoRow]
    families: list[ParetoRow]
    total: int
    without: int
    others: int


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """Complaints opened and resolved from one day to the next point's."""

    day: dt.date
    opened: int
    resolved: int


@dataclass(frozen=True, slots=True)
class Dashboard:
    """All that the dashboard shows."""

    selection: Selection
    opened: Tally
    resolved: Tally
    won_back: int
    recovery: Recovery
    clocks: list[ClockRow]
    resolution_line: list[float | None]
    opened_line: list[int]
    money: list[CurrencyRow]
    types: list[TypeRow]
    pareto: Pareto
    trend: list[TrendPoint]
    rising: Rising

    @property
    def is_empty(self) -> bool:
        return not (self.opened.n or self.resolved.n or self.recovery.recovered.n or self.money)

    @property
    def response(self) -> ClockRow:
        return self.clocks[0]

    @property
    def resolution(self) -> ClockRow:
        return self.clocks[1]


def dashboard(selection: Selection, *, home_currency: str = "") -> Dashboard:
    """Measure a selection; `home_currency` is shown first, else the one in which most offers were granted."""
    slots = range(FIRST_SLOT, FIRST_SLOT + len(selection.period.parts))
    defects = queries.defects()
    cases = queries.cases_counted(selection)
    opened = {slot: cases.opened.get(slot, 0) for slot in slots}
    resolved = {slot: cases.resolved.get(slot, 0) for slot in slots}
    won_back = sum(cases.won_back_by_type.values())
    clocks, resolution_line = _clocks(selection, slots)
    return Dashboard(
        selection=selection,
        opened=Tally(sum(opened.values()), cases.opened.get(PREVIOUS_SLOT, 0)),
        resolved=Tally(sum(resolved.values()), cases.resolved.get(PREVIOUS_SLOT, 0)),
        won_back=won_back,
        recovery=_recovery(queries.answers_by_slot(selection), slots, won_back, sum(resolved.values())),
        clocks=clocks,
        resolution_line=resolution_line,
        opened_line=gather(list(opened.values()), SPARK_POINTS),
        money=_money(selection, slots, home_currency),
        types=_types(selection, cases),
        pareto=pareto(cases.failures, defects),
        trend=[
            TrendPoint(day, opened[slot], resolved[slot])
            for day, slot in zip(selection.period.parts, slots, strict=True)
        ],
        rising=rising(selection, defects),
    )


def _recovery(answers: Mapping[int, Answers], slots: range, won_back: int, resolved: int) -> Recovery:
    now = sum((answers.get(slot, Answers()) for slot in slots), Answers())
    before = answers.get(PREVIOUS_SLOT, Answers())

    def over_time(field: Callable[[Answers], int]) -> list[int]:
        return gather([field(answers.get(slot, Answers())) for slot in slots], SPARK_POINTS)

    return Recovery(
        satisfied=now.satisfied,
        recovered=share(now.satisfied, now.n, (before.satisfied, before.n)),
        of_resolved=share(won_back, resolved),
        uplift=uplift(now, before),
        mean_before=mean_of(now.before, now.pairs),
        mean_after=mean_of(now.after, now.pairs),
        recovered_line=line(
            list(zip(over_time(lambda each: each.satisfied), over_time(lambda each: each.n), strict=True))
        ),
        uplift_line=line(
            list(
                zip(
                    over_time(lambda each: each.after - each.before),
                    over_time(lambda each: each.pairs),
                    strict=True,
                )
            )
        ),
    )


def _clocks(selection: Selection, slots: range) -> tuple[list[ClockRow], list[float | None]]:
    by_slot = queries.resolutions_by_slot(selection)
    finished = queries.finished_clocks(selection)
    n_before, met_before = by_slot.get(PREVIOUS_SLOT, (0, 0))
    rows = [
        ClockRow(
            metric=metric,
            attainment=share(row.met, row.n, (met_before, n_before) if metric == Metric.RESOLUTION else None),
            missed=row.n - row.met,
            finished=row,
            figure=queries.ATTAINMENT[metric],
        )
        for metric, row in finished.items()
    ]
    met = gather([by_slot.get(slot, (0, 0))[1] for slot in slots], SPARK_POINTS)
    n = gather([by_slot.get(slot, (0, 0))[0] for slot in slots], SPARK_POINTS)
    return rows, line(list(zip(met, n, strict=True)))


def _money(selection: Selection, slots: range, home_currency: str) -> list[CurrencyRow]:
    by_slot = queries.granted_by_slot(selection)
    losses = queries.against_loss(selection)
    rows = []
    for currency in sorted({currency for currency, slot in by_slot if slot >= FIRST_SLOT}):
        parts = [by_slot.get((currency, slot), Granted()) for slot in slots]
        n, alone = sum(part.n for part in parts), sum(part.alone for part in parts)
        loss = losses.get(currency, queries.NO_LOSS)
        before = by_slot.get((currency, PREVIOUS_SLOT))
        amounts = gather([part.amount for part in parts], SPARK_POINTS)
        rows.append(
            CurrencyRow(
                currency=currency,
                n=n,
                amount=sum((part.amount for part in parts), Decimal(0)),
                before=before.amount if before else None,
                alone=share(alone, n),
                alone_n=alone,
                to_loss=ratio(loss.granted, loss.loss, loss.cases),
                loss_offers=loss.offers,
                loss=loss.loss,
                verified=loss.verified,
                line=[float(amount) for amount in amounts],
            )
        )
    # Amounts of two currencies can't be compared, so "largest" is by the number of offers.
    return sorted(rows, key=lambda row: (row.currency != home_currency, -row.n, row.currency))


def _types(selection: Selection, cases: CaseCounts) -> list[TypeRow]:
    opened: dict[str, int] = defaultdict(int)
    for (failure_type, _defect), n in cases.failures.items():
        opened[failure_type] += n
    total = sum(opened.values())
    known = [(each.value, str(each.label), each.value) for each in FailureType]
    rows = []
    for code, label, figure in (*known, ("", "", "no_type")):
        if selection.failure_type not in ("", code):
            continue  # left out by the reader
        n, closed, back = (
            opened[code],
            cases.resolved_by_type.get(code, 0),
            cases.won_back_by_type.get(code, 0),
        )
        if code or n or closed:
            rows.append(TypeRow(code, label, figure, n, share(n, total), closed, back, share(back, closed)))
    return rows


def pareto(failures: Mapping[tuple[str, int | None], int], defects: Mapping[int, Defect]) -> Pareto:
    """Kinds and families of defects by number of complaints; shares are of complaints with a defect."""
    kinds: dict[int, int] = defaultdict(int)
    families: dict[int, int] = defaultdict(int)
    without = 0
    for (_type, defect_id), n in failures.items():
        if defect_id is None:
            without += n
            continue
        kinds[defect_id] += n
        families[defects[defect_id].family_id or defect_id] += n
    total = sum(kinds.values())
    ranked = _ranked(kinds.items(), defects, total)
    return Pareto(
        kinds=ranked[:PARETO_TOP],
        families=_ranked(families.items(), defects, total),
        total=total,
        without=without,
        others=sum(row.n for row in ranked[PARETO_TOP:]),
    )


def _ranked(counts: Iterable[tuple[int, int]], defects: Mapping[int, Defect], total: int) -> list[ParetoRow]:
    ordered = sorted(counts, key=lambda item: (-item[1], defects[item[0]].position, item[0]))
    largest = ordered[0][1] if ordered else 1
    so_far = shares_so_far([n for _pk, n in ordered], total)
    return [
        ParetoRow(defects[pk], n, n / total, reached, 100 * n / largest)
        for (pk, n), reached in zip(ordered, so_far, strict=True)
    ]
