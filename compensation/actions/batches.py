"""Deciding on several like offers for one reason: each on its own, so that one refused holds up no other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from common.errors import DomainError, Invalid
from compensation.actions.approvals import LONGEST_REASON, SAY_WHY, approve_offer, reject_offer
from compensation.actions.guards import clean_text
from compensation.models import Offer
from compensation.queries import key_of, visible_offers
from compensation.states import Decision, OfferState

MOST_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of one offer of a batch: `refused` says why it was not decided, "" where it was.

    `amount` is what was decided on. With `goes_on` a step of it is approved, and it waits for others.
    """

    offer: Offer
    amount: Decimal
    refused: str = ""
    goes_on: bool = False


def decide_batch(
    *, actor: User, decision: Decision, seen: Mapping[int, Decimal], reason: str
) -> list[Decided]:
    """Approve or reject like offers in full; `seen` maps each to the amount that the person was shown
    as what it asks for.

    Each is a transaction with all checks of a decision, the gravest risk of breach first. Raises `Invalid`
    before anything is decided: without a reason, for none or too many offers, or where they are not alike.
    """
    reason = clean_text(reason, field="reason", longest=LONGEST_REASON, missing=SAY_WHY)
    if not seen:
        raise Invalid(_("Choose the offers to decide on."))
    if len(seen) > MOST_AT_ONCE:
        raise Invalid(_("Decide on at most %(most)s offers at once."), params={"most": MOST_AT_ONCE})
    offers = list(visible_offers(actor).filter(pk__in=seen).select_related("case__customer"))
    if len({(key_of(offer.case), offer.kind, offer.basis) for offer in offers}) > 1:
        raise Invalid(_("These offers are not alike. Decide on them one by one."))
    offers.sort(key=lambda offer: (offer.case.due_at, offer.pk))
    return [_decide(actor, decision, offer, seen[offer.pk], reason) for offer in offers]


def _decide(actor: User, decision: Decision, offer: Offer, amount: Decimal, reason: str) -> Decided:
    try:
        if decision == Decision.APPROVED:
            done = approve_offer(actor=actor, offer_id=offer.pk, amount=amount, reason=reason, seen=amount)
        else:
            done = reject_offer(actor=actor, offer_id=offer.pk, reason=reason)
    except DomainError as error:
        return Decided(offer, amount, str(error))
    return Decided(offer, amount, goes_on=done.state == OfferState.WAITING)
