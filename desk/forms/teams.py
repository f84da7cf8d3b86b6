"""Forms of the teams of a branch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.actions.teams import TeamRecord
from accounts.models import Branch, Team, User
from accounts.queries import branches_of
from desk.forms.changing import ChangeForm


class TeamChoice(forms.ModelChoiceField):  # type: ignore[type-arg]  # not subscriptable at run time
    """A team, told with its branch."""

    def label_from_instance(self, obj: Team) -> str:
        return f"{obj.branch.label} · {obj.label}"


class TeamNamesForm(ChangeForm):
    """What a team is called."""

    name_en = forms.CharField(label=_("Name in English"), max_length=120)
    name_zh = forms.CharField(
        label=_("Name in Chinese"),
        max_length=120,
        required=False,
        help_text=_("Left empty, the English name is shown."),
    )

    @property
    def record(self) -> TeamRecord:
        """What a valid form says."""
        return TeamRecord(**{name: self.cleaned_data[name] for name in ("name_en", "name_zh")})


class NewTeamForm(TeamNamesForm):
    """A team that is not there yet, and its branch, in which it stays."""

    branch = forms.ModelChoiceField(Branch.objects.none(), label=_("Branch"), empty_label=None)
    field_order = ("branch", "name_en", "name_zh")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["branch"].queryset = branches_of(user)  # type: ignore[attr-defined]


class TeamForm(TeamNamesForm):
    """What a team is called, and whether it is there still."""

    is_active = forms.BooleanField(
        label=_("In use"), required=False, help_text=_("A closed team takes nobody, and its history stays.")
    )

    @property
    def record(self) -> TeamRecord:
        return replace(super().record, is_active=self.cleaned_data["is_active"])
