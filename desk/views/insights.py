"""Insights: the dashboard of a period, and the list behind each of its figures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Branch, User
from accounts.states import Capability
from cases.models import Case, Clock, Defect, Resolution
from cases.paths import case_path
from cases.states import Channel, FailureType
from common.templatetags.ui import duration, money
from compensation.models import Offer
from desk.access import StaffRequest, staff_required
from desk.downloads import csv_file
from desk.forms.insights import SelectionForm
from feedback.models import Response
from insights.charts import Chart, DayLink, rising_chart, trend_chart
from insights.exports import case_lines, figure_lines
from insights.figures import FIGURES, Figure, Selection
from insights.listing import Counted, Cursor, all_rows, list_page
from insights.measures import Dashboard, TypeRow, dashboard
from insights.periods import Baseline, Preset, Step
from insights.rising import Signal
from insights.wording import format_days

# The strongest with its chart, and a few more by name.
MOST_SIGNALS = 6
STEP_WORDS = {
    Step.DAY: gettext_lazy("per day"),
    Step.WEEK: gettext_lazy("per week"),
    Step.MONTH: gettext_lazy("per month"),
}


@dataclass(frozen=True)
class Links:
    """Addresses of the lists behind figures, with the filters of the page they stand on."""

    query: dict[str, str]

    @cached_property
    def path(self) -> str:
        return reverse("desk:insights_cases")

    def to(self, figure: str, **narrower: Any) -> str:
        """The list of a figure; `narrower` adds filters or replaces those of the page."""
        narrower = {name: value for name, value in narrower.items() if value}
        if self.query.keys() & narrower.keys():
            return f"{self.path}?{urlencode({**self.query, 'figure': figure, **narrower})}"
        # The page's own filters are the same in a hundred addresses: they are written once.
        address = f"{self._all_of_page}figure={figure}"
        return f"{address}&{urlencode(narrower)}" if narrower else address

    @cached_property
    def _all_of_page(self) -> str:
        return f"{self.path}?{urlencode(self.query)}&" if self.query else f"{self.path}?"

    def of_days(self, figure: str, first: dt.date, last: dt.date, **narrower: Any) -> str:
        """The list of a figure from one day to another."""
        # Dates need no escaping, and a dashboard has a hundred of these.
        return (
            self.by_days(**narrower)(figure, first, last) if narrower else self._any_days(figure, first, last)
        )

    def by_days(self, **narrower: Any) -> DayLink:
        """What gives such addresses of one narrower list, for many spans of days."""
        rest, period = self._without_days(**narrower), Preset.CUSTOM.value
        return lambda figure, first, last: f"{rest}figure={figure}&period={period}&start={first}&end={last}"

    @cached_property
    def _any_days(self) -> DayLink:
        return self.by_days()

    def _without_days(self, **narrower: Any) -> str:
        kept = {name: value for name, value in self.query.items() if name not in ("period", "start", "end")}
        chosen = urlencode({**kept, **narrower})
        return f"{self.path}?{chosen}&" if chosen else f"{self.path}?"


@dataclass(frozen=True)
class Looking:
    """What one reader looks at: the form, the selection it makes, and how its pages are addressed."""

    form: SelectionForm
    selection: Selection
    links: Links
    branches: dict[int, Branch]

    @classmethod
    def at(cls, request: StaffRequest) -> Looking:
        user: User = request.user
        # Also closed ones: their complaints of last year still count.
        reached = (
            Branch.objects.all() if user.branch_ids is None else Branch.objects.filter(pk__in=user.branch_ids)
        )
        branches = list(reached)
        form = SelectionForm(request.GET, branches=branches)
        selection = form.selection(zone=ZoneInfo(user.time_zone), branch_ids=user.branch_ids)
        return cls(form, selection, Links(form.query()), {branch.pk: branch for branch in branches})

    def context(self) -> dict[str, Any]:
        period = self.selection.period
        return {
            "nav": "insights",
            "form": self.form,
            "links": self.links,
            "period": period,
            "filters": urlencode(self.links.query),
            "days": format_days(period.first, period.last, year=True),
            "days_before": format_days(period.previous_first, period.previous_last),
            "chosen": self.chosen_words(),
        }

    def chosen_words(self) -> list[str]:
        """The filters in words."""
        chosen = self.selection
        branch = self.form.chosen_branch
        words = [branch.label if branch else _("all branches")]
        if chosen.channel:
            words.append(str(Channel(chosen.channel).label))
        if chosen.failure_type:
            words.append(str(FailureType(chosen.failure_type).label))
        return words


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
        "step": STEP_WORDS[looking.selection.period.step],
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
        "previous": _at(request, page.previous),
        "next": _at(request, page.next),
        "narrowed": [*_defect_names(request), *request.GET.getlist("currency")],
    }
    return render(request, "desk/insights/cases.html", context)


TIME_NAMES = {
    "received": gettext_lazy("Received"),
    "resolved": gettext_lazy("Resolved"),
    "clocks": gettext_lazy("Stopped"),
    "responses": gettext_lazy("Answered"),
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


def _at(request: StaffRequest, cursor: Cursor | None) -> str:
    if cursor is None:
        return ""
    query = request.GET.copy()
    query["at"] = str(cursor)
    return f"?{query.urlencode()}"


def _asked_figure(request: StaffRequest) -> Figure:
    try:
        return FIGURES[request.GET.get("figure", "opened")]
    except KeyError:
        raise Http404 from None


@staff_required(Capability.SEE_INSIGHTS)
def dashboard_csv(request: StaffRequest) -> StreamingHttpResponse:
    """Every figure of the dashboard as a file for a spreadsheet."""
    looking = Looking.at(request)
    return _csv(figure_lines(_measure(looking)), "figures", looking)


@staff_required(Capability.SEE_INSIGHTS)
def cases_csv(request: StaffRequest) -> StreamingHttpResponse:
    """The list behind a figure as a file for a spreadsheet."""
    figure, looking = _asked_figure(request), Looking.at(request)
    rows = all_rows(figure, looking.selection)
    return _csv(case_lines(figure, rows, looking.selection.period.zone), figure.code, looking)


def _csv(lines: Iterable[list[object]], name: str, looking: Looking) -> StreamingHttpResponse:
    period = looking.selection.period
    return csv_file(lines, f"amends-{name}-{period.first}-{period.last}")
