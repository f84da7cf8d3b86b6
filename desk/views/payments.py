"""Payments: what is due, freezing it into a batch, the batch's files, and what became of each payment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.states import Capability
from common.days import local_day
from common.errors import DomainError
from common.money import format_money
from compensation.actions.payment_results import Imported, confirm_payment, fail_payment, import_results
from compensation.actions.payment_sending import send_again
from compensation.actions.payments import freeze_batch, set_payee, set_paying_account, webhook_is_on
from compensation.bank_reasons import explained
from compensation.kind_queries import kind_setting
from compensation.models import PayingAccount, PaymentBatch, PaymentDelivery, PaymentLine, PaymentOrder
from compensation.payment_files import MOST_BYTES
from compensation.payment_queries import (
    DueGroup,
    batches_for,
    batches_shown,
    due_for,
    is_payable,
    lines_of,
    orders_with_part,
)
from compensation.payment_states import ON_ITS_WAY, DeliveryState, FileKind, LineState
from desk.access import StaffRequest, form_on, staff_required
from desk.forms.apply import run
from desk.forms.payments import ConfirmForm, FailForm, FreezeForm, PayeeForm, PayingAccountForm, ResultForm
from desk.paging import id_in
from desk.views.offers import find_offer

TONES = {LineState.WAITING: "risk", LineState.CONFIRMED: "good", LineState.FAILED: "late"}
CONTENT = {FileKind.CSV: ("text/csv; charset=utf-8", "csv"), FileKind.PAIN001: ("application/xml", "xml")}


@dataclass(frozen=True)
class LineView:
    """One payment of a batch, with what the reader may say about it."""

    line: PaymentLine
    tone: str
    delivery: PaymentDelivery | None
    is_own: bool
    confirm_form: ConfirmForm | None
    fail_form: FailForm | None

    @property
    def reason(self) -> str:
        """Why it failed: as the bank says it, with its codes in words."""
        return explained(self.line.reason)

    @property
    def may_send_again(self) -> bool:
        stuck = (DeliveryState.REFUSED, DeliveryState.GIVEN_UP)
        waits = self.line.state == LineState.WAITING
        return waits and self.delivery is not None and self.delivery.state in stuck


# --- what is due ---------------------------------------------------------------------------


@require_safe
@staff_required(Capability.PAY_COMPENSATION)
def payments(request: StaffRequest) -> HttpResponse:
    """What is due by branch and currency, and the newest batches."""
    return _due_page(request)


def _due_page(
    request: StaffRequest, chosen: set[int] | None = None, refused: FreezeForm | None = None
) -> HttpResponse:
    """`chosen` are the payments that stay chosen where freezing them was `refused`; None chooses all."""
    groups = [
        (
            group,
            _freeze_form(group, refused if _is_about(group, chosen) else None),
            [order.pk for order in group.payable if chosen is None or order.pk in chosen],
        )
        for group in due_for(request.user)
    ]
    context = {"nav": "payments", "groups": groups, "batches": batches_shown(request.user)}
    return render(request, "desk/payments/due.html", context, status=422 if refused else 200)


def _is_about(group: DueGroup, chosen: set[int] | None) -> bool:
    return chosen is not None and any(order.pk in chosen for order in group.orders)


def _freeze_form(group: DueGroup, refused: FreezeForm | None) -> FreezeForm:
    today = local_day(timezone.now(), group.branch.time_zone)
    name = f"freeze_{group.branch.pk}_{group.currency}_%s"
    if refused is not None:
        refused.auto_id = name
        return refused
    return FreezeForm(webhook=webhook_is_on(), initial={"pay_on": today}, auto_id=name)


@staff_required(Capability.PAY_COMPENSATION)
@form_on("desk:payments")
def freeze(request: StaffRequest) -> HttpResponse:
    """Freeze the chosen payments into a batch."""
    form = FreezeForm(request.POST, webhook=webhook_is_on())
    orders = [key for key in map(id_in, request.POST.getlist("order")) if key is not None]
    done = run(form, lambda: freeze_batch(actor=request.user, order_ids=orders, **form.cleaned_data))
    if done is None:
        for error in form.non_field_errors():
            messages.error(request, str(error))
        return _due_page(request, set(orders), form)
    amount = format_money(done.total, done.currency)
    messages.success(request, _("%(amount)s is frozen into a batch.") % {"amount": amount})
    return redirect("desk:payment_batch", done.pk)


# --- accounts ------------------------------------------------------------------------------


@staff_required(Capability.FULFIL_OFFER)
def payee(request: StaffRequest, offer_id: int) -> HttpResponse:
    """Say to whom an offer is paid by bank transfer. What is known is shown masked, and typed anew."""
    offer = find_offer(request.user, offer_id)
    order = PaymentOrder.objects.filter(offer=offer).first()
    kind = kind_setting(offer.kind)
    initial = {"name": offer.case.customer.name}
    if order is not None:
        initial = {"name": order.name, "text": order.text, **order.details}
    form = PayeeForm(request.POST if request.method == "POST" else None, kind=kind, initial=initial)
    if request.method == "POST":
        done = run(form, lambda: set_payee(actor=request.user, offer_id=offer.pk, **form.told))
        if done is not None:
            messages.success(request, _("The account is saved; the payment is due."))
            return redirect("desk:case", number=offer.case.number)
    context = {
        "nav": "queue",
        "form": form,
        "offer": offer,
        "order": order,
        "payable": is_payable(offer, kind),
    }
    return render(request, "desk/payments/payee.html", context, status=422 if form.is_bound else 200)


@staff_required(Capability.CHANGE_SETTINGS)
def accounts(request: StaffRequest) -> HttpResponse:
    """The accounts from which branches pay, and setting one."""
    form = PayingAccountForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        done = run(form, lambda: set_paying_account(actor=request.user, **form.cleaned_data))
        if done is not None:
            messages.success(request, _("The paying account is saved."))
            return redirect("desk:paying_accounts")
    known = PayingAccount.objects.select_related("branch").order_by("branch__code", "currency")
    context = {"nav": "settings", "form": form, "accounts": known}
    return render(request, "desk/payments/accounts.html", context, status=422 if form.is_bound else 200)


# --- one batch -----------------------------------------------------------------------------


@require_safe
@staff_required(Capability.PAY_COMPENSATION)
def batch(request: StaffRequest, batch_id: int) -> HttpResponse:
    """One batch: totals, files, and each payment."""
    return _batch_page(request, _find(request, batch_id), ResultForm())


def _find(request: StaffRequest, batch_id: int) -> PaymentBatch:
    return get_object_or_404(batches_for(request.user), pk=batch_id)


def _batch_page(
    request: StaffRequest, found: PaymentBatch, form: ResultForm, done: Imported | None = None
) -> HttpResponse:
    lines = lines_of(found)
    own = orders_with_part(request.user, [line.order_id for line in lines])
    counts = {state: [line.amount for line in lines if line.state == state] for state in LineState}
    context = {
        "nav": "payments",
        "batch": found,
        "files": list(found.files.defer("content")),
        "lines": [_line_view(line, is_own=line.order_id in own) for line in lines],
        "figures": [
            (state.label, TONES[state], len(amounts), sum(amounts)) for state, amounts in counts.items()
        ],
        "waiting": bool(counts[LineState.WAITING]),
        "form": form,
        "imported": done,
    }
    return render(request, "desk/payments/batch.html", context, status=422 if form.errors else 200)


def _line_view(line: PaymentLine, *, is_own: bool) -> LineView:
    delivery = getattr(line, "delivery", None)
    waits = line.state == LineState.WAITING
    on_its_way = delivery is not None and delivery.state in ON_ITS_WAY
    return LineView(
        line=line,
        tone=TONES[LineState(line.state)],
        delivery=delivery,
        is_own=is_own,
        confirm_form=ConfirmForm(auto_id=f"confirm_{line.pk}_%s") if waits and not is_own else None,
        fail_form=FailForm(auto_id=f"fail_{line.pk}_%s") if waits and not on_its_way else None,
    )


@require_safe
@staff_required(Capability.PAY_COMPENSATION)
def download(request: StaffRequest, batch_id: int, kind: str) -> HttpResponse:
    """A file of the batch: the same bytes each time."""
    found = _find(request, batch_id)
    if kind not in FileKind.values:
        raise Http404
    file = get_object_or_404(found.files.all(), kind=kind)
    content_type, ending = CONTENT[FileKind(kind)]
    response = HttpResponse(bytes(file.content), content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="payments-{found.reference}.{ending}"'
    response["Cache-Control"] = "no-store"
    return response


@staff_required(Capability.PAY_COMPENSATION)
@form_on("desk:payment_batch", "batch_id")
def result(request: StaffRequest, batch_id: int) -> HttpResponse:
    """Take over the bank's answer, and say what was odd in it."""
    found = _find(request, batch_id)
    form = ResultForm(request.POST, request.FILES)
    done = run(
        form,
        lambda: import_results(
            actor=request.user, batch_id=found.pk, content=form.cleaned_data["file"].read(MOST_BYTES + 1)
        ),
    )
    return _batch_page(request, found, ResultForm() if done else form, done)


