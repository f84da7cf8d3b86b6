"""The queue: open cases, the most urgent first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.queries import branch_options
from accounts.states import Capability
from cases.queries import QUEUE_VIEWS, CasePage, queue, queue_counts
from cases.states import FailureType
from common.counting import shown
from desk.access import StaffRequest, staff_required
from desk.clocks import Reading, queue_clock
from desk.paging import page_links
from sla.states import Severity

VIEW_NAMES = {
    "open": gettext_lazy("All open"),
    "mine": gettext_lazy("Mine"),
    "soon": gettext_lazy("About to breach"),
    "waiting": gettext_lazy("Waiting for customer"),
    "landing": gettext_lazy("Remedy not landed"),
}


@dataclass(frozen=True)
class Choice:
    """A field that narrows the queue: options as (value, label) pairs, "" for all, and what was chosen."""

    name: str
    label: str
    options: list[tuple[str, str]]
    chosen: str


@dataclass(frozen=True)
class Narrowing:
    """What the queue is narrowed to; None and "" stand for all."""

    branch_id: int | None
    severity: int | None
    failure_type: str
    choices: tuple[Choice, ...]

    def __bool__(self) -> bool:
        return any(choice.chosen for choice in self.choices)


def read_narrowing(request: StaffRequest) -> Narrowing:
    """What was chosen; anything that is no option is left out."""
    branches = [(str(branch.pk), branch.label) for branch in branch_options(request.user)]
    severities = [(str(value), f"{value} · {label}") for value, label in Severity.choices]
    failures = [(str(value), str(label)) for value, label in FailureType.choices]
    branch = _choice(request, "branch", _("Branch"), _("any branch"), branches)
    severity = _choice(request, "severity", _("Severity"), _("any severity"), severities)
    failure = _choice(request, "failure_type", _("Failure"), _("any failure"), failures)
    return Narrowing(
        branch_id=int(branch.chosen) if branch.chosen else None,
        severity=int(severity.chosen) if severity.chosen else None,
        failure_type=failure.chosen,
        choices=(branch, severity, failure),
    )


def _choice(
    request: StaffRequest, name: str, label: str, unless: str, options: list[tuple[str, str]]
) -> Choice:
    given = request.GET.get(name, "")
    chosen = given if any(value == given for value, _label in options) else ""
    return Choice(name, label, [("", unless), *options], chosen)


@staff_required(Capability.SEE_CASES)
def queue_page(request: StaffRequest) -> HttpResponse:
    """One view of the queue, a page at a time."""
    view = request.GET.get("view", "open")
    if view not in QUEUE_VIEWS:
        return redirect("desk:queue")
    narrowing = read_narrowing(request)
    try:
        page = queue(
            request.user,
            view,
            branch_id=narrowing.branch_id,
            severity=narrowing.severity,
            failure_type=narrowing.failure_type,
            after=request.GET.get("after", ""),
        )
    except (ValueError, OverflowError, OSError):
        return redirect("desk:queue")
    counts = queue_counts(request.user)
    context = {
        "nav": "queue",
        "view": view,
        "tabs": [(name, label, shown(counts[name])) for name, label in VIEW_NAMES.items()],
        "narrowing": narrowing,
        **page_links(request, page.after),
        "total": shown(counts["open"]),
        **rows_context(page),
    }
    return render(request, "desk/queue.html", context)


def rows_context(page: CasePage) -> dict[str, Any]:
    """Rows of a list of cases with their clocks: (row, clock view) pairs, and the key of the next page."""
    reading = Reading.begin()
    return {"rows": [(row, queue_clock(row, reading)) for row in page.rows], "after": page.after}
