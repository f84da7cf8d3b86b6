"""Following up a low score: someone other than the case's owner finds out what is still wrong."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from accounts.access import require
from accounts.models import User
from accounts.queries import staff_of_branch
from accounts.states import Capability, Role
from audit.actions import record
from cases.actions.locking import lock_case
from cases.actions.timeline import add_event
from cases.models import Case
from cases.paths import case_path
from common.errors import Conflict, Invalid, NotAllowed
from feedback.models import FollowUp, Response
from feedback.queries import open_follow_up_counts
from feedback.rules import FOLLOW_UP_WITHIN, reminder_at
from feedback.states import FollowUpState
from messaging.actions import notify

LONGEST_RESULT = 500


def open_follow_up(*, case: Case, response: Response) -> FollowUp:
    """Open the follow-up of a response to a locked case, or open it again, and tell whom it falls to."""
    now = timezone.now()
    assignee = choose_reviewer(case)
    follow_up, _is_new = FollowUp.objects.update_or_create(
        response=response,
        defaults={
            "case": case,
            "assignee": assignee,
            "state": FollowUpState.OPEN,
            "created_at": now,
            "due_at": now + FOLLOW_UP_WITHIN,
            "level": 0,
            "next_reminder_at": reminder_at(1, now + FOLLOW_UP_WITHIN),
            "done_at": None,
            "done_by": None,
        },
    )
    record(
        stream=case.stream,
        verb="follow_up.opened",
        actor=None,
        data={"assignee": assignee.pk if assignee else None, "satisfaction": response.satisfaction},
    )
    if assignee is not None:
        notify(
            users=[assignee],
            message=gettext_noop(
                "%(number)s: the customer is still dissatisfied. Please call within 48 hours."
            ),
            params={"number": case.number},
            url=case_path(case.number),
            dedupe_key=f"follow-up:{follow_up.pk}:{int(now.timestamp())}",
            urgent=True,
        )
    return follow_up


def choose_reviewer(case: Case) -> User | None:
    """A supervisor of the branch, else a manager, who does not own the case and has the fewest open."""
    for role in (Role.SUPERVISOR, Role.MANAGER):
        candidates = [user for user in staff_of_branch(case.branch_id, role=role) if user.pk != case.owner_id]
        if candidates:
            load = open_follow_up_counts([user.pk for user in candidates])
            return min(candidates, key=lambda user: load[user.pk])
    return None


def finish_follow_up(*, actor: User, follow_up_id: int, result: str) -> FollowUp:
    """Record what came of a follow-up.

    Raises `Invalid` without a result, `NotAllowed` for the case's owner, `Conflict` when it is done already.
    """
    said = result.replace("\x00", "").strip()
    if not said:
        raise Invalid(_("Say what came of it."), field="result")
    if len(said) > LONGEST_RESULT:
        raise Invalid(
            _("This is longer than %(most)s characters."), field="result", params={"most": LONGEST_RESULT}
        )
    with transaction.atomic():
        case = lock_case(FollowUp.objects.values_list("case_id", flat=True).get(pk=follow_up_id))
        require(actor, Capability.RECOVER_CASE, branch_id=case.branch_id)
        follow_up = FollowUp.objects.select_for_update(of=("self",)).get(pk=follow_up_id)
        if actor.pk == case.owner_id:
            raise NotAllowed(_("A low score is followed up by someone other than the case’s owner."))
        if follow_up.state != FollowUpState.OPEN:
            raise Conflict(_("This follow-up is done already."))
        follow_up.state = FollowUpState.DONE
        follow_up.done_at, follow_up.done_by, follow_up.result = timezone.now(), actor, said
        follow_up.next_reminder_at = None
        follow_up.save(update_fields=("state", "done_at", "done_by", "result", "next_reminder_at"))
        add_event(
            case=case,
            actor=actor,
            message=gettext_noop("Followed up the low score: %(result)s"),
            params={"result": said},
        )
        record(
            stream=case.stream,
            verb="follow_up.done",
            actor=actor,
            data={"on_time": follow_up.done_at <= follow_up.due_at},
        )
    return follow_up
