"""Branches together with the calendar that they work by, without which they can take no complaint."""

from __future__ import annotations

from django.db import transaction

from accounts.access import require
from accounts.actions.branches import BranchRecord, create_branch, update_branch
from accounts.models import Branch, User
from accounts.states import Capability
from audit.actions import record
from common.errors import Values, refuse_overtaken
from sla.models import BranchCalendar, Calendar


def open_branch(*, actor: User | None, new: BranchRecord, calendar: Calendar) -> Branch:
    """Make a branch that can take complaints at once. Raises `Invalid` at the wrong field, `NotAllowed`."""
    with transaction.atomic():
        branch = create_branch(actor=actor, new=new)
        assign_calendar(actor=actor, branch=branch, calendar=calendar)
    return branch


def branch_values(branch: Branch) -> Values:
    """How a branch is, with its calendar, as a form shows it."""
    values = {name: getattr(branch, name) for name in BranchRecord.__dataclass_fields__}
    held = BranchCalendar.objects.filter(branch=branch).values_list("calendar", flat=True).first()
    return values | {"calendar": held}


def change_branch(
    *, actor: User, branch_id: int, new: BranchRecord, calendar: Calendar, seen: Values | None = None
) -> Branch:
    """Change a branch and its calendar.

    Raises `Invalid` at the wrong field, `NotAllowed`, and `Overtaken` when somebody else has changed it since
    it was as `seen` (see `branch_values`).
    """
    require(actor, Capability.CHANGE_SETTINGS)
    with transaction.atomic():
        refuse_overtaken(seen, branch_values(Branch.objects.select_for_update().get(pk=branch_id)))
        branch = update_branch(actor=actor, branch_id=branch_id, new=new)
        assign_calendar(actor=actor, branch=branch, calendar=calendar)
    return branch


def assign_calendar(*, actor: User | None, branch: Branch, calendar: Calendar) -> None:
    """Let a branch work by a calendar from now on; deadlines that are set already stay as they are.

    An actor of None is whoever runs the server. Raises `NotAllowed`.
    """
    if actor is not None:
        require(actor, Capability.CHANGE_SETTINGS)
    with transaction.atomic():
        Branch.objects.select_for_update(no_key=True).get(pk=branch.pk)
        held = BranchCalendar.objects.select_related("calendar").filter(branch=branch).first()
        if held is not None and held.calendar_id == calendar.pk:
            return
        BranchCalendar.objects.update_or_create(branch=branch, defaults={"calendar": calendar})
        record(
            stream=f"branch:{branch.pk}",
            verb="branch.calendar_set",
            actor=actor,
            data={"calendar": [held.calendar.code if held else None, calendar.code]},
        )
