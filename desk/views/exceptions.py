"""Exceptions in what was granted, for internal audit: the page, and a file with all offers behind them."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import Branch, User
from accounts.states import Capability
from compensation.exception_queries import MOST_OFFERS, Scope
from desk.access import StaffRequest, staff_required
from desk.downloads import table_file
from desk.exceptions import Section, sections
from desk.forms.reviews import ExceptionsForm
from desk.offer_lines import offer_cells, offer_headings
from insights.periods import Period
from insights.wording import format_days


def _looking(request: StaffRequest) -> tuple[ExceptionsForm, Scope, Period]:
    user = request.user
    branches = (
        Branch.objects.all() if user.branch_ids is None else Branch.objects.filter(pk__in=user.branch_ids)
    )
    form = ExceptionsForm(request.GET, branches=list(branches))
    selection = form.selection(zone=ZoneInfo(user.time_zone), branch_ids=user.branch_ids)
    period = selection.period
    return form, Scope(period.start, period.end, selection.branch_ids), period


@staff_required(Capability.REVIEW_OFFERS)
@require_safe
def exceptions(request: StaffRequest) -> HttpResponse:
    """What is worth a question in a period, by kind."""
    form, scope, period = _looking(request)
    context = {
        "nav": "audit",
        "form": form,
        "sections": sections(scope, form.thresholds),
        "days": format_days(period.first, period.last, year=True),
        "filters": urlencode(form.query()),
    }
    return render(request, "desk/audit/exceptions.html", context)


@staff_required(Capability.REVIEW_OFFERS)
@require_safe
def exceptions_file(request: StaffRequest, kind: str) -> HttpResponseBase:
    """A line for each offer behind each exception."""
    form, scope, period = _looking(request)
    rows = sections(scope, form.thresholds, most_offers=MOST_OFFERS)
    lines = list(_lines(request.user, rows))
    return table_file(kind, lines, f"amends-exceptions-{period.first}-{period.last}")


def _lines(user: User, rows: list[Section]) -> Iterator[list[object]]:
    yield [_("Exception"), _("About"), _("What was found"), _("From when on"), *offer_headings()]
    zone = ZoneInfo(user.time_zone)
    for section in rows:
        for row in section.rows:
            for offer in row.offers:
                said = (section.title, row.about, " ".join(row.says), section.threshold)
                yield [*said, *offer_cells(offer, zone)]
