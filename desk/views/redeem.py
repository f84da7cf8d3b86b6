"""The page on which a voucher is redeemed: a code goes in, and a receipt comes out."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from accounts.states import Capability
from common.attempts import allowed, exhausted
from compensation.actions.redemption import REFUSED, UnknownCode, find_voucher, redeem_voucher
from compensation.models import Redemption, Voucher
from compensation.voucher_queries import get_redemption_for
from desk.access import StaffRequest, staff_required
from desk.forms.apply import run
from desk.forms.vouchers import CodeForm, RedeemForm
from desk.views.vouchers import standing_of

# Wrong codes of one person, before they have to wait.
MOST_WRONG = 20
PER_SECONDS = 600


@sensitive_post_parameters("code")
@staff_required(Capability.REDEEM_VOUCHER)
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_variables()
def redeem(request: StaffRequest) -> HttpResponse:
    """Take a code, show what it is worth, and redeem it. The code is only ever in the body of a request."""
    if request.method != "POST":
        return _page(request, CodeForm())
    tries = f"voucher-code:{request.user.pk}"
    form = CodeForm(request.POST)
    if exhausted(tries, most=MOST_WRONG):
        form.add_error("code", _("Too many codes were wrong. Please wait ten minutes, or ask a colleague."))
        return _page(request, form, status=429)
    if not form.is_valid():
        return _page(request, form, status=422)
    code = form.cleaned_data["code"]
    try:
        voucher = find_voucher(actor=request.user, code=code)
    except UnknownCode as error:
        allowed(tries, most=MOST_WRONG, seconds=PER_SECONDS)
        form.add_error("code", str(error))
        return _page(request, form, status=422)
    return _redeem(request, form, voucher, code)


def _redeem(request: StaffRequest, found: CodeForm, voucher: Voucher, code: str) -> HttpResponse:
    """Show what the voucher is worth, or redeem it if that was asked for."""
    if "ticket" not in request.POST:
        refusal = REFUSED.get(voucher.standing)
        form = None if refusal else RedeemForm(voucher=voucher, code=code)
        return _page(request, found, voucher=voucher, form=form, refusal=refusal)
    form = RedeemForm(request.POST, voucher=voucher)
    redemption = run(
        form,
        lambda: redeem_voucher(
            actor=request.user, code=code, wanted=form.wanted, ticket=form.cleaned_data["ticket"]
        ),
    )
    if redemption is None:
        return _page(request, found, voucher=voucher, form=form, status=422)
    return redirect("desk:voucher_receipt", redemption.pk)


@staff_required(Capability.REDEEM_VOUCHER)
@require_safe
def receipt(request: StaffRequest, redemption_id: int) -> HttpResponse:
    """What was redeemed, for the file or the customer."""
    try:
        redemption = get_redemption_for(request.user, redemption_id)
    except Redemption.DoesNotExist:
        raise Http404 from None
    voucher = redemption.voucher
    context = {
        "nav": "redeem",
        "redemption": redemption,
        "voucher": voucher,
        "reversal": getattr(redemption, "reversal", None),
        "case": voucher.offer.case if request.user.reaches(voucher.branch_id) else None,
    }
    return render(request, "desk/vouchers/receipt.html", context)


def _page(
    request: StaffRequest,
    code_form: CodeForm,
    *,
    status: int = 200,
    voucher: Voucher | None = None,
    **more: Any,
) -> HttpResponse:
    context: dict[str, Any] = {"nav": "redeem", "code_form": code_form, "voucher": voucher, **more}
    if voucher is not None:
        context["state"], context["tone"] = standing_of(voucher)
    response = render(request, "desk/vouchers/redeem.html", context, status=status)
    response["Cache-Control"] = "no-store, private"
    return response
