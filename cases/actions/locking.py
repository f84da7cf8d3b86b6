"""Taking a case for writing: every action on a case locks its row first, so that they follow one another."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.access import require
from accounts.models import User
from accounts.states import Capability
from cases.models import Case
from cases.rules import may_become
from cases.states import CaseState
from common.errors import Conflict
from common.prepared import prepared

# What a case says that can't go over to the state asked for.
STANDS = {
    CaseState.OPEN: _("This case is open already."),
    CaseState.WAITING: _("This case is waiting already."),
    CaseState.RESOLVED: _("This case is resolved. Reopen it to go on."),
}


def lock_case(case_id: int) -> Case:
    """The case, locked until the transaction ends. Raises `Case.DoesNotExist`."""
    case = _locked.first(case_id=case_id)
    if case is None:
        raise Case.DoesNotExist
    return case


@prepared
def _locked(*, case_id: int) -> QuerySet[Case]:
    return locked_cases().filter(pk=case_id)


def locked_cases() -> QuerySet[Case]:
    """Cases, each locked until the transaction ends; for a query that finds one of them."""
    return Case.objects.select_for_update(of=("self",)).select_related("branch").defer("search")


def take_case_for(
    actor: User, case_id: int, capability: Capability = Capability.RECOVER_CASE, *, must_be_open: bool = True
) -> Case:
    """Lock a case that the actor may work on. Raises `NotAllowed`, or `Conflict` when it is not open."""
    case = lock_case(case_id)
    check_case_for(actor, case, capability, must_be_open=must_be_open)
    return case


def check_case_for(actor: User, case: Case, capability: Capability, *, must_be_open: bool = True) -> None:
    """Raise `NotAllowed` unless the actor may work on a case, or `Conflict` when it is not open."""
    require(actor, capability, branch_id=case.branch_id)
    if must_be_open and not case.is_open:
        raise Conflict(STANDS[CaseState.RESOLVED])


def move_case(case: Case, to: CaseState) -> None:
    """Let a locked case go over to another state, not yet written. Raises `Conflict` where it may not."""
    if not may_become(case.state, to):
        raise Conflict(STANDS[CaseState(case.state)])
    case.state = to
