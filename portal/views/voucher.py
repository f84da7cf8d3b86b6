"""A customer's voucher: the link shows it once, and from then on to the device that it was opened on."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from common.attempts import allowed
from common.errors import DomainError
from common.qr import qr_svg
from compensation.actions.voucher_care import open_link, send_voucher_again
from compensation.models import Voucher, VoucherLink
from compensation.states import VoucherStanding
from compensation.voucher_keys import code_of
from compensation.voucher_queries import link_by_token
from compensation.voucher_rules import grouped
from portal.pages import not_found, speak, token_page

SALT = "portal.voucher"
LONGEST_COOKIE = 400 * 24 * 60 * 60  # seconds; browsers keep none longer
MOST_LINKS, PER_SECONDS = 3, 24 * 60 * 60


@token_page
@require_http_methods(["GET", "HEAD", "POST"])
def voucher(request: HttpRequest, token: str) -> HttpResponse:
    """Ask before the code is shown: programs that look into mails open links, but press no buttons."""
    try:
        link = link_by_token(token)
    except VoucherLink.DoesNotExist:
        return not_found(request)
    found = link.voucher
    speak(request, found.offer.case.language)
    closed = _closed(found)
    if closed:
        return _page(request, found, closed=closed)
    if _is_known(request, found):
        return _shown(request, found)
    if request.method != "POST":
        return _page(request, found, locked=link.opened_at is not None)
    if "again" in request.POST:
        return _send_again(request, found, was_opened=link.opened_at is not None)
    if open_link(token) is None:
        return _page(request, found, locked=True)
    response = redirect("portal:voucher", token)
    seconds = int((found.expires_at - timezone.now()).total_seconds())
    response.set_signed_cookie(
        _cookie(found),
        found.seed[:16],
        salt=SALT,
        max_age=min(seconds, LONGEST_COOKIE),
        path="/voucher/",
        secure=bool(settings.SESSION_COOKIE_SECURE),
        httponly=True,
        samesite="Lax",
    )
    return response


def _send_again(request: HttpRequest, found: Voucher, *, was_opened: bool) -> HttpResponse:
    if not was_opened or not allowed(f"voucher-link:{found.pk}", most=MOST_LINKS, seconds=PER_SECONDS):
        note = _("A new link was sent to your e-mail address a short while ago.")
        return _page(request, found, locked=True, note=note, status=HTTPStatus.TOO_MANY_REQUESTS)
    try:
        send_voucher_again(actor=None, voucher_id=found.pk)
    except DomainError as error:
        return _page(request, found, locked=True, note=str(error), status=HTTPStatus.CONFLICT)
    return _page(request, found, locked=True, note=_("A new link is on its way to your e-mail address."))


@sensitive_variables()
def _shown(request: HttpRequest, found: Voucher) -> HttpResponse:
    code = code_of(found)
    if code is None:
        text = _("The code can’t be shown here any more. It is still good; ask us if you don’t have it.")
        return _page(request, found, closed=text)
    shown: dict[str, Any] = {
        "code": grouped(code),
        "qr": qr_svg(code, title=_("The code as a QR code")),
        "issuer": found.branch.label,
    }
    return _page(request, found, **shown)


def _closed(found: Voucher) -> str:
    """Why a voucher is not shown any more; "" while it is good."""
    return {
        VoucherStanding.REDEEMED: _("This voucher has been redeemed."),
        VoucherStanding.EXPIRED: _("This voucher has expired."),
        VoucherStanding.VOID: _("This voucher is not valid any more. Please ask us if you don’t know why."),
    }.get(found.standing, "")


def _cookie(found: Voucher) -> str:
    return f"amends_voucher_{found.pk}"


def _is_known(request: HttpRequest, found: Voucher) -> bool:
    return request.get_signed_cookie(_cookie(found), default="", salt=SALT) == found.seed[:16]


def _page(request: HttpRequest, found: Voucher, *, status: int = HTTPStatus.OK, **more: Any) -> HttpResponse:
    context = {
        "brand_name": found.branch.label,
        "case": found.offer.case,
        "voucher": found,
        "code": "",
        "closed": "",
        "locked": False,
        "note": "",
        **more,
    }
    return render(request, "portal/voucher.html", context, status=status)
