"""Reminding of follow-ups that are not done in time: each level once, like the alerts of a clock."""

from __future__ import annotations

import datetime as dt
import logging

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts.models import User
from accounts.queries import staff_of_branch
from accounts.states import ESCALATES_TO
from audit.actions import record
from cases.paths import case_path
from common.queue import claim
from feedback.models import FollowUp
from feedback.queries import due_follow_ups
from feedback.rules import reminder_at
from messaging.actions import notify

log = logging.getLogger(__name__)

BATCH = 50

MESSAGES = {
    1: gettext_noop("%(number)s: the call to the dissatisfied customer is due."),
    2: gettext_noop("%(number)s: the call to the dissatisfied customer is overdue."),
    3: gettext_noop("%(number)s: the call to the dissatisfied customer is long overdue."),
}


def fire_due_reminders(*, now: dt.datetime | None = None, limit: int = BATCH) -> int:
    """Tell the levels that are due of up to `limit` follow-ups; returns how many follow-ups there were.

    Several sweeps may run at once: each takes follow-ups that no other holds, and a level moves on in the
    same transaction that tells of it.
    """
    now = now or timezone.now()
    with transaction.atomic():
        due = due_follow_ups(now).select_related("case__owner", "assignee").defer("case__search")
        follow_ups = claim(due, limit=limit)
        for follow_up in follow_ups:
            try:
                with transaction.atomic():
                    _fire(follow_up, now)
            except Exception:
                # The others must not wait for one that can't be told of; the next sweep tries it again.
                log.exception("Nobody could be reminded of follow-up %s", follow_up.pk)
    return len(follow_ups)


def _fire(follow_up: FollowUp, now: dt.datetime) -> None:
    while follow_up.next_reminder_at is not None and follow_up.next_reminder_at <= now:
        follow_up.level += 1
        _tell(follow_up)
        follow_up.next_reminder_at = reminder_at(follow_up.level + 1, follow_up.due_at)
    follow_up.save(update_fields=("level", "next_reminder_at"))


def _tell(follow_up: FollowUp) -> None:
    people = _recipients(follow_up)
    opened = int(follow_up.created_at.timestamp())  # a follow-up can be opened again
    notify(
        users=people,
        message=MESSAGES[follow_up.level],
        params={"number": follow_up.case.number},
        url=case_path(follow_up.case.number),
        dedupe_key=f"follow-up:{follow_up.pk}:{opened}:{follow_up.level}",
        urgent=True,
    )
    record(
        stream=f"follow-up:{follow_up.pk}",
        verb="follow_up.escalated",
        actor=None,
        data={
            "case": follow_up.case_id,
            "level": follow_up.level,
            "told": [person.pk for person in people],
        },
    )


def _recipients(follow_up: FollowUp) -> list[User]:
    """Who has it at level 1, then the level's role in that branch, and never the owner, who may not do it.

    Where a level has nobody else, the next one up is told.
    """
    case, assignee = follow_up.case, follow_up.assignee
    if follow_up.level == 1 and assignee is not None and assignee.is_active and assignee != case.owner:
        return [assignee]
    for level, role in sorted(ESCALATES_TO.items()):
        if level >= follow_up.level:
            people = [
                person for person in staff_of_branch(case.branch_id, role=role) if person.pk != case.owner_id
            ]
            if people:
                return people
    return []
