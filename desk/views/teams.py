"""Settings: making, renaming and closing the teams of a branch."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.actions.teams import create_team, team_values, update_team
from accounts.models import Team
from accounts.states import Capability
from desk.access import StaffRequest, staff_required
from desk.forms.apply import run
from desk.forms.teams import NewTeamForm, TeamForm, TeamNamesForm

SECTION = "calendars"


@staff_required(Capability.CHANGE_SETTINGS)
def team_new(request: StaffRequest) -> HttpResponse:
    """Make a team of a branch."""
    me = request.user
    form = NewTeamForm(request.POST if request.method == "POST" else None, user=me)

    def action() -> Team:
        return create_team(actor=me, branch_id=form.cleaned_data["branch"].pk, new=form.record)

    if request.method == "POST":
        team = run(form, action)
        if team is not None:
            text = _("{name} is a team of {branch} now. Put people in it under People.")
            messages.success(request, text.format(name=team.label, branch=team.branch.label))
            return redirect("desk:settings_section", SECTION)
    return _page(request, form, title=_("New team"))


@staff_required(Capability.CHANGE_SETTINGS)
def team_edit(request: StaffRequest, team_id: int) -> HttpResponse:
    """Rename a team, close it, or open it again."""
    team = get_object_or_404(Team.objects.select_related("branch"), pk=team_id)
    form = TeamForm(request.POST if request.method == "POST" else None, values=team_values(team))
    if request.method == "POST":
        changed = run(
            form,
            lambda: update_team(actor=request.user, team_id=team.pk, new=form.record, seen=form.seen),
        )
        if changed is not None:
            messages.success(request, _("{name} is changed.").format(name=changed.label))
            return redirect("desk:settings_section", SECTION)
    return _page(request, form, title=team.label, subtitle=team.branch.label)


def _page(request: StaffRequest, form: TeamNamesForm, *, title: str, subtitle: str = "") -> HttpResponse:
    context = {
        "nav": "settings",
        "form": form,
        "title": title,
        "subtitle": subtitle,
        "back": reverse("desk:settings_section", args=[SECTION]),
        "note": _(
            "What people in a team grant in its branch is paid from a budget of the team, if it has one."
        ),
    }
    return render(request, "desk/settings_form.html", context, status=422 if form.is_bound else 200)
