"""What the pages about compensation read: a few aggregates over the rows of their figures.

They are written as `insights.tables` says.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Case as Branching
from django.db.models import Count, F, Min, Sum, When
from django.db.models.expressions import Combinable
from django.db.models.functions import TruncDate

from accounts.models import User
from cases.models import Cause
from compensation.models import Budget, BudgetMovement
from compensation.states import Movement
from insights.compensation_figures import OFFER_FIGURES, used_signs
from insights.figures import Figure, Selection
from insights.periods import FIRST_SLOT, PREVIOUS_SLOT, Period
from insights.tables import Table, and_before, of_period, over

ZERO = Decimal(0)
# What a row of each source is worth; of the others, what was granted.
_WORTH: dict[str, str | Combinable] = {
    "waiting": "amount",
    "decisions": "amount",
    # A period that is over keeps its figure.
    "paid": F("granted_amount") + F("taken_back"),
    "clawed_back": Branching(
        When(offer__taken_back__gt=0, then="offer__taken_back"), default="offer__granted_amount"
    ),
    "on_budget": "standing",
    "compensated": "given",
}


class Total(NamedTuple):
    """How many, and how much together, in one currency."""

    n: int = 0
    amount: Decimal = ZERO

    def __add__(self, other: object) -> Total:
        if not isinstance(other, Total):
            return NotImplemented
        return Total(self.n + other.n, self.amount + other.amount)


def offers_of(code: str, selection: Selection, **columns: Any) -> Table:
    """The rows of a figure; `amount` is what each is worth."""
    figure = OFFER_FIGURES[code]
    return of_period(figure, selection, amount=_worth(figure), **columns)


def _worth(figure: Figure) -> str | Combinable:
    return _WORTH.get(figure.source.code, "granted_amount")


def totals(selection: Selection, *codes: str) -> dict[str, Total]:
    """The totals of some figures, in one statement."""
    tables = {f"figure_{at}": offers_of(code, selection) for at, code in enumerate(codes)}
    each = " UNION ALL ".join(
        f"SELECT {at}, count(*)::int, coalesce(sum(amount), 0) FROM {name}"  # noqa: S608  # our own names
        for at, name in enumerate(tables)
    )
    found = {codes[at]: Total(n, amount) for at, n, amount in over(each, **tables)}
    return {code: found.get(code, Total()) for code in codes}


def currencies(selection: Selection) -> dict[str, int]:
    """How many offers were granted in the period or wait now, by currency, the most frequent first."""
    anyone = selection.but(currency="")
    counts: dict[str, int] = {}
    for code in ("grants", "waiting_now", "promised_now"):
        rows = OFFER_FIGURES[code].rows(anyone).values_list("currency").annotate(Count("pk"))
        for currency, n in rows:
            counts[currency] = counts.get(currency, 0) + n
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def oldest_waiting(selection: Selection) -> dt.datetime | None:
    """Since when the longest waiting offer waits."""
    first: dt.datetime | None = (
        OFFER_FIGURES["waiting_now"].rows(selection).aggregate(first=Min("proposed_at"))["first"]
    )
    return first


# --- over time and by kind, cause and branch -------------------------------------------------

# The slot of a moment as `Period.slots` has them; 0 for what lies in none, between the period and the one
# that it is compared with.
_SLOT = f"""
CASE WHEN at >= %s THEN {FIRST_SLOT - 1} + width_bucket(at, %s::timestamptz[])
    WHEN at < %s THEN {PREVIOUS_SLOT} ELSE 0 END
