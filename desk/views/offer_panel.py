"""The compensation panel of the case page: what was offered, what may be, and what would be fair."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts.models import User
from accounts.states import Capability, Role
from cases.models import Case
from common.display import RangeView
from compensation.authority_queries import GrantView, grant_view
from compensation.bank_reasons import explained
from compensation.budget_queries import current_budget
from compensation.chain_queries import chain_for, chains_of, questions_of
from compensation.kind_queries import all_kinds, kind_choices
from compensation.models import Answer, Approval, Budget, Fulfilment, KindSetting, Offer, Voucher
from compensation.payment_queries import is_payable
from compensation.policy_queries import kept_answers
from compensation.policy_rules import Amounts, Fact
from compensation.promise_rules import promise_state
from compensation.queries import key_of, like_cases, likes_of, offers_of
from compensation.rules import Likes, dose_of, dose_ratio, may_withdraw, remedy_matches
from compensation.states import (
    DOSE_NOTES,
    MATCH_NOTE,
    MATCH_SOURCE,
    PROMISED,
    Dose,
    Need,
    OfferState,
    PromiseState,
)
from desk.budget_words import budget_words
from desk.chain_words import ChainView, chain_view, planned_words
from desk.forms.offers import (
    AnswerForm,
    ClawBackForm,
    FailForm,
    FulfilForm,
    OfferActForm,
    OfferOutForm,
    ProposeForm,
    RecallForm,
    SubmitForm,
    WithdrawForm,
)
from desk.forms.policies import fact_field
from desk.forms.vouchers import IssueForm
from desk.offer_words import DoseView, detail_words
from desk.views.offer_policy import PolicyPanel, policy_panel

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
SET_BACK = (OfferState.FAILED, OfferState.CLAWED_BACK)
PROMISE_TONES = {
    PromiseState.OPEN: "quiet",
    PromiseState.OVERDUE: "late",
    PromiseState.KEPT: "quiet",
    PromiseState.LATE: "risk",
}
DOSE_TONES = {Dose.EFFECTIVE: "good", Dose.GENEROUS: "quiet", Dose.EXCESS: "risk", Dose.LOW: "risk"}


@dataclass(frozen=True)
class OfferRow:
    """One offer as the panel shows it, with what this person may do about it.

    `may_be_transferred`: it is money that a bank transfer may bring, once its account is known.
    """

    offer: Offer
    tone: str
    asked_role: str
    approval: Approval | None
    fulfilment: Fulfilment | None
    answer: Answer | None
    answer_by: dt.datetime | None
    setback: str
    promise: PromiseState | None
    acts: list[OfferActForm]
    voucher: Voucher | None
    issue_form: IssueForm | None
    may_be_transferred: bool
    details: list[tuple[str, str]]
    chain: ChainView

    @property
    def is_draft(self) -> bool:
        return self.offer.state == OfferState.DRAFT

    @property
    def promise_tone(self) -> str:
        return PROMISE_TONES[self.promise] if self.promise else ""


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
    leaves: bool
    match_note: str
    match_source: str = MATCH_SOURCE

    @property
    def blocked(self) -> bool:
        return self.amount is not None and not self.alone and not self.asked_role


def panel_context(user: User, case: Case) -> dict[str, Any]:
    """What `desk/offers/panel.html` shows; seven queries, and those that policies and chains take."""
    offers = offers_of(case)
    view = grant_view(user, case, offers)
    budget = current_budget(case.branch, case.currency, team_id=user.team_id)
    likes = likes_of(case, like_cases([key_of(case)]))
    may_propose = user.may(Capability.PROPOSE_OFFER) and case.is_open
    standing = view.on_case or None
    policy = policy_panel(case, offers)
    asked = {fact_field(Fact(name)): value for name, value in kept_answers(policy.view).items()}
    kinds = {kind.kind: kind for kind in all_kinds()}
    chains, questions = chains_of(offers), questions_of(offers)
    return {
        "offer_rows": [
            offer_row(
                user,
                offer,
                kinds,
                chain_view(offer, chains.get(offer.pk, []), questions.get(offer.pk, [])),
            )
            for offer in offers
        ],
        "offer_grant": view,
        "offer_budget": budget,
        "offer_budget_words": budget_words(budget, case.branch) if budget else "",
        "offer_likes": likes,
        "offer_range": range_of(
            case, likes, policy.amounts, mine=standing, limit=view.may_grant if may_propose else None
        ),
        "offer_policy": policy,
        "offer_standing": standing,
        "offer_dose": dose_view(standing, case.loss),
        "offer_may_propose": may_propose,
        "offer_form": ProposeForm(
            currency=case.currency,
            kinds=kind_choices(kinds.values()),
            asks=policy.view.asks,
            policy=policy.any,
            initial=asked,
        )
        if may_propose
        else None,
        "offer_forecast": forecast_of(case, view, budget, policy=policy) if may_propose else None,
        "offer_act_form": None,
        "voucher_issue_form": None,
    }


def offer_row(user: User, offer: Offer, kinds: Mapping[str, KindSetting], chain: ChainView) -> OfferRow:
    """One offer with the forms for what this person may do."""
    kind = kinds.get(offer.kind) or KindSetting(kind=offer.kind)
    state = OfferState(offer.state)
    fulfilment = getattr(offer, "fulfilment", None)
    landed_at = fulfilment.landed_at if fulfilment else None
    # What was given up is promised no longer, and what the customer is asked about not yet.
    promised = state in (*PROMISED, OfferState.FULFILLED) and not is_asked_first(offer)
    due_at = offer.due_at if promised else None
    return OfferRow(
        offer=offer,
        tone=TONES[state],
        asked_role=role_label(offer.asked_role) if state == OfferState.WAITING else "",
        approval=getattr(offer, "approval", None),
        fulfilment=fulfilment,
        answer=getattr(offer, "answer", None),
        answer_by=offer.expires_at if state == OfferState.OFFERED else None,
        setback=explained(getattr(offer, "setback", None) or "")
        if state in SET_BACK or offer.taken_back
        else "",
        promise=promise_state(due_at, landed_at, now=timezone.now()),
        acts=list(_acts(user, offer, state, kinds, asked=bool(chain.asked))),
        chain=chain,
        voucher=getattr(offer, "voucher", None),
        issue_form=IssueForm(offer=offer) if _may_issue(user, offer, state, kind) else None,
        may_be_transferred=is_payable(offer, kind),
        details=detail_words(fulfilment.details, offer.currency) if fulfilment else [],
    )


def _may_issue(user: User, offer: Offer, state: OfferState, kind: KindSetting) -> bool:
    to_fulfil = state in PROMISED and not is_asked_first(offer)
    return to_fulfil and kind.need == Need.CODE and user.may(Capability.REDEEM_VOUCHER)


def is_asked_first(offer: Offer) -> bool:
    """Whether the customer has to say yes before this approved offer is fulfilled."""
    return offer.state == OfferState.APPROVED and bool(getattr(offer, "asks_customer", False))


def _acts(
    user: User, offer: Offer, state: OfferState, kinds: Mapping[str, KindSetting], *, asked: bool
) -> Iterator[OfferActForm]:
    """What this person may do about an offer, the likeliest first."""
    proposes, own = user.may(Capability.PROPOSE_OFFER), offer.proposer_id == user.pk
    asks = is_asked_first(offer)
    if proposes and state == OfferState.DRAFT:
        yield submit_form(offer, kinds.values(), asked=asked)
    if proposes and own and state == OfferState.WAITING:
        yield RecallForm(offer_id=offer.pk)
    if proposes and (asks or state == OfferState.OFFERED):
        yield answer_form(offer, kinds.values())
    if user.may(Capability.FULFIL_OFFER) and state in PROMISED and not asks:
        yield FulfilForm(offer_id=offer.pk, kind=kinds.get(offer.kind) or KindSetting(kind=offer.kind))
        yield FailForm(offer_id=offer.pk)
    if proposes and state == OfferState.APPROVED:
        yield OfferOutForm(offer_id=offer.pk)
    decides = user.may(Capability.DECIDE_OFFER)
    if decides and not own and state == OfferState.FULFILLED and not offer.taken_back:
        yield ClawBackForm(offer_id=offer.pk)
    if proposes and may_withdraw(state, own=own, decides=decides):
        yield WithdrawForm(offer_id=offer.pk)


def submit_form(
    offer: Offer, kinds: Iterable[KindSetting], data: Any = None, *, asked: bool = False
) -> SubmitForm:
    """The form that proposes a draft, filled with it; `asked` says that a question wants an answer."""
    shown = {
        "amount": f"{offer.amount.normalize():f}",
        "kind": offer.kind,
        "basis": offer.basis,
        "purpose": offer.purpose,
        "reason": offer.reason,
        "deviation_reason": offer.deviation_reason,
    }
    choices = kind_choices(kinds, also=offer.kind)
    return SubmitForm(
        data, offer_id=offer.pk, currency=offer.currency, kinds=choices, initial=shown, asked=asked
    )


def answer_form(offer: Offer, kinds: Iterable[KindSetting], data: Any = None) -> AnswerForm:
    """The form for the customer's answer."""
    choices = kind_choices(kinds, also=offer.kind)
    return AnswerForm(data, offer_id=offer.pk, currency=offer.currency, kind=offer.kind, kinds=choices)


