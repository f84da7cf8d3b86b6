"""The compensation panel of the case page: what was offered, what may be, and what would be fair."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from accounts.models import User
from accounts.states import Capability, Role
from cases.models import Case
from common.display import RangeView
from compensation.models import Approval, Budget, Fulfilment, Offer, Voucher
from compensation.queries import (
    GrantView,
    current_budget,
    grant_view,
    key_of,
    like_cases,
    likes_of,
    offers_of,
)
from compensation.rules import Likes, dose_of, dose_ratio, remedy_matches
from compensation.states import (
    DOSE_NOTES,
    MATCH_NOTE,
    MATCH_SOURCE,
    VOUCHER_KINDS,
    Dose,
    OfferKind,
    OfferState,
)
from desk.budget_words import budget_words
from desk.forms.offers import FulfilForm, ProposeForm, WithdrawForm
from desk.forms.vouchers import IssueForm
from desk.offer_words import DoseView

TONES = {
    OfferState.DRAFT: "quiet",
    OfferState.WAITING: "risk",
    OfferState.OFFERED: "risk",
    OfferState.ACCEPTED: "good",
    OfferState.DECLINED: "quiet",
    OfferState.COUNTERED: "quiet",
    OfferState.EXPIRED: "quiet",
    OfferState.FAILED: "late",
    OfferState.CLAWED_BACK: "late",
    OfferState.APPROVED: "good",
    OfferState.FULFILLED: "gold",
    OfferState.REJECTED: "late",
    OfferState.CANCELLED: "quiet",
}
DOSE_TONES = {Dose.EFFECTIVE: "good", Dose.GENEROUS: "quiet", Dose.EXCESS: "risk", Dose.LOW: "risk"}


@dataclass(frozen=True)
class OfferRow:
    """One offer as the panel shows it, with what this person may do about it."""

    offer: Offer
    tone: str
    asked_role: str
    approval: Approval | None
    fulfilment: Fulfilment | None
    fulfil_form: FulfilForm | None
    withdraw_form: WithdrawForm | None
    voucher: Voucher | None
    issue_form: IssueForm | None


@dataclass(frozen=True)
class Forecast:
    """What would become of a proposal: granted at once, or asked of a role, or `blocked` since nobody may.

    Without an amount it says what holds in general.
    """

    amount: Decimal | None
    currency: str
    may_grant: Decimal
    alone: bool
    budget_short: bool
    asked_role: str
    dose: DoseView | None
    match_note: str
    match_source: str = MATCH_SOURCE

    @property
    def blocked(self) -> bool:
        return self.amount is not None and not self.alone and not self.asked_role


def panel_context(user: User, case: Case) -> dict[str, Any]:
    """What `desk/offers/panel.html` shows; five queries."""
    offers = offers_of(case)
    view = grant_view(user, case, offers)
    budget = current_budget(case.branch, case.currency)
    likes = likes_of(case, like_cases([key_of(case)]))
    may_propose = user.may(Capability.PROPOSE_OFFER) and case.is_open
    standing = view.on_case or None
    return {
        "offer_rows": [offer_row(user, offer) for offer in offers],
        "offer_grant": view,
        "offer_budget": budget,
        "offer_budget_words": budget_words(budget, case.branch) if budget else "",
        "offer_likes": likes,
        "offer_range": range_of(case, likes, mine=standing, limit=view.may_grant if may_propose else None),
        "offer_standing": standing,
        "offer_dose": dose_view(standing, case.loss),
        "offer_may_propose": may_propose,
        "offer_form": ProposeForm(currency=case.currency) if may_propose else None,
        "offer_forecast": forecast_of(case, view, budget) if may_propose else None,
        "offer_fulfil_form": None,
        "offer_withdraw_form": None,
        "voucher_issue_form": None,
    }


def offer_row(user: User, offer: Offer) -> OfferRow:
    """One offer with the forms for what this person may do."""
    approved, waiting = offer.state == OfferState.APPROVED, offer.state == OfferState.WAITING
    may_fulfil = approved and user.may(Capability.FULFIL_OFFER)
    own = offer.proposer_id == user.pk
    may_withdraw = user.may(Capability.PROPOSE_OFFER) and (
        (own and (approved or waiting)) or (approved and user.may(Capability.DECIDE_OFFER))
    )
    return OfferRow(
        offer=offer,
        tone=TONES[OfferState(offer.state)],
        asked_role=role_label(offer.asked_role) if waiting else "",
        approval=getattr(offer, "approval", None),
        fulfilment=getattr(offer, "fulfilment", None),
        fulfil_form=FulfilForm(offer_id=offer.pk) if may_fulfil else None,
        withdraw_form=WithdrawForm(offer_id=offer.pk) if may_withdraw else None,
        voucher=getattr(offer, "voucher", None),
        issue_form=IssueForm(offer=offer) if may_fulfil and offer.kind in VOUCHER_KINDS else None,
    )


def range_of(case: Case, likes: Likes, *, mine: Decimal | None, limit: Decimal | None) -> RangeView | None:
    """The range bar; None while there is nothing to compare with."""
    if not likes.count and mine is None and not limit:
        return None
    return RangeView(
        currency=case.currency, likes=likes.amounts, mine=mine, limit=limit or None, top=case.loss or None
    )


def dose_view(total: Decimal | None, loss: Decimal | None) -> DoseView | None:
    """The ratio to the loss in words; None while either is unknown."""
    ratio = dose_ratio(total, loss) if total is not None else None
    if ratio is None:
        return None
    dose = dose_of(ratio)
    return DoseView(ratio, str(dose.label), DOSE_TONES.get(dose, ""), str(DOSE_NOTES[dose]))


def forecast_of(
    case: Case, view: GrantView, budget: Budget | None, amount: Decimal | None = None, kind: str = ""
) -> Forecast:
    """What would become of a proposal of this amount and kind."""
    short = budget is not None and amount is not None and amount > budget.available
    within = amount is None or amount <= view.may_grant
    asked = view.asks(amount if amount is not None else view.may_grant + 1)
    mismatch = kind in OfferKind.values and remedy_matches(kind, case.failure_type) is False
    return Forecast(
        amount=amount,
        currency=case.currency,
        may_grant=view.may_grant,
        alone=within and not short,
        budget_short=short,
        asked_role=role_label(asked or ""),
        dose=dose_view(None if amount is None else view.on_case + amount, case.loss),
        match_note=str(MATCH_NOTE) if mismatch else "",
    )


def role_label(role: str) -> str:
    """A role in the reader's language; "" for none."""
    return str(Role(role).label) if role else ""