"""
# Counted by everything first: so the many rows are sorted into groups once, and the few groups four times.
_SPLIT = f"""
SELECT grouping(slot, kind, cause, branch), slot, kind, cause, branch, in_period, sum(n)::int, sum(amount)
FROM (
    SELECT slot, slot >= {FIRST_SLOT} AS in_period, kind, cause, branch, n, amount FROM (
        SELECT {{slot}} AS slot, kind, cause, branch, count(*) AS n, sum(amount) AS amount
        FROM offers GROUP BY 1, 2, 3, 4
    ) AS counted
) AS parts GROUP BY GROUPING SETS ((slot), (in_period, kind), (in_period, cause), (in_period, branch))
"""  # noqa: S608  # nothing but constants are put in
_SLOTTED, _NOW = _SPLIT.format(slot=_SLOT), _SPLIT.format(slot=str(FIRST_SLOT))
_SPLIT_BY = {"kind": "kind", "cause": "case__cause_id", "branch": "case__branch_id"}
# What `grouping` says of each set: a bit for each column that it leaves out.
_BY_SLOT, _BY_KIND, _BY_CAUSE, _BY_BRANCH = 0b0111, 0b1011, 0b1101, 0b1110


@dataclass
class Split:
    """Totals per slot of `Period.slots`, and of the period by kind, cause (None: none yet) and branch."""

    slots: dict[int, Total] = field(default_factory=dict)
    kinds: dict[str, Total] = field(default_factory=dict)
    causes: dict[int | None, Total] = field(default_factory=dict)
    branches: dict[int, Total] = field(default_factory=dict)

    @property
    def total(self) -> Total:
        return sum(self.kinds.values(), Total())


def _slotting(period: Period) -> tuple[object, ...]:
    starts, _stops = period.slots
    return period.start, list(starts[1:]), period.previous_end


def split(code: str, selection: Selection) -> Split:
    """The offers of a figure over time, as in `Period.slots`, and by kind, cause and branch."""
    figure = OFFER_FIGURES[code]
    columns = {"amount": _worth(figure), "at": figure.source.time, **_SPLIT_BY}
    offers = and_before(figure, selection, **columns)
    return _split(over(_SLOTTED, *_slotting(selection.period), offers=offers))


def split_now(code: str, selection: Selection) -> Split:
    """The offers of a figure that is as of now, by kind, cause and branch."""
    return _split(over(_NOW, offers=offers_of(code, selection, **_SPLIT_BY)))


def _split(rows: list[tuple[Any, ...]]) -> Split:
    found = Split()
    for grouping, slot, kind, cause, branch, in_period, n, amount in rows:
        if grouping == _BY_SLOT:
            found.slots[slot] = Total(n, amount)
        elif in_period and grouping == _BY_KIND:
            found.kinds[kind] = Total(n, amount)
        elif in_period and grouping == _BY_CAUSE:
            found.causes[cause] = Total(n, amount)
        elif in_period and grouping == _BY_BRANCH:
            found.branches[branch] = Total(n, amount)
    return found


# --- decisions -------------------------------------------------------------------------------


class Decided(NamedTuple):
    """Decisions: how many, how they went, how much was approved, and the seconds that they took."""

    n: int = 0
    approved: int = 0
    rejected: int = 0
    lowered: int = 0
    amount: Decimal = ZERO
    median: float | None = None
    p90: float | None = None


_DECISIONS = f"""
SELECT grouping(approver, kind, slot), approver, kind, slot, count(*)::int,
    (count(*) FILTER (WHERE decision = 'approved'))::int,
    (count(*) FILTER (WHERE decision = 'rejected'))::int,
    (count(*) FILTER (WHERE decision = 'approved' AND amount < asked))::int,
    coalesce(sum(amount) FILTER (WHERE decision = 'approved'), 0),
    (percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY extract(epoch FROM at - since)))[1],
    (percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY extract(epoch FROM at - since)))[2]
