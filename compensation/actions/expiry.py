"""Ending the offers that a customer has not answered in time."""

from __future__ import annotations

import datetime as dt
import logging

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from audit.actions import record
from cases.models import Case
from cases.paths import case_path
from compensation.actions.ending import end_offer
from compensation.actions.guards import hold_case
from compensation.actions.telling import amount_text, tell_on_timeline, words_for
from compensation.models import Offer
from compensation.queries import expiring_offers
from compensation.states import OfferState
from messaging.actions import notify

log = logging.getLogger(__name__)

BATCH = 50


def expire_due_offers(*, now: dt.datetime | None = None, limit: int = BATCH) -> int:
    """Expire up to `limit` offers whose time to answer is over; returns how many were due.

    The case is locked first, as by every action, and an offer whose case somebody works on waits for the next
    sweep: their answer may be just arriving.
    """
    now = now or timezone.now()
    due = list(expiring_offers(now).values_list("pk", "case_id")[:limit])
    for offer_id, case_id in due:
        try:
            with transaction.atomic():
                case = hold_case(case_id)
                offer = expiring_offers(now).filter(pk=offer_id).select_related("proposer").first()
                if case is not None and offer is not None:
                    _expire(case, offer)
        except Exception:
            # The others must not wait for one that fails; the next sweep tries it again.
            log.exception("Offer %s could not be expired", offer_id)
    return len(due)


def _expire(case: Case, offer: Offer) -> None:
    end_offer(case, offer, OfferState.EXPIRED, by=None)
    message = gettext_noop("The customer did not answer the offer of %(amount)s in time; it has expired.")
    tell_on_timeline(case=case, offer=offer, actor=None, message=message)
    record(stream=case.stream, verb="offer.expired", actor=None, data={"offer": offer.pk})
    if offer.remedy_id is not None:
        # As many as the incident has customers end on one day; nobody wants a message for each.
        return
    notify(
        users=[offer.proposer],
        message=words_for(
            offer, gettext_noop("%(number)s: the customer did not answer the offer of %(amount)s in time.")
        ),
        params={"number": case.number, "amount": amount_text(offer.standing_amount, offer.currency)},
        url=case_path(case.number),
        dedupe_key=f"offer:{offer.pk}:expired",
    )
