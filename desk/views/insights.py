"""Insights: the dashboard of a period, and the list behind each of its figures."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounts.states import Capability
from cases.models import Case, Clock, Defect, Resolution
from cases.paths import case_path
from common.templatetags.ui import duration, money
from compensation.models import Offer
from desk.access import StaffRequest, staff_required
from desk.looking import Looking, cursor_link, export_query
from feedback.models import Response
from insights.charts import rising_chart, trend_chart
from insights.courses import Chart
from insights.exports import case_lines, figure_lines
from insights.figures import FIGURES, Figure
from insights.listing import Counted, Cursor, all_rows, list_page
from insights.measures import Dashboard, TypeRow, dashboard
from insights.periods import Baseline
from insights.rising import Signal
from insights.wording import format_days

# The strongest with its chart, and a few more by name.
MOST_SIGNALS = 6


@staff_required(Capability.SEE_INSIGHTS)
def dashboard_page(request: StaffRequest) -> HttpResponse:
    """What recovery achieved in a period, what fails, and what is rising."""
    looking = Looking.at(request)
    measured = _measure(looking)
    links = looking.links
    context = {
        **looking.context(),
        "board": measured,
        "trend": trend_chart(looking.selection.period, measured.trend, links.of_days),
        "signals": [_signal(signal, measured, looking) for signal in measured.rising.signals[:MOST_SIGNALS]],
        "rising": _rising_chart(measured, looking),
        "split": _split(measured.types),
        **_baseline_words(measured.rising.baseline),
    }
    return render(request, "desk/insights/dashboard.html", context)


def _split(types: list[TypeRow]) -> list[dict[str, str]]:
    """The parts of the bar that sets process against outcome."""
    total = sum(row.opened for row in types) or 1
    parts, x = [], 0.0
    for row in types:
        width = 100 * row.opened / total
        parts.append({"css": row.code or "unset", "x": f"{x:.2f}", "width": f"{width:.2f}"})
        x += width
    return parts


def _baseline_words(baseline: Baseline | None) -> dict[str, str]:
    if baseline is None:
        return {"week_days": "", "baseline_days": ""}
    return {
        "week_days": format_days(baseline.week_first, baseline.week_last),
        "baseline_days": format_days(baseline.first, baseline.last),
    }


def _measure(looking: Looking) -> Dashboard:
    branch = looking.form.chosen_branch
    return dashboard(looking.selection, home_currency=branch.currency if branch else "")


def _signal(signal: Signal, measured: Dashboard, looking: Looking) -> dict[str, Any]:
    branch, baseline = looking.branches[signal.branch_id], measured.rising.baseline
    assert baseline is not None
    url = looking.links.of_days(
        "opened", baseline.week_first, baseline.week_last, branch=branch.code, defect=signal.defect.code
    )
    return {"signal": signal, "branch": branch, "url": url}


def _rising_chart(measured: Dashboard, looking: Looking) -> Chart | None:
    signal = measured.rising.strongest
    if signal is None:
        return None
    branch = looking.branches[signal.branch_id]
    link = looking.links.by_days(branch=branch.code, defect=signal.defect.code)
    title = _("{defect} at {branch}").format(defect=signal.defect.label, branch=branch.label)
    return rising_chart(signal, measured.rising.weeks, title, link)


def _defect_names(request: StaffRequest) -> list[str]:
    """What the defects and families that the list is narrowed to are called."""
    codes = [*request.GET.getlist("family"), *request.GET.getlist("defect")]
    return [defect.label for defect in Defect.objects.filter(code__in=codes)] if codes else []


@staff_required(Capability.SEE_INSIGHTS)
def cases_page(request: StaffRequest) -> HttpResponse:
    """The rows that a figure counts, and their number, which is the figure's n."""
    figure, looking = _asked_figure(request), Looking.at(request)
    page = list_page(figure, looking.selection, Cursor.read(request.GET.get("at", "")))
    context = {
        **looking.context(),
        "figure": figure,
        "n": figure.rows(looking.selection).count(),
        "rows": [_row(each) for each in page.rows],
        "columns": _columns(figure),
        "time_name": TIME_NAMES[figure.source.code],
        "previous": cursor_link(request, page.previous),
        "next": cursor_link(request, page.next),
        "csv": reverse("desk:insights_cases_csv"),
        "xlsx": reverse("desk:insights_cases_xlsx"),
        "export_query": export_query(request),
        "narrowed": [*_defect_names(request), *request.GET.getlist("currency")],
    }
    return render(request, "desk/insights/cases.html", context)


TIME_NAMES = {
    "received": gettext_lazy("Received"),
    "resolved": gettext_lazy("Resolved"),
    "clocks": gettext_lazy("Stopped"),
    "responses": pgettext_lazy("when", "Answered"),
    "offers": gettext_lazy("Decided"),
}


def _columns(figure: Figure) -> list[str]:
    """What a list shows beside the case: what the figure counts of it."""
    names = {
        "clocks": [_("Result"), _("Business time"), _("Calendar time")],
        "resolved": [_("Decision")],
        "responses": [_("Before"), _("After")],
        "offers": [_("Kind"), _("Granted")],
    }
    return names.get(figure.source.code, [_("State")])


def _row(counted: Counted) -> dict[str, Any]:
    return {
        "case": counted.case,
        "url": case_path(counted.case.number),
        "at": counted.at,
        "cells": _cells(counted.row),
    }


def _cells(row: object) -> list[object]:
    match row:
        case Clock():
            return [
                row.get_state_display(),
                duration(row.business_seconds, "h"),
                duration(row.calendar_seconds),
            ]
        case Response():
            return [row.satisfaction_before or "–", row.satisfaction]
        case Offer():
            return [row.get_kind_display(), money(row.granted_amount, row.currency)]
        case Resolution():
            return [row.get_outcome_display()]
        case Case():
            return [row.get_state_display()]
    raise TypeError(f"no figure counts {type(row).__name__}")


def _asked_figure(request: StaffRequest) -> Figure:
    try:
        return FIGURES[request.GET.get("figure", "opened")]
    except KeyError:
        raise Http404 from None


@staff_required(Capability.SEE_INSIGHTS)
def dashboard_file(request: StaffRequest, kind: str) -> HttpResponseBase:
    """Every figure of the dashboard as a file for a spreadsheet."""
    looking = Looking.at(request)
    return looking.file(kind, figure_lines(_measure(looking)), "figures")


@staff_required(Capability.SEE_INSIGHTS)
def cases_file(request: StaffRequest, kind: str) -> HttpResponseBase:
    """The list behind a figure as a file for a spreadsheet."""
    figure, looking = _asked_figure(request), Looking.at(request)
    rows = all_rows(figure, looking.selection)
    return looking.file(kind, case_lines(figure, rows, looking.selection.period.zone), figure.code)
