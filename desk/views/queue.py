"""The queue: open cases, the most urgent first."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Branch, User
from accounts.queries import branches_of
from accounts.states import Capability
from cases.queries import QUEUE_VIEWS, CasePage, queue, queue_counts
from cases.states import FailureType
from common.counting import shown
from desk.access import StaffRequest, staff_required
from desk.clocks import queue_clock
from desk.paging import page_links
from sla.states import Severity

VIEW_NAMES = {
    "open": _("All open"),
    "mine": _("Mine"),
    "soon": _("About to breach"),
    "waiting": _("Waiting for customer"),
    "landing": _("Remedy not landed"),
}


class QueueFilter(forms.Form):
    """What the queue is narrowed to; anything that is no filter is left out."""

    branch = forms.ModelChoiceField(
        Branch.objects.none(), label=_("Branch"), required=False, empty_label=_("any branch")
    )
    severity = forms.TypedChoiceField(label=_("Severity"), required=False, coerce=int, empty_value=None)
    failure_type = forms.ChoiceField(label=_("Failure"), required=False)

    def __init__(self, data: Any, *, user: User) -> None:
        super().__init__(data)
        branches = branches_of(user)
        self.fields["branch"].queryset = branches  # type: ignore[attr-defined]
        # What the fields show follows from these and from what was chosen.
        self.options = [(branch.pk, branch.label) for branch in branches]
        severities = [
            ("", _("any severity")),
            *((value, f"{value} · {label}") for value, label in Severity.choices),
        ]
        self.fields["severity"].choices = severities  # type: ignore[attr-defined]
        self.fields["failure_type"].choices = [("", _("any failure")), *FailureType.choices]  # type: ignore[attr-defined]


@staff_required(Capability.SEE_CASES)
def queue_page(request: StaffRequest) -> HttpResponse:
    """One view of the queue, a page at a time."""
    view = request.GET.get("view", "open")
    if view not in QUEUE_VIEWS:
        return redirect("desk:queue")
    chosen = QueueFilter(request.GET, user=request.user)
    chosen.is_valid()
    given = chosen.cleaned_data
    branch = given.get("branch")
    try:
        page = queue(
            request.user,
            view,
            branch_id=branch.pk if branch else None,
            severity=given.get("severity"),
            failure_type=given.get("failure_type") or "",
            after=request.GET.get("after", ""),
        )
    except (ValueError, OverflowError, OSError):
        return redirect("desk:queue")
    counts = queue_counts(request.user)
    context = {
        "nav": "queue",
        "view": view,
        "tabs": [(name, label, shown(counts[name])) for name, label in VIEW_NAMES.items()],
        "chosen": chosen,
        "chosen_key": (chosen.options, [request.GET.get(name) for name in chosen.fields]),
        "narrowed": any(given.get(name) for name in ("branch", "severity", "failure_type")),
        **page_links(request, page.after),
        "total": shown(counts["open"]),
        **rows_context(page),
    }
    return render(request, "desk/queue.html", context)


def rows_context(page: CasePage) -> dict[str, Any]:
    """Rows of a list of cases with their clocks: (row, clock view) pairs, and the key of the next page."""
    now = timezone.now()
    return {"rows": [(row, queue_clock(row, now)) for row in page.rows], "after": page.after}
