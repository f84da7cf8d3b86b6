"""Recovery steps: done, or skipped with a reason."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.actions import record
from cases.actions.locking import take_case_for
from cases.models import Case, RecoveryStep, TimelineEntry
from cases.rules import TO_DO_AGAIN, next_step, steps_missing_before
from cases.states import EntryKind, StepKind, StepState
from common.errors import Conflict, Invalid


class EmotionFirst(Conflict):
    """Listening or apologising is still to come; the person may confirm and go on."""

    code = "confirm"


def complete_step(
    *, actor: User, case_id: int, kind: str, note: str = "", confirmed: bool = False
) -> RecoveryStep:
    """Mark a step done.

    Raises `EmotionFirst` when "solve" or "compensate" comes before empathy and nobody confirmed.
    """
    with transaction.atomic():
        case = take_case_for(actor, case_id)
        return finish_step(case, kind=kind, actor=actor, note=note, confirmed=confirmed)


def skip_step(*, actor: User, case_id: int, kind: str, reason: str) -> RecoveryStep:
    """Pass over a step, with the reason why."""
    if not reason.strip():
        raise Invalid(_("Say why this step is skipped."), field="reason")
    with transaction.atomic():
        case = take_case_for(actor, case_id)
        step = _open_step(case, kind)
        return _finish(case, step, StepState.SKIPPED, actor, reason)


def reopen_step(*, actor: User, case_id: int, kind: str) -> RecoveryStep:
    """Take back that a step was done or skipped."""
    with transaction.atomic():
        case = take_case_for(actor, case_id)
        step = _step(case, kind)
        if step.state == StepState.OPEN:
            raise Conflict(_("This step is open already."))
        step.state, step.by, step.at, step.note = StepState.OPEN, None, None, ""
        step.save()
        refresh_next_step(case)
        record(stream=case.stream, verb="step.reopened", actor=actor, data={"step": kind})
    return step


def finish_step(case: Case, *, kind: str, actor: User | None, note: str, confirmed: bool) -> RecoveryStep:
    """Mark a step of a locked case done; a step that is done already stays as it was."""
    steps = list(RecoveryStep.objects.filter(case=case).order_by("position"))
    states = {step.kind: step.state for step in steps}
    missing = [] if confirmed else steps_missing_before(kind, states)
    if missing and states.get(kind) == StepState.OPEN:
        names = " · ".join(str(step.label) for step in missing)
        raise EmotionFirst(
            _("First the customer, then the problem. Still to do: %(steps)s."), params={"steps": names}
        )
    step = _step(case, kind)
    if step.state != StepState.OPEN:
        return step
    return _finish(case, step, StepState.DONE, actor, note)


def open_again(steps: Iterable[RecoveryStep]) -> tuple[list[RecoveryStep], list[TimelineEntry]]:
    """The steps that a reopened case has to go through once more, now open, and what was noted on them.

    Neither is written yet: the notes become entries of the timeline, where they stay.
    """
    again, notes = [], []
    for step in steps:
        if step.kind not in TO_DO_AGAIN or step.state == StepState.OPEN:
            continue
        if step.note and step.at is not None:
            notes.append(
                TimelineEntry(case=step.case, kind=EntryKind.NOTE, at=step.at, author=step.by, body=step.note)
            )
        step.state, step.by, step.at, step.note = StepState.OPEN, None, None, ""
        again.append(step)
    return again, notes


def finish_step_by_product(*, case: Case, kind: str, note: str = "") -> None:
    """Mark a step done because the product itself did it; nothing when the case has no such open step."""
    step = RecoveryStep.objects.filter(case=case, kind=kind, state=StepState.OPEN).first()
    if step is not None:
        _finish(case, step, StepState.DONE, None, note)


def refresh_next_step(case: Case) -> None:
    """Repeat on the case which step comes next, for the queue."""
    pairs = RecoveryStep.objects.filter(case=case).order_by("position").values_list("kind", "state")
    case.next_step = next_step(pairs)
    case.save(update_fields=("next_step",))


def _step(case: Case, kind: str) -> RecoveryStep:
    step = RecoveryStep.objects.select_for_update().filter(case=case, kind=kind).first()
    if step is None:
        raise Invalid(_("This case has no such step."), field="kind")
    return step


def _open_step(case: Case, kind: str) -> RecoveryStep:
    step = _step(case, kind)
    if step.state != StepState.OPEN:
        raise Conflict(_("This step is finished already."))
    return step


def _finish(case: Case, step: RecoveryStep, state: StepState, actor: User | None, note: str) -> RecoveryStep:
    step.state, step.by, step.at, step.note = state, actor, timezone.now(), note.strip()[:500]
    step.save()
    refresh_next_step(case)
    record(stream=case.stream, verb=f"step.{state}", actor=actor, data={"step": StepKind(step.kind).value})
    return step
