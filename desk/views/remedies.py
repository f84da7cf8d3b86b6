"""The remedy of an incident: proposing it, deciding on its total, and its run."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from accounts.states import Capability
from cases.models import Incident
from common.errors import DomainError
from compensation.actions.remedies import propose_remedy
from compensation.actions.remedy_decisions import approve_remedy, reject_remedy
from compensation.actions.remedy_returning import answer_remedy, recall_remedy, return_remedy
from compensation.actions.remedy_steering import (
    cancel_remedy,
    finish_remedy,
    pause_remedy,
    retry_failed,
    start_remedy,
)
from compensation.models import Remedy
from compensation.remedies import progress_of, remedies_of
from compensation.remedy_authority import voice_for
from compensation.remedy_policy import IncidentPolicy
from compensation.remedy_rules import read_rules
from compensation.states import REMEDY_GOING_ON, RemedyState
from desk.access import StaffRequest, form_on, staff_required
from desk.forms.apply import run
from desk.forms.incidents import RemedyForm
from desk.views.incidents import head_of, incident_or_404


@staff_required()
@require_safe
def remedy(request: StaffRequest, number: str) -> HttpResponse:
    """What is proposed or was decided, and the form for a new remedy while none goes on."""
    return _page(request, incident_or_404(request, number))


@staff_required(Capability.DECLARE_INCIDENT)
@form_on("desk:incident_remedy", "number")
def propose(request: StaffRequest, number: str) -> HttpResponse:
    """Propose a remedy for all who are affected."""
    incident = incident_or_404(request, number)
    form = _form(incident, request.POST)
    proposed = run(
        form,
        lambda: propose_remedy(actor=request.user, incident_id=incident.pk, new=form.proposal),
    )
    if proposed is None:
        return _page(request, incident, form=form, status=422)
    return redirect("desk:incident_remedy", number)


@staff_required(Capability.DECIDE_OFFER)
@form_on("desk:incident_remedy", "number")
def decide(request: StaffRequest, number: str) -> HttpResponse:
    """Approve or reject the total, or ask its proposer first."""
    remedy = _named(request, incident_or_404(request, number))
    which: dict[str, Any] = {"actor": request.user, "remedy_id": remedy.pk}
    verb, reason = request.POST.get("verb", ""), request.POST.get("reason", "")
    try:
        if verb == "approve":
            approve_remedy(**which, total=Decimal(request.POST.get("total", "")), reason=reason)
        elif verb == "reject":
            reject_remedy(**which, reason=reason)
        elif verb == "ask":
            return_remedy(**which, question=reason)
        else:
            raise BadRequest
    except InvalidOperation:
        raise BadRequest from None
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("desk:incident_remedy", number)


@staff_required(Capability.DECLARE_INCIDENT)
@form_on("desk:incident_remedy", "number")
def reply(request: StaffRequest, number: str) -> HttpResponse:
    """Answer the question about one's own remedy and send it again, or recall it."""
    remedy = _named(request, incident_or_404(request, number))
    which: dict[str, Any] = {"actor": request.user, "remedy_id": remedy.pk}
    verb, text = request.POST.get("verb", ""), request.POST.get("text", "")
    try:
        if verb == "answer":
            answer_remedy(**which, answer=text)
        elif verb == "recall":
            recall_remedy(**which, reason=text)
        else:
            raise BadRequest
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("desk:incident_remedy", number)


@staff_required(Capability.DECLARE_INCIDENT)
@form_on("desk:incident_progress", "number")
def steer(request: StaffRequest, number: str) -> HttpResponse:
    """Start, pause, resume, retry, end or stop a run."""
    remedy = _named(request, incident_or_404(request, number))
    verbs = {
        "start": start_remedy,
        "pause": pause_remedy,
        "retry": retry_failed,
        "finish": finish_remedy,
        "stop": cancel_remedy,
    }
    verb = verbs.get(request.POST.get("verb", ""))
    if verb is None:
        raise BadRequest
    try:
        verb(actor=request.user, remedy_id=remedy.pk)
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("desk:incident_progress", number)


@staff_required()
@require_safe
def progress(request: StaffRequest, number: str) -> HttpResponse:
    """How far the newest remedy's run is; the page reads itself again while it runs."""
    incident = incident_or_404(request, number)
    newest = next(iter(remedies_of(incident)), None)
    context = {
        **head_of(request, incident, "progress"),
        "may_lead": request.user.may(Capability.DECLARE_INCIDENT),
        "remedy": newest,
        "progress": progress_of(newest) if newest else None,
        "runs": newest is not None and newest.state == RemedyState.RUNNING,
    }
    return render(request, "desk/incidents/progress.html", context)


def _page(
    request: StaffRequest, incident: Incident, *, form: RemedyForm | None = None, status: int = 200
) -> HttpResponse:
    found = remedies_of(incident)
    head = head_of(request, incident, "remedy")
    goes_on = any(each.state in REMEDY_GOING_ON for each in found)
    waiting = next((each for each in found if each.state == RemedyState.WAITING), None)
    context = {
        **head,
        "remedies": [(each, getattr(each, "approval", None), read_rules(each.rules)) for each in found],
        "voice": voice_for(waiting, request.user) if waiting is not None else None,
        "form": form or (_form(incident) if head["may_lead"] and not goes_on else None),
    }
    return render(request, "desk/incidents/remedy.html", context, status=status)


def _form(incident: Incident, given: QueryDict | None = None) -> RemedyForm:
    policy = IncidentPolicy(incident)
    return RemedyForm(given, asks=policy.asks, policy=policy.any)


def _named(request: StaffRequest, incident: Incident) -> Remedy:
    key = request.POST.get("remedy", "")
    wanted = int(key) if key.isascii() and key.isdigit() and len(key) < 19 else 0
    return get_object_or_404(Remedy, pk=wanted, incident=incident)
