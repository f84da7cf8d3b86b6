"""Who owns a case: whoever logs it, until someone else takes it or a supervisor assigns it."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from accounts.models import User
from accounts.states import Capability
from audit.actions import record
from cases.actions.locking import take_case_for
from cases.actions.timeline import add_event
from cases.models import Case
from cases.paths import case_path
from common.errors import Conflict, Invalid, Overtaken, Values, refuse_overtaken
from messaging.actions import notify


def owner_of(case: Case) -> Values:
    """Who owns a case, as a form says it."""
    return {"owner": case.owner_id}


def take_case(*, actor: User, case_id: int, seen: Values | None = None) -> Case:
    """Accept a case as one's own.

    With `seen` (see `owner_of`), raises `Overtaken` when it has another owner since.
    """
    with transaction.atomic():
        case = take_case_for(actor, case_id)
        if case.owner_id == actor.pk:
            raise Conflict(_("This case is yours already."))
        _refuse_overtaken(case, seen)
        return _set_owner(case, actor, actor)


def assign_case(*, actor: User, case_id: int, owner: User, seen: Values | None = None) -> Case:
    """Give a case to someone who works for its branch; they are told.

    With `seen` (see `owner_of`), raises `Overtaken` when it has another owner since.
    """
    with transaction.atomic():
        case = take_case_for(actor, case_id, Capability.ASSIGN_CASE)
        if not (owner.may(Capability.RECOVER_CASE) and owner.reaches(case.branch_id)):
            raise Invalid(_("This person does not work on cases of that branch."), field="owner")
        _refuse_overtaken(case, seen)
        return _set_owner(case, actor, owner)


def _refuse_overtaken(case: Case, seen: Values | None) -> None:
    try:
        refuse_overtaken(seen, owner_of(case))
    except Overtaken as error:
        if case.owner is None:
            raise
        message = _("In the meantime this case became that of %(owner)s.")
        raise Overtaken(error.now, message, params={"owner": case.owner.name}) from None


def _set_owner(case: Case, actor: User, owner: User) -> Case:
    before = case.owner_id
    case.owner = owner
    case.save(update_fields=("owner",))
    add_event(
        case=case,
        actor=actor,
        message=gettext_noop("Owned by %(owner)s from now on."),
        params={"owner": owner.name},
    )
    event = record(stream=case.stream, verb="case.owned", actor=actor, data={"from": before, "to": owner.pk})
    if owner.pk != actor.pk:
        notify(
            users=[owner],
            message=gettext_noop("Case %(number)s is yours now."),
            params={"number": case.number},
            url=case_path(case.number),
            dedupe_key=f"owner:{event.pk}",
        )
    return case
