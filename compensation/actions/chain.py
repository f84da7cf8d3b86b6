"""The steps of a waiting offer: opened level by level, each decided once and by somebody else."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from django.utils import timezone

from accounts.models import User
from common.writing import update
from compensation.actions.escalation import start_time
from compensation.chain_queries import steps_of
from compensation.chain_rules import Planned
from compensation.models import ApprovalStep, Offer
from compensation.states import UNDECIDED_STEPS, StepState


def open_chain(offer: Offer, planned: Sequence[Planned]) -> list[ApprovalStep]:
    """Plan the steps of a waiting offer, and ask those of the first level. Sets `offer.asked_role`."""
    now, first = timezone.now(), min(step.level for step in planned)
    steps = [
        ApprovalStep(
            offer=offer,
            round=offer.round,
            level=step.level,
            role=step.role,
            binding=step.binding,
            state=StepState.OPEN if step.level == first else StepState.PLANNED,
            opened_at=now if step.level == first else None,
        )
        for step in planned
    ]
    for step in steps:
        start_time(step, offer.case)
    ApprovalStep.objects.bulk_create(steps)
    offer.asked_role = planned[0].role
    return steps


def asked_now(steps: Sequence[ApprovalStep]) -> list[ApprovalStep]:
    """Those of them that somebody is asked to decide now."""
    return [step for step in steps if step.state == StepState.OPEN]


def steps_now(offer: Offer) -> list[ApprovalStep]:
    """The steps of a waiting offer. What was loaded in this transaction has none yet, and gets one here."""
    steps = steps_of(offer)
    return steps or open_chain(offer, [Planned(1, offer.asked_role, bool(offer.deviation_reason))])


def decide_step(
    step: ApprovalStep, *, by: User, state: StepState, reason: str, amount: Decimal | None = None
) -> None:
    """Write a decision on an open step."""
    step.state, step.decided_by, step.decided_at = state, by, timezone.now()
    step.amount, step.reason, step.next_alert_at = amount, reason, None
    update(step, "state", "decided_by", "on_behalf_of", "decided_at", "amount", "reason", "next_alert_at")


def open_next(offer: Offer, steps: Sequence[ApprovalStep]) -> list[ApprovalStep]:
    """Ask the next level once nothing is open any more; those who are asked now. Sets `offer.asked_role`."""
    undecided = [step for step in steps if step.state in UNDECIDED_STEPS]
    if not undecided:
        return []
    level = undecided[0].level
    offer.asked_role = undecided[0].role
    if asked_now(undecided):
        return []
    following = [step for step in undecided if step.level == level]
    for step in following:
        step.state, step.opened_at = StepState.OPEN, timezone.now()
        start_time(step, offer.case)
        update(step, "state", "opened_at", "due_at", "next_alert_at")
    return following
