"""Recording that compensation reached the customer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from accounts.models import User
from accounts.states import Capability
from audit.actions import record
from cases.actions.remedy import record_remedy_landed
from cases.models import Case
from common.errors import Conflict, Invalid
from compensation.actions import ledger
from compensation.actions.ending import settle_step
from compensation.actions.guards import (
    check_choice,
    check_transition,
    clean_text,
    money_transaction,
    take_offer,
)
from compensation.actions.promises import PROMISE_FIELDS, end_promise
from compensation.actions.stock import take_from_stock
from compensation.actions.telling import tell_on_timeline
from compensation.detail_rules import clean_details
from compensation.kind_queries import kind_setting
from compensation.models import Fulfilment, KindSetting, Offer
from compensation.rules import needs_reference
from compensation.states import FulfilmentMethod, OfferState

LONGEST_REFERENCE = 120


def fulfil_offer(
    *,
    actor: User,
    offer_id: int,
    method: str,
    reference: str,
    landed_at: dt.datetime,
    details: Mapping[str, object] | None = None,
) -> Fulfilment:
    """Record how and when a granted compensation reached the customer, also on a resolved case.

    Where the kind's setting asks the customer, they have to have accepted it; an attempt that failed may be
    followed by another.

    `landed_at` lies between the approval (to the minute, as people enter it) and now. Payments, codes and
    bookings need their reference. `method` is one of the kind's ways, and `details` (see `Detail`) hold what
    its setting wants to be told. When nothing granted on the case is outstanding, its step "compensate" is
    done.
    """
    method = check_choice(method, FulfilmentMethod, field="method")
    if needs_reference(method) or reference.strip():
        missing = _("Enter the number of the payment, code or booking: it is the proof.")
        reference = clean_text(reference, field="reference", longest=LONGEST_REFERENCE, missing=missing)
    with money_transaction():
        case, offer = take_offer(actor, offer_id, Capability.FULFIL_OFFER)
        setting = kind_setting(offer.kind)
        if method not in setting.ways:
            raise Invalid(_("This kind is not brought to the customer in this way."), field="method")
        told = clean_details(details or {}, setting, offer.currency)
        return land(
            case, offer, by=actor, method=method, reference=reference, landed_at=landed_at, details=told
        )


def land(
    case: Case,
    offer: Offer,
    *,
    by: User,
    method: str,
    reference: str,
    landed_at: dt.datetime,
    details: Mapping[str, str] | None = None,
) -> Fulfilment:
    """Write down that an offer of a locked case reached the customer; the caller has checked who may say so.

    Raises `Conflict` unless it is to be fulfilled and, where that is counted, at hand; `Invalid` for a time
    that can't be.
    """
    check_transition(offer, OfferState.FULFILLED)
    setting = kind_setting(offer.kind)
    _check_asked(offer, setting)
    _check_landed(offer, landed_at)
    take_from_stock(offer, setting, by=by, details=details or {})
    fulfilment = Fulfilment.objects.create(
        offer=offer,
        method=method,
        reference=reference.strip(),
        landed_at=landed_at,
        details=dict(details or {}),
        recorded_by=by,
    )
    offer.state = OfferState.FULFILLED
    end_promise(offer, kept_or_late=True)
    offer.save(update_fields=("state", *PROMISE_FIELDS))
    ledger.commit(offer=offer, by=by)
    message = gettext_noop("Compensation of %(amount)s reached the customer.")
    tell_on_timeline(case=case, offer=offer, actor=by, message=message)
    data = {"offer": offer.pk, "method": method, "landed_at": landed_at.isoformat()}
    record(stream=case.stream, verb="offer.fulfilled", actor=by, data=data)
    record_remedy_landed(case=case, at=landed_at)
    settle_step(case)
    return fulfilment


def _check_asked(offer: Offer, setting: KindSetting) -> None:
    if offer.state == OfferState.APPROVED and setting.asks_customer:
        raise Conflict(
            _("Ask the customer first: this kind of offer is fulfilled once they have accepted it.")
        )


def _check_landed(offer: Offer, landed_at: dt.datetime) -> None:
    if timezone.is_naive(landed_at):
        raise Invalid(_("Give the time with its time zone."), field="landed_at")
    if landed_at > timezone.now():
        raise Invalid(_("This lies in the future. Record it when it has arrived."), field="landed_at")
    if offer.decided_at is not None and landed_at < offer.decided_at.replace(second=0, microsecond=0):
        raise Invalid(_("This lies before the approval."), field="landed_at")
