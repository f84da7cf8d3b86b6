"""What goes wrong with a granted compensation: it does not arrive, or has to be taken back."""

from __future__ import annotations

from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from accounts.models import User
from accounts.states import Capability
from audit.actions import record
from cases.models import Case
from common.errors import Conflict, NotAllowed
from compensation.actions import ledger
from compensation.actions.guards import check_transition, clean_text, money_transaction, take_offer
from compensation.actions.stock import put_back
from compensation.actions.telling import tell_on_timeline
from compensation.actions.voiding import left_on_voucher, void_voucher_of
from compensation.models import Offer, Setback
from compensation.states import OfferState, SetbackKind

_MESSAGES = {
    SetbackKind.FAILED: gettext_noop("Compensation of %(amount)s did not arrive: %(reason)s"),
    SetbackKind.CLAWED_BACK: gettext_noop("Compensation of %(amount)s clawed back: %(reason)s"),
}


def fail_fulfilment(*, actor: User, offer_id: int, reason: str) -> Offer:
    """Record that an attempt to fulfil an offer failed; the promise and its money stand until it arrives.

    It can be tried, and fail, again. Raises `Conflict` unless the offer was to be fulfilled.
    """
    reason = clean_text(reason, field="reason", longest=500, missing=_("Say what went wrong."))
    with money_transaction():
        case, offer = take_offer(actor, offer_id, Capability.FULFIL_OFFER)
        miss(case, offer, by=actor, reason=reason)
    return offer


def miss(case: Case, offer: Offer, *, by: User, reason: str) -> None:
    """Write down that an offer of a locked case did not arrive; the caller has checked who may say so."""
    check_transition(offer, OfferState.FAILED)
    offer.state = OfferState.FAILED
    offer.save(update_fields=("state",))
    _keep(case, offer, by, SetbackKind.FAILED, reason)


def claw_back_offer(*, actor: User, offer_id: int, reason: str) -> Offer:
    """Take back a compensation that reached the customer: what was spent returns to the budget.

    Those who decide on offers may, but not on what they proposed themselves. A voucher is void from then on.
    What was redeemed of it the customer had: the offer stays fulfilled with that much, and the rest is
    `taken_back`. Raises `Conflict` when all of it was redeemed, or the rest was taken back before.
    """
    reason = clean_text(reason, field="reason", longest=500, missing=_("Say why."))
    with money_transaction():
        case, offer = take_offer(actor, offer_id, Capability.DECIDE_OFFER)
        if offer.proposer_id == actor.pk:
            raise NotAllowed(_("You proposed this yourself, so someone else decides."))
        check_transition(offer, OfferState.CLAWED_BACK)
        if offer.taken_back:
            raise Conflict(_("The rest of this voucher has been taken back already."))
        left = left_on_voucher(offer)
        if left == 0:
            raise Conflict(_("This voucher has been redeemed already."))
        back = offer.standing_amount if left is None else left
        ledger.claw_back(offer=offer, by=actor, reason=reason, amount=back)
        if back < offer.standing_amount:
            offer.granted_amount, offer.taken_back = offer.standing_amount - back, back
        else:
            offer.state = OfferState.CLAWED_BACK
        offer.save(update_fields=("state", "granted_amount", "taken_back"))
        _keep(case, offer, actor, SetbackKind.CLAWED_BACK, reason, amount=back)
        put_back(offer, by=actor)
        void_voucher_of(offer, case=case, actor=actor, reason=reason)
    return offer


def _keep(
    case: Case, offer: Offer, actor: User, kind: SetbackKind, reason: str, *, amount: Decimal | None = None
) -> None:
    Setback.objects.create(offer=offer, kind=kind, reason=reason, at=timezone.now(), recorded_by=actor)
    tell_on_timeline(
        case=case, offer=offer, actor=actor, message=_MESSAGES[kind], amount=amount, params={"reason": reason}
    )
    data: dict[str, object] = {"offer": offer.pk}
    if amount is not None:
        data |= {"amount": str(amount), "currency": offer.currency}
    record(stream=case.stream, verb=f"offer.{kind}", actor=actor, data=data)
