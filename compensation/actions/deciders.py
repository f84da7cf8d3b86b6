"""Whom a decision is asked of, and by when: those of a role, who stands in for them, and the roles above."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from accounts.models import Branch, User
from accounts.queries import delegates_of, staff_of_branch
from accounts.states import Role
from cases.rules import alert_at
from common.days import local_day
from sla.models import BranchCalendar
from sla.queries import business_hours, calendar_of, targets_for
from sla.rules import OutOfReachError
from sla.states import Metric

# The level at which an answer is due; those asked are reminded before it, the managers are told after it.
DUE = 2
NEXT_UP: dict[str, Role] = {Role.FRONTLINE: Role.SUPERVISOR, Role.SUPERVISOR: Role.MANAGER}


def alert_time(level: int, asked_at: dt.datetime, *, severity: int, branch: Branch) -> dt.datetime | None:
    """When a level is told of what was asked and not answered, in the branch's business time.

    None beyond the last level, and where there is no calendar or no target: then nothing is due.
    """
    minutes = targets_for(severity, local_day(asked_at, branch.time_zone)).get(Metric.DECISION)
    if minutes is None:
        return None
    try:
        return alert_at(level, asked_at, minutes, 0, business_hours(calendar_of(branch.pk)))
    except (BranchCalendar.DoesNotExist, OutOfReachError):
        return None


def asked_people(branch: Branch, role: Role, *, without: User) -> list[User]:
    """Those of a role at a branch, and who stands in for one of them today; never `without`, who proposed."""
    asked = list(staff_of_branch(branch.pk, role=role).exclude(pk=without.pk))
    today = local_day(timezone.now(), branch.time_zone)
    lent = delegates_of(asked, branch_id=branch.pk, on=today)
    return asked + [each for each in lent if each != without and each not in asked]


def people_of_level(branch: Branch, role: Role, level: int, *, without: User) -> list[User]:
    """Who is told at a level: those asked, who stands next above them, the managers.

    Where a level has nobody, those of the next one.
    """
    roles = [role, NEXT_UP.get(role, Role.MANAGER), Role.MANAGER]
    found = (asked_people(branch, each, without=without) for each in roles[level - 1 :])
    return next((people for people in found if people), [])
