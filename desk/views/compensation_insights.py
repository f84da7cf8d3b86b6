"""Insights into compensation: money, fairness, decisions and budgets, and the lists behind their figures."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.states import Capability
from cases.models import Resolution
from cases.paths import case_path
from common.display import format_percent
from common.templatetags.ui import money
from compensation.models import Approval, Setback
from compensation.states import DOSE_SOURCE
from desk.access import StaffRequest, staff_required
from desk.forms.compensation_insights import LossForm
from desk.looking import MoneyLooking, cursor_link, export_query
from insights.compensation import MoneyBoard, money_board
from insights.compensation_charts import decisions_chart, dose_chart, money_chart
from insights.compensation_exports import decision_lines, fairness_lines, money_lines, offer_lines
from insights.compensation_figures import OFFER_FIGURES, Stock
from insights.decisions import DecisionBoard, decision_board
from insights.fairness import FairnessBoard, fairness_board
from insights.figures import Figure
from insights.listing import Counted, Cursor, all_rows, list_page

TIME_NAMES = {
    "waiting": gettext_lazy("Proposed"),
    "outstanding": gettext_lazy("Decided"),
    "overdue": gettext_lazy("Promised by"),
    "granted": gettext_lazy("Decided"),
    "paid": gettext_lazy("Arrived"),
    "clawed_back": gettext_lazy("Clawed back"),
    "promises": gettext_lazy("Promised by"),
    "decisions": gettext_lazy("Decided"),
    "on_budget": gettext_lazy("Proposed"),
    "compensated": gettext_lazy("Resolved"),
}
# Where each list leads back to.
PAGES = {
    "decisions": "insights_decisions",
    "compensated": "insights_fairness",
    "on_budget": "insights_budgets",
}


def _money(looking: MoneyLooking) -> MoneyBoard:
    return money_board(looking.selection, looking.branches)


@staff_required(Capability.SEE_INSIGHTS)
def compensation_page(request: StaffRequest) -> HttpResponse:
    """What waits, is promised, was granted and paid, over time and by kind, cause and branch."""
    looking = MoneyLooking.at(request)
    board = _money(looking)
    context = {**looking.context(), "board": board, "chart": money_chart(board, looking.links.of_days)}
    return render(request, "desk/insights/compensation.html", context)


@staff_required(Capability.SEE_INSIGHTS)
def compensation_file(request: StaffRequest, kind: str) -> HttpResponseBase:
    """Every figure of that page as a file for a spreadsheet."""
    looking = MoneyLooking.at(request)
    return looking.file(kind, money_lines(_money(looking)), "compensation")


def _fairness(looking: MoneyLooking) -> FairnessBoard:
    return fairness_board(looking.selection, looking.branches)


@staff_required(Capability.SEE_INSIGHTS)
def fairness_page(request: StaffRequest) -> HttpResponse:
    """Compensation ÷ loss in bins, and like cases across people, branches and tiers."""
    looking = MoneyLooking.at(request, LossForm)
    board = _fairness(looking)
    context = {
        **looking.context(),
        "board": board,
        "chart": dose_chart(board, looking.links.to) if board.n else None,
        "reach": board.reach,
        "dose_source": DOSE_SOURCE,
    }
    return render(request, "desk/insights/fairness.html", context)


@staff_required(Capability.SEE_INSIGHTS)
def fairness_file(request: StaffRequest, kind: str) -> HttpResponseBase:
    """Every figure of that page as a file for a spreadsheet."""
    looking = MoneyLooking.at(request, LossForm)
    return looking.file(kind, fairness_lines(_fairness(looking)), "fairness")


def _decisions(looking: MoneyLooking) -> DecisionBoard:
    return decision_board(looking.selection)


@staff_required(Capability.SEE_INSIGHTS)
def decisions_page(request: StaffRequest) -> HttpResponse:
    """Who approves what, how it goes, and how long it takes."""
    looking = MoneyLooking.at(request)
    board = _decisions(looking)
    context = {**looking.context(), "board": board, "chart": decisions_chart(board, looking.links.of_days)}
    return render(request, "desk/insights/decisions.html", context)


@staff_required(Capability.SEE_INSIGHTS)
def decisions_file(request: StaffRequest, kind: str) -> HttpResponseBase:
    """Every figure of that page as a file for a spreadsheet."""
    looking = MoneyLooking.at(request)
    return looking.file(kind, decision_lines(_decisions(looking)), "decisions")


# --- the lists behind the figures ------------------------------------------------------------


@staff_required(Capability.SEE_INSIGHTS)
def offers_page(request: StaffRequest) -> HttpResponse:
    """The rows that a figure counts, and their number, which is the figure's n."""
    figure, looking = _asked_figure(request), MoneyLooking.at(request)
    page = list_page(figure, looking.selection, Cursor.read(request.GET.get("at", "")))
    code = figure.source.code
    context = {
        **looking.context(),
        "figure": figure,
        "n": figure.rows(looking.selection).count(),
        "rows": [_row(figure, each) for each in page.rows],
        "columns": _columns(figure),
        "time_name": TIME_NAMES[code],
        "previous": cursor_link(request, page.previous),
        "next": cursor_link(request, page.next),
        "narrowed": looking.form.narrowed_words(),
        "is_now": isinstance(figure.source, Stock),
        "csv": reverse("desk:insights_offers_csv"),
        "xlsx": reverse("desk:insights_offers_xlsx"),
        "export_query": export_query(request),
        "back": reverse(f"desk:{PAGES.get(code, 'insights_compensation')}"),
    }
    return render(request, "desk/insights/offers.html", context)


