"""The inbox of approvals: what waits, the facts beside it, and the decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.states import Capability
from common.display import RangeView
from common.money import format_money
from compensation.actions.approvals import approve_offer, reject_offer
from compensation.actions.guards import ONCE, OWN, OWN_COMPLAINT
from compensation.actions.returning import return_offer
from compensation.chain_queries import asked_amount, chains_of, questions_of, steps_of
from compensation.inbox import Dossier, dossier, open_offer
from compensation.models import Offer
from compensation.queries import get_offer_for
from compensation.rows import WaitingRow, waiting_for, waiting_row
from compensation.rules import ZERO
from compensation.states import MATCH_NOTE, MATCH_SOURCE, OfferState, StepState
from desk.access import StaffRequest, form_on, staff_required
from desk.cards import Card
from desk.chain_words import ChainView, chain_view, roles_words
from desk.clocks import Reading, answer_clock
from desk.decisions import decision_of
from desk.forms.apply import run
from desk.forms.approvals import read_amount
from desk.forms.offers import LowerForm, QuestionForm, ReasonForm
from desk.offer_words import DoseView, facts_of
from desk.paging import id_in
from desk.views.offer_panel import band_of, dose_view, range_of, role_label

PAGE = 25


@dataclass(frozen=True)
class OpenCard:
    """The offer to decide on, with the facts; `why_not` says why this person may not decide on it."""

    facts: Dossier
    range: RangeView | None
    dose: DoseView | None
    why_not: str

    @property
    def may_reject(self) -> bool:
        return not self.why_not

    @cached_property
    def may_approve(self) -> bool:
        facts = self.facts
        return self.may_reject and facts.within and not facts.budget_short and facts.case.is_open

    @cached_property
    def may_lower(self) -> bool:
        return self.may_reject and self.facts.most > ZERO and self.facts.case.is_open


@require_GET
@staff_required(Capability.DECIDE_OFFER)
def inbox(request: StaffRequest) -> HttpResponse:
    """The offers that wait; `?offer=` opens one of them, else it is the first that this person may decide."""
    return inbox_page(request, id_in(request.GET.get("offer", "")))


def open_in_inbox(_request: StaffRequest, offer_id: int) -> str:
    """The inbox with an offer open."""
    return f"{reverse('desk:approvals')}?offer={offer_id}"


@staff_required(Capability.DECIDE_OFFER)
@form_on(open_in_inbox)
def approve(request: StaffRequest, offer_id: int) -> HttpResponse:
    """Approve an offer: as asked, or a lower amount where one is given."""
    offer = _find(request, offer_id)
    lower = "amount" in request.POST
    form = LowerForm(request.POST, currency=offer.currency) if lower else ReasonForm(request.POST)

    def action() -> Offer:
        amount: Decimal = form.cleaned_data["amount"] if lower else asked_amount(offer, steps_of(offer))
        reason = form.cleaned_data["reason"]
        return approve_offer(
            actor=request.user, offer_id=offer_id, amount=amount, reason=reason, seen=_seen(request)
        )

    done = run(form, action)
    if done is None:
        return inbox_page(request, offer_id, status=422, refused=form, verb="lower" if lower else "approve")
    if done.state == OfferState.WAITING:
        roles = roles_words(step.role for step in steps_of(done) if step.state == StepState.OPEN)
        messages.success(request, _("Your step is approved. It now waits for: %(roles)s.") % {"roles": roles})
        return _go_on(request)
    amount = format_money(done.standing_amount, done.currency)
    messages.success(request, _("%(amount)s is approved.") % {"amount": amount})
    return _go_on(request)


@staff_required(Capability.DECIDE_OFFER)
@form_on(open_in_inbox)
def ask(request: StaffRequest, offer_id: int) -> HttpResponse:
    """Return an offer with a question."""
    offer = _find(request, offer_id)
    form = QuestionForm(request.POST)
    done = run(
        form,
        lambda: return_offer(actor=request.user, offer_id=offer_id, question=form.cleaned_data["question"]),
    )
    if done is None:
        return inbox_page(request, offer_id, status=422, refused=form, verb="ask")
    messages.success(request, _("Returned to %(name)s with your question.") % {"name": offer.proposer.name})
    return _go_on(request)


@staff_required(Capability.DECIDE_OFFER)
@form_on(open_in_inbox)
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
    rows, more = _waiting(request, chosen)
    cards = cards_for(request, rows)
    opened = _opened(cards, chosen)
    at = cards.index(opened) if opened else 0
    missing = chosen is not None and (opened is None or opened.row.pk != chosen)
    context = {
        "nav": "approvals",
        "opened": opened,
        "above": cards[:at],
        "below": cards[at + 1 :] if opened else cards,
        "more": more,
        "mine": sum(card.asked for card in cards),
        "oldest": min((row.proposed_at for row in rows), default=None),
        "waits": bool(cards),
        "like": _like(cards, opened) if opened else 0,
        "chosen": chosen is not None and not missing,
        "decided": _decided(request, chosen) if missing else None,
        **_neighbours(cards, opened),
        **(_open_context(request, opened) if opened else {"open_card": None}),
    }
    if refused is not None:
        context["refused"] = decision_of(context["open_card"].facts, verb, refused) if opened else refused
    return render(request, "desk/approvals.html", context, status=status)


def _waiting(request: StaffRequest, chosen: int | None) -> tuple[list[WaitingRow], bool]:
    """The first offers that wait, with the chosen one among them, and whether there are more."""
    rows = waiting_for(request.user, limit=PAGE + 1)
    more = len(rows) > PAGE
    rows = rows[:PAGE]
    if more and chosen is not None and all(row.pk != chosen for row in rows):
        found = waiting_row(request.user, chosen)
        rows = [found, *rows[:-1]] if found else rows
    return rows, more


def cards_for(request: StaffRequest, rows: Sequence[WaitingRow]) -> list[Card]:
    """Each offer of the list with its clock, and what it is to the reader."""
    reading, reader, role = Reading.begin(), request.user.pk, request.user.role
    return [
        Card(
            row=row,
            clock=None if row.is_remedy else answer_clock(row, reading),
            is_own=row.proposer_id == reader,
            lent=row.asked and role not in row.asked_roles,
        )
        for row in rows
    ]


def _opened(cards: Sequence[Card], chosen: int | None) -> Card | None:
    """The card that is open; a remedy is decided on at its incident."""
    offers = [card for card in cards if not card.row.is_remedy]
    wanted = (card for card in offers if card.row.pk == chosen)
    asked = (card for card in offers if card.asked)
    others = (card for card in offers if not card.is_own)
    return next((card for found in (wanted, asked, others, offers) for card in found), None)


def _neighbours(cards: Sequence[Card], opened: Card | None) -> dict[str, Card | None]:
    """What waits before and after the open offer, where `j` and `k` lead."""
    at = cards.index(opened) if opened else 0
    return {
        "before": cards[at - 1] if opened and at > 0 else None,
        "after": cards[at + 1] if opened and at + 1 < len(cards) else None,
    }


def _like(cards: Sequence[Card], opened: Card) -> int:
    """How many more offers of the page may be decided together with the open one."""
    if opened.is_own:
        return 0
    others = (card.row for card in cards if not card.is_own and not card.row.is_remedy)
    return sum(row.like_key == opened.row.like_key for row in others) - 1


def _open_context(request: StaffRequest, card: Card) -> dict[str, Any]:
    """The facts of the open offer and the forms for what may be decided."""
    offer = open_offer(request.user, card.row.pk)
    facts = dossier(request.user, offer)
    opened = OpenCard(
        facts=facts,
        range=range_of(facts.case, facts.likes, band_of(offer), mine=facts.asked, limit=None),
        dose=dose_view(facts.granted + facts.asked, facts.case.loss),
        why_not=_why_not(facts),
    )
    may = {
        "approve": opened.may_approve,
        "lower": opened.may_lower,
        "reject": opened.may_reject,
        "ask": opened.may_reject and facts.case.is_open,
    }
    return {
        "open_card": opened,
        "offer": offer,
        "asked_role": role_label(facts.step.role if facts.step else offer.asked_role),
        "chain": _chain(facts),
        "decisions": [decision_of(facts, verb) for verb, allowed in may.items() if allowed],
        "known": list(facts_of(facts, opened.dose)),
        "match_note": MATCH_NOTE,
        "match_source": MATCH_SOURCE,
    }


def _why_not(facts: Dossier) -> str:
    """Why the reader may not decide on this offer at all; "" where they may."""
    if facts.is_own:
        return str(OWN)
    if facts.own_complaint:
        return str(OWN_COMPLAINT)
    return str(ONCE) if facts.decided_before else ""


def _chain(facts: Dossier) -> ChainView:
    """The steps of the open offer, those of the rounds before too."""
    offer, steps = facts.offer, list(facts.steps)
    if offer.round > 1:
        steps = chains_of([offer]).get(offer.pk, steps)
    return chain_view(offer, steps, questions_of([offer]).get(offer.pk, []))


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


def _seen(request: StaffRequest) -> Decimal | None:
    """What the offer asked for when the reader looked."""
    return read_amount(request.POST.get("seen", ""))


def _go_on(request: StaffRequest) -> HttpResponse:
    """To the offer after the one just decided."""
    after = id_in(request.POST.get("after", ""))
    return redirect(reverse("desk:approvals") + (f"?offer={after}" if after else ""))
