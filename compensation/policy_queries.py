"""Reading policies: what is in force on a day, what a case is known by, and what they give for it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import Branch
from cases.models import Case, Cause, Defect
from common.days import local_day
from common.prepared import prepared
from compensation.models import Policy, PolicyVersion
from compensation.policy_rules import (
    ASKED,
    NUMBERS,
    Amounts,
    Deadline,
    Fact,
    Facts,
    Finding,
    Given,
    Value,
    combine,
    evaluate,
    jurisdictions_of,
    needed,
)
from compensation.policy_words import VALUE_NAMES, Names
from compensation.states import PolicyState


@dataclass(frozen=True)
class Applied:
    """What one version says about facts."""

    version: PolicyVersion
    finding: Finding


@dataclass(frozen=True)
class PolicyView:
    """What the policies in force say about a case.

    `asks` are the facts that the form asks for, `open_facts` those of them that are still unknown and decide.
    """

    facts: Facts
    applied: tuple[Applied, ...]
    amounts: Amounts | None
    asks: tuple[Fact, ...]

    @property
    def given(self) -> list[tuple[PolicyVersion, Given]]:
        return [(each.version, given) for each in self.applied for given in each.finding.given]

    @property
    def open_facts(self) -> tuple[Fact, ...]:
        missing = frozenset[Fact]().union(*(each.finding.missing for each in self.applied))
        return tuple(fact for fact in ASKED if fact in missing)

    @property
    def untold(self) -> tuple[Fact, ...]:
        """What the case itself should tell and does not."""
        missing = frozenset[Fact]().union(*(each.finding.missing for each in self.applied))
        return tuple(fact for fact in Fact if fact in missing and fact not in ASKED)

    def leaves(self, total: Decimal, kind: str) -> bool:
        """Whether a total for the case, or an offer's kind, leaves the policy, or can't be held against it.

        An answer withheld is no way around the policy. What the case itself lacks does not count: it is
        recorded elsewhere, often later.
        """
        if self.open_facts:
            return True
        if self.amounts is None:
            return False
        return not self.amounts.minimum <= total <= self.amounts.maximum or not self.gives(kind)

    def gives(self, kind: str) -> bool:
        """Whether a rule that applies gives this kind; one that names no kinds gives any."""
        return any(not given.rule.kinds or kind in given.rule.kinds for _version, given in self.given)

    def as_rows(self) -> list[dict[str, int]]:
        """The rules that applied, as an offer keeps them."""
        return [{"version": version.pk, "rule": given.number} for version, given in self.given]


# --- versions ------------------------------------------------------------------------------


@prepared
def _in_force(*, on: dt.date) -> QuerySet[PolicyVersion]:
    return (
        PolicyVersion.objects.exclude(state=PolicyState.DRAFT)
        .filter(effective_from__lte=on)
        .select_related("policy")
        .order_by("policy_id", F("effective_from").desc(), F("number").desc())
        .distinct("policy_id")
    )


def versions_in_force(on: dt.date) -> list[PolicyVersion]:
    """The version of each policy that holds on a day, which is that of the branch concerned."""
    return [each for each in _in_force(on=on) if each.ended_on is None or on < each.ended_on]


def deadlines_of(applied: Sequence[Mapping[str, int]], kind: str) -> list[Deadline]:
    """The deadlines for a kind among rules that applied, as an offer or a remedy keeps them.

    What a version says never changes once it was in force, so a promise can be counted anew at any time.
    """
    if not applied:
        return []
    found = _versions(keys=sorted({each["version"] for each in applied}))
    versions = {version.pk: version.parsed for version in found}
    rules = [versions[each["version"]][each["rule"] - 1] for each in applied if each["version"] in versions]
    return [rule.deadline for rule in rules if rule.deadline is not None and kind in rule.kinds]


@prepared
def _versions(*, keys: list[int]) -> QuerySet[PolicyVersion]:
    return PolicyVersion.objects.filter(pk__among=keys)


def version_before(version: PolicyVersion, on: dt.date) -> PolicyVersion | None:
    """What holds of a version's policy on a day, or would without this version."""
    found = (
        PolicyVersion.objects.exclude(state=PolicyState.DRAFT)
        .exclude(pk=version.pk)
        .filter(policy=version.policy, effective_from__lte=on)
        .filter(Q(ended_on__isnull=True) | Q(ended_on__gt=on))
    )
    return found.select_related("policy").order_by("-effective_from", "-number").first()


def policies_with_versions() -> list[tuple[Policy, list[PolicyVersion]]]:
    """Every policy with its versions, the newest first."""
    rows: dict[int, list[PolicyVersion]] = {}
    for version in PolicyVersion.objects.select_related("author").order_by("-number"):
        rows.setdefault(version.policy_id, []).append(version)
    return [(policy, rows.get(policy.pk, [])) for policy in Policy.objects.all()]


def value_names() -> Names:
    """What the values of facts are called, those of the tables included; three queries."""
    return {
        **VALUE_NAMES,
        **{(Fact.DEFECT, row.code): row.label for row in Defect.objects.all()},
        **{(Fact.CAUSE, row.code): row.label for row in Cause.objects.all()},
        **{(Fact.BRANCH, row.code): row.label for row in Branch.objects.all()},
    }


# --- facts ---------------------------------------------------------------------------------


