"""The demo's own policy: two versions that were or are in force, a draft, and what they give for a case."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

from accounts.models import User
from cases.models import Case
from cases.states import FailureType
from compensation.models import Policy, PolicyVersion
from compensation.policy_examples import between, is_
from compensation.policy_rules import Award, Base, Deadline, Fact, Facts, Given, Rule, Unit, Value, evaluate
from compensation.policy_text import rule_to_data
from compensation.states import OfferKind, PolicyState
from recovery.demo.trail import Trail

SOURCE = "Invented for the demo; dose after Gelbrich, Gäthke & Grégoire 2015"
WITHIN = Deadline(5, Unit.BUSINESS)
GESTURES = (str(OfferKind.COMPENSATION), str(OfferKind.VOUCHER), str(OfferKind.GIFT), str(OfferKind.POINTS))
MONEY = (str(OfferKind.REFUND), str(OfferKind.COMPENSATION), str(OfferKind.VOUCHER))
Range = tuple[str, str, str]
CHANGED_BEFORE = dt.timedelta(days=75)
FIRST_BEFORE = dt.timedelta(days=240)
DRAFTED_BEFORE = dt.timedelta(days=2)


def _gesture(currency: str, amounts: Range) -> Rule:
    return Rule(
        name_en=f"Process failure: a gesture ({currency})",
        name_zh=f"过程失败：表示歉意（{currency}）",
        conditions=(is_(Fact.FAILURE_TYPE, FailureType.PROCESS), is_(Fact.CURRENCY, currency)),
        award=Award(Base.FIXED, (between(*amounts),), currency=currency),
        kinds=GESTURES,
        deadline=WITHIN,
        text_en="Please accept this as a sign that we mean our apology.",
        text_zh="谨以此表达我们诚挚的歉意。",
        source=SOURCE,
    )


def _share(name: tuple[str, str], severities: Sequence[int], shares: Range) -> Rule:
    return Rule(
        name_en=name[0],
        name_zh=name[1],
        conditions=(
            is_(Fact.FAILURE_TYPE, FailureType.OUTCOME),
            is_(Fact.SEVERITY, *map(str, severities)),
        ),
        award=Award(Base.LOSS, (between(*shares),)),
        kinds=MONEY,
        deadline=WITHIN,
        text_en="We make good what this cost you.",
        text_zh="我们将弥补您因此遭受的损失。",
        source=SOURCE,
    )


def _rules(euros: Range, yuan: Range, grave: Range, other: Range) -> tuple[Rule, ...]:
    return (
        _gesture("EUR", euros),
        _gesture("CNY", yuan),
        _share(("Outcome failure, critical or high", "结果失败（严重、较高）"), (1, 2), grave),
        _share(("Outcome failure, medium or low", "结果失败（中等、较低）"), (3, 4), other),
    )


FIRST = _rules(("5", "10", "40"), ("30", "80", "300"), ("0.5", "1", "1.5"), ("0.5", "0.9", "1.2"))
SECOND = _rules(("5", "15", "40"), ("30", "100", "300"), ("0.8", "1.1", "1.5"), ("0.6", "1", "1.2"))
THIRD = _rules(("5", "20", "50"), ("30", "120", "360"), ("0.8", "1.2", "1.5"), ("0.6", "1", "1.2"))
VERSIONS = (
    (FIRST, FIRST_BEFORE, "The group's first policy."),
    (SECOND, CHANGED_BEFORE, "Nobody gets less than 60% of the loss: below that it does not mend anything."),
)


class HousePolicy:
    """The policy in rows, and what it gave at a time."""

    def __init__(self, trail: Trail, owner: User, author: User, now: dt.datetime) -> None:
        self._policy = Policy.objects.create(
            code="lantern-group",
            name_en="Lantern Group: what we give (demo)",
            name_zh="灯笼集团补偿办法（演示）",
            owner=owner.name,
            source="Invented for the demo",
        )
        self._versions = [
            self._publish(trail, author, number, rules, now - before, note)
            for number, (rules, before, note) in enumerate(VERSIONS, start=1)
        ]
        self._draft(trail, author, now - DRAFTED_BEFORE)

    def given(self, case: Case, at: dt.datetime) -> tuple[PolicyVersion, Given] | None:
        """What the version of that day gives for a case as it is known; None where it can't tell."""
        day = at.astimezone(dt.UTC).date()
        held = [
            version for version in self._versions if version.effective_from and version.effective_from <= day
        ]
        known: dict[Fact, Value] = {
            Fact.FAILURE_TYPE: frozenset({str(case.failure_type)}),
            Fact.SEVERITY: frozenset({str(int(case.severity))}),
        }
        if case.loss is not None:
            known[Fact.LOSS] = case.loss
        found = evaluate(held[-1].parsed, Facts(case.currency, known)).first if held else None
        return (held[-1], found) if found else None

    def said(self, case: Case, at: dt.datetime) -> dict[str, Any]:
        """What an offer keeps of the policy."""
        given = self.given(case, at)
        if given is None:
            return {}
        version, found = given
        return {
            "policy_low": found.amounts.minimum,
            "policy_high": found.amounts.maximum,
            "policy_rules": [{"version": version.pk, "rule": found.number}],
        }

    def _publish(
        self, trail: Trail, author: User, number: int, rules: Sequence[Rule], at: dt.datetime, note: str
    ) -> PolicyVersion:
        version = PolicyVersion.objects.create(
            policy=self._policy,
            number=number,
            state=PolicyState.IN_FORCE,
            effective_from=at.date(),
            rules=[rule_to_data(rule) for rule in rules],
            note=note,
            author=author,
            created_at=at - dt.timedelta(days=3),
        )
        begun = "policy.drafted" if number > 1 else "policy.created"
        self._note(trail, begun, at - dt.timedelta(days=3), author, _facts(version, is_published=False))
        self._note(trail, "policy.published", at - dt.timedelta(days=1), author, _facts(version))
        return version

    def _draft(self, trail: Trail, author: User, at: dt.datetime) -> None:
        """What somebody thinks of next, to try out and to replay."""
        version = PolicyVersion.objects.create(
            policy=self._policy,
            number=len(VERSIONS) + 1,
            rules=[rule_to_data(rule) for rule in THIRD],
            author=author,
            created_at=at,
        )
        for verb in ("policy.drafted", "policy.edited"):
            self._note(trail, verb, at, author, _facts(version))
            at += dt.timedelta(minutes=7)

    def _note(
        self, trail: Trail, verb: str, at: dt.datetime, author: User, data: Callable[[], dict[str, Any]]
    ) -> None:
        trail.add(partial(str, self._policy.stream), verb, at=at, actor=author, data=data)


def _facts(version: PolicyVersion, *, is_published: bool = True) -> Callable[[], dict[str, Any]]:
    if version.number == 1 and not is_published:
        return lambda: {"policy": version.policy.code}
    since = version.effective_from if is_published else None
    return lambda: {
        "policy": version.policy.code,
        "version": version.number,
        "rules": len(version.rules),
        "effective_from": since.isoformat() if since else None,
        "ended_on": None,
    }


def leaves(said: dict[str, Any], amount: Decimal) -> bool:
    """Whether an amount lies outside what the policy said."""
    return bool(said) and not said["policy_low"] <= amount <= said["policy_high"]
