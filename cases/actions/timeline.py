"""The timeline: notes, calls, replies, the customer's own messages, and events."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from accounts.models import User
from audit.actions import record
from cases.actions.clocks import resume_clocks, stop_clocks
from cases.actions.locking import move_case, take_case_for
from cases.actions.steps import finish_step
from cases.models import Case, TimelineEntry
from cases.states import CaseState, EntryKind, StepKind
from common.errors import Invalid
from common.writing import insert
from customers.models import ContactPoint
from customers.queries import contacts_of
from customers.states import ContactKind
from messaging.actions import letter, queue_email
from sla.states import Metric

LONGEST = 20_000


def add_event(
    *, case: Case, actor: User | None, message: str, params: Mapping[str, object] | None = None
) -> TimelineEntry:
    """Say on the timeline that something happened; `message` is a msgid marked with `gettext_noop`."""
    entry = TimelineEntry(
        case=case, kind=EntryKind.EVENT, author=actor, body=message, params=dict(params or {})
    )
    insert(entry)
    return entry


def add_note(*, actor: User, case_id: int, body: str) -> TimelineEntry:
    """Keep an internal note, also on a resolved case."""
    with transaction.atomic():
        case = take_case_for(actor, case_id, must_be_open=False)
        entry = _write(case, EntryKind.NOTE, actor, body)
        record(stream=case.stream, verb="case.noted", actor=actor, data={"entry": entry.pk})
    return entry


def log_call(
    *, actor: User, case_id: int, body: str, minutes: int | None = None, completes: str = ""
) -> TimelineEntry:
    """Keep what was said in a call with the customer; it counts as our response.

    Raises `EmotionFirst` when `completes` is a step that has to wait for empathy.
    """
    if minutes is not None and not 0 <= minutes <= 600:
        raise Invalid(_("A call lasts between 0 and 600 minutes."), field="minutes")
    with transaction.atomic():
        case = take_case_for(actor, case_id)
        entry = _write(case, EntryKind.CALL, actor, body, minutes=minutes)
        record(
            stream=case.stream, verb="case.called", actor=actor, data={"entry": entry.pk, "minutes": minutes}
        )
        _responded(case, actor, entry.at, completes)
    return entry


def send_reply(*, actor: User, case_id: int, body: str, completes: str = "") -> TimelineEntry:
    """Send the customer an e-mail and keep it on the timeline; it counts as our response.

    Raises `Invalid` when the customer has no e-mail address, `EmotionFirst` when `completes` is a step that
    has to wait for empathy.
    """
    with transaction.atomic():
        case = take_case_for(actor, case_id)
        address = email_of(case.customer_id)
        if address is None:
            raise Invalid(
                _("This customer has no e-mail address. Call instead, and log the call."), field="body"
            )
        entry = _write(case, EntryKind.REPLY, actor, body)
        queue_email(
            letter(
                to_address=address.value,
                to_name=case.customer.name,
                language=case.language,
                template="reply",
                context={
                    "text": entry.body,
                    "number": case.number,
                    "tracking_token": case.tracking_token,
                    "organisation": case.branch.name_in(case.language),
                },
                dedupe_key=f"reply:{entry.pk}",
                about=case.stream,
            )
        )
        record(stream=case.stream, verb="case.replied", actor=actor, data={"entry": entry.pk})
        _responded(case, actor, entry.at, completes)
    return entry


def record_customer_message(*, actor: User, case_id: int, body: str) -> TimelineEntry:
    """Keep what the customer told us further. It ends a wait, and moves no due date."""
    with transaction.atomic():
        case = take_case_for(actor, case_id)
        entry = _write(case, EntryKind.MESSAGE, actor, body)
        record(stream=case.stream, verb="case.customer_wrote", actor=actor, data={"entry": entry.pk})
        if case.state == CaseState.WAITING:
            end_wait(case, actor=actor, at=entry.at)
    return entry


def end_wait(case: Case, *, actor: User | None, at: dt.datetime) -> None:
    """The customer has answered: the case is open again and its clock goes on."""
    move_case(case, CaseState.OPEN)
    case.save(update_fields=("state",))
    resume_clocks(case, at=at)
    add_event(case=case, actor=actor, message=gettext_noop("The customer answered; the clock runs again."))
    record(stream=case.stream, verb="case.wait_ended", actor=actor)


def email_of(customer_id: int) -> ContactPoint | None:
    """The customer's first e-mail address."""
    return next((each for each in contacts_of(customer_id) if each.kind == ContactKind.EMAIL), None)


def _write(
    case: Case, kind: EntryKind, actor: User, body: str, *, minutes: int | None = None
) -> TimelineEntry:
    text = body.replace("\x00", "").strip()
    if not text:
        raise Invalid(_("Write something first."), field="body")
    if len(text) > LONGEST:
        raise Invalid(_("This is longer than %(most)s characters."), field="body", params={"most": LONGEST})
    return TimelineEntry.objects.create(
        case=case, kind=kind, author=actor, body=text, minutes=minutes, at=timezone.now()
    )


def _responded(case: Case, actor: User, at: dt.datetime, completes: str) -> None:
    if case.first_response_at is None:
        case.first_response_at = at
        case.save(update_fields=("first_response_at",))
        stop_clocks(case, at=at, metrics=(Metric.FIRST_RESPONSE,))
    if completes:
        if completes not in StepKind.values:
            raise Invalid(_("There is no such step."), field="completes")
        finish_step(case, kind=completes, actor=actor, note="", confirmed=False)