def facts_of(case: Case, looked_at: frozenset[Fact], *, repeats: int | None = None) -> Facts:
    """What a case knows by itself; of what takes a query, only what is looked at."""
    held: dict[Fact, Value] = {
        Fact.SEVERITY: frozenset({str(int(case.severity))}),
        Fact.CHANNEL: frozenset({case.channel}),
        Fact.TIER: frozenset({case.customer.tier}),
        Fact.BRANCH: frozenset({case.branch.code}),
    }
    if case.failure_type:
        held[Fact.FAILURE_TYPE] = frozenset({case.failure_type})
    if Fact.DEFECT in looked_at and case.defect is not None:
        family = case.defect.family
        held[Fact.DEFECT] = frozenset({case.defect.code} | ({family.code} if family else set()))
    if Fact.CAUSE in looked_at:
        # An open case has no cause yet: whatever may turn out, so far it is not established.
        held[Fact.CAUSE] = frozenset({case.cause.code if case.cause else "not_established"})
    if case.product:
        held[Fact.PRODUCT] = case.product
    if case.loss is not None:
        held[Fact.LOSS] = case.loss
    if repeats is not None:
        held[Fact.REPEATS] = Decimal(repeats)
    if places := jurisdictions_of(case.branch.time_zone):
        held[Fact.JURISDICTION] = places
    return Facts(case.currency, held)


def answers(given: Mapping[str, object]) -> dict[Fact, Value]:
    """Facts as a form or an offer holds them; what is empty or unknown to policies is left out."""
    found: dict[Fact, Value] = {}
    for fact in ASKED:
        value = given.get(str(fact))
        if value in (None, ""):
            continue
        found[fact] = Decimal(str(value)) if fact in NUMBERS else frozenset({str(value)})
    return found


def kept_answers(view: PolicyView) -> dict[str, str]:
    """The facts that were asked for and answered, as an offer keeps them."""
    found = {}
    for fact in view.asks:
        value = view.facts.get(fact)
        if value is not None:
            found[str(fact)] = f"{value:f}" if isinstance(value, Decimal) else next(iter(value))
    return found


# --- what is given -------------------------------------------------------------------------


def policy_view(case: Case, given: Mapping[str, object] | None = None) -> PolicyView:
    """What the policies in force today, in the branch's day, give for a case and what was answered.

    One query, and one for each of complaints before, family of the defect and cause that rules look at.
    """
    versions = versions_in_force(local_day(timezone.now(), case.branch.time_zone))
    looked_at = facts_looked_at(versions)
    repeats = _count_before(case) if Fact.REPEATS in looked_at else None
    return view_of(versions, facts_of(case, looked_at, repeats=repeats), answers(given or {}))


def facts_looked_at(versions: Iterable[PolicyVersion]) -> frozenset[Fact]:
    """The facts that the conditions and tables of these name."""
    rules = [rule for version in versions for rule in version.parsed]
    named = {condition.fact for rule in rules for condition in rule.conditions}
    return frozenset(named | {rule.award.by for rule in rules if rule.award.by})


def _count_before(case: Case) -> int:
    return next(iter(_before(customer_id=case.customer_id, case_id=case.pk)), 0)


@prepared
def _before(*, customer_id: int, case_id: int) -> QuerySet[Case, int]:
    """How many cases of a customer are older than one."""
    rows = Case.objects.filter(customer=customer_id, id__lt=case_id).order_by()
    return rows.values("customer").annotate(n=Count("id")).values_list("n", flat=True)


def view_of(versions: Iterable[PolicyVersion], held: Facts, answered: dict[Fact, Value]) -> PolicyView:
    """What these versions give. A policy of another jurisdiction says nothing."""
    here = [version for version in versions if reaches(version, held)]
    facts = held.with_(answered)
    applied = tuple(Applied(version, evaluate(version.parsed, facts)) for version in here)
    unknown = {fact for version in here for fact in needed(version.parsed, held)}
    asks = tuple(fact for fact in ASKED if fact in unknown)
    amounts = combine([given for each in applied for given in each.finding.given])
    return PolicyView(facts, applied, amounts, asks)


def reaches(version: PolicyVersion, facts: Facts) -> bool:
    """Whether the policy's jurisdiction is that of the facts; an unknown one is left to the conditions."""
    places = facts.get(Fact.JURISDICTION)
    wanted = version.policy.jurisdiction
    return not wanted or (isinstance(places, frozenset) and wanted in places)


# --- replay --------------------------------------------------------------------------------


def cases_between(
    since: dt.datetime, until: dt.datetime, *, batch: int, most: int, repeats: bool
) -> Iterator[list[Case]]:
    """Cases received in a period, newest first, in batches of one query each, and no more than `most`.

    With `repeats` each has its customer's earlier complaints as `complaints_before`.
    """
    cases = (
        Case.objects.filter(received_at__gte=since, received_at__lt=until)
        .select_related("customer", "branch", "defect__family", "cause")
        .defer("search", "description", "customer__search", "suggestion", "resolution")
        .order_by("-received_at", "-id")
    )
    if repeats:
        older = Case.objects.filter(customer=OuterRef("customer"), id__lt=OuterRef("id")).order_by()
        counted = older.values("customer").annotate(n=Count("id")).values("n")
        cases = cases.annotate(complaints_before=Coalesce(Subquery(counted, output_field=IntegerField()), 0))
    found, left = cases, most
    while left > 0:
        rows = list(found[: min(batch, left)])
        if not rows:
            return
        yield rows
        last, left = rows[-1], left - len(rows)
        found = cases.filter(received_at__lte=last.received_at).exclude(
            received_at=last.received_at, id__gte=last.pk
        )
