"""Decisions about cases on plain values: clocks' arithmetic, the order of steps, what may be resolved."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from cases.states import TRANSITIONS, CaseState, StepKind, StepState
from common.search_text import document_tokens
from sla.rules import BusinessHours, add_business_time, business_time_between

# Share of the target used at which each escalation level fires: owner, supervisor, manager (our judgement).
ALERT_SHARES: dict[int, float] = {1: 0.75, 2: 1.0, 3: 1.5}
LAST_LEVEL = max(ALERT_SHARES)

# Listening and apologising come before the solution: emotion first, then the problem.
BEFORE_SOLVING = (StepKind.LISTEN, StepKind.APOLOGISE)
# A recovery that failed weighs more than the failure itself (double deviation: Bitner, Booms & Tetreault
# 1990), so the customer is heard and apologised to once more. What was granted or explained stays so.
TO_DO_AGAIN = frozenset(
    {StepKind.LISTEN, StepKind.VERIFY, StepKind.APOLOGISE, StepKind.SOLVE, StepKind.FOLLOW_UP}
)


def may_become(state: str, wanted: CaseState) -> bool:
    """Whether a case may go over from one state to another."""
    return wanted in TRANSITIONS[CaseState(state)]


def clock_due(
    started: dt.datetime, target_minutes: int, paused_seconds: int, hours: BusinessHours
) -> dt.datetime:
    """When a clock's time is used up, counting business time and not the time it was paused."""
    return add_business_time(started, dt.timedelta(minutes=target_minutes, seconds=paused_seconds), hours)


def alert_at(
    level: int, started: dt.datetime, target_minutes: int, paused_seconds: int, hours: BusinessHours
) -> dt.datetime | None:
    """When an escalation level fires; None beyond the last."""
    share = ALERT_SHARES.get(level)
    if share is None:
        return None
    used = dt.timedelta(minutes=target_minutes) * share + dt.timedelta(seconds=paused_seconds)
    return add_business_time(started, used, hours)


def business_seconds_taken(
    started: dt.datetime, stopped: dt.datetime, paused_seconds: int, hours: BusinessHours
) -> int:
    """Business time between start and stop less the pauses, in whole seconds, never below zero."""
    return max(0, round(business_time_between(started, stopped, hours).total_seconds()) - paused_seconds)


def steps_missing_before(kind: str, states: Mapping[str, str]) -> list[StepKind]:
    """The steps of empathy that are still open when someone completes "solve" or "compensate" first."""
    if kind not in (StepKind.SOLVE, StepKind.COMPENSATE):
        return []
    return [step for step in BEFORE_SOLVING if states.get(step) == StepState.OPEN]


def next_step(steps: Iterable[tuple[str, str]]) -> str:
    """The first open step of (kind, state) pairs in order; "" when all are finished."""
    return next((kind for kind, state in steps if state == StepState.OPEN), "")


def steps_blocking_resolution(steps: Iterable[tuple[str, str]]) -> list[str]:
    """Open steps that stand against resolving: all but the follow-up, which comes after it."""
    return [kind for kind, state in steps if state == StepState.OPEN and kind != StepKind.FOLLOW_UP]


def title_of(summary: str, text: str) -> str:
    """The line for lists: as given, or made from the description."""
    return summary.strip()[:120] or summarise(text)


def found_by(order_reference: str, product: str, title: str, text: str) -> list[str]:
    """The tokens that a case is found by, beside its number and its customer's name."""
    return document_tokens([order_reference, product, title, text])


def summarise(description: str, *, longest: int = 80) -> str:
    """A line for lists: the first sentence of the complaint, cut at a word or character boundary."""
    # So many words fill a line: each takes two characters at least.
    most = longest // 2 + 1
    text = " ".join(description.split(None, most)[:most])
    cut = min(
        (at + 1 for at in (text.find(end) for end in ("。", "！", "？", ". ", "! ", "? ")) if at > 0),
        default=0,
    )
    sentence = text[:cut].rstrip("。.") if 8 <= cut <= longest else text
    if len(sentence) <= longest:
        return sentence
    shortened = sentence[: longest - 1]
    word_end = shortened.rfind(" ")
    return (shortened[:word_end] if word_end > longest // 2 else shortened).rstrip(",;:，；：、 ") + "…"
