"""What a compensation policy gives for plain facts: conditions, amounts, deadlines, and the reasons why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from functools import cache

from babel.core import get_global
from babel.numbers import get_currency_precision

Value = str | Decimal | frozenset[str]


class Fact(StrEnum):
    """What a rule can look at."""

    FAILURE_TYPE = "failure_type"
    DEFECT = "defect"
    SEVERITY = "severity"
    CAUSE = "cause"
    CHANNEL = "channel"
    TIER = "tier"
    BRANCH = "branch"
    JURISDICTION = "jurisdiction"
    CURRENCY = "currency"
    PRODUCT = "product"
    LOSS = "loss"
    PRICE = "price"
    REPEATS = "repeats"
    EVENT = "event"
    PAID_BY = "paid_by"
    INSIDE = "inside"
    DELAY = "delay"
    DISTANCE = "distance"


NUMBERS = (Fact.LOSS, Fact.PRICE, Fact.REPEATS, Fact.DELAY, Fact.DISTANCE)
CHOICES = tuple(fact for fact in Fact if fact not in NUMBERS and fact is not Fact.PRODUCT)
# No case holds these, so the form asks for them where a rule needs them.
ASKED = (Fact.EVENT, Fact.PAID_BY, Fact.INSIDE, Fact.DELAY, Fact.DISTANCE, Fact.PRICE)


class Op(StrEnum):
    """How a condition compares."""

    IN = "in"
    NOT_IN = "not in"
    CONTAINS = "contains"
    ABOVE = ">"
    FROM = ">="
    BELOW = "<"
    UP_TO = "<="


COMPARE: dict[Op, Callable[[Decimal, Decimal], bool]] = {
    Op.ABOVE: lambda value, bound: value > bound,
    Op.FROM: lambda value, bound: value >= bound,
    Op.BELOW: lambda value, bound: value < bound,
    Op.UP_TO: lambda value, bound: value <= bound,
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a case; what is missing is unknown, which is not the same as no.

    A value is a number (hours for delay, kilometres for distance, major units of `currency` for money), or
    the names that hold: a defect's own and its family's, a country's and its union's.
    """

    currency: str
    known: dict[Fact, Value] = field(default_factory=dict)

    def get(self, fact: Fact) -> Value | None:
        """The value; None while it is unknown."""
        return frozenset({self.currency}) if fact is Fact.CURRENCY else self.known.get(fact)

    def with_(self, more: dict[Fact, Value]) -> Facts:
        """These facts and more."""
        return replace(self, known={**self.known, **more})


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison. Unknown facts make it undecided."""

    fact: Fact
    op: Op
    values: frozenset[str] = frozenset()
    bound: Decimal | None = None

    def holds(self, facts: Facts) -> bool | None:
        """Whether it holds; None while the fact is unknown."""
        value = facts.get(self.fact)
        if value is None:
            return None
        if isinstance(value, Decimal):
            return self.bound is not None and COMPARE[self.op](value, self.bound)
        if isinstance(value, str):
            return any(word.casefold() in value.casefold() for word in self.values)
        return bool(self.values & value) is (self.op is Op.IN)


class Base(StrEnum):
    """What the amounts of a rule are counted in."""

    FIXED = "fixed"
    LOSS = "loss"
    PRICE = "price"


BASE_FACTS = {Base.LOSS: Fact.LOSS, Base.PRICE: Fact.PRICE}


@dataclass(frozen=True, slots=True)
class Tier:
    """A row of a table: what holds up to a number, that number included; None reaches without end.

    The three are amounts, or shares of the base: 0.6 is 60 %.
    """

    minimum: Decimal
    usual: Decimal
    maximum: Decimal
    up_to: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Award:
    """How much a rule gives: by tier, between floor and cap, halved where a group of conditions holds.

    `currency` is that of fixed amounts, floor and cap; a rule of pure shares fits every currency.
    """

    base: Base
    tiers: tuple[Tier, ...]
    by: Fact | None = None
    floor: Decimal | None = None
    cap: Decimal | None = None
    currency: str = ""
    halved: tuple[tuple[Condition, ...], ...] = ()


class Unit(StrEnum):
    """Days of which a deadline is made."""

    BUSINESS = "business"
    CALENDAR = "calendar"


@dataclass(frozen=True, slots=True)
class Deadline:
    """By when to pay, counted from the day after the decision."""

    days: int
    unit: Unit

    def due(self, start: dt.date, is_business_day: Callable[[dt.date], bool]) -> dt.date:
        """The last day on which paying is in time."""
        if self.unit is Unit.CALENDAR:
            return start + dt.timedelta(days=self.days)
        day, left = start, self.days
        while left:
            day += dt.timedelta(days=1)
            left -= is_business_day(day)
        return day


@dataclass(frozen=True, slots=True)
class Rule:
    """Conditions, all of which must hold, and what is given then."""

    name_en: str
    name_zh: str
    conditions: tuple[Condition, ...]
    award: Award
    kinds: tuple[str, ...]
    entitlement: bool = False
    deadline: Deadline | None = None
    text_en: str = ""
    text_zh: str = ""
    source: str = ""

    def name_in(self, language: str) -> str:
        return self.name_zh if language.startswith("zh") else self.name_en

    def text_in(self, language: str) -> str:
        return self.text_zh if language.startswith("zh") else self.text_en


@dataclass(frozen=True, slots=True)
class Amounts:
    """The range in major units of a currency."""

    minimum: Decimal
    usual: Decimal
    maximum: Decimal


@dataclass(frozen=True, slots=True)
class Given:
    """A rule that applies, and its range; `halved_by` are the conditions that halved it."""

    number: int
    rule: Rule
    amounts: Amounts
    halved_by: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """What a policy says about facts.

    `given` are the rules that apply, in order. `missing` are the facts without which it can't tell, `other`
    the rules that would apply but for their currency.
    """

    given: tuple[Given, ...] = ()
    missing: frozenset[Fact] = frozenset()
    other: tuple[Rule, ...] = ()

    @property
    def decided(self) -> bool:
        return not self.missing

    @property
    def first(self) -> Given | None:
        return self.given[0] if self.given else None


@dataclass(frozen=True, slots=True)
class _Standing:
    applies: bool | None
    missing: frozenset[Fact] = frozenset()


def evaluate(rules: Sequence[Rule], facts: Facts, *, every: bool = False) -> Finding:
    """The first rule that applies, or with `every` all of them.

    A rule of another currency yields nothing and is passed over. One that can't be decided yet holds up those
    below it, for it might be the one: then nothing is given, and what is missing is said.
    """
    given: list[Given] = []
    other: list[Rule] = []
    missing: frozenset[Fact] = frozenset()
    for number, rule in enumerate(rules, start=1):
        standing = _standing(rule, facts)
        if standing.applies is False:
            continue
        if rule.award.currency not in ("", facts.currency):
            other += [rule] if standing.applies else []
            continue
        missing |= standing.missing
        if standing.applies:
            if not standing.missing and (every or not missing):
                given.append(_give(number, rule, facts))
            if not every:
                break
    return Finding(tuple(given), missing, tuple(other))


def needed(rules: Iterable[Rule], facts: Facts) -> tuple[Fact, ...]:
    """The unknown facts that the rules look at, of those rules that nothing known rules out."""
    found: set[Fact] = set()
    for rule in rules:
        if rule.award.currency in ("", facts.currency):
            standing = _standing(rule, facts)
            found |= standing.missing if standing.applies is not False else set()
    return tuple(fact for fact in Fact if fact in found)


def _standing(rule: Rule, facts: Facts) -> _Standing:
    """Whether the rule applies, and which facts are missing to say so or to count its amount."""
    held = [(condition, condition.holds(facts)) for condition in rule.conditions]
    if any(answer is False for _condition, answer in held):
        return _Standing(applies=False)
    missing = {condition.fact for condition, answer in held if answer is None}
    applies = None if missing else True
    wanted = {rule.award.by, BASE_FACTS.get(rule.award.base)} - {None}
    missing |= {fact for fact in wanted if fact is not None and facts.get(fact) is None}
    # What decides about halving counts only where the rest of its group does not rule halving out.
    for group in rule.award.halved:
        answers = [(condition, condition.holds(facts)) for condition in group]
        if not any(answer is False for _condition, answer in answers):
            missing |= {condition.fact for condition, answer in answers if answer is None}
    return _Standing(applies, frozenset(missing))


def _give(number: int, rule: Rule, facts: Facts) -> Given:
    award = rule.award
    base = facts.get(BASE_FACTS[award.base]) if award.base is not Base.FIXED else Decimal(1)
    assert isinstance(base, Decimal)
    tier = _tier(award, facts)
    halved_by = next((group for group in award.halved if all(c.holds(facts) for c in group)), ())
    shares = (tier.minimum, tier.usual, tier.maximum)
    amounts = Amounts(*(_amount(share * base, award, facts.currency, bool(halved_by)) for share in shares))
    return Given(number, rule, amounts, halved_by)


def _tier(award: Award, facts: Facts) -> Tier:
    """The row of the table; beyond its end nothing is given."""
    nothing = Tier(Decimal(0), Decimal(0), Decimal(0))
    if award.by is None:
        return award.tiers[0] if award.tiers else nothing
    value = facts.get(award.by)
    assert isinstance(value, Decimal)
    return next((tier for tier in award.tiers if tier.up_to is None or value <= tier.up_to), nothing)


def _amount(amount: Decimal, award: Award, currency: str, halved: bool) -> Decimal:
    if award.floor is not None:
        amount = max(amount, award.floor)
    if award.cap is not None:
        amount = min(amount, award.cap)
    unit = Decimal(1).scaleb(-get_currency_precision(currency))
    return (amount / 2 if halved else amount).quantize(unit, rounding=ROUND_HALF_UP)


def combine(given: Collection[Given]) -> Amounts | None:
    """The range over several policies: no less than the largest that is owed, no more than the largest given.

    None where no policy gives anything.
    """
    if not given:
        return None
    owed = [each.amounts.minimum for each in given if each.rule.entitlement]
    low = max(owed) if owed else min(each.amounts.minimum for each in given)
    high = max(each.amounts.maximum for each in given)
    usual = max(each.amounts.usual for each in given)
    return Amounts(low, min(max(usual, low), high), high)


# --- jurisdictions -------------------------------------------------------------------------

# The member states, and those that Regulation 261/2004 covers by treaty (Iceland, Norway, Switzerland).
_UNION = frozenset(
    {
        "AT", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IS",
        "IT", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
    }
)  # fmt: skip


@cache
def jurisdictions_of(time_zone: str) -> frozenset[str]:
    """The country of a time zone, and the union that it belongs to in passengers' law; empty if unknown."""
    country = get_global("zone_territories").get(time_zone)
    if country is None:
        return frozenset()
    return frozenset({country, "EU"}) if country in _UNION else frozenset({country})
