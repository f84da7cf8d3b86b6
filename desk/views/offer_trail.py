"""The audit trail of one offer on one page, and as a file."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.html import strip_tags
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.states import Capability
from common.punctuation import labelled, semicolon
from compensation.models import Offer
from compensation.trail_queries import get_story_for
from desk.access import StaffRequest, staff_required
from desk.downloads import table_file
from desk.offer_trail import Entry, TrailView, trail_view


def find_trail(user: User, offer_id: int) -> TrailView:
    """The whole story of an offer; 404 when there is none, or not for this person."""
    try:
        return trail_view(user, get_story_for(user, offer_id))
    except Offer.DoesNotExist:
        raise Http404 from None


@staff_required(Capability.SEE_AUDIT)
@require_safe
def trail_page(request: StaffRequest, offer_id: int) -> HttpResponse:
    """What an offer rested on and what was done about it, with the proof that nothing was changed since."""
    return render(
        request, "desk/audit/offer.html", {"nav": "audit", "trail": find_trail(request.user, offer_id)}
    )


@staff_required(Capability.SEE_AUDIT)
@require_safe
def trail_file(request: StaffRequest, offer_id: int, kind: str) -> HttpResponseBase:
    """The same as a file: first what it rested on, then a line for each thing that was done."""
    trail = find_trail(request.user, offer_id)
    lines = list(_lines(trail, ZoneInfo(request.user.time_zone)))
    return table_file(kind, lines, f"amends-offer-{trail.story.offer.case.number}-{offer_id}")


def _lines(trail: TrailView, zone: ZoneInfo) -> Iterator[list[object]]:
    yield [
        _("Time"), _("Who"), _("What"), _("Details"), _("In words"), _("Event number"), _("Link"), _("Hash"),
    ]  # fmt: skip
    for group in trail.groups:
        for fact in group.facts:
            yield ["", "", fact.term, strip_tags(str(fact.value)), "", "", "", ""]
    for entry in trail.entries:
        yield _line(entry, zone)


def _line(entry: Entry, zone: ZoneInfo) -> list[object]:
    details = semicolon().join(
        labelled(line.label, f"{line.before} → {line.after}" if line.before else line.after)
        for line in entry.lines
    )
    at = entry.at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
    words = (entry.who, entry.what, details, entry.said)
    return [at, *words, entry.event_id or "", entry.link or "", entry.hash]
