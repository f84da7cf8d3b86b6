"""Settings: routes of approval, and authority for a person, a kind or a basis."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.actions.authorities import today
from accounts.models import Authority
from accounts.states import Capability
from common.errors import DomainError
from compensation.actions.routes import add_route, change_route, end_route
from compensation.actions.special_limits import end_special_limit, set_special_limit
from compensation.chain_queries import routes
from compensation.models import ApprovalRoute
from compensation.models.kind import kind_label
from compensation.states import Basis
from desk.access import StaffRequest, form_on, staff_required
from desk.chain_words import planned_words
from desk.forms.apply import run
from desk.forms.chains import LimitForm, RouteForm, values_of
from desk.forms.grouped import GroupedForm


@dataclass(frozen=True, slots=True)
class RouteRow:
    """A route as the settings show it."""

    route: ApprovalRoute
    steps: str
    planned: bool


@dataclass(frozen=True, slots=True)
class LimitRow:
    """A special limit that holds or will hold, and for what."""

    limit: Authority
    whose: str
    what: str
    planned: bool


def chains_context() -> dict[str, Any]:
    """What the section of the settings shows of routes and special limits."""
    return {"routes": _routes(), "special_limits": _limits()}


def _routes() -> list[RouteRow]:
    """The routes that hold or will hold."""
    day = today()
    return [
        RouteRow(
            route,
            planned_words([(step.level, step.role) for step in route.steps.all()]),
            route.valid_from > day,
        )
        for route in routes()
        if route.valid_to is None or route.valid_to >= day
    ]


def _limits() -> list[LimitRow]:
    """The special limits that hold, and those that are planned."""
    day, newest, planned = today(), dict[tuple[Any, ...], Authority](), list[Authority]()
    rows = Authority.objects.special().select_related("user").order_by("valid_from", "pk")
    for row in rows:
        if row.valid_from > day:
            planned.append(row)
        else:
            newest[row.role, row.user_id, row.currency, row.kind, row.basis] = row
    held = [row for row in newest.values() if not row.ends]
    held.sort(key=lambda row: (row.currency, row.user_id is not None, row.role, row.kind, row.basis))
    return [_limit_row(row, row.valid_from > day) for row in (*held, *planned)]


def _limit_row(row: Authority, planned: bool) -> LimitRow:
    role = row.get_role_display()
    what = [kind_label(row.kind)] if row.kind else []
    what += [str(Basis(row.basis).label)] if row.basis else []
    return LimitRow(
        limit=row,
        whose=f"{row.user.name} · {role}" if row.user else role,
        what=" · ".join(what) or _("everything"),
        planned=planned,
    )


@staff_required(Capability.CHANGE_SETTINGS)
def special_limit_new(request: StaffRequest) -> HttpResponse:
    """Let a limit hold for a person, a kind or a basis."""
    form = LimitForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        limit = run(form, lambda: set_special_limit(actor=request.user, new=form.new))
        if limit is not None:
            messages.success(request, _("The limit is set."))
            return redirect("desk:settings_section", "authority")
    note = _("It counts before what the role may grant in general, and counts only what it is for.")
    return _page(request, form, _("Authority for a person, a kind or a basis"), note)


@staff_required(Capability.CHANGE_SETTINGS)
@form_on("desk:settings_section", section="authority")
def special_limit_end(request: StaffRequest, limit_id: int) -> HttpResponse:
    """Let a special limit count no more."""
    get_object_or_404(Authority.objects.special(), pk=limit_id)
    return _ended(
        request,
        lambda: end_special_limit(actor=request.user, limit_id=limit_id),
        _("From today on the less specific limit counts again."),
    )


@staff_required(Capability.CHANGE_SETTINGS)
def route_new(request: StaffRequest) -> HttpResponse:
    """Set up a route of approval."""
    form = RouteForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        route = run(form, lambda: add_route(actor=request.user, new=form.new))
        if route is not None:
            messages.success(request, _("Offers take the route “%(name)s” now.") % {"name": route.name})
            return redirect("desk:settings_section", "authority")
    note = _("Whoever is asked first decides first; those asked at the same time decide in any order.")
    return _page(request, form, _("New approval route"), note)


@staff_required(Capability.CHANGE_SETTINGS)
def route_change(request: StaffRequest, route_id: int) -> HttpResponse:
    """Let another route take the place of one from a day on."""
    route = get_object_or_404(routes(), pk=route_id)
    form = RouteForm(request.POST if request.method == "POST" else None, initial=values_of(route))
    if request.method == "POST":
        new = run(form, lambda: change_route(actor=request.user, route_id=route_id, new=form.new))
        if new is not None:
            said = _("The route “%(name)s” is changed.") % {"name": new.name}
            messages.success(request, said)
            return redirect("desk:settings_section", "authority")
    note = _("The route holds as it is until the day before. Offers on their way keep their steps.")
    return _page(request, form, _("Change “%(name)s”") % {"name": route.name}, note)


@staff_required(Capability.CHANGE_SETTINGS)
@form_on("desk:settings_section", section="authority")
def route_end(request: StaffRequest, route_id: int) -> HttpResponse:
    """Let no further offer take a route."""
    route = get_object_or_404(ApprovalRoute, pk=route_id)
    return _ended(
        request,
        lambda: end_route(actor=request.user, route_id=route_id),
        _("No further offer takes the route “%(name)s”.") % {"name": route.name},
    )


def _ended(request: StaffRequest, action: Callable[[], object], done: str) -> HttpResponse:
    try:
        action()
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, done)
    return redirect("desk:settings_section", "authority")


def _page(request: StaffRequest, form: GroupedForm, title: str, note: str) -> HttpResponse:
    context = {
        "nav": "settings",
        "form": form,
        "title": title,
        "note": note,
        "back": reverse("desk:settings_section", args=["authority"]),
    }
    return render(request, "desk/settings_form.html", context, status=422 if form.is_bound else 200)
