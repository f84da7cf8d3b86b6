"""Asking for the decision on a remedy: who is told, by when an answer is due, and who hears if none comes."""

from __future__ import annotations

import datetime as dt
import logging

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts.states import Role
from audit.actions import record
from compensation.actions.deciders import DUE, alert_time, asked_people, people_of_level
from compensation.actions.telling import amount_text
from compensation.models import Remedy
from compensation.paths import remedy_path
from compensation.states import RemedyState
from messaging.actions import notify

log = logging.getLogger(__name__)

BATCH = 50
ASKED_FIELDS = ("asked_at", "due_at", "next_alert_at", "alerted_level")
MESSAGES = {
    1: gettext_noop("A remedy of %(total)s for %(incident)s still waits for your approval."),
    2: gettext_noop("A remedy of %(total)s for %(incident)s should have been decided on by now."),
    3: gettext_noop("A remedy of %(total)s for %(incident)s has waited far too long for a decision."),
}


def start_waiting(remedy: Remedy) -> None:
    """Let the time for an answer begin; not yet written."""
    remedy.asked_at = timezone.now()
    remedy.alerted_level = 0
    remedy.due_at = _alert(remedy, DUE)
    remedy.next_alert_at = _alert(remedy, 1)


def tell_asked(remedy: Remedy) -> None:
    """Tell those who may decide that a remedy waits for them."""
    notify(
        users=asked_people(remedy.incident.branch, Role(remedy.asked_role), without=remedy.proposer),
        message=gettext_noop("A remedy of %(total)s for %(incident)s waits for your approval."),
        params=told_of(remedy),
        url=remedy_path(remedy.incident.number),
        dedupe_key=f"{_key(remedy)}:waiting",
    )


def escalate_due_remedies(*, now: dt.datetime | None = None, limit: int = BATCH) -> int:
    """Tell of up to `limit` remedies that wait for an answer; returns how many there were.

    Several sweeps may run at once: each takes remedies that no other holds, and a level moves on in the same
    transaction that tells of it. Only the highest level that is due is told.
    """
    now = now or timezone.now()
    due = Remedy.objects.filter(state=RemedyState.WAITING, next_alert_at__lte=now)
    keys = list(due.order_by("next_alert_at", "id").values_list("pk", flat=True)[:limit])
    for key in keys:
        try:
            with transaction.atomic():
                free = due.select_for_update(of=("self",), skip_locked=True, no_key=True)
                remedy = free.select_related("incident__branch", "proposer").filter(pk=key).first()
                if remedy is not None:
                    _escalate(remedy, now)
        except Exception:
            # The others must not wait for one that can't be told of; the next sweep tries it again.
            log.exception("Remedy %s could not be escalated", key)
    return len(keys)


def _escalate(remedy: Remedy, now: dt.datetime) -> None:
    while remedy.next_alert_at is not None and remedy.next_alert_at <= now:
        remedy.alerted_level += 1
        remedy.next_alert_at = _alert(remedy, remedy.alerted_level + 1)
    remedy.save(update_fields=("alerted_level", "next_alert_at"))
    level, role = remedy.alerted_level, Role(remedy.asked_role)
    people = people_of_level(remedy.incident.branch, role, level, without=remedy.proposer)
    notify(
        users=people,
        message=MESSAGES[level],
        params=told_of(remedy),
        url=remedy_path(remedy.incident.number),
        dedupe_key=f"{_key(remedy)}:{level}",
        urgent=level > 1,
    )
    data = {"level": level, "role": role, "told": [person.pk for person in people]}
    record(stream=remedy.stream, verb="remedy.escalated", actor=None, data=data)


def told_of(remedy: Remedy) -> dict[str, str]:
    """What messages about a remedy say of it."""
    return {"total": amount_text(remedy.total, remedy.currency), "incident": remedy.incident.number}


def _alert(remedy: Remedy, level: int) -> dt.datetime | None:
    if remedy.asked_at is None:
        return None
    incident = remedy.incident
    return alert_time(level, remedy.asked_at, severity=incident.severity, branch=incident.branch)


def _key(remedy: Remedy) -> str:
    """One for each time that it is asked: a remedy comes again once a question about it is answered."""
    return f"remedy:{remedy.pk}:{remedy.asked_at:%Y%m%d%H%M%S%f}"