FROM (SELECT *, {_SLOT} AS slot FROM decisions) AS slotted
GROUP BY GROUPING SETS ((), (approver), (kind), (approver, kind), (slot))
"""  # noqa: S608  # as above


@dataclass
class Decisions:
    """Decisions of the period in all, by approver, by kind, by both, and per slot of `Period.slots`."""

    all: Decided = field(default_factory=Decided)
    approvers: dict[int, Decided] = field(default_factory=dict)
    kinds: dict[str, Decided] = field(default_factory=dict)
    pairs: dict[tuple[int, str], Decided] = field(default_factory=dict)
    slots: dict[int, Decided] = field(default_factory=dict)


def decisions(selection: Selection) -> Decisions:
    """Who decided what, how, and how long after it was proposed, in seconds of the calendar."""
    columns: dict[str, Any] = {
        "at": "at", "since": "offer__proposed_at", "decision": "decision", "asked": "offer__amount",
        "approver": "approver_id", "kind": "offer__kind",
    }  # fmt: skip
    found = Decisions()
    table = offers_of("decisions", selection, **columns)
    rows = over(_DECISIONS, *_slotting(selection.period), decisions=table)
    for grouping, approver, kind, slot, *numbers in rows:
        decided = Decided(*numbers)
        match grouping:
            case 0b111:
                found.all = decided
            case 0b011:
                found.approvers[approver] = decided
            case 0b101:
                found.kinds[kind] = decided
            case 0b001:
                found.pairs[approver, kind] = decided
            case 0b110:
                found.slots[slot] = decided
    return found


class HowGranted(NamedTuple):
    """Offers granted: within the proposer's own authority, by somebody's approval, by that of a remedy."""

    n: int = 0
    alone: int = 0
    decided: int = 0
    remedy: int = 0


def how_granted(selection: Selection) -> dict[str, HowGranted]:
    """How the offers of the period came to be granted, by kind."""
    columns: dict[str, Any] = {
        "kind": "kind",
        "alone": "within_authority",
        "approval": "approval__pk",
        "remedy": "remedy_id",
    }
    rows = over(
        "SELECT kind, count(*)::int, (count(*) FILTER (WHERE alone))::int, count(approval)::int,"
        " count(remedy)::int FROM offers GROUP BY kind",
        offers=offers_of("grants", selection, **columns),
    )
    return {kind: HowGranted(*numbers) for kind, *numbers in rows}


# --- names and budgets -----------------------------------------------------------------------


def people(keys: set[int]) -> dict[int, User]:
    """The people with these keys, also those who have left."""
    return User.objects.in_bulk(keys) if keys else {}


def causes() -> dict[int, Cause]:
    """Every cause, in its order."""
    return {cause.pk: cause for cause in Cause.objects.all()}


def budget_days(budget: Budget, time_zone: str) -> list[tuple[dt.date, Decimal]]:
    """By how much each day changed what is used of a budget, reserved or spent; days without are left out."""
    signs = used_signs()
    rows = (
        BudgetMovement.objects.filter(budget=budget, kind__in=[kind for kind, sign in signs.items() if sign])
        .annotate(day=TruncDate("at", tzinfo=ZoneInfo(time_zone)))
        .values_list("day", "kind")
        .annotate(total=Sum("amount"))
        .order_by("day")
    )
    days: dict[dt.date, Decimal] = {}
    for day, kind, total in rows:
        days[day] = days.get(day, ZERO) + signs[Movement(kind)] * total
    return list(days.items())


_ON_BUDGETS = """
SELECT budget_id, count(*)::int, sum(standing) FROM (
    SELECT budget_id, sum(amount * CASE WHEN kind = ANY(%s) THEN 1 ELSE -1 END) AS standing
    FROM compensation_budgetmovement
    WHERE budget_id = ANY(%s) AND offer_id IS NOT NULL AND kind = ANY(%s)
    GROUP BY budget_id, offer_id
) AS offers WHERE standing > 0 GROUP BY budget_id
"""


def on_budgets(keys: Sequence[int]) -> dict[int, Total]:
    """The offers whose money is reserved or spent on each budget."""
    signs = used_signs()
    more = [kind.value for kind, sign in signs.items() if sign > 0]
    moving = [kind.value for kind, sign in signs.items() if sign]
    with connection.cursor() as cursor:
        cursor.execute(_ON_BUDGETS, [more, list(keys), moving])
        return {budget: Total(n, amount) for budget, n, amount in cursor.fetchall()}
