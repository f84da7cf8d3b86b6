"""What has to be done before anybody can log a complaint in a new installation."""

from __future__ import annotations

from typing import Literal

from accounts.models import Branch, User
from accounts.queries import branches_of, roles_with
from accounts.states import Capability

FirstStep = Literal["", "branch", "own_branch", "people"]


def first_step(user: User) -> FirstStep:
    """What stands between this person and the first complaint; empty when nothing does.

    "branch": there is no active branch. "own_branch": there is, but this person, who logs complaints, works
    for none. "people": nobody who may log complaints has an account, which matters to administrators.
    """
    if not Branch.objects.filter(is_active=True).exists():
        return "branch"
    if user.may(Capability.LOG_CASE):
        return "" if branches_of(user).exists() else "own_branch"
    if not user.may(Capability.CHANGE_SETTINGS):
        return ""
    loggers = User.objects.filter(is_active=True, role__in=roles_with(Capability.LOG_CASE))
    return "" if loggers.exists() else "people"
