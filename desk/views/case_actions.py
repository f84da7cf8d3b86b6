"""What one does on the case page: each runs one action, and shows there what was wrong."""

from __future__ import annotations

from collections.abc import Callable

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.states import Capability
from cases.actions.classify import Classification, reclassify_case
from cases.actions.ownership import assign_case, take_case
from cases.actions.resolve import reopen_case, resolve_case
from cases.actions.steps import complete_step, reopen_step, skip_step
from cases.actions.timeline import add_note, log_call, record_customer_message, send_reply
from cases.actions.waiting import stop_waiting, wait_for_customer
from cases.models import Case
from cases.queries import steps_of
from cases.states import StepKind
from common.errors import DomainError
from desk.access import StaffRequest, form_on, staff_required
from desk.forms.apply import run
from desk.forms.cases import StepForm
from desk.forms.changing import ChangeForm
from desk.views.case import WRITE_KINDS, case_page, completable, edit_form, find_case, write_form
from messaging.actions import retry_message
from messaging.queries import undelivered_about


@staff_required(Capability.RECOVER_CASE)
@form_on("desk:case", "number")
def write(request: StaffRequest, number: str, kind: str) -> HttpResponse:
    """Keep a note, a call, the customer's words, or send a reply."""
    case = find_case(request.user, number)
    if kind not in WRITE_KINDS:
        raise Http404
    form = write_form(kind, case, completable(steps_of(case)), request.POST)

    def action() -> object:
        text = form.cleaned_data["body"]
        common = {"actor": request.user, "case_id": case.pk, "body": text}
        match kind:
            case "reply":
                return send_reply(**common, completes=form.cleaned_data["completes"])
            case "call":
                return log_call(
                    **common, minutes=form.cleaned_data["minutes"], completes=form.cleaned_data["completes"]
                )
            case "message":
                return record_customer_message(**common)
            case _:
                return add_note(**common)

    done = {
        "reply": _("The reply is on its way."),
        "call": _("The call is kept."),
        "message": _("The customer’s words are kept."),
        "note": _("The note is kept."),
    }
    return _finish(request, case, form, action, done[kind], "write_form")


@staff_required(Capability.RECOVER_CASE)
@form_on("desk:case", "number")
def step(request: StaffRequest, number: str, kind: str, verb: str) -> HttpResponse:
    """Complete, skip or reopen a recovery step."""
    case = find_case(request.user, number)
    if kind not in StepKind.values or verb not in ("complete", "skip", "reopen"):
        raise Http404
    form = StepForm(request.POST, prefix=kind)

    def action() -> object:
        note = form.cleaned_data["note"]
        if verb == "complete":
            confirmed = form.cleaned_data["confirmed"]
            return complete_step(
                actor=request.user, case_id=case.pk, kind=kind, note=note, confirmed=confirmed
            )
        if verb == "skip":
            return skip_step(actor=request.user, case_id=case.pk, kind=kind, reason=note)
        return reopen_step(actor=request.user, case_id=case.pk, kind=kind)

    return _finish(request, case, form, action, "", "step_form")


@staff_required(Capability.RECOVER_CASE)
@form_on("desk:case", "number")
def take(request: StaffRequest, number: str) -> HttpResponse:
    """Make the case one's own."""
    case = find_case(request.user, number)
    owner = request.POST.get("owner")
    seen = None if owner is None else {"owner": int(owner) if owner.isdecimal() else None}

    def action() -> object:
        return take_case(actor=request.user, case_id=case.pk, seen=seen)

    return _simply(request, case, action, _("This case is yours now."))


@staff_required(Capability.ASSIGN_CASE)
@form_on("desk:case", "number")
def assign(request: StaffRequest, number: str) -> HttpResponse:
    """Give the case to someone else."""
    case = find_case(request.user, number)
    form = edit_form("assign", case, request.POST)
    assert isinstance(form, ChangeForm)

    def action() -> object:
        owner = form.cleaned_data["owner"]
        return assign_case(actor=request.user, case_id=case.pk, owner=owner, seen=form.seen)

    return _finish(request, case, form, action, _("The case has a new owner."), "assign_form")


