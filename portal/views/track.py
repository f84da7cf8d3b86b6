"""Where a complaint stands, in plain words, for the customer who made it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from cases.access import get_case_by_tracking_token
from cases.models import Case
from cases.queries import clocks_of
from compensation.queries import offers_of
from feedback.queries import latest_invitation
from feedback.rules import zone_of
from portal.pages import not_found, speak, token_page
from portal.status import status_of


@token_page
@require_GET
def track(request: HttpRequest, token: str) -> HttpResponse:
    """Show what has happened, what has reached the customer, and what happens next by when."""
    try:
        case = get_case_by_tracking_token(token)
    except Case.DoesNotExist:
        return not_found(request)
    speak(request, case.language)
    with timezone.override(zone_of(case.customer.time_zone, case.branch.time_zone)):
        status = status_of(
            case, clocks_of(case), offers_of(case), latest_invitation(case), now=timezone.now()
        )
        return render(
            request, "portal/track.html", {"brand_name": case.branch.label, "case": case, "status": status}
        )
