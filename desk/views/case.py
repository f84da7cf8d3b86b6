"""The case page: customer and clocks, the recovery steps, the timeline, and what one may do now."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language

from accounts.models import User
from accounts.states import Capability
from cases.access import get_case_for
from cases.actions.classify import classification_of
from cases.actions.ownership import owner_of
from cases.actions.resolve import blockers_of
from cases.actions.steps import EmotionFirst
from cases.models import Case, PlaybookStep, RecoveryStep
from cases.queries import (
    clocks_of,
    playbook_hints,
    steps_of,
)
from cases.rules import steps_missing_before
from cases.states import CaseState, StepState
from cases.timeline_queries import timeline_page
from compensation.queries import granted_to_customer
from customers.queries import contacts_of
from desk.access import StaffRequest, staff_required
from desk.clocks import Reading, clock_view
from desk.forms.cases import (
    AssignForm,
    CallForm,
    ClassifyForm,
    ReasonForm,
    ReplyForm,
    ResolveForm,
    StepForm,
    WriteForm,
)
from desk.marking import mark_evidence
from desk.paging import key_in
from desk.steps import StepView
from desk.views.offer_panel import panel_context
from feedback.queries import responses_of
from messaging.queries import scripts_for, undelivered_about

WRITE_KINDS = ("reply", "call", "note", "message")
EDITS = ("classify", "assign", "wait", "resolve", "reopen")


@staff_required(Capability.SEE_CASES)
def case(request: StaffRequest, number: str) -> HttpResponse:
    """One case. `?write=` chooses what the composer writes, `?edit=` opens a form in place."""
    return case_page(request, find_case(request.user, number))


def find_case(user: User, number: str) -> Case:
    """The case with that number; 404 when there is none, or not for this person."""
    try:
        return get_case_for(user, number)
    except Case.DoesNotExist:
        raise Http404 from None


def case_page(
    request: StaffRequest, case: Case, *, status: int = 200, **bound: forms.BaseForm
) -> HttpResponse:
    """The page, with any bound form that an action refused shown where it belongs."""
    user, reading = request.user, Reading.begin()
    steps = steps_of(case)
    works = user.may(Capability.RECOVER_CASE)
    editing = edit_context(request, case, bound, steps)
    context: dict[str, Any] = {
        "case": case,
        "nav": "queue",
        "may_work": works and case.is_open,
        "may_note": works,
        "may_assign": user.may(Capability.ASSIGN_CASE) and case.is_open,
        "is_mine": case.owner_id == user.pk,
        "is_waiting": case.state == CaseState.WAITING,
        "is_resolved": not case.is_open,
        "steps": step_views(case, steps, bound.get("step_form"), with_hints=not editing["edit"]),
        "steps_done": sum(step.state != StepState.OPEN for step in steps),
        "clocks": [clock_view(clock, reading) for clock in clocks_of(case)],
        **timeline_context(request, case),
        "complaint": mark_evidence(case),
        "undelivered": undelivered_about(case.stream),
        # Customers are asked once a case has been resolved, so before that there is nothing to look for.
        "responses": list(responses_of(case)) if case.resolved_at else [],
        **customer_context(case),
        **composer_context(request, case, steps, bound.get("write_form"), with_scripts=not editing["edit"]),
        **editing,
        **panel_context(user, case),
        **{name: form for name, form in bound.items() if name.startswith("offer_")},
    }
    return render(request, "desk/case.html", context, status=status)


def timeline_context(request: StaffRequest, case: Case) -> dict[str, Any]:
    """The newest part of the timeline, or the one before the entry that `?after=` names."""
    try:
        key = key_in(request)
    except ValueError:
        key = None
    page = timeline_page(case, before=key)
    return {"timeline": page.told, "older": page.older, "is_older_part": key is not None}


def customer_context(case: Case) -> dict[str, Any]:
    """Who complains: contacts, complaints before, what they were granted in twelve months."""
    return {
        "contacts": contacts_of(case.customer_id),
        "complaints_before": getattr(case, "complaints", 1) - 1,
        "granted_before": granted_to_customer(case.customer_id),
    }


def step_views(
    case: Case, steps: list[RecoveryStep], bound: forms.BaseForm | None, *, with_hints: bool
) -> list[StepView]:
    """The rail: what is done, what is next with its guidance, what is still to come."""
    hints = playbook_hints(case.failure_type) if case.is_open and with_hints else {}
    return [_step_view(case, step, hints.get(step.kind), bound) for step in steps]


def _step_view(
    case: Case, step: RecoveryStep, hint: PlaybookStep | None, bound: forms.BaseForm | None
) -> StepView:
    now = step.kind == case.next_step and case.is_open
    css = "now" if now else "" if step.state == StepState.OPEN else str(step.state)
    text = ""
    if hint is not None and step.state == StepState.OPEN:
        text = hint.hint_zh if (get_language() or "").startswith("zh") else hint.hint_en
    form = None
    if bound is not None and bound.prefix == step.kind and isinstance(bound, StepForm):
        form = bound
    asks = form is not None and form.has_error(NON_FIELD_ERRORS, EmotionFirst.code)
    return StepView(step, css, text if now else "", form, asks)


def composer_context(
    request: StaffRequest,
    case: Case,
    steps: list[RecoveryStep],
    bound: forms.BaseForm | None,
    *,
    with_scripts: bool,
) -> dict[str, Any]:
    """What the composer writes: a reply, a call, a note, or the customer's own words."""
    kind = request.GET.get("write") or request.POST.get("write") or "reply"
    if kind not in WRITE_KINDS or not case.is_open:
        kind = "reply" if case.is_open else "note"
    open_steps = completable(steps)
    if bound is None:
        bound = write_form(kind, case, open_steps)
    return {
        "write": kind,
        "write_form": bound,
        "open_steps": open_steps,
        "scripts": filled_scripts(case, request.user)
        if kind == "reply" and case.is_open and with_scripts
        else [],
    }


