"""When to ask, what an answer may be, and what the answers add up to: on plain values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from feedback.states import TRANSITIONS, Construct, InvitationState

# DOMAIN-wide defaults; each is the product's own judgement.
REST = dt.timedelta(days=90)  # at most one survey a customer in this time
REMIND_AFTER = dt.timedelta(days=4)
OPEN_FOR = dt.timedelta(days=14)
FOLLOW_UP_WITHIN = dt.timedelta(hours=48)
# How long past due a follow-up is when each level is told: who has it, the supervisors, the managers.
REMINDERS: dict[int, dt.timedelta] = {
    1: dt.timedelta(0),
    2: dt.timedelta(hours=24),
    3: dt.timedelta(hours=48),
}
DAY_BEGINS, DAY_ENDS = dt.time(9), dt.time(20)

JUSTICE = frozenset({Construct.DISTRIBUTIVE, Construct.PROCEDURAL, Construct.INTERACTIONAL})
LONGEST_COMMENT = 4000


class Problem(StrEnum):
    """What is wrong with one answer."""

    UNKNOWN = "unknown"
    MISSING = "missing"
    OUT_OF_SCALE = "out_of_scale"


@dataclass(frozen=True, slots=True)
class Question:
    """One item of an instrument, as far as scoring cares."""

    code: str
    construct: str
    lowest: int = 1
    highest: int = 5
    is_required: bool = False
    is_reversed: bool = False


@dataclass(frozen=True, slots=True)
class Scores:
    """What is kept beside the answers: satisfaction and justice on 1–5, recommendation on 0–10."""

    satisfaction: int
    justice: Decimal | None
    nps: int | None


def may_become(state: str, wanted: InvitationState) -> bool:
    """Whether an invitation may go over from one state to another."""
    return wanted in TRANSITIONS[InvitationState(state)]


def problems(questions: Sequence[Question], answers: Mapping[str, object]) -> dict[str, Problem]:
    """What is wrong with the answers, by item code; empty when nothing is."""
    known = {question.code: question for question in questions}
    found = dict.fromkeys((code for code in answers if code not in known), Problem.UNKNOWN)
    for question in questions:
        points = answers.get(question.code)
        if points is None:
            if question.is_required:
                found[question.code] = Problem.MISSING
        elif not _on_scale(points, question):
            found[question.code] = Problem.OUT_OF_SCALE
    return found


def _on_scale(points: object, question: Question) -> bool:
    return (
        isinstance(points, int)
        and not isinstance(points, bool)
        and question.lowest <= points <= question.highest
    )


def directed(points: int, question: Question) -> int:
    """The points so that more is better: a reversed item counts k + 1 − x."""
    return question.lowest + question.highest - points if question.is_reversed else points


def on_five(points: Decimal | int, lowest: int, highest: int) -> Decimal:
    """Points of any scale on 1 to 5, by its ends."""
    return 1 + 4 * (Decimal(points) - lowest) / (highest - lowest)


def index(points: Decimal | int, lowest: int = 1, highest: int = 5) -> Decimal:
    """Points as an index from 0 to 100: 100 (x − 1) / (k − 1) on a scale from 1 to k."""
    return 100 * (Decimal(points) - lowest) / (highest - lowest)


def mean_when_enough(values: Sequence[Decimal | None]) -> Decimal | None:
    """The mean of what was answered, to two decimals; None unless at least two thirds were."""
    given = [value for value in values if value is not None]
    if not given or 3 * len(given) < 2 * len(values):
        return None
    return (sum(given, Decimal(0)) / len(given)).quantize(Decimal("0.01"), ROUND_HALF_UP)


def score(questions: Sequence[Question], answers: Mapping[str, int]) -> Scores:
    """The scores of valid answers."""

    def of(constructs: frozenset[Construct]) -> list[Decimal | None]:
        return [
            on_five(directed(answers[question.code], question), question.lowest, question.highest)
            if question.code in answers
            else None
            for question in questions
            if question.construct in constructs
        ]

    first = next(value for value in of(frozenset({Construct.RECOVERY})) if value is not None)
    nps = next((answers.get(q.code) for q in questions if q.construct == Construct.NPS), None)
    return Scores(
        satisfaction=int(first.quantize(Decimal(1), ROUND_HALF_UP)),
        justice=mean_when_enough(of(frozenset(JUSTICE))),
        nps=nps,
    )


def is_low(satisfaction: int, limit: int) -> bool:
    """Whether a score calls for a follow-up."""
    return satisfaction <= limit


def ask_at(
    *, resolved_at: dt.datetime, landed_at: dt.datetime | None, delay: dt.timedelta, zone: ZoneInfo
) -> dt.datetime:
    """When to ask: the delay after the case was resolved and the remedy arrived, whichever came later, by
    day.

    A delay under an hour is for trying things out, so it does not wait for the morning either.
    """
    moment = max(resolved_at, landed_at or resolved_at) + delay
    return moment if delay < dt.timedelta(hours=1) else by_day(moment, zone)


def zone_of(*names: str) -> ZoneInfo:
    """The first of these time zones that exists and is not UTC, which stands for "nobody has said"."""
    for name in names:
        if name and name != "UTC":
            try:
                return ZoneInfo(name)
            except (ZoneInfoNotFoundError, ValueError):
                continue
    return ZoneInfo("UTC")


def by_day(moment: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """The same moment, or the next morning where it is night (20:00 to 09:00) in that zone."""
    local = moment.astimezone(zone)
    if DAY_BEGINS <= local.time() < DAY_ENDS:
        return moment
    day = local.date() + dt.timedelta(days=1 if local.time() >= DAY_ENDS else 0)
    return dt.datetime.combine(day, DAY_BEGINS, zone).astimezone(dt.UTC)


def reminder_at(level: int, due_at: dt.datetime) -> dt.datetime | None:
    """When a level is told that a follow-up is not done; None beyond the last."""
    late_by = REMINDERS.get(level)
    return None if late_by is None else due_at + late_by


def level_reached(due_at: dt.datetime, at: dt.datetime) -> int:
    """The highest level that has been told by a moment; 0 for none."""
    return max((level for level, late_by in REMINDERS.items() if due_at + late_by <= at), default=0)
