"""Forms of payments: accounts, freezing a batch, and what became of a payment."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Branch
from common.money import CURRENCIES
from compensation.kind_states import DETAILS
from compensation.models import KindSetting
from compensation.payment_states import BatchChannel
from compensation.states import Need
from desk.forms.offers import detail_field
from desk.forms.places import day_input

_PLAIN = {"autocomplete": "off", "spellcheck": "false"}


class AccountForm(forms.Form):
    """A bank account."""

    name = forms.CharField(label=_("Account holder"), max_length=70, widget=forms.TextInput(attrs=_PLAIN))
    account = forms.CharField(
        label=_("IBAN or account number"), max_length=60, widget=forms.TextInput(attrs=_PLAIN)
    )
    bank = forms.CharField(
        label=_("Bank"),
        max_length=20,
        required=False,
        widget=forms.TextInput(attrs=_PLAIN),
        help_text=_("BIC or clearing number; an IBAN needs none."),
    )


class PayeeForm(AccountForm):
    """To whom an offer is paid, and what its kind wants to be told: after the payment nobody is asked."""

    text = forms.CharField(
        label=_("Text on the statement"),
        max_length=140,
        required=False,
        widget=forms.TextInput(attrs=_PLAIN),
        help_text=_("Left empty, it is the number of the case."),
    )

    def __init__(self, *args: Any, kind: KindSetting, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.details = DETAILS[Need(kind.need)]
        for detail in self.details:
            self.fields[detail] = detail_field(detail, required=detail in kind.required)

    @property
    def told(self) -> dict[str, Any]:
        """What a valid form says, as the action takes it."""
        details = {detail.value: self.cleaned_data[detail] for detail in self.details}
        rest = {name: value for name, value in self.cleaned_data.items() if name not in details}
        return {**rest, "details": details}


class PayingAccountForm(AccountForm):
    """From which account a branch pays."""

    branch_id = forms.TypedChoiceField(label=_("Branch"), coerce=int)
    currency = forms.ChoiceField(label=_("Currency"), choices=[(code, code) for code in CURRENCIES])
    field_order = ("branch_id", "currency")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        branches = [(branch.pk, branch.label) for branch in Branch.objects.order_by("code")]
        self.fields["branch_id"].choices = branches  # type: ignore[attr-defined]


class FreezeForm(forms.Form):
    """When a batch is paid, and by which way it goes out."""

    pay_on = forms.DateField(label=_("Pay on"), widget=day_input())
    channel = forms.ChoiceField(label=_("Goes out by"), choices=BatchChannel)

    def __init__(self, *args: Any, webhook: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not webhook:
            self.fields["channel"].widget = forms.HiddenInput()
        self.fields["channel"].initial = BatchChannel.WEBHOOK if webhook else BatchChannel.FILE


class ResultForm(forms.Form):
    """The bank's answer."""

    file = forms.FileField(
        label=_("Result of the bank"),
        help_text=_("CSV with end_to_end_id and status, or pain.002."),
        widget=forms.FileInput(attrs={"accept": ".csv,.xml,text/csv,application/xml"}),
    )


class ConfirmForm(forms.Form):
    """A payment went out."""

    reference = forms.CharField(
        label=_("Reference of the bank"), max_length=120, required=False, widget=forms.TextInput(attrs=_PLAIN)
    )


class FailForm(forms.Form):
    """A payment did not go out."""

    reason = forms.CharField(
        label=_("Why it failed"), max_length=300, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
