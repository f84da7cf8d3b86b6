"""The steps of an offer's approval in words: which one it waits for, and who decided the others."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts.states import Role
from common.money import format_money
from compensation.chain_rules import Planned
from compensation.models import ApprovalStep, Offer, Question
from compensation.states import StepState

TONES = {
    StepState.PLANNED: "quiet",
    StepState.OPEN: "risk",
    StepState.APPROVED: "good",
    StepState.REJECTED: "late",
    StepState.RETURNED: "risk",
    StepState.DROPPED: "quiet",
}


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step as a list shows it; `place` counts the levels.

    Where it begins a proposal of several, `starts` is its number among those that are shown: what was
    recalled before anybody decided leaves no gap.
    """

    place: int
    role: str
    state: str
    tone: str
    name: str
    at: dt.datetime | None
    reason: str
    starts: int = 0


@dataclass(frozen=True, slots=True)
class ChainView:
    """The steps of an offer, and at which it stands; empty where one role decides, as on most offers.

    `lines` are those of the proposal that stands and `asked` the questions that want an answer; `before` and
    `answered` are what went before.
    """

    now: str = ""
    lines: Sequence[StepLine] = ()
    asked: Sequence[Question] = ()
    before: Sequence[StepLine] = ()
    answered: Sequence[Question] = ()

    @property
    def proposals_before(self) -> int:
        return max((line.starts for line in self.before), default=0)

    @property
    def last_answer(self) -> str:
        return self.answered[-1].answer if self.answered else ""


def chain_view(offer: Offer, steps: Sequence[ApprovalStep], questions: Sequence[Question] = ()) -> ChainView:
    """What a page shows of an offer's chain; nothing where one role decides once, as most offers go."""
    current = [step for step in steps if step.round == offer.round]
    if len(steps) < 2 and not questions:
        return ChainView()
    # Those that nobody had to decide any more tell nothing.
    shown = [step for step in steps if step.state != StepState.DROPPED]
    rounds = sorted({step.round for step in shown} | {offer.round})
    return ChainView(
        now=_now(current),
        lines=list(_lines(offer, [step for step in shown if step.round == offer.round], rounds)),
        asked=[question for question in questions if not question.answer],
        before=list(_lines(offer, [step for step in shown if step.round < offer.round], rounds)),
        answered=[question for question in questions if question.answer],
    )


def _now(steps: Sequence[ApprovalStep]) -> str:
    """ "step 1 of 2: Supervisor"; "" where nothing is open, or there is one step only."""
    levels = sorted({step.level for step in steps})
    opened = [step for step in steps if step.state == StepState.OPEN]
    if not opened or len(steps) < 2:
        return ""
    values = {
        "place": levels.index(opened[0].level) + 1,
        "all": len(levels),
        "roles": roles_words(step.role for step in opened),
    }
    return _("step %(place)s of %(all)s: %(roles)s") % values


def _lines(offer: Offer, steps: Sequence[ApprovalStep], rounds: Sequence[int]) -> Iterable[StepLine]:
    before = 0
    for step in steps:
        levels = sorted({each.level for each in steps if each.round == step.round})
        yield StepLine(
            place=levels.index(step.level) + 1,
            role=str(Role(step.role).label),
            state=_state(offer, step),
            tone=TONES[StepState(step.state)],
            name=_who(step),
            at=step.decided_at,
            reason=step.reason if step.state != StepState.RETURNED else "",
            starts=rounds.index(step.round) + 1 if len(rounds) > 1 and step.round != before else 0,
        )
        before = step.round


def _state(offer: Offer, step: ApprovalStep) -> str:
    if step.amount is not None and step.amount < offer.amount:
        return _("%(amount)s approved") % {"amount": format_money(step.amount, offer.currency)}
    return str(StepState(step.state).label)


def _who(step: ApprovalStep) -> str:
    if step.decided_by is None:
        return ""
    if step.on_behalf_of is None:
        return step.decided_by.name
    return _("%(name)s for %(other)s") % {"name": step.decided_by.name, "other": step.on_behalf_of.name}


def roles_words(roles: Iterable[str]) -> str:
    """Roles that are asked together, such as "Supervisor + Manager"."""
    return " + ".join(str(Role(role).label) for role in roles)


def planned_words(steps: Sequence[Planned | tuple[int, str]]) -> str:
    """Steps to come, such as "Supervisor → Manager + Manager"."""
    pairs = [(step.level, step.role) if isinstance(step, Planned) else step for step in steps]
    levels: dict[int, list[str]] = {}
    for level, role in pairs:
        levels.setdefault(level, []).append(role)
    return " → ".join(roles_words(levels[level]) for level in sorted(levels))
