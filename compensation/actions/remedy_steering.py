"""Starting the run of a remedy, pausing it, and ending it; and how a remedy goes from state to state."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.access import require
from accounts.models import User
from accounts.states import Capability
from audit.actions import record
from common.errors import Conflict
from common.queue import nudge
from compensation.actions import remedy_ledger
from compensation.models import Remedy, RemedyShare
from compensation.states import (
    REMEDY_TRANSITIONS,
    RemedyState,
    ShareState,
)

RUN_TASK = "compensation.run_remedies"


def start_remedy(*, actor: User, remedy_id: int) -> Remedy:
    """Let an approved remedy run, or go on after a pause; who starts it is the author of its cases."""
    with transaction.atomic():
        remedy = take_remedy(actor, remedy_id)
        if remedy.started_by_id is None:
            remedy.started_by = actor
        remedy.started_at = timezone.now()
        move(remedy, RemedyState.RUNNING, actor, "started_by", "started_at")
        nudge(RUN_TASK)
    return remedy


def pause_remedy(*, actor: User, remedy_id: int) -> Remedy:
    """Pause a run; the customers of the batch at work are still granted theirs."""
    with transaction.atomic():
        remedy = take_remedy(actor, remedy_id)
        move(remedy, RemedyState.PAUSED, actor)
    return remedy


def cancel_remedy(*, actor: User, remedy_id: int) -> Remedy:
    """Stop a remedy for good: who has theirs keeps it, the others get nothing, and the rest is given back."""
    with transaction.atomic():
        remedy = take_remedy(actor, remedy_id)
        remedy_ledger.give_back(remedy=remedy, by=actor)
        remedy.finished_at = timezone.now()
        move(remedy, RemedyState.CANCELLED, actor, "held", "finished_at")
    return remedy


def retry_failed(*, actor: User, remedy_id: int) -> int:
    """Go on after a pause, with the shares that failed as well; returns how many these are."""
    with transaction.atomic():
        remedy = take_remedy(actor, remedy_id)
        failed = RemedyShare.objects.filter(remedy=remedy, state=ShareState.FAILED)
        count = failed.update(state=ShareState.DUE, problem="", done_at=None)
        move(remedy, RemedyState.RUNNING, actor)
        nudge(RUN_TASK)
    return count


def finish_remedy(*, actor: User, remedy_id: int) -> Remedy:
    """End a run that has nothing left but failures: these get nothing, and their money is given back."""
    with transaction.atomic():
        remedy = take_remedy(actor, remedy_id)
        if RemedyShare.objects.filter(remedy=remedy, state=ShareState.DUE).exists():
            raise Conflict(_("The run is not through yet."))
        close_run(remedy, actor)
    return remedy


def close_run(remedy: Remedy, actor: User | None) -> None:
    """End the run of a locked remedy, and give back what nobody got."""
    remedy_ledger.give_back(remedy=remedy, by=actor)
    remedy.finished_at = timezone.now()
    move(remedy, RemedyState.DONE, actor, "held", "finished_at")


def take_remedy(actor: User, remedy_id: int, capability: Capability = Capability.DECLARE_INCIDENT) -> Remedy:
    """Lock a remedy that the actor may steer."""
    remedy = (
        Remedy.objects.select_for_update(of=("self",), no_key=True)
        .select_related("incident__branch", "proposer")
        .get(pk=remedy_id)
    )
    require(actor, capability, branch_id=remedy.incident.branch_id)
    return remedy


def check_remedy_transition(remedy: Remedy, wanted: RemedyState) -> None:
    """Raise `Conflict`, saying how the remedy stands, unless it may go over to that state."""
    if wanted not in REMEDY_TRANSITIONS[RemedyState(remedy.state)]:
        raise too_late(remedy)


def too_late(remedy: Remedy) -> Conflict:
    """What to raise where the remedy has gone on meanwhile."""
    return Conflict(
        _("This is not possible any more: the remedy is now “%(state)s”."),
        params={"state": RemedyState(remedy.state).label},
    )


_VERBS = {
    RemedyState.WAITING: "remedy.answered",
    RemedyState.RETURNED: "remedy.returned",
    RemedyState.APPROVED: "remedy.approved",
    RemedyState.REJECTED: "remedy.rejected",
    RemedyState.RUNNING: "remedy.started",
    RemedyState.PAUSED: "remedy.paused",
    RemedyState.DONE: "remedy.finished",
    RemedyState.CANCELLED: "remedy.stopped",
}


def move(
    remedy: Remedy, wanted: RemedyState, actor: User | None, *fields: str, verb: str | None = None
) -> None:
    """Let a locked remedy go over to another state, written and recorded."""
    check_remedy_transition(remedy, wanted)
    remedy.state = wanted
    remedy.save(update_fields=("state", *fields))
    data = {"total": str(remedy.total), "currency": remedy.currency}
    record(stream=remedy.stream, verb=verb or _VERBS[wanted], actor=actor, data=data)
