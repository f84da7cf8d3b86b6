"""Sending the surveys and reminders that are due: each in a transaction of its own, each once."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterable

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext_noop

from audit.actions import record
from cases.actions.steps import finish_step_by_product
from cases.actions.timeline import add_event, email_of
from cases.models import Case
from cases.states import StepKind
from common.queue import claim
from customers.models import Customer
from feedback.actions.invite import (
    ASKED_LATELY,
    NO_ADDRESS,
    REOPENED,
    customer_zone,
    move_invitation,
    skip,
    survey_delay,
)
from feedback.models import Invitation
from feedback.queries import due_invitations, due_reminders, was_asked_since
from feedback.rules import OPEN_FOR, REMIND_AFTER, REST, ask_at, by_day
from feedback.states import Construct, InvitationState
from messaging.actions import letter, queue_email

log = logging.getLogger(__name__)


def send_due_surveys(limit: int = 200) -> int:
    """Send up to `limit` surveys that are due; returns how many went out. Many may run at once."""
    return _each(due_invitations(timezone.now()).values_list("pk", flat=True)[:limit], _send_survey)


def send_due_reminders(limit: int = 200) -> int:
    """Remind, once, up to `limit` customers who have not answered; returns how many were reminded."""
    return _each(due_reminders(timezone.now()).values_list("pk", flat=True)[:limit], _send_reminder)


def _each(keys: Iterable[int], work: Callable[[int], bool]) -> int:
    done = 0
    for key in list(keys):
        try:
            done += work(key)
        except Exception:
            # The others must not wait for one that can't be sent; it is due again at the next sweep.
            log.exception("Survey %s could not be sent", key)
    return done


@transaction.atomic
def _send_survey(key: int) -> bool:
    now = timezone.now()
    invitation = _claim(due_invitations(now).filter(pk=key))
    if invitation is None:
        return False
    case = invitation.case
    later = _not_before(case, now)
    if later > now:
        invitation.due_at = later
        invitation.save(update_fields=("due_at",))
        return False
    address = email_of(case.customer_id)
    reason = _reason_against(case, now, has_address=address is not None)
    if reason or address is None:
        skip(invitation, case, reason or NO_ADDRESS)
        return False
    move_invitation(invitation, InvitationState.SENT)
    invitation.sent_at = now
    invitation.closes_at = now + OPEN_FOR
    invitation.reminder_due_at = now + REMIND_AFTER
    invitation.save(update_fields=("state", "sent_at", "closes_at", "reminder_due_at"))
    _write_mail(invitation, address.value, template="survey", occasion=f"survey:{invitation.pk}")
    finish_step_by_product(case=case, kind=StepKind.FOLLOW_UP)
    add_event(case=case, actor=None, message=gettext_noop("Asked the customer whether it worked."))
    record(stream=case.stream, verb="survey.sent", actor=None, data={"round": invitation.round})
    return True


@transaction.atomic
def _send_reminder(key: int) -> bool:
    now = timezone.now()
    invitation = _claim(due_reminders(now).filter(pk=key))
    if invitation is None:
        return False
    case = invitation.case
    by_day_at = by_day(now, customer_zone(case))
    if by_day_at > now:
        invitation.reminder_due_at = by_day_at
        invitation.save(update_fields=("reminder_due_at",))
        return False
    invitation.reminder_due_at = None
    invitation.save(update_fields=("reminder_due_at",))
    address = email_of(case.customer_id)
    if address is None or case.is_open or invitation.closes_at is None or invitation.closes_at <= now:
        return False
    _write_mail(
        invitation, address.value, template="survey_reminder", occasion=f"survey-reminder:{invitation.pk}"
    )
    record(stream=case.stream, verb="survey.reminded", actor=None, data={"round": invitation.round})
    return True


def _claim(rows: QuerySet[Invitation]) -> Invitation | None:
    """Lock an invitation and its case, or pass over them where another sweep or a colleague holds one.

    Both in one statement that never waits, so that no order of locks can deadlock with actions on the case.
    """
    joined = rows.select_related("case__branch", "case__customer", "instrument").defer("case__search")
    found = claim(joined, limit=1, of=("self", "case"))
    return found[0] if found else None


def _not_before(case: Case, now: dt.datetime) -> dt.datetime:
    """When the survey may go out: later than planned if the remedy came late, or if it is night by now."""
    resolved_at = case.resolved_at or now
    zone, delay = customer_zone(case), survey_delay()
    planned = ask_at(resolved_at=resolved_at, landed_at=case.remedy_landed_at, delay=delay, zone=zone)
    if planned > now or delay < dt.timedelta(hours=1):
        return planned
    return by_day(now, zone)


def _reason_against(case: Case, now: dt.datetime, *, has_address: bool) -> str:
    """Why this survey is not sent, "" when nothing is against it; the customer is locked until the commit."""
    if case.is_open:
        return REOPENED
    if not has_address:
        return NO_ADDRESS
    # Two cases of one customer that fall due together are looked at one after the other.
    Customer.objects.select_for_update(no_key=True).only("pk").get(pk=case.customer_id)
    return ASKED_LATELY if was_asked_since(case.customer_id, now - REST) else ""


def _write_mail(invitation: Invitation, address: str, *, template: str, occasion: str) -> None:
    case, language = invitation.case, invitation.language
    first = invitation.instrument.items.filter(construct=Construct.RECOVERY).order_by("position").first()
    with translation.override(language):
        question = first.text if first else ""
        scale = list(enumerate(first.labels, start=first.lowest)) if first else []
    queue_email(
        letter(
            to_address=address,
            to_name=case.customer.name,
            language=language,
            template=template,
            context={
                "customer_name": case.customer.name,
                "number": case.number,
                "token": invitation.token,
                "closes_at": invitation.closes_at,
                "time_zone": customer_zone(case).key,
                "organisation": case.branch.name_in(language),
                "question": question,
                "scale": scale,
            },
            dedupe_key=occasion,
            about=case.stream,
        )
    )