@staff_required(Capability.RECOVER_CASE)
@form_on("desk:case", "number")
def classify(request: StaffRequest, number: str) -> HttpResponse:
    """Change what failed and how grave it is."""
    case = find_case(request.user, number)
    form = edit_form("classify", case, request.POST)
    assert isinstance(form, ChangeForm)

    def action() -> object:
        given = form.cleaned_data
        to = Classification(
            failure_type=given["failure_type"],
            defect=given["defect"],
            severity=given["severity"],
            verified_loss=given["verified_loss"],
        )
        return reclassify_case(
            actor=request.user, case_id=case.pk, to=to, reason=given["reason"], seen=form.seen
        )

    return _finish(request, case, form, action, _("The classification is changed."), "classify_form")


@staff_required(Capability.RECOVER_CASE)
@form_on("desk:case", "number")
def wait(request: StaffRequest, number: str) -> HttpResponse:
    """Wait for the customer."""
    case = find_case(request.user, number)
    form = edit_form("wait", case, request.POST)

    def action() -> object:
        return wait_for_customer(actor=request.user, case_id=case.pk, reason=form.cleaned_data["reason"])

    return _finish(request, case, form, action, _("The resolution clock stands still."), "wait_form")


@staff_required(Capability.RECOVER_CASE)
@form_on("desk:case", "number")
def go_on(request: StaffRequest, number: str) -> HttpResponse:
    """Stop waiting."""
    case = find_case(request.user, number)
    done = _("The resolution clock runs again.")
    return _simply(request, case, lambda: stop_waiting(actor=request.user, case_id=case.pk), done)


@staff_required(Capability.RECOVER_CASE)
@form_on("desk:case", "number")
def resolve(request: StaffRequest, number: str) -> HttpResponse:
    """Decide the case."""
    case = find_case(request.user, number)
    form = edit_form("resolve", case, request.POST)

    def action() -> object:
        given = form.cleaned_data
        return resolve_case(
            actor=request.user,
            case_id=case.pk,
            outcome=given["outcome"],
            cause=given["cause"],
            resolution=given["resolution"],
            reason=given["reason"],
        )

    return _finish(request, case, form, action, _("The case is resolved."), "resolve_form")


@staff_required(Capability.RECOVER_CASE)
@form_on("desk:case", "number")
def reopen(request: StaffRequest, number: str) -> HttpResponse:
    """Open a resolved case again."""
    case = find_case(request.user, number)
    form = edit_form("reopen", case, request.POST)

    def action() -> object:
        return reopen_case(actor=request.user, case_id=case.pk, reason=form.cleaned_data["reason"])

    return _finish(request, case, form, action, _("The case is open again, with a new clock."), "reopen_form")


@staff_required(Capability.RECOVER_CASE)
@form_on("desk:case", "number")
def retry_mail(request: StaffRequest, number: str, message_id: int) -> HttpResponse:
    """Send an e-mail of this case again that could not be delivered."""
    case = find_case(request.user, number)
    if not any(mail.pk == message_id for mail in undelivered_about(case.stream)):
        raise Http404

    def action() -> object:
        return retry_message(actor=request.user, message_id=message_id, about=case.stream)

    return _simply(request, case, action, _("The message is sent again."))


def _finish(
    request: StaffRequest,
    case: Case,
    form: forms.BaseForm,
    action: Callable[[], object],
    done: str,
    name: str,
) -> HttpResponse:
    if run(form, action) is None:
        return case_page(request, find_case(request.user, case.number), status=422, **{name: form})
    if done:
        messages.success(request, done)
    return redirect("desk:case", number=case.number)


def _simply(request: StaffRequest, case: Case, action: Callable[[], object], done: str) -> HttpResponse:
    try:
        action()
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, done)
    return redirect("desk:case", number=case.number)
