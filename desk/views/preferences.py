"""What one set for oneself, what one was told, and the one-click sign-in of a demo."""

from __future__ import annotations

import zoneinfo

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.actions.preferences import set_preferences
from accounts.models import User
from accounts.states import Capability, Role
from desk.access import StaffRequest, form_on, staff_required
from desk.forms.apply import run
from desk.forms.office import PreferencesForm
from desk.paging import key_in, page_links
from messaging.actions import mark_read
from messaging.models import Notice
from messaging.queries import notices_of

NOTICES = 25
QUICK = ("theme", "language")


def next_url(request: HttpRequest, default: str) -> str:
    """Where to go on: the page that asked, as long as it is one of ours."""
    wanted = request.POST.get("next", "")
    own = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if own else default


@staff_required(Capability.SEE_CASES)
def preferences(request: StaffRequest) -> HttpResponse:
    """Language, appearance and time zone. A button of the user menu posts one of them alone."""
    user = request.user
    quick = [name for name in QUICK if name in request.POST]
    if request.method == "POST" and len(quick) == 1 and "time_zone" not in request.POST:
        return _set_one(request, quick[0])
    form = PreferencesForm(
        request.POST if request.method == "POST" else None,
        initial={name: getattr(user, name) for name in PreferencesForm.base_fields},
    )
    if (
        request.method == "POST"
        and run(form, lambda: set_preferences(actor=user, **form.cleaned_data)) is not None
    ):
        with translation.override(user.language):
            messages.success(request, _("Your preferences are kept."))
        return _remember_language(redirect("desk:preferences"), user)
    status = 422 if form.is_bound else 200
    context = {
        "form": form,
        "zones": sorted(zoneinfo.available_timezones()),
        "may_lend": user.may(Capability.DECIDE_OFFER),
    }
    return render(request, "desk/preferences.html", context, status=status)


def _set_one(request: StaffRequest, name: str) -> HttpResponse:
    form = PreferencesForm({**PreferencesForm.values_of(request.user), name: request.POST[name]})
    if run(form, lambda: set_preferences(actor=request.user, **{name: request.POST[name]})) is None:
        return redirect("desk:preferences")
    if name == "theme" and request.headers.get("Sec-Fetch-Dest") == "empty":
        return HttpResponse(status=204)  # a script asked, which has changed the page by itself
    return _remember_language(redirect(next_url(request, reverse("desk:home"))), request.user)


def _remember_language(response: HttpResponse, user: User) -> HttpResponse:
    """Show pages without an account, such as the sign-in, in that language too."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        user.language,
        max_age=365 * 24 * 60 * 60,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        samesite="Lax",
    )
    return response


@staff_required(Capability.SEE_CASES)
@require_safe
def notifications(request: StaffRequest) -> HttpResponse:
    """What the product told me, the newest first."""
    try:
        before = key_in(request)
    except ValueError:
        return redirect("desk:notifications")
    rows = list(notices_of(request.user, before=before, limit=NOTICES + 1))
    last = rows[NOTICES - 1].pk if len(rows) > NOTICES else None
    context = {"notices": [(row, _own(row.url)) for row in rows[:NOTICES]], **page_links(request, last)}
    return render(request, "desk/notifications.html", context)


@staff_required(Capability.SEE_CASES)
@form_on("desk:notifications")
def open_notice(request: StaffRequest, notice_id: int) -> HttpResponse:
    """Go to what a notice is about; it counts as read then."""
    notice = get_object_or_404(Notice, pk=notice_id, user=request.user)
    mark_read(actor=request.user, notice_id=notice.pk)
    return redirect(_own(notice.url) or reverse("desk:notifications"))


def _own(url: str) -> str:
    """The address if it is one of the product's, else ""."""
    return url if url_has_allowed_host_and_scheme(url, None) else ""


@staff_required(Capability.SEE_CASES)
@form_on("desk:notifications")
def read_all(request: StaffRequest) -> HttpResponse:
    """Nothing is new any more."""
    mark_read(actor=request.user)
    return redirect("desk:notifications")


@form_on("account_login")
def demo_sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in as one of the demo users; there is no such address where this is no demo."""
    if not settings.DEMO:
        raise Http404
    form = DemoForm(request.POST)
    if not form.is_valid():
        return redirect("account_login")
    user = (
        User.objects.filter(is_demo=True, is_active=True, role=form.cleaned_data["role"])
        .order_by("pk")
        .first()
    )
    if user is None:
        messages.error(request, _("The demo data are not loaded yet. Try again in a moment."))
        return redirect("account_login")
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    return redirect(next_url(request, reverse("desk:home")))


class DemoForm(forms.Form):
    """As whom to look around."""

    role = forms.ChoiceField(choices=Role)