@staff_required(Capability.SEE_INSIGHTS)
def offers_file(request: StaffRequest, kind: str) -> HttpResponseBase:
    """The list behind a figure as a file for a spreadsheet."""
    figure, looking = _asked_figure(request), MoneyLooking.at(request)
    rows = all_rows(figure, looking.selection)
    return looking.file(kind, offer_lines(figure, rows, looking.selection.period.zone), figure.code)


def _asked_figure(request: StaffRequest) -> Figure:
    try:
        return OFFER_FIGURES[request.GET.get("figure", "grants")]
    except KeyError:
        raise Http404 from None


def _columns(figure: Figure) -> list[str]:
    if figure.source.code == "compensated":
        return [_("Given"), _("Loss"), _("Ratio")]
    return [_("Kind"), _("Amount"), _("State")]


def _row(figure: Figure, counted: Counted) -> dict[str, Any]:
    return {
        "case": counted.case,
        "url": case_path(counted.case.number),
        "at": counted.at,
        "who": _who(counted.row),
        "cells": _cells(figure, counted.row),
    }


def _who(row: Any) -> str:
    """Who proposed and who decided, or who resolved the case."""
    if isinstance(row, Resolution):
        return row.by.name if row.by else ""
    offer = row.offer if isinstance(row, (Approval, Setback)) else row
    approval = row if isinstance(row, Approval) else getattr(offer, "approval", None)
    names = [offer.proposer.name, *([approval.approver.name] if approval else [])]
    return " → ".join(names)


def _cells(figure: Figure, row: Any) -> list[object]:
    if isinstance(row, Resolution):
        currency = row.case.currency
        ratio = format_percent(float(row.given / row.loss))  # type: ignore[attr-defined]
        return [money(row.given, currency), money(row.loss, currency), ratio]  # type: ignore[attr-defined]
    if isinstance(row, Approval):
        offer = row.offer
        amount = offer.amount if row.amount is None else row.amount
        return [offer.get_kind_display(), money(amount, offer.currency), row.get_decision_display()]
    offer = row.offer if isinstance(row, Setback) else row
    amount = getattr(row, "standing", None) or offer.standing_amount
    if isinstance(row, Setback):
        amount = offer.taken_back or amount
    elif figure.source.code == "paid":
        amount += offer.taken_back
    return [offer.get_kind_display(), money(amount, offer.currency), offer.get_state_display()]
