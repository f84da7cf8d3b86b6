"""Planning the survey about a resolution, and calling it off when the case opens again."""

from __future__ import annotations

import datetime as dt
import secrets
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from audit.actions import record
from cases.models import Case
from common.errors import Conflict
from feedback.models import Invitation
from feedback.queries import active_instrument
from feedback.rules import ask_at, may_become, zone_of
from feedback.states import InvitationState

# Why a survey was not sent: messages of the catalogue, shown in the reader's language.
REOPENED = gettext_noop("The case was opened again.")
ASKED_LATELY = gettext_noop("The customer was asked about another case in the last 90 days.")
NO_ADDRESS = gettext_noop("The customer has no e-mail address.")


def schedule_survey(*, case: Case, at: dt.datetime) -> Invitation | None:
    """Plan the survey about a resolution of a locked case at that moment, one for each round of resolving.

    None while no questionnaire is active.
    """
    instrument = active_instrument()
    if instrument is None:
        return None
    invitation, is_new = Invitation.objects.get_or_create(
        case=case,
        round=case.reopened_count + 1,
        defaults={
            "instrument": instrument,
            "token": secrets.token_urlsafe(32),
            "language": case.language,
            "due_at": ask_at(
                resolved_at=at,
                landed_at=case.remedy_landed_at,
                delay=survey_delay(),
                zone=customer_zone(case),
            ),
        },
    )
    if is_new:
        record(stream=case.stream, verb="survey.scheduled", actor=None, data={"round": invitation.round})
    return invitation


def call_off_surveys(*, case: Case) -> None:
    """Skip what has not been sent yet about a case that is open again, and remind of nothing."""
    unsent = Invitation.objects.select_for_update().filter(case=case, state=InvitationState.SCHEDULED)
    for invitation in unsent:
        skip(invitation, case, REOPENED)
    Invitation.objects.filter(case=case, state=InvitationState.SENT).update(reminder_due_at=None)


def move_invitation(invitation: Invitation, to: InvitationState) -> None:
    """Let a locked invitation go over to another state, not yet written. Raises `Conflict` if it may not."""
    if not may_become(invitation.state, to):
        raise Conflict(
            _("This is not possible any more: the survey is now “%(state)s”."),
            params={"state": InvitationState(invitation.state).label},
        )
    invitation.state = to


def skip(invitation: Invitation, case: Case, reason: str) -> None:
    """Record that a planned survey is not sent, and why."""
    move_invitation(invitation, InvitationState.SKIPPED)
    invitation.skip_reason = reason
    invitation.save(update_fields=("state", "skip_reason"))
    record(
        stream=case.stream,
        verb="survey.skipped",
        actor=None,
        data={"round": invitation.round, "reason": reason},
    )


def survey_delay() -> dt.timedelta:
    """How long after the remedy's arrival the customer is asked."""
    return dt.timedelta(hours=settings.FEEDBACK_DELAY_HOURS)


def customer_zone(case: Case) -> ZoneInfo:
    """The time zone in which this customer's day and night are reckoned: their own, else the branch's."""
    return zone_of(case.customer.time_zone, case.branch.time_zone)
