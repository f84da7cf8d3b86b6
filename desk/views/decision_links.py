"""Following a link from an e-mail to a decision."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET

from accounts.states import Capability
from compensation.actions.decision_links import open_link
from compensation.states import LinkState
from desk.access import StaffRequest, staff_required


@require_GET
@staff_required(Capability.DECIDE_OFFER)
def open_decision(request: StaffRequest, token: str) -> HttpResponse:
    """Lead to the offer in the inbox, once and for the person the link was made for; it decides nothing."""
    opened = open_link(actor=request.user, token=token)
    inbox = reverse("desk:approvals")
    if opened.state == LinkState.OPENED:
        return redirect(f"{inbox}?offer={opened.offer_id}")
    messages.warning(request, str(opened.state.label))
    return redirect(inbox)
