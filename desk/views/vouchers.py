"""Vouchers at the desk: issuing, the list, one voucher and what may be done about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.states import Capability
from common.errors import DomainError
from common.money import in_currency
from common.qr import qr_svg
from compensation.actions.redemption import reverse_redemption
from compensation.actions.voiding import void_voucher
from compensation.actions.voucher_care import send_voucher_again
from compensation.actions.vouchers import Issued, issue_voucher
from compensation.models import Redemption, Voucher
from compensation.states import VoucherStanding
from compensation.voucher_queries import filtered, redemptions_of, visible_vouchers
from compensation.voucher_rules import grouped
from desk.access import StaffRequest, form_on, staff_required
from desk.downloads import local_time, table_file
from desk.forms.apply import run
from desk.forms.vouchers import IssueForm, TakeBackForm, VoucherListForm
from desk.paging import key_in, page_links
from desk.views.case import case_page, find_case
from desk.views.offers import case_of_offer, find_offer

PAGE = 50
CHUNK = 500
MOST_EXPORTED = 100_000

TONES = {
    VoucherStanding.VALID: "good",
    VoucherStanding.PARTLY: "gold",
    VoucherStanding.REDEEMED: "quiet",
    VoucherStanding.EXPIRED: "risk",
    VoucherStanding.VOID: "late",
}


@staff_required(Capability.REDEEM_VOUCHER)
@form_on(case_of_offer)
def issue(request: StaffRequest, offer_id: int) -> HttpResponse:
    """Issue the voucher of an offer; the answer shows its code, this once."""
    offer = find_offer(request.user, offer_id)
    form = IssueForm(request.POST, offer=offer)
    issued = run(form, lambda: issue_voucher(actor=request.user, offer_id=offer_id, **form.cleaned_data))
    if issued is None:
        case = find_case(request.user, offer.case.number)
        return case_page(request, case, status=422, voucher_issue_form=form)
    return _shown_once(request, issued)


def _shown_once(request: StaffRequest, issued: Issued) -> HttpResponse:
    voucher = issued.voucher
    context = {
        "nav": "vouchers",
        "voucher": voucher,
        "case": voucher.offer.case,
        "issuer": voucher.branch.label,
        "is_sent": issued.is_sent,
        "code": grouped(issued.code),
        "qr": qr_svg(issued.code, title=_("The code as a QR code")),
    }
    response = render(request, "desk/vouchers/issued.html", context)
    response["Cache-Control"] = "no-store, private"
    return response


@staff_required(Capability.REDEEM_VOUCHER)
@require_safe
def vouchers(request: StaffRequest) -> HttpResponse:
    """The vouchers of one's branches, the newest first."""
    form = VoucherListForm(request.GET, user=request.user)
    context: dict[str, Any] = {"nav": "vouchers", "form": form}
    if not form.is_valid():
        return render(request, "desk/vouchers/list.html", context, status=422)
    try:
        after = key_in(request)
    except ValueError:
        return redirect("desk:vouchers")
    rows = filtered(visible_vouchers(request.user), form.wanted)
    found = list((rows.filter(pk__lt=after) if after else rows)[: PAGE + 1])
    query = request.GET.copy()
    query.pop("after", None)
    context |= {
        "rows": [(voucher, *standing_of(voucher)) for voucher in found[:PAGE]],
        "filtered": any(form.cleaned_data.values()),
        "filter_query": query.urlencode(),
        **page_links(request, found[PAGE - 1].pk if len(found) > PAGE else ""),
    }
    return render(request, "desk/vouchers/list.html", context)


@staff_required(Capability.REDEEM_VOUCHER)
@require_safe
def vouchers_file(request: StaffRequest, kind: str) -> HttpResponseBase:
    """What the filter finds as a file for a spreadsheet, without any code."""
    form = VoucherListForm(request.GET, user=request.user)
    if not form.is_valid():
        return redirect("desk:vouchers")
    rows = filtered(visible_vouchers(request.user), form.wanted)[:MOST_EXPORTED]
    return table_file(kind, _lines(rows.iterator(CHUNK)), f"amends-vouchers-{timezone.localdate()}")


