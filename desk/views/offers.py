"""What one does about compensation on the case page: propose, take back, record that it arrived."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.models import User
from accounts.states import Capability
from common.money import format_money
from compensation.actions.customer import offer_to_customer, record_answer
from compensation.actions.fulfilment import fulfil_offer
from compensation.actions.offers import propose_offer, submit_offer, withdraw_offer
from compensation.actions.returning import recall_offer
from compensation.actions.setbacks import claw_back_offer, fail_fulfilment
from compensation.authority_queries import grant_view
from compensation.budget_queries import current_budget
from compensation.chain_queries import questions_of
from compensation.kind_queries import all_kinds, kind_choices, kind_setting
from compensation.models import KindSetting, Offer
from compensation.policy_queries import policy_view
from compensation.promise_rules import end_of
from compensation.queries import get_offer_for
from compensation.states import OfferState
from desk.access import StaffRequest, form_on, staff_required
from desk.forms.apply import run
from desk.forms.offers import (
    ClawBackForm,
    FailForm,
    FulfilForm,
    OfferActForm,
    OfferOutForm,
    ProposeForm,
    RecallForm,
    WithdrawForm,
)
from desk.views.case import case_page, find_case
from desk.views.offer_panel import answer_form, forecast_of, submit_form
from desk.views.offer_policy import policy_panel


def find_offer(user: User, offer_id: int) -> Offer:
    """The offer; 404 when there is none, or not for this person."""
    try:
        return get_offer_for(user, offer_id)
    except Offer.DoesNotExist:
        raise Http404 from None


def case_of_offer(request: StaffRequest, offer_id: int) -> str:
    """The page on which the forms of an offer stand."""
    return reverse("desk:case", args=[find_offer(request.user, offer_id).case.number])


@staff_required(Capability.PROPOSE_OFFER)
@form_on("desk:case", "number")
def propose(request: StaffRequest, number: str) -> HttpResponse:
    """Propose compensation for a case; what is wrong is shown beside the fields, with nothing lost."""
    case = find_case(request.user, number)
    asks = policy_view(case).asks
    form = ProposeForm(request.POST, currency=case.currency, kinds=kind_choices(), asks=asks, policy=True)
    offer = run(form, lambda: propose_offer(actor=request.user, case_id=case.pk, **form.proposal))
    if offer is None:
        return case_page(request, find_case(request.user, number), status=422, offer_form=form)
    amount = format_money(offer.amount, offer.currency)
    if offer.is_free:
        done = _("%(kind)s: granted at no cost. Now see that it arrives.")
        messages.success(request, done % {"kind": offer.get_kind_display()})
    elif offer.state == OfferState.APPROVED:
        messages.success(request, _("%(amount)s is granted. Now see that it arrives.") % {"amount": amount})
    else:
        messages.info(request, _("%(amount)s is proposed and waits for approval.") % {"amount": amount})
    return redirect("desk:case", number=number)


@require_GET
@staff_required(Capability.PROPOSE_OFFER)
def forecast(request: StaffRequest, number: str) -> HttpResponse:
    """What would become of the proposal as it is typed: a fragment."""
    case = find_case(request.user, number)
    asks = policy_view(case).asks
    kinds = all_kinds()
    form = ProposeForm(request.GET, currency=case.currency, kinds=kind_choices(kinds), asks=asks)
    form.is_valid()
    policy = policy_panel(case, given=form.facts)
    amount, kind = form.cleaned_data.get("amount"), form.cleaned_data.get("kind", "")
    basis = form.cleaned_data.get("basis", "")
    setting = next((each for each in kinds if each.kind == kind), None)
    view = forecast_of(
        case,
        grant_view(request.user, case, kind=kind, basis=basis),
        current_budget(case.branch, case.currency, kind, team_id=request.user.team_id),
        usable_amount(amount, setting),
        setting,
        policy,
        basis,
    )
    context = {"offer_forecast": view, "offer_policy": policy, "case": case}
    return render(request, "desk/offers/forecast.html", context)


def usable_amount(amount: Decimal | None, kind: KindSetting | None) -> Decimal | None:
    """The amount if it may be proposed of this kind; None for what is only being typed."""
    if amount is None or amount < 0 or (amount == 0 and not (kind and kind.may_cost_nothing)):
        return None
    return amount


def act_on(
    request: StaffRequest, offer: Offer, form: OfferActForm, action: Callable[[], object], done: str
) -> HttpResponse:
    """Do what a form about an offer says; what is wrong is shown beside its fields, where it stands."""
    if run(form, action, names={"expires_at": "answer_by"}) is None:
        case = find_case(request.user, offer.case.number)
        return case_page(request, case, status=422, offer_act_form=form)
    messages.success(request, done)
    return redirect("desk:case", number=offer.case.number)


@staff_required(Capability.PROPOSE_OFFER)
@form_on(case_of_offer)
def submit(request: StaffRequest, offer_id: int) -> HttpResponse:
    """Propose a draft."""
    offer = find_offer(request.user, offer_id)
    asked = any(not question.answer for question in questions_of([offer]).get(offer.pk, []))
    form = submit_form(offer, all_kinds(), request.POST, asked=asked)
    return act_on(
        request,
        offer,
        form,
        lambda: submit_offer(actor=request.user, offer_id=offer_id, **form.cleaned_data),
        _("The offer is submitted."),
    )


@staff_required(Capability.PROPOSE_OFFER)
@form_on(case_of_offer)
def recall(request: StaffRequest, offer_id: int) -> HttpResponse:
    """Take one's own waiting offer back, to change it."""
    return act_on(
        request,
        find_offer(request.user, offer_id),
        RecallForm(request.POST, offer_id=offer_id),
        lambda: recall_offer(actor=request.user, offer_id=offer_id),
        _("The offer is a draft again. Change it and propose it, or withdraw it."),
    )


