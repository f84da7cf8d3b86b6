"""The audit trail: what was done, by whom and when, and whether the chain of a case holds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.states import Capability
from audit.queries import TrailPage, Wanted, trail
from common.punctuation import labelled, semicolon
from desk.access import StaffRequest, staff_required
from desk.downloads import local_time, table_file
from desk.forms.audit import TrailForm
from desk.paging import page_links
from desk.trail.reading import EventView, event_views, proof_of

PAGE = 50
CHUNK = 500
MOST_EXPORTED = 100_000


@staff_required(Capability.SEE_AUDIT)
@require_safe
def audit(request: StaffRequest) -> HttpResponse:
    """Events that match the filter, the newest first; for one case also the state of its chains."""
    form = TrailForm(request.GET, user=request.user)
    context: dict[str, Any] = {"nav": "audit", "form": form}
    status = 200
    if form.is_valid():
        wanted, after = form.wanted(), request.GET.get("after", "")
        try:
            page = trail(wanted, after=after, limit=PAGE)
        except ValueError:
            return redirect("desk:audit")
        query = request.GET.copy()
        query.pop("after", None)
        context |= {
            "case": form.case,
            "proof": proof_of(wanted.streams) if wanted.streams and not after else None,
            "events": event_views(request.user, page.events),
            "filtered": any(form.cleaned_data.values()),
            "filter_query": query.urlencode(),
            **page_links(request, page.after),
        }
    elif request.GET:
        status = 422
    else:
        # Nothing was asked yet: that a case number is needed is a hint, no mistake.
        context |= {"form": TrailForm(user=request.user), "needs_case": True}
    return render(request, "desk/audit.html", context, status=status)


@staff_required(Capability.SEE_AUDIT)
@require_safe
def audit_file(request: StaffRequest, kind: str) -> HttpResponseBase:
    """The events that match the filter as a file for a spreadsheet, up to `MOST_EXPORTED` of them."""
    form = TrailForm(request.GET, user=request.user)
    if not form.is_valid():
        return redirect(f"{reverse('desk:audit')}?{request.GET.urlencode()}")
    lines = _lines(request.user, form.wanted())
    return table_file(kind, lines, f"amends-audit-{timezone.localdate()}")


def _lines(user: User, wanted: Wanted) -> Iterator[list[object]]:
    """A heading and a line per event."""
    yield [_("Event number"), _("Time"), _("Who"), _("What"), _("About"), _("Changes")]
    written, page = 0, TrailPage([], "")
    while not written or (page.after and written < MOST_EXPORTED):
        page = trail(wanted, after=page.after, limit=CHUNK)
        yield from map(_line, event_views(user, page.events))
        written += len(page.events)
        if not page.events:
            return
    if page.after:
        text = _("There are more than {most} events: narrow the filter for the rest.")
        yield [text.replace("{most}", str(MOST_EXPORTED))]


def _line(view: EventView) -> list[object]:
    changes = semicolon().join(
        labelled(line.label, f"{line.before} → {line.after}" if line.before else line.after)
        for line in view.lines
    )
    return [view.id, local_time(view.at), view.who, view.what, view.about, changes]
