"""Forms of incidents: declaring one, adding customers, and the remedy for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Branch, User
from accounts.queries import branches_of
from cases.models import Defect
from cases.states import Channel, FailureType
from compensation.actions.remedies import NewRemedy
from compensation.kind_queries import kind_choices
from compensation.remedy_rules import AmountRule
from compensation.states import Basis
from customers.states import Tier
from desk.forms.offers import AMOUNT, PolicyForm
from desk.forms.policies import fact_field
from sla.states import Severity

MOST_BYTES = 5_000_000


class IncidentForm(forms.Form):
    """What is told of an incident when it is declared."""

    name = forms.CharField(label=pgettext_lazy("of a thing", "Name"), max_length=120)
    description = forms.CharField(label=_("What happened"), widget=forms.Textarea(attrs={"rows": 4}))
    branch = forms.ModelChoiceField(Branch.objects.none(), label=_("Branch"), empty_label=None)
    severity = forms.TypedChoiceField(
        label=_("Severity"), choices=Severity, coerce=int, initial=Severity.MEDIUM
    )
    failure_type = forms.ChoiceField(
        label=_("Failure type"), choices=[("", _("not known")), *FailureType.choices], required=False
    )
    defect = forms.ModelChoiceField(
        Defect.objects.none(), label=_("Defect"), required=False, empty_label=_("not known")
    )
    channel = forms.ChoiceField(
        label=_("Channel of the cases that are opened"), choices=Channel, initial=Channel.EMAIL
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["branch"].queryset = branches_of(user)  # type: ignore[attr-defined]
        defects = Defect.objects.filter(is_active=True, family__isnull=False)
        self.fields["defect"].queryset = defects.order_by("family", "pk")  # type: ignore[attr-defined]


class CustomersForm(forms.Form):
    """A list of customers, pasted or as a file."""

    lines = forms.CharField(
        label=_("Customers, one a line"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
        help_text=_(
            "E-mail address, phone number, order number or #customer number; then, after a comma, the loss."
        ),
    )
    file = forms.FileField(label=_("Or a CSV file"), required=False)
    mending = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def clean_file(self) -> list[str]:
        """The lines of the file."""
        file = self.cleaned_data["file"]
        if file is None:
            return []
        if file.size > MOST_BYTES:
            raise forms.ValidationError(_("The file is larger than 5 MB."))
        try:
            return file.read().decode("utf-8-sig").splitlines()
        except UnicodeDecodeError:
            raise forms.ValidationError(_("The file is not UTF-8 text.")) from None

    @property
    def all_lines(self) -> list[str]:
        """What a valid form holds."""
        return [*self.cleaned_data["lines"].splitlines(), *self.cleaned_data["file"]]


class RemedyForm(PolicyForm):
    """One remedy for all, with amounts by tier or loss where they differ.

    Where policies are in force, an empty table takes their amounts.
    """

    kind = forms.ChoiceField(label=_("Kind"), choices=kind_choices)
    basis = forms.ChoiceField(label=_("Basis"), choices=Basis, initial=Basis.GOODWILL)
    amount = forms.DecimalField(
        label=_("Amount for everybody"), required=False, widget=forms.NumberInput(attrs=AMOUNT)
    )
    loss_from = forms.DecimalField(
        label=_("From a loss of"), required=False, widget=forms.NumberInput(attrs=AMOUNT)
    )
    loss_amount = forms.DecimalField(
        label=_("Amount then"), required=False, widget=forms.NumberInput(attrs=AMOUNT)
    )
    purpose = forms.CharField(label=_("What it is for"), max_length=160, help_text=_("Customers read this."))
    reason = forms.CharField(label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))
    tell_customers = forms.BooleanField(label=_("Tell each customer by e-mail"), required=False, initial=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for tier, label in Tier.choices[1:]:
            self.fields[f"amount_{tier}"] = forms.DecimalField(
                label=_("Amount for %(tier)s") % {"tier": label},
                required=False,
                widget=forms.NumberInput(attrs=AMOUNT),
            )
        tiers = [f"amount_{tier}" for tier, _label in Tier.choices[1:]]
        asked = [fact_field(fact) for fact in self.asks]
        self.order_fields(["kind", "basis", *asked, "amount", *tiers, "loss_from", "loss_amount"])
        if self.policy:
            self.fields["amount"].help_text = _("Without amounts everybody gets what the policy gives them.")

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if (given.get("loss_from") is None) != (given.get("loss_amount") is None):
            self.add_error("loss_amount", _("Enter both the loss and the amount, or neither."))
        return given

    @property
    def proposal(self) -> NewRemedy:
        """What a valid form says, as the action takes it."""
        names = ("kind", "basis", "purpose", "reason", "tell_customers")
        return NewRemedy(
            rules=self.rules,
            facts=self.facts,
            deviation_reason=self.cleaned_data.get("deviation_reason", ""),
            **{name: self.cleaned_data[name] for name in names},
        )

    @property
    def rules(self) -> list[AmountRule]:
        """The table of amounts that a valid form holds."""
        return list(self._rules())

    def _rules(self) -> Iterator[AmountRule]:
        given: dict[str, Decimal | None] = self.cleaned_data
        if (amount := given["amount"]) is not None:
            yield AmountRule(amount)
        for tier, _label in Tier.choices[1:]:
            if (amount := given[f"amount_{tier}"]) is not None:
                yield AmountRule(amount, tier=tier)
        if (amount := given["loss_amount"]) is not None:
            yield AmountRule(amount, loss_from=given["loss_from"])
