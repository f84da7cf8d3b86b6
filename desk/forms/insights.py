"""What the reader of insights looks at: period, branch, channel and type of failure, from the address."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Branch
from cases.models import Defect
from cases.states import Channel, FailureType
from common.money import CURRENCIES
from insights.figures import Selection
from insights.periods import LONGEST, Period, Preset, preset_dates


class _Date(forms.DateField):
    """A day as the browser's own date field writes it, whatever the language of the page."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        super().__init__(widget=widget, input_formats=["%Y-%m-%d"], required=False, localize=False, **kwargs)


class SelectionForm(forms.Form):
    """The filters of the dashboard; what is missing or wrong falls back to the widest the reader may see."""

    period = forms.ChoiceField(label=_("Period"), choices=Preset.choices, required=False)
    start = _Date(label=_("From"))
    end = _Date(label=_("To"))
    branch = forms.ChoiceField(label=_("Branch"), required=False)
    channel = forms.ChoiceField(
        label=_("Channel"), required=False, choices=[("", _("any channel")), *Channel.choices]
    )
    type = forms.ChoiceField(
        label=_("Failure"), required=False, choices=[("", _("any failure")), *FailureType.choices]
    )
    currency = forms.ChoiceField(required=False, choices=[(code, code) for code in CURRENCIES])

    # The fields that a page shows; the others are in the addresses of lists.
    shown_names: tuple[str, ...] = ("period", "start", "end", "branch", "channel", "type")

    def __init__(self, data: QueryDict, *, branches: list[Branch]) -> None:
        given = data.copy()
        if not given.get("period"):
            given["period"] = Preset.CUSTOM if given.get("start") or given.get("end") else Preset.DAYS_30
        super().__init__(given)
        self.given: QueryDict = given
        self.branches = {branch.code: branch for branch in branches}
        names = [(branch.code, branch.label) for branch in branches]
        self.fields["branch"].choices = [("", _("any branch")), *names]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("period") != Preset.CUSTOM:
            return given
        start, end = given.get("start"), given.get("end")
        for name, day in (("start", start), ("end", end)):
            if day is None and name not in self.errors:
                self.add_error(name, _("Choose a day."))
        if start and end and end < start:
            self.add_error("end", _("This day is before the first one."))
        elif start and end and (end - start).days >= LONGEST:
            self.add_error("end", _("Choose a period of three years or less."))
        elif start and start.year < 1970:
            self.add_error("start", _("Choose a later day."))
        elif end and end.year > 2200:
            self.add_error("end", _("Choose an earlier day."))
        return given

    @property
    def shown(self) -> list[forms.BoundField]:
        """The fields that a page shows."""
        return [self[name] for name in self.shown_names]

    @property
    def key(self) -> tuple[object, ...]:
        """All that the fields show: what was chosen, and the branches to choose from."""
        chosen = [self.given.get(name, "") for name in self.shown_names]
        return *chosen, *((code, branch.label) for code, branch in self.branches.items())

    @property
    def chosen_branch(self) -> Branch | None:
        """The branch that was chosen, if it is one of the reader's."""
        return self.branches.get(self.cleaned_data.get("branch", ""))

    def dates(self, today: dt.date) -> tuple[dt.date, dt.date]:
        """The first and last day; the default period where the form holds errors."""
        if any(name in self.errors for name in ("period", "start", "end")):
            return preset_dates(Preset.DAYS_30, today)
        preset = Preset(self.cleaned_data["period"])
        if preset == Preset.CUSTOM:
            return self.cleaned_data["start"], self.cleaned_data["end"]
        return preset_dates(preset, today)

    def selection(self, *, zone: ZoneInfo, branch_ids: frozenset[int] | None) -> Selection:
        """What was chosen, within the branches that the reader may see (None: every branch)."""
        self.is_valid()
        now = timezone.now()
        first, last = self.dates(now.astimezone(zone).date())
        chosen = self.cleaned_data
        return Selection(
            period=Period(first, last, zone, now),
            branch_ids=frozenset({self.chosen_branch.pk}) if self.chosen_branch else branch_ids,
            channel=chosen.get("channel", ""),
            failure_type=chosen.get("type", ""),
            defect_ids=self.defect_ids(),
            currency=chosen.get("currency", ""),
        )

    def defect_ids(self) -> frozenset[int] | None:
        """The defects named by `defect`, and those of families named by `family`; None when none is named."""
        codes, families = self.given.getlist("defect"), self.given.getlist("family")
        if not (codes or families):
            return None
        named = Defect.objects.filter(code__in=codes) | Defect.objects.filter(code__in=families)
        kinds = Defect.objects.filter(family__code__in=families)
        return frozenset((named | kinds).values_list("pk", flat=True))

    def query(self) -> dict[str, str]:
        """The chosen filters as an address holds them, without those that choose nothing."""
        names = ("period", "branch", "channel", "type")
        given = {name: str(self.cleaned_data[name]) for name in names if self.cleaned_data.get(name)}
        if given.get("period") == Preset.CUSTOM:
            dates = {
                name: self.cleaned_data[name].isoformat()
                for name in ("start", "end")
                if name in self.cleaned_data
            }
            return given | dates if len(dates) == 2 else given | {"period": Preset.DAYS_30.value}
        return given
