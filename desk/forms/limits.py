"""Forms of what holds from a date on: targets of clocks, and what roles may grant."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.actions import authorities
from accounts.actions.authorities import LIMITS, granting_roles
from accounts.states import Role
from common.money import CURRENCIES
from desk.forms.changing import ChangeForm
from desk.forms.grouped import GroupedForm
from desk.forms.places import day_input
from sla.actions import targets
from sla.states import Metric, Severity

_PLAIN = {"autocomplete": "off", "spellcheck": "false"}


def _valid_from(help_text: Any) -> forms.DateField:
    return forms.DateField(label=_("Valid from"), widget=day_input(), help_text=help_text)


class TargetsForm(GroupedForm, ChangeForm):
    """Every target from a date on."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["valid_from"] = _valid_from(
            _("Complaints received from this day on, by the clock of their branch.")
        )
        self.layout = [("", ["valid_from"])]
        for severity in Severity:
            names = [targets.field_of(severity, metric) for metric in Metric]
            for name, metric in zip(names, Metric, strict=True):
                # Missing ones are refused by the action, with the reason.
                self.fields[name] = forms.CharField(
                    label=metric.label, max_length=20, required=False, widget=forms.TextInput(attrs=_PLAIN)
                )
            self.layout.append((severity.label, names))

    @property
    def wanted(self) -> dict[tuple[Severity, Metric], str]:
        """What a valid form says."""
        return {
            (severity, metric): self.cleaned_data[targets.field_of(severity, metric)]
            for severity in Severity
            for metric in Metric
        }


class AuthorityForm(GroupedForm, ChangeForm):
    """What every granting role may grant in one currency from a date on."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["valid_from"] = _valid_from(_("Decisions from this day on, by the clock of the branch."))
        self.layout = [("", ["valid_from"])]
        for role in granting_roles():
            names = [authorities.field_of(role, limit) for limit in LIMITS]
            for name, label in zip(names, (_("Per case"), _("Per day")), strict=True):
                self.fields[name] = forms.DecimalField(
                    label=label,
                    max_digits=14,
                    decimal_places=4,
                    widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
                )
            self.layout.append((role.label, names))

    @property
    def wanted(self) -> dict[Role, tuple[Decimal, Decimal]]:
        """What a valid form says."""
        given = self.cleaned_data
        return {
            role: (
                given[authorities.field_of(role, "per_case")],
                given[authorities.field_of(role, "per_day")],
            )
            for role in granting_roles()
        }


class NewAuthorityForm(AuthorityForm):
    """Limits in a currency in which nobody has any."""

    def __init__(self, *args: Any, without: set[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        free = [(code, code) for code in CURRENCIES if code not in without]
        self.fields["currency"] = forms.ChoiceField(label=_("Currency"), choices=free)
        self.layout[0] = ("", ["currency", "valid_from"])
