"""Forms of settings, preferences and follow-ups."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.utils.translation import get_language_info
from django.utils.translation import gettext_lazy as _

from accounts.actions.staff import StaffRecord
from accounts.models import Branch, Team, User
from accounts.states import Role, Theme
from desk.forms.changing import ChangeForm
from desk.forms.teams import TeamChoice

# Each language by its own name, so that one who landed in a strange one finds the way back.
OWN_NAMES = [(code, get_language_info(code)["name_local"]) for code, _name in settings.LANGUAGES]


class ZoneInput(forms.TextInput):
    """A time zone by name, with the list of them in a <datalist id="zones"> of the page."""

    def __init__(self) -> None:
        super().__init__(attrs={"list": "zones", "autocomplete": "off", "spellcheck": "false"})


class PreferencesForm(forms.Form):
    """What one set for oneself."""

    language = forms.ChoiceField(label=_("Language"), choices=OWN_NAMES)
    theme = forms.ChoiceField(label=_("Appearance"), choices=Theme)
    time_zone = forms.CharField(
        label=_("Time zone"),
        max_length=60,
        widget=ZoneInput,
        help_text=_("Times on pages are shown in it. Deadlines count in the branch’s own time."),
    )

    @classmethod
    def values_of(cls, user: User) -> dict[str, str]:
        """What the person has set, as the form would send it."""
        return {name: getattr(user, name) for name in cls.base_fields}


class StaffForm(ChangeForm):
    """An account of a colleague."""

    name = forms.CharField(label=_("Name"), max_length=120)
    email = forms.EmailField(
        label=_("E-mail"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    role = forms.ChoiceField(label=_("Role"), choices=Role)
    all_branches = forms.BooleanField(label=_("Works for every branch"), required=False)
    branches = forms.ModelMultipleChoiceField(
        Branch.objects.filter(is_active=True),
        label=_("Branches"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Cases of other branches stay hidden."),
    )
    team = TeamChoice(
        Team.objects.filter(is_active=True).select_related("branch").order_by("branch__code", "name_en"),
        label=_("Team"),
        empty_label=_("none"),
        required=False,
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    time_zone = forms.CharField(label=_("Time zone"), max_length=60, widget=ZoneInput)
    is_active = forms.BooleanField(
        label=_("May sign in"), required=False, help_text=_("Without it, open sessions end at once.")
    )

    @property
    def record(self) -> StaffRecord:
        """What a valid form says."""
        given = {name: self.cleaned_data[name] for name in StaffRecord.__dataclass_fields__}
        return StaffRecord(**given)


class NewStaffForm(StaffForm):
    """An account that is not there yet."""

    password = forms.CharField(
        label=_("First password"),
        required=False,
        max_length=128,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Leave it empty to let them set one by “Forgot your password?” on the sign-in page."),
    )


class FollowUpForm(forms.Form):
    """What came of calling a customer who was not satisfied."""

    result = forms.CharField(
        label=_("What came of it"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Write what came of it.")},
    )
