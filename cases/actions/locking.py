"""Taking a case for writing: every action on a case locks its row first, so that they follow one another."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.access import require
from accounts.models import User
from accounts.states import Capability
from cases.models import Case
from common.errors import Conflict


def lock_case(case_id: int) -> Case:
    """The case, locked until the transaction ends. Raises `Case.DoesNotExist`."""
    return (
        Case.objects.select_for_update(of=("self",)).select_related("branch").defer("search").get(pk=case_id)
    )


def take_case_for(
    actor: User, case_id: int, capability: Capability = Capability.RECOVER_CASE, *, must_be_open: bool = True
) -> Case:
    """Lock a case that the actor may work on. Raises `NotAllowed`, or `Conflict` when it is not open."""
    case = lock_case(case_id)
    require(actor, capability, branch_id=case.branch_id)
    if must_be_open and not case.is_open:
        raise Conflict(_("This case is resolved. Reopen it to go on."))
    return case