def _lines(rows: Iterator[Voucher]) -> Iterator[list[object]]:
    """A heading and a line per voucher."""
    yield [
        _("Voucher"), _("Ends in"), _("Case"), _("Customer"), _("Branch"), _("State"),
        pgettext("of a voucher", "Value"), _("Percent"), _("Remaining"), _("Currency"),
        pgettext("when", "Issued"), _("Issued by"), _("Last day"),
        _("Reminded"), _("Why it is void"),
    ]  # fmt: skip
    for voucher in rows:
        case = voucher.offer.case
        yield [
            voucher.pk, voucher.last_four, case.number, case.customer.name, voucher.branch.label,
            str(voucher.standing.label), in_currency(voucher.value, voucher.currency), voucher.percent,
            in_currency(voucher.remaining, voucher.currency), voucher.currency,
            local_time(voucher.issued_at), voucher.issued_by.name, voucher.last_day,
            local_time(voucher.reminded_at), voucher.void_reason,
        ]  # fmt: skip


@staff_required(Capability.REDEEM_VOUCHER)
@require_safe
def voucher(request: StaffRequest, voucher_id: int) -> HttpResponse:
    """One voucher: how it stands, what was redeemed, and what may be done."""
    return _page(request, find(request.user, voucher_id))


@staff_required(Capability.DECIDE_OFFER)
@form_on("desk:voucher", "voucher_id")
def void(request: StaffRequest, voucher_id: int) -> HttpResponse:
    """Make a voucher void."""
    form = TakeBackForm(request.POST, about="void")
    return _do(
        request,
        find(request.user, voucher_id),
        form,
        lambda: void_voucher(actor=request.user, voucher_id=voucher_id, reason=form.cleaned_data["reason"]),
        _("The voucher is void."),
    )


@staff_required(Capability.REDEEM_VOUCHER)
@form_on("desk:voucher", "voucher_id")
def take_back(request: StaffRequest, voucher_id: int, redemption_id: int) -> HttpResponse:
    """Take a redemption back."""
    found = find(request.user, voucher_id)
    if not found.redemptions.filter(pk=redemption_id).exists():
        raise Http404
    form = TakeBackForm(request.POST, about=f"back-{redemption_id}")
    return _do(
        request,
        found,
        form,
        lambda: reverse_redemption(
            actor=request.user, redemption_id=redemption_id, reason=form.cleaned_data["reason"]
        ),
        _("The redemption is taken back."),
    )


@staff_required(Capability.REDEEM_VOUCHER)
@form_on("desk:voucher", "voucher_id")
def send_again(request: StaffRequest, voucher_id: int) -> HttpResponse:
    """Send the customer a new link."""
    found = find(request.user, voucher_id)
    try:
        send_voucher_again(actor=request.user, voucher_id=found.pk)
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The customer gets a new link."))
    return redirect("desk:voucher", voucher_id)


def find(user: User, voucher_id: int) -> Voucher:
    """The voucher; 404 when there is none, or not for this person."""
    found = visible_vouchers(user).filter(pk=voucher_id).first()
    if found is None:
        raise Http404
    return found


def standing_of(voucher: Voucher) -> tuple[str, str]:
    """How a voucher stands, in words, and the tone of the chip that says so."""
    standing = voucher.standing
    return str(standing.label), TONES[standing]


def _do(
    request: StaffRequest, found: Voucher, form: TakeBackForm, action: Callable[[], object], said: str
) -> HttpResponse:
    if run(form, action) is None:
        return _page(request, found, refused=form)
    messages.success(request, said)
    return redirect("desk:voucher", found.pk)


def _page(request: StaffRequest, found: Voucher, refused: TakeBackForm | None = None) -> HttpResponse:
    user, (state, tone) = request.user, standing_of(found)
    redeemable = found.standing in (VoucherStanding.VALID, VoucherStanding.PARTLY)

    def form(about: str) -> TakeBackForm:
        return refused if refused is not None and refused.about == about else TakeBackForm(about=about)

    def back(row: Redemption) -> TakeBackForm | None:
        free = row.reverses_id is None and getattr(row, "reversal", None) is None
        may = row.by_id == user.pk or user.may(Capability.DECIDE_OFFER)
        return form(f"back-{row.pk}") if free and may else None

    context = {
        "nav": "vouchers",
        "voucher": found,
        "case": found.offer.case,
        "state": state,
        "tone": tone,
        "redemptions": [(row, back(row)) for row in redemptions_of(found)],
        "void_form": form("void") if redeemable and user.may(Capability.DECIDE_OFFER) else None,
        "may_send": redeemable and user.may(Capability.REDEEM_VOUCHER),
    }
    return render(request, "desk/vouchers/voucher.html", context, status=422 if refused else 200)