def completable(steps: list[RecoveryStep]) -> list[str]:
    """The open steps that a reply or call may complete; one that has to wait for empathy asks on the rail."""
    states = {step.kind: step.state for step in steps}
    return [
        kind
        for kind, state in states.items()
        if state == StepState.OPEN and not steps_missing_before(kind, states)
    ]


def filled_scripts(case: Case, agent: User) -> list[dict[str, str]]:
    """Scripts in the customer's language, those for the next step first, with the placeholders filled."""
    values = {"{customer}": case.customer.name, "{number}": case.number, "{agent}": agent.name}
    found = []
    for script in scripts_for(case.language, case.next_step):
        text = script.body
        for placeholder, value in values.items():
            text = text.replace(placeholder, value)
        found.append({"title": script.title, "filled": text})
    return found


def write_form(kind: str, case: Case, open_steps: list[str], data: Any = None) -> forms.BaseForm:
    """The form for one kind of entry, offering to complete the step that is next."""
    if kind in ("reply", "call"):
        form_class = ReplyForm if kind == "reply" else CallForm
        initial = (
            {"completes": case.next_step} if case.next_step in ("listen", "apologise", "explain") else {}
        )
        return form_class(data, open_steps=open_steps, initial=initial)
    return WriteForm(data)


def edit_context(
    request: StaffRequest, case: Case, bound: dict[str, forms.BaseForm], steps: list[RecoveryStep]
) -> dict[str, Any]:
    """The form that is open in place, if any: a refused one, or the one asked for."""
    refused = next((name for name in EDITS if f"{name}_form" in bound), "")
    edit = refused or request.GET.get("edit", "")
    if edit not in EDITS or not request.user.may(Capability.RECOVER_CASE):
        return {"edit": ""}
    form = bound.get(f"{edit}_form") or edit_form(edit, case)
    blockers = blockers_of(case, steps) if edit == "resolve" else []
    return {"edit": edit, "edit_form": form, "blockers": blockers}


def edit_form(edit: str, case: Case, data: Any = None) -> forms.BaseForm:
    """The form behind one of the page's changes, filled with how things are."""
    match edit:
        case "classify":
            return ClassifyForm(data, values=classification_of(case))
        case "assign":
            return AssignForm(data, case=case, values=owner_of(case))
        case "resolve":
            return ResolveForm(data, initial={"cause": case.cause_id, "outcome": case.outcome})
        case _:
            return ReasonForm(data)
