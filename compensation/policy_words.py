"""Policies in the reader's words: what facts are called, and why a rule applies or can't be decided."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from cases.states import Channel, FailureType
from common.display import format_percent
from common.money import format_money
from common.punctuation import labelled, listed
from compensation.models.kind import kind_label
from compensation.policy_rules import Award, Base, Condition, Fact, Facts, Given, Op, Tier, Unit
from compensation.states import Inside, PaidBy, PolicyEvent
from customers.states import Tier as CustomerTier
from sla.states import Severity

FACT_NAMES: dict[Fact, Promise | str] = {
    Fact.FAILURE_TYPE: gettext_lazy("failure type"),
    Fact.DEFECT: gettext_lazy("defect"),
    Fact.SEVERITY: gettext_lazy("severity"),
    Fact.CAUSE: gettext_lazy("cause"),
    Fact.CHANNEL: gettext_lazy("channel"),
    Fact.TIER: gettext_lazy("tier"),
    Fact.BRANCH: gettext_lazy("branch"),
    Fact.JURISDICTION: gettext_lazy("jurisdiction"),
    Fact.CURRENCY: gettext_lazy("currency"),
    Fact.PRODUCT: gettext_lazy("product or service"),
    Fact.LOSS: gettext_lazy("loss"),
    Fact.PRICE: pgettext_lazy("of what was bought", "price"),
    Fact.REPEATS: gettext_lazy("complaints before"),
    Fact.EVENT: gettext_lazy("what happened, in law"),
    Fact.PAID_BY: gettext_lazy("paid by"),
    Fact.INSIDE: gettext_lazy("all inside the jurisdiction"),
    Fact.DELAY: gettext_lazy("delay on arrival, in hours"),
    Fact.DISTANCE: gettext_lazy("distance, in kilometres"),
}
SIGNS = {Op.ABOVE: ">", Op.FROM: "≥", Op.BELOW: "<", Op.UP_TO: "≤"}

# The names of values that the product knows itself; those of tables come from the caller.
VALUE_NAMES: dict[tuple[Fact, str], Promise | str] = {
    **{(Fact.FAILURE_TYPE, str(value)): label for value, label in FailureType.choices},
    **{(Fact.SEVERITY, str(value)): label for value, label in Severity.choices},
    **{(Fact.CHANNEL, str(value)): label for value, label in Channel.choices},
    **{(Fact.TIER, str(value)): label for value, label in CustomerTier.choices},
    **{(Fact.EVENT, str(value)): label for value, label in PolicyEvent.choices},
    **{(Fact.PAID_BY, str(value)): label for value, label in PaidBy.choices},
    **{(Fact.INSIDE, str(value)): label for value, label in Inside.choices},
}
Names = Mapping[tuple[Fact, str], "Promise | str"]


def fact_name(fact: Fact) -> str:
    """What a fact is called."""
    return str(FACT_NAMES[fact])


def condition_words(condition: Condition, names: Names = VALUE_NAMES) -> str:
    """A condition as a phrase: "delay on arrival, in hours ≥ 3"."""
    name = fact_name(condition.fact)
    if condition.bound is not None:
        return f"{name} {SIGNS[condition.op]} {_plain(condition.bound)}"
    values = listed(_value_name(condition.fact, value, names) for value in sorted(condition.values))
    if condition.op is Op.NOT_IN:
        return _("{fact}: not {values}").format(fact=name, values=values)
    if condition.op is Op.CONTAINS:
        return _("{fact} contains {values}").format(fact=name, values=values)
    return _("{fact}: {values}").format(fact=name, values=values)


def reasons(given: Given, facts: Facts, names: Names = VALUE_NAMES) -> list[str]:
    """Why a rule applies: each condition with the fact that meets it, then how the amount came about."""
    found = [_met(condition, facts, names) for condition in given.rule.conditions]
    award = given.rule.award
    if award.by is not None:
        value = facts.get(award.by)
        assert isinstance(value, Decimal)
        found.append(labelled(fact_name(award.by), _plain(value)))
    if given.halved_by:
        why = listed(condition_words(condition, names) for condition in given.halved_by)
        found.append(_("halved, for {why}").format(why=why))
    return found


def _met(condition: Condition, facts: Facts, names: Names) -> str:
    value = facts.get(condition.fact)
    if isinstance(value, Decimal):
        return _("{fact}: {value}, so {sign} {bound}").format(
            fact=fact_name(condition.fact),
            value=_plain(value),
            sign=SIGNS[condition.op],
            bound=_plain(condition.bound or Decimal(0)),
        )
    if isinstance(value, frozenset):
        # What holds, rather than all that would have done.
        shown = sorted(value & condition.values if condition.op is Op.IN else value)
        values = listed(_value_name(condition.fact, each, names) for each in shown)
        return _("{fact}: {values}").format(fact=fact_name(condition.fact), values=values)
    return condition_words(condition, names)


def tier_words(tier: Tier, award: Award) -> str:
    """What a row of a table gives: one amount, or from least to most with the usual."""
    usual = _share_or_amount(tier.usual, award)
    if tier.minimum == tier.maximum:
        return usual
    return _("{low} to {high}, usually {usual}").format(
        low=_share_or_amount(tier.minimum, award), high=_share_or_amount(tier.maximum, award), usual=usual
    )


def award_words(award: Award, names: Names = VALUE_NAMES) -> list[str]:
    """What a rule gives, a phrase for each row and each limit."""
    lines = []
    for tier in award.tiers:
        words = tier_words(tier, award)
        if award.by is not None:
            name = fact_name(award.by)
            end = "" if tier.up_to is None else _plain(tier.up_to)
            words = (
                _("{fact} up to {end}: {words}").format(fact=name, end=end, words=words)
                if end
                else (_("{fact} above that: {words}").format(fact=name, words=words))
            )
        lines.append(words)
    if award.floor is not None:
        lines.append(_("at least {amount}").format(amount=format_money(award.floor, award.currency)))
    if award.cap is not None:
        lines.append(_("at most {amount}").format(amount=format_money(award.cap, award.currency)))
    for group in award.halved:
        why = listed(condition_words(condition, names) for condition in group)
        lines.append(_("halved where {why}").format(why=why))
    return lines


def deadline_words(days: int, unit: Unit) -> str:
    """A deadline as a phrase."""
    if unit is Unit.BUSINESS:
        return _("{days} business days").format(days=days)
    return _("{days} calendar days").format(days=days)


def kinds_words(kinds: tuple[str, ...]) -> str:
    """The kinds of compensation, in words."""
    return listed(kind_label(kind) for kind in kinds)


def _share_or_amount(value: Decimal, award: Award) -> str:
    if award.base is Base.FIXED:
        return format_money(value, award.currency) if award.currency else _plain(value)
    share = format_percent(value)
    if award.base is Base.LOSS:
        return _("{share} of the loss").format(share=share)
    return _("{share} of the price").format(share=share)


def _value_name(fact: Fact, value: str, names: Names) -> str:
    return str(names.get((fact, value)) or VALUE_NAMES.get((fact, value)) or value)


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"
