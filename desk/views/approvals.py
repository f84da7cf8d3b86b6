"""The inbox of approvals: what waits, the facts beside it, and the decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.states import Capability
from cases.queries import clocks_for
from common.display import ClockView, RangeView
from common.money import format_money
from compensation.actions.approvals import approve_offer, reject_offer
from compensation.inbox import Dossier, dossiers
from compensation.models import Budget, Offer
from compensation.queries import get_offer_for, waiting_for
from compensation.rules import ZERO
from compensation.states import MATCH_NOTE, MATCH_SOURCE, OfferState
from desk.access import StaffRequest, staff_required
from desk.clocks import row_clock
from desk.forms.apply import run
from desk.forms.offers import LowerForm, ReasonForm
from desk.views.offer_panel import DoseView, dose_view, range_of, role_label

PAGE = 25


@dataclass(frozen=True)
class Card:
    """One waiting offer as the inbox shows it.

    `asked` says that it is addressed to the reader's role, `why_not` why the reader may not decide on it.
    """

    facts: Dossier
    clock: ClockView | None
    range: RangeView | None
    dose: DoseView | None
    asked: bool
    asked_role: str
    why_not: str

    @property
    def offer(self) -> Offer:
        return self.facts.offer

    @property
    def may_reject(self) -> bool:
        return not self.why_not

    @property
    def may_approve(self) -> bool:
        facts = self.facts
        return self.may_reject and facts.within and not facts.budget_short and facts.case.is_open

    @property
    def may_lower(self) -> bool:
        return self.may_reject and self.facts.most > ZERO and self.facts.case.is_open


@require_GET
@staff_required(Capability.DECIDE_OFFER)
def inbox(request: StaffRequest) -> HttpResponse:
    """The offers that wait; `?offer=` opens one of them, else it is the first that this person may decide."""
    return inbox_page(request, _number(request.GET.get("offer", "")))


@require_POST
@staff_required(Capability.DECIDE_OFFER)
def approve(request: StaffRequest, offer_id: int) -> HttpResponse:
    """Approve an offer: as asked, or a lower amount where one is given."""
    offer = _find(request, offer_id)
    lower = "amount" in request.POST
    form = LowerForm(request.POST, currency=offer.currency) if lower else ReasonForm(request.POST)

    def action() -> Offer:
        amount: Decimal = form.cleaned_data["amount"] if lower else offer.amount
        reason = form.cleaned_data["reason"]
        return approve_offer(actor=request.user, offer_id=offer_id, amount=amount, reason=reason)

    done = run(form, action)
    if done is None:
        return inbox_page(request, offer_id, status=422, refused=form, verb="lower" if lower else "approve")
    amount = format_money(done.standing_amount, done.currency)
    messages.success(request, _("%(amount)s is approved.") % {"amount": amount})
    return _go_on(request)


@require_POST
@staff_required(Capability.DECIDE_OFFER)
def reject(request: StaffRequest, offer_id: int) -> HttpResponse:
    """Reject an offer."""
    offer = _find(request, offer_id)
    form = ReasonForm(request.POST)
    done = run(
        form, lambda: reject_offer(actor=request.user, offer_id=offer_id, reason=form.cleaned_data["reason"])
    )
    if done is None:
        return inbox_page(request, offer_id, status=422, refused=form, verb="reject")
    amount = format_money(offer.amount, offer.currency)
    messages.success(request, _("%(amount)s is rejected.") % {"amount": amount})
    return _go_on(request)


def inbox_page(
    request: StaffRequest,
    chosen: int | None,
    *,
    status: int = 200,
    refused: forms.Form | None = None,
    verb: str = "",
) -> HttpResponse:
    """The page; a refused decision is shown in place with its errors, with nothing lost."""
    offers, more = _waiting(request, chosen)
    cards = cards_for(request, offers)
    opened = _opened(cards, chosen)
    missing = chosen is not None and (opened is None or opened.offer.pk != chosen)
    context = {
        "nav": "approvals",
        "cards": cards,
        "opened": opened,
        "more": more,
        "mine": sum(card.asked for card in cards),
        "oldest": min((card.offer.proposed_at for card in cards), default=None),
        "budgets": _budgets(cards),
        "chosen": chosen is not None and not missing,
        "decided": _decided(request, chosen) if missing else None,
        "refused": refused,
        "verb": verb,
        "match_note": MATCH_NOTE,
        "match_source": MATCH_SOURCE,
        **_decision_forms(cards, opened),
    }
    return render(request, "desk/approvals.html", context, status=status)


def _waiting(request: StaffRequest, chosen: int | None) -> tuple[list[Offer], bool]:
    """The first offers that wait, with the chosen one among them, and whether there are more."""
    waiting = waiting_for(request.user)
    offers = list(waiting[: PAGE + 1])
    more = len(offers) > PAGE
    offers = offers[:PAGE]
    if more and chosen is not None and all(offer.pk != chosen for offer in offers):
        offers = [*waiting.filter(pk=chosen), *offers][:PAGE]
    return offers, more


def cards_for(request: StaffRequest, offers: Sequence[Offer]) -> list[Card]:
    """Each offer with its facts, clock and range, in a constant number of queries."""
    now = timezone.now()
    clocks = clocks_for([offer.case for offer in offers])
    return [
        _card(facts, row_clock(facts.case, clocks, now), request.user.role)
        for facts in dossiers(request.user, offers)
    ]


def _card(facts: Dossier, clock: ClockView | None, role: str) -> Card:
    offer = facts.offer
    return Card(
        facts=facts,
        clock=clock,
        range=range_of(facts.case, facts.likes, mine=offer.amount, limit=None),
        dose=dose_view(facts.granted + offer.amount, facts.case.loss),
        asked=offer.asked_role == role and not facts.is_own,
        asked_role=role_label(offer.asked_role),
        why_not=_("You proposed this yourself, so someone else decides.") if facts.is_own else "",
    )


def _opened(cards: Sequence[Card], chosen: int | None) -> Card | None:
    wanted = next((card for card in cards if card.offer.pk == chosen), None)
    asked = (card for card in cards if card.asked)
    possible = (card for card in cards if card.may_lower)
    return wanted or next(asked, None) or next(possible, None) or next(iter(cards), None)


def _decision_forms(cards: Sequence[Card], opened: Card | None) -> dict[str, Any]:
    """The forms of the open card, and the offers before and after it, where `j` and `k` lead."""
    if opened is None:
        return {"before": None, "after": None, "decisions": []}
    at = next(index for index, card in enumerate(cards) if card is opened)
    decisions = (
        ("approve", ReasonForm(auto_id="approve_%s"), opened.may_approve),
        ("lower", lower_form(opened), opened.may_lower),
        ("reject", ReasonForm(auto_id="reject_%s"), opened.may_reject),
    )
    return {
        "before": cards[at - 1].offer.pk if at > 0 else None,
        "after": cards[at + 1].offer.pk if at + 1 < len(cards) else None,
        "decisions": [(verb, form) for verb, form, may in decisions if may],
    }


def lower_form(card: Card) -> LowerForm:
    """The form for a lower amount, filled with the most that this person may approve where that is less."""
    most = card.facts.most
    initial = {"amount": f"{most.normalize():f}"} if most < card.offer.amount else {}
    return LowerForm(currency=card.offer.currency, initial=initial, auto_id="lower_%s")


def _budgets(cards: Sequence[Card]) -> list[Budget]:
    """The budgets that the waiting offers would be paid from, each once."""
    found = {card.facts.budget.pk: card.facts.budget for card in cards if card.facts.budget is not None}
    return list(found.values())


def _decided(request: StaffRequest, offer_id: int | None) -> Offer | None:
    """The offer someone followed a link to, when it does not wait any more."""
    try:
        offer = get_offer_for(request.user, offer_id or 0)
    except Offer.DoesNotExist:
        return None
    return None if offer.state == OfferState.WAITING else offer


def _find(request: StaffRequest, offer_id: int) -> Offer:
    try:
        return get_offer_for(request.user, offer_id)
    except Offer.DoesNotExist:
        raise Http404 from None


def _go_on(request: StaffRequest) -> HttpResponse:
    """To the offer after the one just decided."""
    after = _number(request.POST.get("after", ""))
    return redirect(reverse("desk:approvals") + (f"?offer={after}" if after else ""))


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
