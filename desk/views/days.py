"""Settings: the special days of a calendar."""

from __future__ import annotations

import datetime as dt

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.states import Capability
from common.errors import DomainError
from desk.access import StaffRequest, form_on, staff_required
from desk.forms.apply import run
from desk.forms.days import DayListForm, DaysForm, SeenDaysForm
from sla.actions.calendars import write_day
from sla.actions.days import Days, add_closed_days, remove_days, set_days
from sla.models import Calendar
from sla.queries import in_rows


@staff_required(Capability.CHANGE_SETTINGS)
def days_page(request: StaffRequest, calendar_id: int) -> HttpResponse:
    """The special days of a calendar, and a form to add some."""
    calendar = get_object_or_404(Calendar, pk=calendar_id)
    form = DaysForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        count = run(form, lambda: set_days(actor=request.user, calendar_id=calendar.pk, new=form.record))
        if count is not None:
            text = ngettext("One special day is added.", "{count} special days are added.", count)
            messages.success(request, text.format(count=count))
            return redirect("desk:calendar_days", calendar.pk)
    return _page(request, calendar, form, DayListForm())


@staff_required(Capability.CHANGE_SETTINGS)
def days_list(request: StaffRequest, calendar_id: int) -> HttpResponse:
    """Close the days of a pasted list."""
    calendar = get_object_or_404(Calendar, pk=calendar_id)
    if request.method != "POST":
        return redirect("desk:calendar_days", calendar.pk)
    form = DayListForm(request.POST)
    done = run(
        form,
        lambda: add_closed_days(actor=request.user, calendar_id=calendar.pk, text=form.cleaned_data["lines"]),
    )
    if done is None:
        return _page(request, calendar, DaysForm(), form)
    added, known = done
    text = ngettext("One closed day is added.", "{count} closed days are added.", added).format(count=added)
    if known:
        also = ngettext("One was a special day already.", "{count} were special days already.", known)
        text = f"{text} {also.format(count=known)}"
    messages.success(request, text)
    return redirect("desk:calendar_days", calendar.pk)


@staff_required(Capability.CHANGE_SETTINGS)
def days_edit(request: StaffRequest, calendar_id: int, first: str) -> HttpResponse:
    """Change a row of special days, if it is still as the form was filled with it."""
    calendar, days, seen = _seen(request, calendar_id, first)
    form = DaysForm(request.POST if request.method == "POST" else None, initial=DaysForm.initial_of(days))
    if request.method == "POST":
        count = run(
            form,
            lambda: set_days(actor=request.user, calendar_id=calendar.pk, new=form.record, instead_of=days),
        )
        if count is not None:
            messages.success(request, _("The special days are saved."))
            return redirect("desk:calendar_days", calendar.pk)
    context = {
        "nav": "settings",
        "form": form,
        "seen": seen,
        "title": calendar.label,
        "subtitle": _("special days"),
        "back": reverse("desk:calendar_days", args=[calendar.pk]),
        "note": _("Deadlines of open cases follow within a minute."),
        "remove": reverse("desk:calendar_days_remove", args=[calendar.pk, first]),
        "remove_text": _("They become ordinary days again, and deadlines of open cases move with them."),
    }
    return render(request, "desk/settings_form.html", context, status=422 if form.is_bound else 200)


@staff_required(Capability.CHANGE_SETTINGS)
@form_on("desk:calendar_days", "calendar_id")
def days_remove(request: StaffRequest, calendar_id: int, first: str) -> HttpResponse:
    """Let a row of special days be ordinary ones again, if it is still as it was shown."""
    calendar, days, _form = _seen(request, calendar_id, first)
    try:
        remove_days(actor=request.user, calendar_id=calendar.pk, days=days)
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The special days are removed."))
    return redirect("desk:calendar_days", calendar.pk)


def _seen(request: StaffRequest, calendar_id: int, first: str) -> tuple[Calendar, Days, SeenDaysForm]:
    """The calendar, and its row of special days as the form that is sent tells of it; else as it is now."""
    calendar = get_object_or_404(Calendar, pk=calendar_id)
    if request.method == "POST":
        sent = SeenDaysForm(request.POST, auto_id=False)
        if sent.days is None or sent.days.first.isoformat() != first:
            raise Http404
        return calendar, sent.days, sent
    rows = in_rows(calendar.days.order_by("date"))
    row = next((row for row in rows if row.first.isoformat() == first), None)
    if row is None:
        raise Http404
    days = Days(first=row.first, last=row.last, hours=write_day(row.hours), note=row.note)
    return calendar, days, SeenDaysForm.of(days)


def _page(request: StaffRequest, calendar: Calendar, form: DaysForm, pasted: DayListForm) -> HttpResponse:
    rows = in_rows(calendar.days.order_by("date"))
    today = timezone.localdate()
    recent = today - dt.timedelta(days=30)
    context = {
        "nav": "settings",
        "calendar": calendar,
        "form": form,
        "pasted": pasted,
        "coming": [row for row in rows if row.last >= recent],
        "past": [row for row in reversed(rows) if row.last < recent],
    }
    status = 422 if form.is_bound or pasted.is_bound else 200
    return render(request, "desk/settings/days.html", context, status=status)