def range_of(
    case: Case, likes: Likes, band: Amounts | None, *, mine: Decimal | None, limit: Decimal | None
) -> RangeView | None:
    """The range bar; None while there is nothing to compare with."""
    if not likes.count and mine is None and not limit and band is None:
        return None
    return RangeView(
        currency=case.currency,
        low=band.minimum if band else None,
        high=band.maximum if band else None,
        likes=tuple(likes.amounts),
        mine=mine,
        limit=limit or None,
        top=case.loss or None,
    )


def band_of(offer: Offer) -> Amounts | None:
    """The policies' range as it was when the offer was made; None where they gave none."""
    if offer.policy_low is None or offer.policy_high is None:
        return None
    return Amounts(offer.policy_low, offer.policy_high, offer.policy_high)


def dose_view(total: Decimal | None, loss: Decimal | None) -> DoseView | None:
    """The ratio to the loss in words; None while either is unknown."""
    ratio = dose_ratio(total, loss) if total is not None else None
    if ratio is None:
        return None
    dose = dose_of(ratio)
    return DoseView(ratio, str(dose.label), DOSE_TONES.get(dose, ""), str(DOSE_NOTES[dose]))


def forecast_of(
    case: Case,
    view: GrantView,
    budget: Budget | None,
    amount: Decimal | None = None,
    kind: KindSetting | None = None,
    policy: PolicyPanel | None = None,
    basis: str = "",
) -> Forecast:
    """What would become of a proposal of this amount, kind and basis."""
    short = budget is not None and amount is not None and 0 < amount > budget.available
    within = amount is None or amount <= view.may_grant
    leaves = (
        policy is not None
        and amount is not None
        and amount > 0
        and kind is not None
        and policy.leaves(view.on_case + amount, kind.kind)
    )
    overdraws = short and budget is not None and amount is not None and amount <= budget.most
    needed = view.needs(
        amount if amount is not None else view.may_grant + 1, leaves=leaves, overdraws=overdraws
    )
    alone = within and not short and not leaves
    words = role_label(needed.role if needed else "")
    if needed and kind is not None and amount is not None and not alone:
        chain = chain_for(case, view, amount, kind=kind.kind, basis=basis, needed=needed, leaves=leaves)
        words = planned_words(chain.steps) if chain.manned else ""
    mismatch = kind is not None and remedy_matches(kind.remedy_class, case.failure_type) is False
    return Forecast(
        amount=amount,
        currency=case.currency,
        may_grant=view.may_grant,
        alone=alone,
        leaves=leaves,
        budget_short=short,
        asked_role=words,
        dose=dose_view(view.on_case + amount if amount else None, case.loss),
        match_note=str(MATCH_NOTE) if mismatch else "",
    )


def role_label(role: str) -> str:
    """A role in the reader's language; "" for none."""
    return str(Role(role).label) if role else ""
