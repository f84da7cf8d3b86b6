"""Waiting for the customer: the resolution clock stands still, and says so."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from accounts.models import User
from audit.actions import record
from cases.actions.clocks import pause_clocks
from cases.actions.locking import move_case, take_case_for
from cases.actions.timeline import add_event, end_wait
from cases.models import Case
from cases.states import CaseState
from common.errors import Conflict, Invalid


def wait_for_customer(*, actor: User, case_id: int, reason: str) -> Case:
    """Pause the resolution clock until the customer answers; `reason` says what we wait for."""
    if not reason.strip():
        raise Invalid(_("Say what we are waiting for."), field="reason")
    with transaction.atomic():
        case = take_case_for(actor, case_id)
        move_case(case, CaseState.WAITING)
        case.save(update_fields=("state",))
        pause_clocks(case, at=timezone.now())
        add_event(
            case=case,
            actor=actor,
            message=gettext_noop("Waiting for the customer: %(reason)s"),
            params={"reason": reason.strip()[:250]},
        )
        record(stream=case.stream, verb="case.waiting", actor=actor)
    return case


def stop_waiting(*, actor: User, case_id: int) -> Case:
    """Go on without, or after, the customer's answer."""
    with transaction.atomic():
        case = take_case_for(actor, case_id)
        if case.state != CaseState.WAITING:
            raise Conflict(_("This case is not waiting."))
        end_wait(case, actor=actor, at=timezone.now())
    return case
