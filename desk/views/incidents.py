"""Incidents: the list, declaring one, who is affected, and its end."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts.states import Capability
from cases.access import get_case_for
from cases.actions.affected import add_customers
from cases.actions.incidents import (
    NewIncident,
    attach_case,
    declare_incident,
    detach_case,
    exclude_customer,
    include_customer,
    resolve_incident,
)
from cases.incidents import affected_page, counts_of, get_incident_for, incident_page, unknown_lines
from cases.models import Case, Incident
from cases.states import LineProblem
from common.errors import DomainError
from common.punctuation import gap
from desk.access import StaffRequest, form_on, staff_required
from desk.forms.apply import run
from desk.forms.incidents import CustomersForm, IncidentForm
from desk.paging import key_in, page_links

LIMIT = 50


def incident_or_404(request: StaffRequest, number: str) -> Incident:
    """The incident with that number, if this person may see it."""
    try:
        return get_incident_for(request.user, number)
    except Incident.DoesNotExist:
        raise Http404 from None


@staff_required()
@require_safe
def incidents(request: StaffRequest) -> HttpResponse:
    """The incidents of one's branches, the newest first."""
    try:
        rows = incident_page(request.user, before=key_in(request), limit=LIMIT)
    except ValueError:
        return redirect("desk:incidents")
    after = rows[LIMIT - 1].pk if len(rows) > LIMIT else None
    context = {
        "nav": "incidents",
        "incidents": rows[:LIMIT],
        "may_lead": request.user.may(Capability.DECLARE_INCIDENT),
        **page_links(request, after),
    }
    return render(request, "desk/incidents/list.html", context)


@staff_required(Capability.DECLARE_INCIDENT)
def declare(request: StaffRequest) -> HttpResponse:
    """Declare an incident, from a case where one is named."""
    case = _case(request)
    form = IncidentForm(
        request.POST if request.method == "POST" else None, initial=_start(case), user=request.user
    )
    if request.method == "POST":
        incident = run(
            form,
            lambda: declare_incident(
                actor=request.user,
                new=NewIncident(**form.cleaned_data),
                case_id=case.pk if case else None,
            ),
        )
        if incident is not None:
            return redirect("desk:incident", incident.number)
    context = {"nav": "incidents", "form": form, "case": case}
    return render(request, "desk/incidents/new.html", context, status=422 if form.is_bound else 200)


@staff_required()
@require_safe
def affected(request: StaffRequest, number: str) -> HttpResponse:
    """Who is affected, and the lines that name nobody yet."""
    return _page(request, incident_or_404(request, number))


@staff_required(Capability.DECLARE_INCIDENT)
@form_on("desk:incident", "number")
def add(request: StaffRequest, number: str) -> HttpResponse:
    """Add customers from a list, or a case by its number."""
    incident = incident_or_404(request, number)
    form = CustomersForm(request.POST, request.FILES)
    added = run(
        form,
        lambda: add_customers(
            actor=request.user,
            incident_id=incident.pk,
            lines=form.all_lines,
            mending=form.cleaned_data["mending"],
        ),
    )
    if added is None:
        return _page(request, incident, form=form, status=422)
    said = _("{added} added, {known} there already.").format(added=added.added, known=added.known)
    if added.unknown:
        lost = ngettext("{n} line names nobody.", "{n} lines name nobody.", added.unknown)
        said += gap() + lost.format(n=added.unknown)
    (messages.warning if added.unknown else messages.success)(request, said)
    return redirect("desk:incident", number)


@staff_required(Capability.DECLARE_INCIDENT)
@form_on("desk:incident", "number")
def change(request: StaffRequest, number: str, row_id: int) -> HttpResponse:
    """Leave a customer out, take them in again, or part their case from the incident."""
    incident = incident_or_404(request, number)
    which: dict[str, Any] = {"actor": request.user, "incident_id": incident.pk}
    verb = request.POST.get("verb", "")
    try:
        if verb == "exclude":
            exclude_customer(**which, affected_id=row_id, reason=request.POST.get("reason", ""))
        elif verb == "include":
            include_customer(**which, affected_id=row_id)
        elif verb == "detach":
            detach_case(**which, affected_id=row_id)
        elif verb == "attach":
            case = _case(request)
            if case is None:
                raise BadRequest
            attach_case(**which, case_id=case.pk)
        else:
            raise BadRequest
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("desk:incident", number)


@staff_required(Capability.DECLARE_INCIDENT)
@form_on("desk:incident", "number")
def resolve(request: StaffRequest, number: str) -> HttpResponse:
    """Say that an incident is over."""
    try:
        resolve_incident(actor=request.user, incident_id=incident_or_404(request, number).pk)
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("desk:incident", number)


def head_of(request: StaffRequest, incident: Incident, tab: str) -> dict[str, Any]:
    """What every tab of an incident shows above itself."""
    leads = request.user.may(Capability.DECLARE_INCIDENT)
    return {
        "nav": "incidents",
        "incident": incident,
        "counts": counts_of(incident),
        "tab": tab,
        "may_lead": leads and incident.is_open,
    }


def _page(
    request: StaffRequest, incident: Incident, *, form: CustomersForm | None = None, status: int = 200
) -> HttpResponse:
    try:
        rows = affected_page(incident, after=key_in(request), limit=LIMIT)
    except ValueError:
        return redirect("desk:incident", incident.number)
    after = rows[LIMIT - 1].pk if len(rows) > LIMIT else None
    unknown = unknown_lines(incident)
    text = "\n".join(line.text for line in unknown)
    context = {
        **head_of(request, incident, "affected"),
        "rows": rows[:LIMIT],
        "form": form or CustomersForm(auto_id="add_%s"),
        "unknown": [(line.text, LineProblem(line.problem).label) for line in unknown[:LIMIT]],
        "unknown_count": len(unknown),
        "mend_form": CustomersForm(auto_id="mend_%s", initial={"lines": text, "mending": True}),
        **page_links(request, after),
    }
    return render(request, "desk/incidents/affected.html", context, status=status)


def _case(request: StaffRequest) -> Case | None:
    number = (request.POST.get("case") or request.GET.get("case") or "").strip()
    if not number:
        return None
    try:
        return get_case_for(request.user, number)
    except Case.DoesNotExist:
        raise Http404 from None


def _start(case: Case | None) -> dict[str, Any]:
    if case is None:
        return {}
    return {
        "name": case.summary,
        "description": case.description,
        "branch": case.branch_id,
        "severity": case.severity,
        "failure_type": case.failure_type,
        "defect": case.defect_id,
        "channel": case.channel,
    }
