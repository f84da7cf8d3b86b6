"""What follows when an offer comes to nothing, or everything granted on a case has arrived."""

from __future__ import annotations

from accounts.models import User
from cases.actions.steps import finish_step_by_product
from cases.models import Case
from cases.states import StepKind
from compensation.actions import ledger
from compensation.actions.guards import check_transition
from compensation.actions.promises import PROMISE_FIELDS, end_promise
from compensation.models import Offer
from compensation.states import OUTSTANDING, OfferState


def end_offer(case: Case, offer: Offer, state: OfferState, *, by: User | None, reason: str = "") -> None:
    """Let an offer end without reaching the customer: money set aside for it goes back. Raises `Conflict`."""
    check_transition(offer, state)
    ledger.release(offer=offer, by=by, reason=reason)
    offer.state = state
    end_promise(offer)
    offer.save(update_fields=("state", *PROMISE_FIELDS))
    settle_step(case)


def settle_step(case: Case) -> None:
    """Mark the step "compensate" done when something has arrived and nothing is outstanding any more."""
    states = set(Offer.objects.filter(case=case).order_by().values_list("state", flat=True))
    if OfferState.FULFILLED in states and states.isdisjoint(OUTSTANDING):
        finish_step_by_product(case=case, kind=StepKind.COMPENSATE)
