"""What the policies give for a case, in words, as the offer form shows it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from cases.models import Case
from common.money import format_money
from common.punctuation import listed
from compensation.models import Offer
from compensation.policy_queries import PolicyView, policy_view
from compensation.policy_rules import Amounts, Fact, Given
from compensation.policy_words import (
    VALUE_NAMES,
    Names,
    deadline_words,
    fact_name,
    kinds_words,
    reasons,
)


@dataclass(frozen=True)
class GivenLine:
    """One rule that applies."""

    policy: str
    rule: str
    amount: str
    entitlement: bool
    reasons: list[str]
    kinds: str
    deadline: str
    text: str
    source: str


@dataclass(frozen=True)
class PolicyPanel:
    """What the policies say, and what they can't say yet. `any` is false where no policy is in force here."""

    view: PolicyView
    lines: list[GivenLine]
    open_facts: str
    untold: str
    other_currency: list[str]

    @property
    def any(self) -> bool:
        return bool(self.lines or self.open_facts or self.untold or self.other_currency)

    @property
    def amounts(self) -> Amounts | None:
        return self.view.amounts

    def leaves(self, total: Decimal, kind: str) -> bool:
        return self.view.leaves(total, kind)


def policy_panel(
    case: Case, offers: list[Offer] | None = None, given: dict[str, object] | None = None
) -> PolicyPanel:
    """What holds for a case with what was answered now, or else for its last offer."""
    if given is None:
        given = dict(next((each.policy_facts for each in reversed(offers or []) if each.policy_facts), {}))
    view = policy_view(case, given)
    return panel_of(view, names_of(case) if view.applied else VALUE_NAMES)


def panel_of(view: PolicyView, names: Names) -> PolicyPanel:
    """A view in words."""
    language = get_language() or "en"
    lines = [given_line(given, view, version.policy.label, language, names) for version, given in view.given]
    other = [
        _("{policy}: {rule} counts in {currency}, this case in {own}; so it gives nothing here.").format(
            policy=each.version.policy.label,
            rule=rule.name_in(language),
            currency=rule.award.currency,
            own=view.facts.currency,
        )
        for each in view.applied
        for rule in each.finding.other
        if not each.finding.given
    ]
    return PolicyPanel(
        view=view,
        lines=lines,
        open_facts=listed(map(fact_name, view.open_facts)),
        untold=listed(map(fact_name, view.untold)),
        other_currency=other,
    )


def given_line(given: Given, view: PolicyView, policy: str, language: str, names: Names) -> GivenLine:
    """A rule that applies, in words."""
    deadline = given.rule.deadline
    return GivenLine(
        policy=policy,
        rule=given.rule.name_in(language),
        amount=amounts_words(given.amounts, view.facts.currency),
        entitlement=given.rule.entitlement,
        reasons=reasons(given, view.facts, names),
        kinds=kinds_words(given.rule.kinds),
        deadline=deadline_words(deadline.days, deadline.unit) if deadline else "",
        text=given.rule.text_in(language),
        source=given.rule.source,
    )


def amounts_words(amounts: Amounts, currency: str) -> str:
    """A range as a phrase, or the one amount that it is."""
    usual = format_money(amounts.usual, currency)
    if amounts.minimum == amounts.maximum:
        return usual
    return _("{low} to {high}, usually {usual}").format(
        low=format_money(amounts.minimum, currency), high=format_money(amounts.maximum, currency), usual=usual
    )


def names_of(case: Case) -> Names:
    """What the values that the case itself holds are called; without a query."""
    names = dict(VALUE_NAMES)
    names[Fact.BRANCH, case.branch.code] = case.branch.label
    if case.defect is not None:
        names[Fact.DEFECT, case.defect.code] = case.defect.label
    return names
