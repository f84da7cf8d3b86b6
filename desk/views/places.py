"""Settings: making and changing branches and business calendars."""

from __future__ import annotations

import zoneinfo

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Branch
from accounts.states import Capability
from desk.access import StaffRequest, staff_required
from desk.forms.apply import run
from desk.forms.places import BranchForm, CalendarForm
from sla.actions.branches import branch_values, change_branch, open_branch
from sla.actions.calendars import calendar_values, save_calendar, write_day
from sla.models import Calendar
from sla.seed import OFFICE_WEEK


@staff_required(Capability.CHANGE_SETTINGS)
def branch_new(request: StaffRequest) -> HttpResponse:
    """Make a branch."""
    me = request.user
    start = {"time_zone": me.time_zone, "is_active": True}
    form = BranchForm(request.POST if request.method == "POST" else None, initial=start)
    if request.method == "POST":
        branch = run(
            form, lambda: open_branch(actor=me, new=form.record, calendar=form.cleaned_data["calendar"])
        )
        if branch is not None:
            messages.success(request, _("{name} can take complaints now.").format(name=branch.label))
            return redirect("desk:settings_section", "calendars")
    return _page(request, form, title=_("New branch"), section="calendars")


@staff_required(Capability.CHANGE_SETTINGS)
def branch_edit(request: StaffRequest, branch_id: int) -> HttpResponse:
    """Change a branch."""
    branch = get_object_or_404(Branch, pk=branch_id)
    form = BranchForm(request.POST if request.method == "POST" else None, values=branch_values(branch))
    if request.method == "POST":
        changed = run(
            form,
            lambda: change_branch(
                actor=request.user,
                branch_id=branch.pk,
                new=form.record,
                calendar=form.cleaned_data["calendar"],
                seen=form.seen,
            ),
        )
        if changed is not None:
            messages.success(request, _("{name} is changed.").format(name=changed.label))
            return redirect("desk:settings_section", "calendars")
    return _page(request, form, title=branch.label, section="calendars")


@staff_required(Capability.CHANGE_SETTINGS)
def calendar_new(request: StaffRequest) -> HttpResponse:
    """Make a calendar; office hours to start with."""
    start = {f"day_{day}": write_day(pairs) for day, pairs in OFFICE_WEEK.items()}
    start["time_zone"] = request.user.time_zone
    form = CalendarForm(request.POST if request.method == "POST" else None, initial=start)
    return _calendar_page(request, form, None)


@staff_required(Capability.CHANGE_SETTINGS)
def calendar_edit(request: StaffRequest, calendar_id: int) -> HttpResponse:
    """Change a calendar."""
    calendar = get_object_or_404(Calendar, pk=calendar_id)
    form = CalendarForm(request.POST if request.method == "POST" else None, values=calendar_values(calendar))
    return _calendar_page(request, form, calendar)


def _calendar_page(request: StaffRequest, form: CalendarForm, calendar: Calendar | None) -> HttpResponse:
    if request.method == "POST":
        saved = run(
            form,
            lambda: save_calendar(
                actor=request.user,
                calendar_id=calendar.pk if calendar else None,
                new=form.record,
                seen=form.seen,
            ),
        )
        if saved is not None:
            messages.success(request, _("The calendar {name} is saved.").format(name=saved.label))
            return redirect("desk:settings_section", "calendars")
    return _page(
        request,
        form,
        title=calendar.label if calendar else _("New calendar"),
        section="calendars",
        note=_("Deadlines of open cases follow within a minute.") if calendar else "",
    )


def _page(
    request: StaffRequest,
    form: forms.Form,
    *,
    title: str,
    section: str,
    note: str = "",
) -> HttpResponse:
    context = {
        "nav": "settings",
        "form": form,
        "title": title,
        "back": reverse("desk:settings_section", args=[section]),
        "note": note,
        "zones": sorted(zoneinfo.available_timezones()) if "time_zone" in form.fields else [],
    }
    return render(request, "desk/settings_form.html", context, status=422 if form.is_bound else 200)
