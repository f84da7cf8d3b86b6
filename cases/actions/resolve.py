"""Resolving a case, and reopening it."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from accounts.models import User
from audit.actions import record
from cases.actions.clocks import build_clocks, refresh_due, stop_clocks
from cases.actions.locking import STANDS, move_case, take_case_for
from cases.actions.log import build_steps
from cases.actions.steps import open_again, refresh_next_step
from cases.actions.timeline import add_event
from cases.models import Case, Cause, Clock, RecoveryStep, Resolution, TimelineEntry
from cases.registry import Blocker, registered_blockers
from cases.rules import steps_blocking_resolution
from cases.signals import case_reopened, case_resolved
from cases.states import DECISIONS, CaseState, StepKind
from common.errors import Conflict, Invalid
from sla.states import Metric


class Blocked(Conflict):
    """Work is still open; `blockers` says what."""

    code = "blocked"

    def __init__(self, blockers: list[Blocker]) -> None:
        if any(not blocker.overridable for blocker in blockers):
            super().__init__(_("This case can’t be resolved yet."))
        else:
            super().__init__(
                _("Say why it is resolved with work still open, or finish that first."), field="reason"
            )
        self.blockers = blockers


def blockers_of(case: Case, steps: list[RecoveryStep] | None = None) -> list[Blocker]:
    """What stands against resolving this case: open steps, and what upper apps say.

    `steps` are the case's in order, where they are at hand.
    """
    if steps is None:
        steps = list(RecoveryStep.objects.filter(case=case).order_by("position"))
    kinds = steps_blocking_resolution((step.kind, step.state) for step in steps)
    found = registered_blockers(case)
    if kinds:
        names = " · ".join(str(StepKind(kind).label) for kind in kinds)
        found.insert(0, Blocker("open_steps", _("Steps still open: %(steps)s."), {"steps": names}))
    return found


def resolve_case(
    *, actor: User, case_id: int, outcome: str, cause: Cause | None, resolution: str, reason: str = ""
) -> Case:
    """Decide a case and stop its clocks.

    Raises `Invalid` without outcome or cause, `Blocked` while work is open and no reason says why.
    """
    if outcome not in DECISIONS:
        raise Invalid(_("Choose an outcome."), field="outcome")
    if cause is None:
        raise Invalid(_("Choose the verified cause, or “not established”."), field="cause")
    with transaction.atomic():
        case = take_case_for(actor, case_id)
        blockers = blockers_of(case)
        if any(not blocker.overridable for blocker in blockers) or (blockers and not reason.strip()):
            raise Blocked(blockers)
        now = timezone.now()
        stop_clocks(case, at=now)
        move_case(case, CaseState.RESOLVED)
        case.outcome, case.cause = outcome, cause
        case.resolution, case.resolve_reason = resolution.strip(), reason.strip()[:250] if blockers else ""
        case.resolved_at = now
        case.first_response_at = case.first_response_at or now
        case.save()
        Resolution.of(case, by=actor).save(force_insert=True)
        add_event(case=case, actor=actor, message=gettext_noop("Resolved."))
        record(
            stream=case.stream,
            verb="case.resolved",
            actor=actor,
            data={
                "outcome": outcome,
                "cause": cause.code,
                "overridden": [blocker.code for blocker in blockers],
                "reason": case.resolve_reason,
            },
        )
        case_resolved.send(sender=Case, case=case, at=now)
    return case


def reopen_case(*, actor: User, case_id: int, reason: str) -> Case:
    """Open a resolved case again with a new resolution clock; the finished clocks stay as they were.

    The steps that a failed recovery calls for are to do once more.
    """
    if not reason.strip():
        raise Invalid(_("Say why the case is reopened."), field="reason")
    with transaction.atomic():
        case = take_case_for(actor, case_id, must_be_open=False)
        if case.is_open:
            # One that waits goes on without being reopened.
            raise Conflict(STANDS[CaseState.OPEN])
        now = timezone.now()
        move_case(case, CaseState.OPEN)
        case.reopened_count += 1
        case.save(update_fields=("state", "reopened_count"))
        Clock.objects.bulk_create(
            build_clocks(case, at=now, metrics=(Metric.RESOLUTION,), nth=case.reopened_count + 1)
        )
        refresh_due(case)
        again = _begin_again(case)
        add_event(
            case=case,
            actor=actor,
            message=gettext_noop("Reopened: %(reason)s"),
            params={"reason": reason.strip()[:250]},
        )
        record(
            stream=case.stream,
            verb="case.reopened",
            actor=actor,
            data={"times": case.reopened_count, "steps": again},
        )
        case_reopened.send(sender=Case, case=case, at=now)
    return case


def _begin_again(case: Case) -> list[str]:
    """Open the steps of a reopened case that are to do once more; returns their kinds."""
    steps = list(RecoveryStep.objects.select_related("by").filter(case=case).order_by("position"))
    if steps:
        again, notes = open_again(steps)
        RecoveryStep.objects.bulk_update(again, ("state", "by", "at", "note"))
        TimelineEntry.objects.bulk_create(notes)
    else:
        # A case imported as resolved came without steps.
        again = RecoveryStep.objects.bulk_create(build_steps(case, acknowledged_at=None))
    refresh_next_step(case)
    return [step.kind for step in again]
