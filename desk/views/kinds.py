"""Settings: the kinds of compensation."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Branch
from accounts.states import Capability
from compensation.actions.kinds import add_kind, kind_values, set_kind
from compensation.actions.stock import change_stock
from compensation.kind_queries import all_kinds, stocks
from compensation.models import KindSetting, Stock
from desk.access import StaffRequest, staff_required
from desk.forms.apply import run
from desk.forms.kinds import KindForm, NewKindForm, StockForm


def kinds_context() -> dict[str, Any]:
    """What the section of the settings shows; two queries."""
    low: dict[str, list[Stock]] = {}
    for stock in stocks():
        if stock.is_low:
            low.setdefault(stock.kind, []).append(stock)
    return {"kinds": [(kind, low.get(kind.kind, [])) for kind in all_kinds()]}


@staff_required(Capability.CHANGE_SETTINGS)
def compensation_kind_new(request: StaffRequest) -> HttpResponse:
    """Add a kind of one's own."""
    form = NewKindForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        kind = run(
            form, lambda: add_kind(actor=request.user, code=form.cleaned_data["code"], new=form.record)
        )
        if kind is not None:
            messages.success(request, _("“%(kind)s” can be proposed now.") % {"kind": kind.label})
            return redirect("desk:settings_section", "kinds")
    return _page(request, form, _("New kind of compensation"))


@staff_required(Capability.CHANGE_SETTINGS)
def compensation_kind_edit(request: StaffRequest, code: str) -> HttpResponse:
    """Change how a kind is handled."""
    kind = get_object_or_404(KindSetting, pk=code)
    form = KindForm(
        request.POST if request.method == "POST" else None,
        own=not kind.is_built_in,
        values=kind_values(kind),
    )
    if request.method == "POST":
        saved = run(form, lambda: set_kind(actor=request.user, code=code, new=form.record, seen=form.seen))
        if saved is not None:
            messages.success(request, _("The kind is saved."))
            return redirect("desk:settings_section", "kinds")
    return _page(request, form, kind.label, kind.kind)


@staff_required(Capability.CHANGE_SETTINGS)
def compensation_kind_stock(request: StaffRequest, code: str) -> HttpResponse:
    """What each branch has at hand of a kind, and counting in what came."""
    kind = get_object_or_404(KindSetting, pk=code)
    branches = [
        (branch.pk, branch.label)
        for branch in Branch.objects.filter(is_active=True).order_by("code")
        if request.user.reaches(branch.pk)
    ]
    form = StockForm(request.POST if request.method == "POST" else None, branches=branches)
    if request.method == "POST":
        stock = run(form, lambda: change_stock(actor=request.user, code=code, **form.cleaned_data))
        if stock is not None:
            messages.success(request, _("The stock is saved."))
            return redirect("desk:compensation_kind_stock", code)
    context = {
        "nav": "settings",
        "form": form,
        "kind": kind,
        "stocks": [stock for stock in stocks() if stock.kind == code],
    }
    return render(request, "desk/settings/stock.html", context, status=422 if form.is_bound else 200)


def _page(request: StaffRequest, form: KindForm, title: str, subtitle: str = "") -> HttpResponse:
    context = {
        "nav": "settings",
        "form": form,
        "title": title,
        "subtitle": subtitle,
        "back": reverse("desk:settings_section", args=["kinds"]),
        "note": _(
            "What a kind takes can change only while no offer of it is on its way; all else holds at once. "
            "A kind can't be removed, for offers name it."
        ),
    }
    return render(request, "desk/settings_form.html", context, status=422 if form.is_bound else 200)
