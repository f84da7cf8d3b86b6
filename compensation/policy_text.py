"""Rules of policies as plain data, as they are kept, and numbers' conditions as people type them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from compensation.policy_rules import (
    NUMBERS,
    Award,
    Base,
    Condition,
    Deadline,
    Fact,
    Op,
    Rule,
    Tier,
    Unit,
)

_BOUND = re.compile(r"\s*(>=|<=|>|<|≥|≤)\s*(\d+(?:\.\d+)?)\s*")
_SIGNS = {"≥": ">=", "≤": "<="}


class UnreadableError(ValueError):
    """What was typed or kept is no rule."""


def rule_to_data(rule: Rule) -> dict[str, Any]:
    """A rule as JSON holds it; numbers are texts, so that nothing is rounded."""
    award = rule.award
    return {
        "name_en": rule.name_en,
        "name_zh": rule.name_zh,
        "conditions": [_condition_to_data(each) for each in rule.conditions],
        "kinds": list(rule.kinds),
        "award": {
            "base": str(award.base),
            "by": str(award.by) if award.by else "",
            "tiers": [
                [_text(tier.up_to), _text(tier.minimum), _text(tier.usual), _text(tier.maximum)]
                for tier in award.tiers
            ],
            "floor": _text(award.floor),
            "cap": _text(award.cap),
            "currency": award.currency,
            "halved": [[_condition_to_data(each) for each in group] for group in award.halved],
        },
        "entitlement": rule.entitlement,
        "deadline": [rule.deadline.days, str(rule.deadline.unit)] if rule.deadline else None,
        "text_en": rule.text_en,
        "text_zh": rule.text_zh,
        "source": rule.source,
    }


def rule_from_data(data: Mapping[str, Any]) -> Rule:
    """The rule that was kept. Raises `UnreadableError` when it is none."""
    try:
        award, deadline = data["award"], data.get("deadline")
        return Rule(
            name_en=data["name_en"],
            name_zh=data["name_zh"],
            conditions=tuple(_condition_from_data(each) for each in data["conditions"]),
            kinds=tuple(data["kinds"]),
            award=Award(
                base=Base(award["base"]),
                by=Fact(award["by"]) if award.get("by") else None,
                tiers=tuple(
                    Tier(Decimal(least), Decimal(usual), Decimal(most), _number(up_to))
                    for up_to, least, usual, most in award["tiers"]
                ),
                floor=_number(award.get("floor", "")),
                cap=_number(award.get("cap", "")),
                currency=award.get("currency", ""),
                halved=tuple(
                    tuple(_condition_from_data(each) for each in group) for group in award.get("halved", ())
                ),
            ),
            entitlement=bool(data.get("entitlement")),
            deadline=Deadline(int(deadline[0]), Unit(deadline[1])) if deadline else None,
            text_en=data.get("text_en", ""),
            text_zh=data.get("text_zh", ""),
            source=data.get("source", ""),
        )
    except (KeyError, TypeError, ValueError, IndexError, InvalidOperation) as error:
        raise UnreadableError(str(error)) from error


def bounds_to_text(conditions: Iterable[Condition], fact: Fact) -> str:
    """The bounds on a number, such as "> 1, < 2"."""
    return ", ".join(
        f"{each.op} {_text(each.bound)}"
        for each in conditions
        if each.fact is fact and each.bound is not None
    )


def bounds_from_text(text: str, fact: Fact) -> tuple[Condition, ...]:
    """Bounds as typed: ">= 3", "> 1, < 2". Raises `UnreadableError`."""
    return tuple(_bound(part, fact) for part in re.split("[,，]", text) if part.strip())


def groups_to_text(groups: Iterable[Iterable[Condition]]) -> str:
    """Groups of bounds, one in a line: "distance > 3500, delay < 4"."""
    return "\n".join(", ".join(f"{c.fact} {c.op} {_text(c.bound)}" for c in group) for group in groups)


def groups_from_text(text: str) -> tuple[tuple[Condition, ...], ...]:
    """What `groups_to_text` writes. Raises `UnreadableError`."""
    groups = []
    for line in filter(None, map(str.strip, text.splitlines())):
        group = []
        for part in re.split("[,，]", line):
            name, _space, bound = part.strip().partition(" ")
            if name not in {str(fact) for fact in NUMBERS}:
                raise UnreadableError(part.strip())
            group.append(_bound(bound, Fact(name)))
        groups.append(tuple(group))
    return tuple(groups)


def tiers_to_text(tiers: Iterable[Tier]) -> str:
    """A table, a row in a line: up to | least | usual | most; "*" has no end."""
    return "\n".join(
        " | ".join((_text(tier.up_to) or "*", *map(_text, (tier.minimum, tier.usual, tier.maximum))))
        for tier in tiers
    )


def tiers_from_text(text: str) -> tuple[Tier, ...]:
    """What `tiers_to_text` writes. Raises `UnreadableError`."""
    tiers = []
    for line in filter(None, map(str.strip, text.splitlines())):
        cells = [cell.strip() for cell in line.split("|")]
        try:
            up_to, least, usual, most = cells
            values = [Decimal(each) for each in (least, usual, most)]
            end = None if up_to == "*" else Decimal(up_to)
        except (ValueError, InvalidOperation) as error:
            raise UnreadableError(line) from error
        if not all(each.is_finite() for each in (*values, end or Decimal(0))):
            raise UnreadableError(line)
        tiers.append(Tier(values[0], values[1], values[2], end))
    return tuple(tiers)


def _bound(text: str, fact: Fact) -> Condition:
    found = _BOUND.fullmatch(text)
    if found is None:
        raise UnreadableError(text.strip())
    return Condition(fact, Op(_SIGNS.get(found[1], found[1])), bound=Decimal(found[2]))


def _condition_to_data(condition: Condition) -> dict[str, Any]:
    value = sorted(condition.values) if condition.bound is None else _text(condition.bound)
    return {"fact": str(condition.fact), "op": str(condition.op), "value": value}


def _condition_from_data(data: Mapping[str, Any]) -> Condition:
    fact, op, value = Fact(data["fact"]), Op(data["op"]), data["value"]
    if fact in NUMBERS:
        return Condition(fact, op, bound=Decimal(value))
    return Condition(fact, op, values=frozenset(map(str, value)))


def _text(number: Decimal | None) -> str:
    return "" if number is None else f"{number.normalize():f}"


def _number(text: str) -> Decimal | None:
    return Decimal(text) if text else None
