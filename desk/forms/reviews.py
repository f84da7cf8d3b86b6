"""Forms of internal audit: the period and thresholds of exceptions, drawing a list, and a finding."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.models import Branch, User
from accounts.queries import branches_of
from common.money import CURRENCIES
from compensation.actions.reviews import LONGEST_NOTE, LONGEST_SEED, MOST_BANDS, MOST_DRAWN, Wanted
from compensation.exception_rules import Thresholds
from compensation.review_states import Finding
from desk.forms.insights import SelectionForm
from desk.forms.places import day_input

USUAL = Thresholds()


def _threshold(label: Any, least: int, most: int) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        min_value=least,
        max_value=most,
        required=False,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )


class ExceptionsForm(SelectionForm):
    """Period, branch and thresholds; what is missing or wrong falls back to the usual."""

    channel = None  # type: ignore[assignment]  # grants are looked at whatever the complaint was
    type = None  # type: ignore[assignment]
    currency = None  # type: ignore[assignment]
    near_percent = _threshold(_("Just below the limit from, %"), 55, 100)
    near_least = _threshold(_("Such decisions of one person"), 1, 1000)
    split_days = _threshold(_("Days between two parts"), 1, 90)
    split_parts = _threshold(_("Parts that are many"), 2, 100)
    customer_cases = _threshold(_("Cases of one customer"), 2, 1000)
    pair_least = _threshold(_("Decisions of one pair"), 1, 1000)
    pair_percent = _threshold(_("Share of one approver, %"), 1, 100)

    def __init__(self, data: QueryDict, *, branches: list[Branch]) -> None:
        given = data.copy()
        for field in fields(Thresholds):
            if not given.get(field.name):
                given[field.name] = str(getattr(USUAL, field.name))
        super().__init__(given, branches=branches)

    @property
    def choosing(self) -> list[forms.BoundField]:
        """The fields of what is looked at."""
        return [self[name] for name in ("period", "start", "end", "branch")]

    @property
    def thresholds_shown(self) -> list[forms.BoundField]:
        return [self[field.name] for field in fields(Thresholds)]

    @property
    def thresholds(self) -> Thresholds:
        """What was chosen, the usual where the form holds errors."""
        self.is_valid()
        names = [field.name for field in fields(Thresholds)]
        return Thresholds(**{name: self.cleaned_data[name] for name in names if self.cleaned_data.get(name)})

    @property
    def has_own_thresholds(self) -> bool:
        return self.thresholds != USUAL or any(field.errors for field in self.thresholds_shown)

    def query(self) -> dict[str, str]:
        own = {
            field.name: str(value)
            for field in fields(Thresholds)
            if (value := getattr(self.thresholds, field.name)) != getattr(USUAL, field.name)
        }
        return super().query() | own


class DrawForm(forms.Form):
    """What to draw a list from, and how many."""

    purpose = forms.CharField(label=_("What it is for"), max_length=120)
    first_day = forms.DateField(label=_("From"), widget=day_input())
    last_day = forms.DateField(label=_("To"), widget=day_input())
    currency = forms.ChoiceField(label=_("Currency"), choices=[(code, code) for code in CURRENCIES])
    branch = forms.ModelChoiceField(
        label=_("Branch"),
        queryset=Branch.objects.none(),
        required=False,
        empty_label=_("all that you may see"),
        to_field_name="code",
    )
    size = forms.IntegerField(label=_("How many"), min_value=1, max_value=MOST_DRAWN, initial=30)
    bands = forms.IntegerField(
        label=_("Bands of amounts"),
        min_value=1,
        max_value=MOST_BANDS,
        initial=4,
        help_text=_("Each band holds about the same sum of money, and as many are drawn from each."),
    )
    seed = forms.CharField(
        label=_("Seed"),
        max_length=LONGEST_SEED,
        required=False,
        help_text=_("Left empty, a new one is made. The same seed draws the same list."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        branch: Any = self.fields["branch"]
        branch.queryset = branches_of(user)
        branch.label_from_instance = lambda row: row.label

    @property
    def wanted(self) -> Wanted:
        """What a valid form asks for."""
        return Wanted(**self.cleaned_data)


class FindingForm(forms.Form):
    """What was found about one offer."""

    finding = forms.ChoiceField(
        label=_("Finding"), choices=Finding.choices, widget=forms.RadioSelect(attrs={"class": "seg"})
    )
    note = forms.CharField(
        label=_("In words"),
        required=False,
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Needed unless it is in order."),
    )