# --- one payment ---------------------------------------------------------------------------


def _page_of(request: StaffRequest, line_id: int) -> str:
    """The page of the batch that a payment is in."""
    line = get_object_or_404(PaymentLine.objects.only("batch_id"), pk=line_id)
    return reverse("desk:payment_batch", args=[_find(request, line.batch_id).pk])


@staff_required(Capability.PAY_COMPENSATION)
@form_on(_page_of)
def confirm(request: StaffRequest, line_id: int) -> HttpResponse:
    """Write down that a payment went out."""
    form = ConfirmForm(request.POST)
    return _say(
        request,
        line_id,
        form,
        lambda: confirm_payment(actor=request.user, line_id=line_id, **form.cleaned_data),
        _("The payment is confirmed."),
    )


@staff_required(Capability.PAY_COMPENSATION)
@form_on(_page_of)
def fail(request: StaffRequest, line_id: int) -> HttpResponse:
    """Write down that a payment did not go out."""
    form = FailForm(request.POST)
    return _say(
        request,
        line_id,
        form,
        lambda: fail_payment(actor=request.user, line_id=line_id, **form.cleaned_data),
        _("The payment is due again."),
    )


@staff_required(Capability.PAY_COMPENSATION)
@form_on(_page_of)
def again(request: StaffRequest, line_id: int) -> HttpResponse:
    """Hand a payment over again that got stuck."""
    page = _page_of(request, line_id)
    try:
        send_again(actor=request.user, line_id=line_id)
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The payment is handed over again."))
    return redirect(page)


def _say(
    request: StaffRequest,
    line_id: int,
    form: ConfirmForm | FailForm,
    action: Callable[[], bool],
    said: str,
) -> HttpResponse:
    page = _page_of(request, line_id)
    if run(form, action) is None:
        for errors in form.errors.values():
            for error in errors:
                messages.error(request, str(error))
    else:
        messages.success(request, said)
    return redirect(page)
