"""Finding questionnaires, invitations, responses and follow-ups."""

from __future__ import annotations

import datetime as dt

from django.db.models import F, Prefetch, Q, QuerySet

from accounts.models import User
from accounts.states import Capability
from cases.access import visible_cases
from cases.models import Case
from feedback.models import FollowUp, Instrument, Invitation, Item, Response
from feedback.rules import Question
from feedback.states import FollowUpState, InvitationState


def active_instrument() -> Instrument | None:
    """The questionnaire that is sent now."""
    return Instrument.objects.filter(is_active=True).first()


def invitation_by_token(token: str) -> Invitation:
    """The invitation whose link holds this token, with all its page shows.

    Raises `Invitation.DoesNotExist` also while it has not been sent, so that a token tells nothing.
    """
    return (
        Invitation.objects.filter(state__in=(InvitationState.SENT, InvitationState.ANSWERED))
        .select_related("case__branch", "case__customer", "instrument", "response")
        .defer("case__search", "case__customer__search", "case__description")
        .prefetch_related(Prefetch("instrument__items", Item.objects.order_by("position")))
        .get(token=token)
    )


def questions_of(instrument: Instrument) -> list[Question]:
    """The items of a questionnaire as the rules read them."""
    return [
        Question(
            code=item.code,
            construct=item.construct,
            lowest=item.lowest,
            highest=item.highest,
            is_required=item.is_required,
            is_reversed=item.is_reversed,
        )
        for item in instrument.items.all()
    ]


def was_asked_since(customer_id: int, since: dt.datetime) -> bool:
    """Whether a customer has been sent a survey about any of their cases since then."""
    return Invitation.objects.filter(case__customer_id=customer_id, sent_at__gt=since).exists()


def due_invitations(now: dt.datetime) -> QuerySet[Invitation]:
    """The surveys that should go out by now."""
    return Invitation.objects.filter(state=InvitationState.SCHEDULED, due_at__lte=now).order_by(
        "due_at", "id"
    )


def due_reminders(now: dt.datetime) -> QuerySet[Invitation]:
    """The unanswered surveys whose reminder should go out by now."""
    return Invitation.objects.filter(state=InvitationState.SENT, reminder_due_at__lte=now).order_by(
        "reminder_due_at", "id"
    )


def due_follow_ups(now: dt.datetime) -> QuerySet[FollowUp]:
    """The follow-ups that someone should be told of by now, because they are not done."""
    return FollowUp.objects.filter(state=FollowUpState.OPEN, next_reminder_at__lte=now).order_by(
        "next_reminder_at", "id"
    )


def latest_invitation(case: Case) -> Invitation | None:
    """The survey about the newest resolution of a case, with what followed from its answer."""
    rows = Invitation.objects.filter(case=case).select_related("response__follow_up")
    return rows.order_by("-round").first()


def responses_of(case: Case) -> QuerySet[Response]:
    """What the customer answered about each resolution of a case, newest first."""
    return (
        Response.objects.filter(case=case)
        .select_related("invitation__instrument", "follow_up__assignee", "follow_up__done_by")
        .prefetch_related(Prefetch("invitation__instrument__items", Item.objects.order_by("position")))
        .order_by("-id")
    )


def responses_of_customer(user: User, customer_id: int, *, limit: int = 10) -> QuerySet[Response]:
    """What a customer answered about cases that this person may see, newest first."""
    return (
        Response.objects.filter(case__customer_id=customer_id, case__in=visible_cases(user))
        .select_related("case")
        .defer("case__search", "case__description")
        .order_by("-id")[:limit]
    )


def open_follow_ups(user: User) -> QuerySet[FollowUp]:
    """What a person has to follow up, most urgent first.

    Whoever may assign cases also sees what has nobody, or nobody any more because the case passed to that
    very person: an owner does not judge their own work.
    """
    theirs = Q(assignee=user)
    if user.may(Capability.ASSIGN_CASE):
        orphaned = Q(assignee__isnull=True) | Q(assignee=F("case__owner"))
        # The branch is asked of the case that is joined anyway: all visible cases would be read for `in`.
        here = Q() if user.branch_ids is None else Q(case__branch__in=user.branch_ids)
        theirs |= orphaned & here
    return (
        FollowUp.objects.filter(theirs, state=FollowUpState.OPEN)
        .exclude(case__owner=user)
        .select_related("case__customer", "case__branch", "case__owner", "response", "assignee")
        .defer("case__search", "case__customer__search", "case__description")
        .order_by("due_at", "id")
    )


def open_follow_up_counts(user_ids: list[int]) -> dict[int, int]:
    """How many follow-ups each of these people has open."""
    counts: dict[int, int] = dict.fromkeys(user_ids, 0)
    held = FollowUp.objects.filter(state=FollowUpState.OPEN, assignee__in=user_ids)
    for assignee_id in held.values_list("assignee_id", flat=True):
        if assignee_id is not None:
            counts[assignee_id] += 1
    return counts
