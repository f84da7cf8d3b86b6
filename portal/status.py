"""What a customer may know of their case, gathered so that the page only has to say it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from cases.models import Case, Clock
from cases.states import CaseState, ClockState
from compensation.models import Offer
from compensation.states import PROMISED, OfferState
from feedback.models import Invitation
from feedback.states import FollowUpState, InvitationState
from sla.states import Metric


class Stage(StrEnum):
    """Where a complaint stands, as its customer would say it."""

    RECEIVED = "received"
    WORKING = "working"
    YOUR_TURN = "your_turn"
    SETTLED = "settled"


@dataclass(frozen=True, slots=True)
class Landed:
    """A compensation that has reached the customer."""

    offer: Offer
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Promised:
    """A compensation on its way to the customer, by when it should arrive."""

    offer: Offer
    by: dt.datetime
    is_late: bool


@dataclass(frozen=True, slots=True)
class Status:
    """`answer_by` and `settle_by` are to come or missed; `is_late` says that the next one was missed.

    `call_back_by` is set while a customer who was not satisfied waits for our call.
    """

    stage: Stage
    was_reopened: bool
    answered_at: dt.datetime | None
    settled_at: dt.datetime | None
    answer_by: dt.datetime | None
    settle_by: dt.datetime | None
    is_late: bool
    offered: list[Offer]
    promised: list[Promised]
    landed: list[Landed]
    survey_token: str
    call_back_by: dt.datetime | None

    @property
    def next_by(self) -> dt.datetime | None:
        """When the customer hears from us at the latest."""
        return self.answer_by if self.stage == Stage.RECEIVED else self.settle_by


def status_of(
    case: Case,
    clocks: Iterable[Clock],
    offers: Iterable[Offer],
    invitation: Invitation | None,
    *,
    now: dt.datetime,
) -> Status:
    """The customer's view of a case. What is only planned or noted inside is left out."""
    offers = list(offers)
    due = {clock.metric: clock.due_at for clock in clocks if clock.state == ClockState.RUNNING}
    stage = _stage(case)
    answer_by = due.get(Metric.FIRST_RESPONSE) if stage == Stage.RECEIVED else None
    settle_by = due.get(Metric.RESOLUTION) if stage in (Stage.RECEIVED, Stage.WORKING) else None
    next_by = answer_by if stage == Stage.RECEIVED else settle_by
    return Status(
        stage=stage,
        was_reopened=case.is_open and case.reopened_count > 0,
        answered_at=case.first_response_at,
        settled_at=case.resolved_at if stage == Stage.SETTLED else None,
        answer_by=answer_by,
        settle_by=settle_by,
        is_late=next_by is not None and next_by < now,
        offered=[
            offer
            for offer in offers
            if offer.state == OfferState.OFFERED and offer.expires_at and offer.expires_at > now
        ],
        promised=[
            Promised(offer, offer.due_at, is_late=offer.due_at < now)
            for offer in offers
            if offer.due_at is not None and _is_promised(offer)
        ],
        landed=[
            Landed(offer, offer.fulfilment.landed_at)
            for offer in offers
            if offer.state == OfferState.FULFILLED
        ],
        survey_token=_open_survey(invitation, now),
        call_back_by=_call_back_by(invitation) if stage == Stage.SETTLED else None,
    )


def _is_promised(offer: Offer) -> bool:
    # A kind that the customer is asked about is promised by their yes, not by our approval.
    asks = bool(getattr(offer, "asks_customer", False))
    return offer.state in PROMISED and not (asks and offer.state == OfferState.APPROVED)


def _stage(case: Case) -> Stage:
    if case.state == CaseState.RESOLVED:
        return Stage.SETTLED
    if case.state == CaseState.WAITING:
        return Stage.YOUR_TURN
    return Stage.WORKING if case.first_response_at else Stage.RECEIVED


def _open_survey(invitation: Invitation | None, now: dt.datetime) -> str:
    if invitation is None or invitation.state != InvitationState.SENT:
        return ""
    return invitation.token if invitation.closes_at and invitation.closes_at > now else ""


def _call_back_by(invitation: Invitation | None) -> dt.datetime | None:
    response = getattr(invitation, "response", None)
    follow_up = getattr(response, "follow_up", None)
    return follow_up.due_at if follow_up is not None and follow_up.state == FollowUpState.OPEN else None
