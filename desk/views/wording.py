"""Settings: kinds of failure and causes, the guidance of playbooks, and scripts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.states import Capability
from cases.actions.playbooks import playbook_values, save_playbook
from cases.actions.taxonomy import save_cause, save_defect, term_values
from cases.models import Cause, Defect, Playbook
from desk.access import StaffRequest, staff_required
from desk.forms.apply import run
from desk.forms.wording import PlaybookForm, ScriptForm, TermForm
from messaging.actions.scripts import PLACEHOLDERS, save_script, script_values
from messaging.models import Script


@staff_required(Capability.CHANGE_SETTINGS)
def family_new(request: StaffRequest) -> HttpResponse:
    """Add a family of failures."""
    return _defect_page(request, None, None, title=_("New family"))


@staff_required(Capability.CHANGE_SETTINGS)
def kind_new(request: StaffRequest, family_id: int) -> HttpResponse:
    """Add a kind of failure to a family."""
    family = get_object_or_404(Defect, pk=family_id, family__isnull=True)
    return _defect_page(request, None, family, title=pgettext("of failure", "New kind"))


@staff_required(Capability.CHANGE_SETTINGS)
def defect_edit(request: StaffRequest, defect_id: int) -> HttpResponse:
    """Rename, order or retire a kind of failure or a family."""
    defect = get_object_or_404(Defect.objects.select_related("family"), pk=defect_id)
    return _defect_page(request, defect, defect.family, title=defect.label)


def _defect_page(
    request: StaffRequest, defect: Defect | None, family: Defect | None, *, title: str
) -> HttpResponse:
    rows = Defect.objects.filter(family=family).order_by("position", "pk")
    siblings = list(rows if defect is None else rows.exclude(pk=defect.pk))
    form = TermForm(
        request.POST if request.method == "POST" else None,
        siblings=siblings,
        **_filled(defect, siblings),
    )
    if request.method == "POST":
        saved = run(
            form,
            lambda: save_defect(
                actor=request.user,
                defect_id=defect.pk if defect else None,
                family_id=family.pk if family else None,
                new=form.record,
                seen=form.seen,
            ),
        )
        if saved is not None:
            return _saved(request, saved.label, "taxonomy")
    return _page(request, form, title, "taxonomy", subtitle=family.label if family else "")


def _filled(term: Defect | Cause | None, siblings: list[Any]) -> dict[str, Any]:
    """What the form of a term begins with; a new one comes last."""
    if term is None:
        return {"initial": {"is_active": True, "after": siblings[-1].pk if siblings else None}}
    return {"values": term_values(term, siblings)}


@staff_required(Capability.CHANGE_SETTINGS)
def cause_new(request: StaffRequest) -> HttpResponse:
    """Add a cause."""
    return _cause_page(request, None)


@staff_required(Capability.CHANGE_SETTINGS)
def cause_edit(request: StaffRequest, cause_id: int) -> HttpResponse:
    """Rename, order or retire a cause."""
    return _cause_page(request, get_object_or_404(Cause, pk=cause_id))


def _cause_page(request: StaffRequest, cause: Cause | None) -> HttpResponse:
    rows = Cause.objects.order_by("position", "pk")
    siblings = list(rows if cause is None else rows.exclude(pk=cause.pk))
    form = TermForm(
        request.POST if request.method == "POST" else None,
        siblings=siblings,
        **_filled(cause, siblings),
    )
    if request.method == "POST":
        cause_id = cause.pk if cause else None
        saved = run(
            form,
            lambda: save_cause(actor=request.user, cause_id=cause_id, new=form.record, seen=form.seen),
        )
        if saved is not None:
            return _saved(request, saved.label, "taxonomy")
    return _page(request, form, cause.label if cause else _("New cause"), "taxonomy")


@staff_required(Capability.CHANGE_SETTINGS)
def playbook_edit(request: StaffRequest, playbook_id: int) -> HttpResponse:
    """Change the guidance of a playbook."""
    playbook = get_object_or_404(Playbook, pk=playbook_id)
    form = PlaybookForm(
        request.POST if request.method == "POST" else None,
        values=playbook_values(playbook),
        kinds=[step.kind for step in playbook.steps.order_by("position")],
    )
    if request.method == "POST":
        saved = run(
            form,
            lambda: save_playbook(
                actor=request.user,
                playbook_id=playbook.pk,
                names=form.names,
                hints=form.hints,
                seen=form.seen,
            ),
        )
        if saved is not None:
            return _saved(request, saved.label, "playbooks")
    note = _("Staff read the guidance beside the step that is next, in their own language.")
    return _page(request, form, playbook.label, "playbooks", note=note)


@staff_required(Capability.CHANGE_SETTINGS)
def script_new(request: StaffRequest) -> HttpResponse:
    """Write a new script."""
    form = ScriptForm(request.POST if request.method == "POST" else None, initial={"is_active": True})
    return _script_page(request, form, None, _("New script"))


@staff_required(Capability.CHANGE_SETTINGS)
def script_edit(request: StaffRequest, code: str) -> HttpResponse:
    """Change a script in every language."""
    rows = list(Script.objects.filter(code=code).order_by("language"))
    if not rows:
        raise Http404
    own = next((row for row in rows if row.language == request.user.language), rows[0])
    form = ScriptForm(request.POST if request.method == "POST" else None, values=script_values(rows))
    return _script_page(request, form, code, own.title)


def _script_page(request: StaffRequest, form: ScriptForm, code: str | None, title: str) -> HttpResponse:
    if request.method == "POST":
        saved = run(form, lambda: save_script(actor=request.user, code=code, new=form.record, seen=form.seen))
        if saved is not None:
            return _saved(request, title, "scripts")
    words = " ".join(f"{{{word}}}" for word in PLACEHOLDERS)
    note = _("Filled in from the case: {words}. What staff have to write themselves, put in square brackets.")
    return _page(request, form, title, "scripts", note=note.replace("{words}", words))


def _saved(request: StaffRequest, name: str, section: str) -> HttpResponse:
    messages.success(request, _("{name} is saved.").format(name=name))
    return redirect("desk:settings_section", section)


def _page(
    request: StaffRequest, form: forms.Form, title: str, section: str, *, subtitle: str = "", note: str = ""
) -> HttpResponse:
    context = {
        "nav": "settings",
        "form": form,
        "title": title,
        "subtitle": subtitle,
        "back": reverse("desk:settings_section", args=[section]),
        "note": note,
    }
    return render(request, "desk/settings_form.html", context, status=422 if form.is_bound else 200)
