"""Settings: people, and the policies in force."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable
from typing import Any

from babel.dates import get_day_names
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from accounts.actions.authorities import today
from accounts.actions.staff import create_staff, staff_values, update_staff
from accounts.models import User
from accounts.states import CAPABILITIES, Capability, Role
from common.display import date_locale
from desk import history, policies
from desk.access import StaffRequest, staff_required
from desk.forms.apply import run
from desk.forms.office import NewStaffForm, StaffForm
from desk.views.chains import chains_context
from desk.views.kinds import kinds_context
from desk.views.policies import policies_context
from desk.views.voucher_rules import voucher_rules_context
from sla.states import Metric

SECTIONS = {
    "people": gettext_lazy("People"),
    "calendars": gettext_lazy("Branches and calendars"),
    "targets": gettext_lazy("Targets"),
    "authority": gettext_lazy("Authority and budgets"),
    "kinds": gettext_lazy("Kinds of compensation"),
    "vouchers": gettext_lazy("Vouchers"),
    "policies": gettext_lazy("Policies"),
    "taxonomy": gettext_lazy("Failures and causes"),
    "playbooks": gettext_lazy("Playbooks"),
    "scripts": gettext_lazy("Scripts"),
    "questionnaire": gettext_lazy("Questionnaire"),
}


@staff_required(Capability.SEE_SETTINGS)
@require_safe
def settings_page(request: StaffRequest) -> HttpResponse:
    """The first section."""
    return _section(request, "people")


@staff_required(Capability.SEE_SETTINGS)
@require_safe
def section_page(request: StaffRequest, section: str) -> HttpResponse:
    """One section of the settings."""
    if section not in SECTIONS:
        raise Http404
    return _section(request, section)


def _section(request: StaffRequest, section: str) -> HttpResponse:
    context = {
        "nav": "settings",
        "section": section,
        "sections": list(SECTIONS.items()),
        "section_template": f"desk/settings/{section}.html",
        "may_change": request.user.may(Capability.CHANGE_SETTINGS),
        **SECTION_CONTEXTS[section](),
    }
    return render(request, "desk/settings.html", context)


def _people() -> dict[str, Any]:
    roles = [(role.label, [held.label for held in Capability if held in CAPABILITIES[role]]) for role in Role]
    return {"people": policies.people(), "roles": roles}


def _calendars() -> dict[str, Any]:
    names = get_day_names("abbreviated", locale=date_locale())
    return {
        "branches": policies.branches(),
        "teams": policies.teams(),
        "calendars": policies.calendars([names[day] for day in policies.WEEK], _("closed")),
    }


def _targets() -> dict[str, Any]:
    rows = policies.targets_in_force(today())
    in_seconds = [(severity, [None if n is None else n * 60 for n in minutes]) for severity, minutes in rows]
    return {
        "metrics": [metric.label for metric in Metric],
        "targets": in_seconds,
        "changes": history.target_changes(),
    }


def _authority() -> dict[str, Any]:
    return {
        "authority": policies.authority_in_force(today()),
        "changes": history.authority_changes(),
        **chains_context(),
        "budgets": policies.budgets_in_force(),
    }


def _taxonomy() -> dict[str, Any]:
    families, causes = policies.taxonomy()
    return {"families": families, "causes": causes}


def _questionnaire() -> dict[str, Any]:
    return {
        "instrument": policies.questionnaire(),
        "delay": settings.FEEDBACK_DELAY_HOURS * 3600,
        "low_score": settings.FEEDBACK_LOW_SCORE,
    }


SECTION_CONTEXTS: dict[str, Callable[[], dict[str, Any]]] = {
    "people": _people,
    "calendars": _calendars,
    "targets": _targets,
    "authority": _authority,
    "kinds": kinds_context,
    "vouchers": voucher_rules_context,
    "policies": policies_context,
    "taxonomy": _taxonomy,
    "playbooks": lambda: {"playbooks": policies.playbooks()},
    "scripts": lambda: {"scripts": policies.scripts()},
    "questionnaire": _questionnaire,
}


@staff_required(Capability.CHANGE_SETTINGS)
def staff_new(request: StaffRequest) -> HttpResponse:
    """Make an account."""
    me = request.user
    start = {"language": me.language, "time_zone": me.time_zone, "is_active": True, "role": Role.FRONTLINE}
    form = NewStaffForm(request.POST if request.method == "POST" else None, initial=start)
    if request.method == "POST":
        user = run(
            form, lambda: create_staff(actor=me, new=form.record, password=form.cleaned_data["password"])
        )
        if user is not None:
            messages.success(request, _("{name} has an account now.").format(name=user.name))
            return redirect("desk:settings")
    return _staff_page(request, form, None)


@staff_required(Capability.CHANGE_SETTINGS)
def staff_edit(request: StaffRequest, user_id: int) -> HttpResponse:
    """Change an account."""
    person = get_object_or_404(User, pk=user_id)
    form = StaffForm(request.POST if request.method == "POST" else None, values=staff_values(person))
    if request.method == "POST":
        changed = run(
            form,
            lambda: update_staff(actor=request.user, user_id=person.pk, new=form.record, seen=form.seen),
        )
        if changed is not None:
            messages.success(request, _("The account of {name} is changed.").format(name=changed.name))
            return redirect("desk:settings")
    return _staff_page(request, form, person)


def _staff_page(request: StaffRequest, form: StaffForm, person: User | None) -> HttpResponse:
    context = {
        "nav": "settings",
        "form": form,
        "person": person,
        "zones": sorted(zoneinfo.available_timezones()),
    }
    return render(request, "desk/staff.html", context, status=422 if form.is_bound else 200)
