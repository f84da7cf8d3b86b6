"""By when an approver should answer, and whom an unanswered step is told to: each level once."""

from __future__ import annotations

import datetime as dt
import logging

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts.states import Role
from audit.actions import record
from cases.models import Case
from compensation.actions.deciders import DUE, alert_time, people_of_level
from compensation.actions.decision_links import make_links
from compensation.actions.guards import hold_case
from compensation.actions.telling import amount_text
from compensation.models import ApprovalStep
from compensation.paths import APPROVALS_PATH
from compensation.states import OfferState, StepState
from messaging.actions import notify

log = logging.getLogger(__name__)

BATCH = 50
MESSAGES = {
    1: gettext_noop("%(amount)s on %(case)s still waits for your approval."),
    2: gettext_noop("%(amount)s on %(case)s should have been decided on by now."),
    3: gettext_noop("%(amount)s on %(case)s has waited far too long for a decision."),
}


def start_time(step: ApprovalStep, case: Case) -> None:
    """Say by when an answer to a step that opens is due, in the branch's business time; not yet written.

    Without a calendar or a target nothing is due.
    """
    step.due_at = _moment(step, case, DUE)
    step.next_alert_at = None if step.due_at is None else _moment(step, case, 1)


def _moment(step: ApprovalStep, case: Case, level: int) -> dt.datetime | None:
    """When a level of a step is told; None beyond the last."""
    if step.opened_at is None:
        return None
    return alert_time(level, step.opened_at, severity=case.severity, branch=case.branch)


def escalate_due_steps(*, now: dt.datetime | None = None, limit: int = BATCH) -> int:
    """Tell of up to `limit` steps that wait for an answer; returns how many there were.

    Several sweeps may run at once: each takes cases that no other holds, and a level moves on in the same
    transaction that tells of it. Only the highest level that is due is told.
    """
    now = now or timezone.now()
    due = ApprovalStep.objects.filter(state=StepState.OPEN, next_alert_at__lte=now)
    rows = list(due.order_by("next_alert_at", "id").values_list("pk", "offer__case_id")[:limit])
    for step_id, case_id in rows:
        try:
            with transaction.atomic():
                case = hold_case(case_id)
                step = due.select_related("offer__proposer").filter(pk=step_id).first()
                if case is not None and step is not None and step.offer.state == OfferState.WAITING:
                    _escalate(case, step, now)
        except Exception:
            # The others must not wait for one that can't be told of; the next sweep tries it again.
            log.exception("Step %s could not be escalated", step_id)
    return len(rows)


def _escalate(case: Case, step: ApprovalStep, now: dt.datetime) -> None:
    while step.next_alert_at is not None and step.next_alert_at <= now:
        step.alerted_level += 1
        step.next_alert_at = _moment(step, case, step.alerted_level + 1)
    step.save(update_fields=("alerted_level", "next_alert_at"))
    offer, level = step.offer, step.alerted_level
    people = people_of_level(case.branch, Role(step.role), level, without=offer.proposer)
    notify(
        users=people,
        message=MESSAGES[level],
        params={"amount": amount_text(offer.amount, offer.currency), "case": case.number},
        url=f"{APPROVALS_PATH}?offer={offer.pk}",
        dedupe_key=f"offer:{offer.pk}:step:{step.pk}:{level}",
        urgent=level > 1,
        links=make_links(offer, people),
    )
    data = {
        "offer": offer.pk,
        "level": level,
        "role": step.role,
        "told": [person.pk for person in people],
    }
    record(stream=case.stream, verb="offer.escalated", actor=None, data=data)
