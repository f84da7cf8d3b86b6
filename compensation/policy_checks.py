"""What is wrong with a policy: tables with gaps or overlaps, rules nobody reaches, wrong currencies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations, pairwise

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from common.money import CURRENCIES
from compensation.policy_rules import CHOICES, NUMBERS, Award, Base, Condition, Fact, Op, Rule


@dataclass(frozen=True)
class Problem:
    """Something wrong with a rule; one that is not `grave` is only worth knowing."""

    number: int
    message: Promise | str
    grave: bool = True

    def __str__(self) -> str:
        return str(self.message)


@dataclass(frozen=True, slots=True)
class _Span:
    """Numbers between two ends, each taken in or not; None has no end."""

    low: Decimal | None = None
    low_in: bool = True
    high: Decimal | None = None
    high_in: bool = True

    @property
    def empty(self) -> bool:
        if self.low is None or self.high is None:
            return False
        return self.low > self.high or (self.low == self.high and not (self.low_in and self.high_in))

    def within(self, other: _Span) -> bool:
        """Whether all of it lies in the other."""
        low = other.low is None or (self.low is not None and _low(self) >= _low(other))
        high = other.high is None or (self.high is not None and _high(self) <= _high(other))
        return low and high

    def meets(self, other: _Span) -> bool:
        """Whether they share a number."""
        return not _both(self, other).empty


@dataclass(frozen=True, slots=True)
class _Names:
    """Those of a set, or all but those."""

    names: frozenset[str]
    only: bool

    @property
    def empty(self) -> bool:
        return self.only and not self.names

    def within(self, other: _Names) -> bool:
        if self.only:
            return self.names <= other.names if other.only else not self.names & other.names
        return not other.only and other.names <= self.names

    def meets(self, other: _Names) -> bool:
        if self.only and other.only:
            return bool(self.names & other.names)
        if self.only:
            return bool(self.names - other.names)
        return bool(other.names - self.names) if other.only else True


_Box = dict[Fact, "_Span | _Names"]
_ALL_SPAN, _ALL_NAMES = _Span(), _Names(frozenset(), only=False)


def problems_of(rules: Sequence[Rule]) -> list[Problem]:
    """Everything wrong with the rules, rule by rule, then between them."""
    found = [problem for number, rule in enumerate(rules, 1) for problem in _of_rule(number, rule)]
    found += _between(rules)
    return sorted(found, key=lambda problem: (problem.number, not problem.grave))


def _of_rule(number: int, rule: Rule) -> Iterator[Problem]:
    if not rule.kinds:
        yield Problem(number, _("No kind of compensation is chosen."))
    if rule.deadline is not None and rule.deadline.days < 1:
        yield Problem(number, _("The deadline has no days."))
    if any(side.empty for side in _box(rule).values()):
        yield Problem(number, _("Its conditions exclude each other, so it never applies."))
    yield from _of_award(number, rule.award)
    yield from _of_currency(number, rule)


def _of_award(number: int, award: Award) -> Iterator[Problem]:
    if not award.tiers:
        yield Problem(number, _("It gives no amount."))
    for tier in award.tiers:
        if not 0 <= tier.minimum <= tier.usual <= tier.maximum:
            yield Problem(number, _("Minimum, usual and maximum must rise, and none be below zero."))
            break
    if award.floor is not None and award.cap is not None and award.floor > award.cap:
        yield Problem(number, _("The floor lies above the cap."))
    yield from _of_table(number, award)


def _of_table(number: int, award: Award) -> Iterator[Problem]:
    if award.by is None:
        if len(award.tiers) > 1:
            yield Problem(number, _("The table has several rows, but it is not said what it goes by."))
        return
    ends = [tier.up_to for tier in award.tiers]
    bounded = [end for end in ends if end is not None]
    if any(later <= earlier for earlier, later in pairwise(bounded)) or None in ends[:-1]:
        yield Problem(number, _("Rows of the table overlap: each must reach further than the one before."))
    elif ends and ends[-1] is not None:
        yield Problem(
            number, _("The table has a gap: nothing is said beyond its last row. Let that have no end.")
        )


def _of_currency(number: int, rule: Rule) -> Iterator[Problem]:
    award = rule.award
    counts = award.base is Base.FIXED or award.floor is not None or award.cap is not None
    if counts and award.currency not in CURRENCIES:
        yield Problem(number, _("Amounts need a currency that the product knows."))
    for condition in rule.conditions:
        named = condition.fact is Fact.CURRENCY and condition.op is Op.IN
        if named and award.currency and award.currency not in condition.values:
            yield Problem(number, _("It asks for one currency and counts in another, so it never gives."))


def _between(rules: Sequence[Rule]) -> Iterator[Problem]:
    boxes = [(number, _box(rule)) for number, rule in enumerate(rules, 1)]
    sound = [(number, box) for number, box in boxes if not any(side.empty for side in box.values())]
    for (first, upper), (second, lower) in combinations(sound, 2):
        if all(_side(lower, fact).within(side) for fact, side in upper.items()):  # type: ignore[arg-type]
            text = _("It is never reached: rule %(other)s applies wherever it would.") % {"other": first}
            yield Problem(second, text)
        elif all(_side(lower, fact).meets(side) for fact, side in upper.items()):  # type: ignore[arg-type]
            text = _("It overlaps with rule %(other)s, which comes first.") % {"other": first}
            yield Problem(second, text, grave=False)
    yield from _gaps(sound)


def _gaps(boxes: Sequence[tuple[int, _Box]]) -> Iterator[Problem]:
    """Numbers that no rule covers, between rules that differ in nothing but their bounds on it."""
    for fact in NUMBERS:
        alike: dict[frozenset[object], list[tuple[_Span, int]]] = {}
        for number, box in boxes:
            span = box.get(fact)
            if isinstance(span, _Span):
                rest = frozenset((other, side) for other, side in box.items() if other is not fact)
                alike.setdefault(rest, []).append((span, number))
        for spans in alike.values():
            spans.sort(key=lambda each: _low(each[0]))
            for (before, _number), (after, number) in pairwise(spans):
                if before.high is None or after.low is None:
                    continue
                touching = before.high == after.low and (before.high_in or after.low_in)
                if not touching and before.high <= after.low:
                    text = _("There is a gap before it: no rule covers %(from)s to %(to)s.") % {
                        "from": f"{before.high:f}",
                        "to": f"{after.low:f}",
                    }
                    yield Problem(number, text, grave=False)


def _side(box: _Box, fact: Fact) -> _Span | _Names:
    return box.get(fact, _ALL_SPAN if fact in NUMBERS else _ALL_NAMES)


def _box(rule: Rule) -> _Box:
    """What the conditions let through, for each fact; texts and defects' families are left out of account.

    A rule of one currency lets only that through.
    """
    box: _Box = {}
    for condition in rule.conditions:
        if condition.fact in NUMBERS:
            side = box.get(condition.fact, _ALL_SPAN)
            assert isinstance(side, _Span)
            box[condition.fact] = _both(side, _span(condition))
        elif condition.fact in CHOICES:
            box[condition.fact] = _narrowed(box.get(condition.fact, _ALL_NAMES), condition)
        else:
            # Which texts contain a word can't be compared: such rules reach and are reached by themselves.
            box[condition.fact] = _Names(condition.values, only=True)
    if rule.award.currency:
        box.setdefault(Fact.CURRENCY, _Names(frozenset({rule.award.currency}), only=True))
    return box


def _narrowed(side: _Span | _Names, condition: Condition) -> _Names:
    assert isinstance(side, _Names)
    if condition.op is Op.IN:
        kept = condition.values & side.names if side.only else condition.values - side.names
        return _Names(kept, only=True)
    return _Names(side.names - condition.values if side.only else side.names | condition.values, side.only)


def _span(condition: Condition) -> _Span:
    match condition.op:
        case Op.ABOVE:
            return _Span(low=condition.bound, low_in=False)
        case Op.FROM:
            return _Span(low=condition.bound)
        case Op.BELOW:
            return _Span(high=condition.bound, high_in=False)
        case _:
            return _Span(high=condition.bound)


def _both(one: _Span, other: _Span) -> _Span:
    low, high = max(one, other, key=_low), min(one, other, key=_high)
    return _Span(low.low, low.low_in, high.high, high.high_in)


_ENDLESS = Decimal("Infinity")


def _low(span: _Span) -> tuple[Decimal, bool]:
    return (-_ENDLESS if span.low is None else span.low, not span.low_in)


def _high(span: _Span) -> tuple[Decimal, bool]:
    return (_ENDLESS if span.high is None else span.high, span.high_in)