@staff_required(Capability.PROPOSE_OFFER)
@form_on(case_of_offer)
def offer_out(request: StaffRequest, offer_id: int) -> HttpResponse:
    """Write down that an offer was made to the customer."""
    offer = find_offer(request.user, offer_id)
    form = OfferOutForm(request.POST, offer_id=offer_id)

    def action() -> Offer:
        day = form.cleaned_data["answer_by"]
        until = day and end_of(day, offer.branch.time_zone)
        return offer_to_customer(actor=request.user, offer_id=offer_id, expires_at=until)

    return act_on(request, offer, form, action, _("Now it is for the customer to answer."))


@staff_required(Capability.PROPOSE_OFFER)
@form_on(case_of_offer)
def answer(request: StaffRequest, offer_id: int) -> HttpResponse:
    """Record what the customer says to an offer."""
    offer = find_offer(request.user, offer_id)
    form = answer_form(offer, all_kinds(), request.POST)
    return act_on(
        request,
        offer,
        form,
        lambda: record_answer(actor=request.user, offer_id=offer_id, **form.cleaned_data),
        _("The customer's answer is recorded."),
    )


@staff_required(Capability.PROPOSE_OFFER)
@form_on(case_of_offer)
def withdraw(request: StaffRequest, offer_id: int) -> HttpResponse:
    """Take an offer back."""
    offer = find_offer(request.user, offer_id)
    form = WithdrawForm(request.POST, offer_id=offer_id)
    return act_on(
        request,
        offer,
        form,
        lambda: withdraw_offer(actor=request.user, offer_id=offer_id, **form.cleaned_data),
        _("The offer is withdrawn."),
    )


@staff_required(Capability.FULFIL_OFFER)
@form_on(case_of_offer)
def fulfil(request: StaffRequest, offer_id: int) -> HttpResponse:
    """Record how and when a compensation reached the customer."""
    offer = find_offer(request.user, offer_id)
    form = FulfilForm(request.POST, offer_id=offer_id, kind=kind_setting(offer.kind))
    return act_on(
        request,
        offer,
        form,
        lambda: fulfil_offer(actor=request.user, offer_id=offer_id, **form.told),
        _("It is recorded that the compensation arrived."),
    )


@staff_required(Capability.FULFIL_OFFER)
@form_on(case_of_offer)
def fail(request: StaffRequest, offer_id: int) -> HttpResponse:
    """Record that a compensation did not arrive."""
    offer = find_offer(request.user, offer_id)
    form = FailForm(request.POST, offer_id=offer_id)
    return act_on(
        request,
        offer,
        form,
        lambda: fail_fulfilment(actor=request.user, offer_id=offer_id, **form.cleaned_data),
        _("It is recorded that the compensation did not arrive. Try again when you can."),
    )


@staff_required(Capability.DECIDE_OFFER)
@form_on(case_of_offer)
def claw_back(request: StaffRequest, offer_id: int) -> HttpResponse:
    """Take back what reached the customer."""
    offer = find_offer(request.user, offer_id)
    form = ClawBackForm(request.POST, offer_id=offer_id)
    return act_on(
        request,
        offer,
        form,
        lambda: claw_back_offer(actor=request.user, offer_id=offer_id, **form.cleaned_data),
        _("The compensation is clawed back."),
    )
