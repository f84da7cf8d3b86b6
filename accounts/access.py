"""Who may do what: the one check that every action makes."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.states import Capability
from common.errors import NotAllowed


def require(actor: User, capability: Capability, *, branch_id: int | None = None) -> None:
    """Raise `NotAllowed` unless the actor's role holds the capability and the actor reaches the branch."""
    if not actor.may(capability):
        raise NotAllowed(_("Your role does not allow you to %(what)s."), params={"what": capability.label})
    if branch_id is not None and not actor.reaches(branch_id):
        raise NotAllowed(_("This belongs to a branch that you do not work for."))
