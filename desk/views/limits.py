"""Settings: what holds from a date on, namely the targets of clocks and what roles may grant."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.actions.authorities import authority_values, set_authorities, today, withdraw_authorities
from accounts.models import Authority
from accounts.states import Capability
from common.errors import DomainError
from common.money import CURRENCIES
from desk.access import StaffRequest, form_on, staff_required
from desk.forms.apply import run
from desk.forms.grouped import GroupedForm
from desk.forms.limits import AuthorityForm, NewAuthorityForm, TargetsForm
from desk.history import authority_on, targets_on
from sla.actions.targets import set_targets, target_values, withdraw_targets


@staff_required(Capability.CHANGE_SETTINGS)
def targets_edit(request: StaffRequest) -> HttpResponse:
    """Set the targets from a date on. `?on=` begins with what holds that day."""
    day = _asked_day(request)
    form = TargetsForm(
        request.POST if request.method == "POST" else None,
        initial={"valid_from": day},
        values=target_values(targets_on(day)),
    )
    if request.method == "POST":
        count = run(
            form,
            lambda: set_targets(
                actor=request.user,
                valid_from=form.cleaned_data["valid_from"],
                wanted=form.wanted,
                seen=form.seen,
            ),
        )
        if count is not None:
            _tell(request, count, form.cleaned_data["valid_from"])
            return redirect("desk:settings_section", "targets")
    note = _("Clocks that run already keep their targets. What is planned for a later day holds from then.")
    return _page(request, form, title=_("Targets"), section="targets", note=note)


@staff_required(Capability.CHANGE_SETTINGS)
@form_on("desk:settings_section", section="targets")
def targets_withdraw(request: StaffRequest, day: str) -> HttpResponse:
    """Give up a planned change of targets."""
    try:
        withdraw_targets(actor=request.user, valid_from=_read_day(day))
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The planned change is given up."))
    return redirect("desk:settings_section", "targets")


@staff_required(Capability.CHANGE_SETTINGS)
def authority_new(request: StaffRequest) -> HttpResponse:
    """Let roles grant in a currency in which nobody may yet."""
    known = set(Authority.objects.values_list("currency", flat=True).distinct())
    form = NewAuthorityForm(
        request.POST if request.method == "POST" else None, initial={"valid_from": today()}, without=known
    )
    return _authority_page(request, form, "")


@staff_required(Capability.CHANGE_SETTINGS)
def authority_edit(request: StaffRequest, currency: str) -> HttpResponse:
    """Set what roles may grant in a currency from a date on. `?on=` begins with what holds that day."""
    if currency not in CURRENCIES:
        raise Http404
    day = _asked_day(request)
    form = AuthorityForm(
        request.POST if request.method == "POST" else None,
        initial={"valid_from": day},
        values=authority_values(authority_on(currency, day)),
    )
    return _authority_page(request, form, currency)


def _authority_page(request: StaffRequest, form: AuthorityForm, currency: str) -> HttpResponse:
    if request.method == "POST":
        count = run(
            form,
            lambda: set_authorities(
                actor=request.user,
                currency=currency or form.cleaned_data["currency"],
                valid_from=form.cleaned_data["valid_from"],
                wanted=form.wanted,
                seen=form.seen,
                is_new=not currency,
            ),
        )
        if count is not None:
            _tell(request, count, form.cleaned_data["valid_from"])
            return redirect("desk:settings_section", "authority")
    note = _("0 means that the role has to ask. What is planned for a later day holds from then.")
    title = _("Authority in {currency}").format(currency=currency) if currency else _("Authority")
    return _page(request, form, title=title, section="authority", note=note)


@staff_required(Capability.CHANGE_SETTINGS)
@form_on("desk:settings_section", section="authority")
def authority_withdraw(request: StaffRequest, currency: str, day: str) -> HttpResponse:
    """Give up a planned change of authority."""
    try:
        withdraw_authorities(actor=request.user, currency=currency, valid_from=_read_day(day))
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The planned change is given up."))
    return redirect("desk:settings_section", "authority")


def _tell(request: StaffRequest, count: int, day: dt.date) -> None:
    if not count:
        messages.info(request, _("These values hold already: nothing has changed."))
    elif day > today():
        messages.success(request, _("The change is planned."))
    else:
        messages.success(request, _("The new values hold from today on."))


def _asked_day(request: StaffRequest) -> dt.date:
    """The day that a planned change is for, else today."""
    try:
        return max(dt.date.fromisoformat(request.GET.get("on", "")), today())
    except ValueError:
        return today()


def _read_day(day: str) -> dt.date:
    try:
        return dt.date.fromisoformat(day)
    except ValueError:
        raise Http404 from None


def _page(request: StaffRequest, form: GroupedForm, *, title: str, section: str, note: str) -> HttpResponse:
    context: dict[str, Any] = {
        "nav": "settings",
        "form": form,
        "title": title,
        "back": reverse("desk:settings_section", args=[section]),
        "note": note,
    }
    return render(request, "desk/settings_form.html", context, status=422 if form.is_bound else 200)
