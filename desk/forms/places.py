"""Forms of branches and business calendars."""

from __future__ import annotations

from typing import Any

from babel.dates import get_day_names
from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.actions.branches import BranchRecord
from common.display import date_locale
from common.money import CURRENCIES, babel_locale
from desk.forms.changing import ChangeForm
from desk.forms.office import ZoneInput
from sla.actions.calendars import WEEK, CalendarRecord
from sla.models import Calendar
from sla.queries import holiday_countries

_ZH_HELP = _("Left empty, the English name is shown.")


def day_input() -> forms.DateInput:
    """A date by the browser's own calendar."""
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class BranchForm(ChangeForm):
    """A place of service and the calendar it works by."""

    name_en = forms.CharField(label=_("Name in English"), max_length=120)
    name_zh = forms.CharField(label=_("Name in Chinese"), max_length=120, required=False, help_text=_ZH_HELP)
    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("A short word such as harbour, by which imports and other programs know the branch."),
    )
    time_zone = forms.CharField(label=_("Time zone"), max_length=60, widget=ZoneInput)
    currency = forms.ChoiceField(label=_("Currency"), choices=[(code, code) for code in CURRENCIES])
    calendar = forms.ModelChoiceField(
        Calendar.objects.all(),
        label=_("Calendar"),
        empty_label=None,
        help_text=_("Deadlines run in its opening hours."),
    )
    is_active = forms.BooleanField(
        label=_("Takes new complaints"),
        required=False,
        help_text=_("Without it, the branch’s cases stay, and no new ones come."),
    )

    @property
    def record(self) -> BranchRecord:
        """What a valid form says."""
        return BranchRecord(**{name: self.cleaned_data[name] for name in BranchRecord.__dataclass_fields__})


class CalendarForm(ChangeForm):
    """Opening hours of a week, one field a day, and whose public holidays count."""

    name_en = forms.CharField(label=_("Name in English"), max_length=120)
    name_zh = forms.CharField(label=_("Name in Chinese"), max_length=120, required=False, help_text=_ZH_HELP)
    time_zone = forms.CharField(label=_("Time zone"), max_length=60, widget=ZoneInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = get_day_names("wide", context="stand-alone", locale=date_locale())
        for day in WEEK:
            self.fields[f"day_{day}"] = forms.CharField(
                label=names[day].capitalize(),
                max_length=200,
                required=False,
                widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
            )
        self.fields["day_0"].help_text = _(
            "As 09:00-17:00, several with commas: 09:00-13:00, 14:00-18:00. Empty means closed."
        )
        self.fields["holiday_country"] = forms.ChoiceField(
            label=_("Public holidays of"),
            required=False,
            choices=[("", _("none")), *_countries()],
            help_text=_(
                "On public holidays the clocks stand still; for China make-up working days count too."
            ),
        )

    @property
    def record(self) -> CalendarRecord:
        """What a valid form says."""
        given = self.cleaned_data
        return CalendarRecord(
            name_en=given["name_en"],
            name_zh=given["name_zh"],
            time_zone=given["time_zone"],
            hours={day: given[f"day_{day}"] for day in WEEK},
            holiday_country=given["holiday_country"],
        )


def _countries() -> list[tuple[str, str]]:
    """Countries by their names in the reader's language, sorted by them."""
    territories = babel_locale(get_language() or "en").territories
    return sorted(
        ((code, territories.get(code, code)) for code in holiday_countries()), key=lambda row: row[1]
    )
