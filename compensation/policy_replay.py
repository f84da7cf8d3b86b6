"""Replaying a version of a policy over past cases: what would have changed, and what it would have cost."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Sum

from cases.models import Case
from common.days import local_day
from compensation.models import Offer, PolicyVersion
from compensation.policy_queries import (
    answers,
    cases_between,
    facts_looked_at,
    facts_of,
    reaches,
    version_before,
)
from compensation.policy_rules import Fact, Facts, Given, Rule, evaluate
from compensation.states import GRANTED

QUARTER = dt.timedelta(days=91)
BATCH = 500
MOST_LISTED = 100
ZERO = Decimal(0)


@dataclass(frozen=True)
class Difference:
    """A case for which the two versions do not give the same; None stands for nothing, or undecided."""

    number: str
    currency: str
    before: Decimal | None
    after: Decimal | None
    granted: Decimal


@dataclass
class Cost:
    """Sums in one currency: what the two versions usually give, and what was granted in fact."""

    before: Decimal = ZERO
    after: Decimal = ZERO
    granted: Decimal = ZERO

    @property
    def change(self) -> Decimal:
        return self.after - self.before


@dataclass
class Replay:
    """What came of a replay. `undecided` counts cases that lack facts, by fact; `cut` says it was bounded."""

    since: dt.datetime
    until: dt.datetime
    cases: int = 0
    given: int = 0
    changed: int = 0
    other_currency: int = 0
    undecided: int = 0
    lacking: dict[Fact, int] = field(default_factory=lambda: defaultdict(int))
    costs: dict[str, Cost] = field(default_factory=lambda: defaultdict(Cost))
    differences: list[Difference] = field(default_factory=list)
    cut: bool = False


def replay(
    version: PolicyVersion,
    *,
    since: dt.datetime,
    until: dt.datetime,
    most: int,
    batch: int = BATCH,
    told: Callable[[int], None] = lambda _count: None,
) -> Replay:
    """Hold a version against what was in force on each case's day, in its branch.

    What was asked for on a case's last offer counts as known. Only the usual amount is counted, once a case:
    what would really have been granted lies in the range. It reads and never writes; `told` hears of each
    batch how many cases it had.
    """
    result = Replay(since, until)
    earlier: dict[dt.date, PolicyVersion | None] = {}
    looked_at = facts_looked_at([version, *version.policy.versions.all()])
    repeats = Fact.REPEATS in looked_at
    rules = version.parsed  # a draft reads its rules anew each time
    for rows in cases_between(since, until, batch=batch, most=most + 1, repeats=repeats):
        result.cut = result.cases + len(rows) > most
        within = rows[: most - result.cases]
        granted, given = _offers([case.pk for case in within])
        for case in within:
            day = local_day(case.received_at, case.branch.time_zone)
            if day not in earlier:
                earlier[day] = version_before(version, day)
            held = facts_of(case, looked_at, repeats=getattr(case, "complaints_before", None))
            held = held.with_(answers(given.get(case.pk, {})))
            _count(result, case, (earlier[day], version), rules, held, granted.get(case.pk, ZERO))
        told(len(within))
    return result


def _count(
    result: Replay,
    case: Case,
    versions: tuple[PolicyVersion | None, PolicyVersion],
    rules: Sequence[Rule],
    held: Facts,
    granted: Decimal,
) -> None:
    before, version = versions
    result.cases += 1
    old = evaluate(before.parsed, held).first if before and reaches(before, held) else None
    new: Given | None = None
    if reaches(version, held):
        finding = evaluate(rules, held)
        new = finding.first
        result.undecided += bool(finding.missing)
        result.other_currency += bool(finding.other and not new and not finding.missing)
        for fact in finding.missing:
            result.lacking[fact] += 1
    result.given += new is not None
    cost = result.costs[case.currency] if (old or new or granted) else Cost()
    cost.before += old.amounts.usual if old else ZERO
    cost.after += new.amounts.usual if new else ZERO
    cost.granted += granted
    if (old and old.amounts) == (new and new.amounts):
        return
    result.changed += 1
    if len(result.differences) < MOST_LISTED:
        result.differences.append(
            Difference(
                case.number,
                case.currency,
                old.amounts.usual if old else None,
                new.amounts.usual if new else None,
                granted,
            )
        )


def _offers(case_ids: list[int]) -> tuple[dict[int, Decimal], dict[int, dict[str, str]]]:
    """What each case was granted, and what its last offer was told for the policy."""
    offers = Offer.objects.filter(case__in=case_ids).order_by()
    granted = offers.filter(state__in=GRANTED).values_list("case").annotate(total=Sum("granted_amount"))
    told = offers.exclude(policy_facts={}).order_by("id").values_list("case", "policy_facts")
    return dict(granted), dict(told)
