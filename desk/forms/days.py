"""Forms of a calendar's special days."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.forms import Segmented
from desk.forms.places import day_input
from sla.actions.days import LONGEST_NOTE, Days

CLOSED, OPEN = "closed", "open"


class DaysForm(forms.Form):
    """A day, or a row of days, that is closed or has hours of its own."""

    first = forms.DateField(label=_("First day"), widget=day_input())
    last = forms.DateField(
        label=_("Last day"), required=False, widget=day_input(), help_text=_("Empty for a single day.")
    )
    kind = forms.ChoiceField(
        label=_("On these days"),
        choices=[(CLOSED, _("closed")), (OPEN, _("hours of their own"))],
        widget=Segmented(),
        initial=CLOSED,
    )
    hours = forms.CharField(
        label=_("Hours"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("As 09:00-17:00, several with commas: 09:00-13:00, 14:00-18:00."),
    )
    note = forms.CharField(
        label=_("Note"),
        max_length=LONGEST_NOTE,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("Such as National Day, or stocktaking."),
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        hours, kind = given.get("hours", ""), given.get("kind")
        if kind == OPEN and not hours.strip(" ,;，；、"):
            self.add_error("hours", _("Enter the hours, or choose closed."))
        if kind == CLOSED and hours:
            self.add_error("hours", _("A closed day has no hours: choose hours of their own, or empty this."))
        return given

    @property
    def record(self) -> Days:
        """What a valid form says."""
        given = self.cleaned_data
        first: dt.date = given["first"]
        return Days(first=first, last=given["last"] or first, hours=given["hours"], note=given["note"])

    @staticmethod
    def initial_of(row: Days) -> dict[str, Any]:
        """How a row of days is now."""
        last = row.last if row.last > row.first else None
        kind = OPEN if row.hours else CLOSED
        return {
            "first": row.first,
            "last": last,
            "kind": kind,
            "hours": row.hours,
            "note": row.note,
        }


class SeenDaysForm(forms.Form):
    """A row of special days as the page showed it, which the forms that change and remove it send along."""

    prefix = "seen"

    first = forms.DateField(widget=forms.HiddenInput)
    last = forms.DateField(widget=forms.HiddenInput)
    hours = forms.CharField(required=False, strip=False, max_length=2_000, widget=forms.HiddenInput)
    note = forms.CharField(required=False, strip=False, max_length=LONGEST_NOTE, widget=forms.HiddenInput)

    @classmethod
    def of(cls, days: Days) -> SeenDaysForm:
        """The hidden fields for a row of days."""
        return cls(initial=asdict(days), auto_id=False)

    @property
    def days(self) -> Days | None:
        """The days that were seen, or None when the form does not tell."""
        return Days(**self.cleaned_data) if self.is_valid() else None


class DayListForm(forms.Form):
    """Closed days, one or a row of them a line."""

    lines = forms.CharField(
        label=_("Closed days, one a line"),
        max_length=40_000,
        widget=forms.Textarea(
            attrs={
                "rows": 4,
                "spellcheck": "false",
                "placeholder": "2026-10-01..2026-10-07 National Day\n2026-12-24 Christmas Eve",
            }
        ),
        help_text=_("Days that are special already stay as they are, so a list can be sent again."),
    )
