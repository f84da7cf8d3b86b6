"""Forms of payments: accounts, freezing a batch, and what became of a payment."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Branch
from common.money import CURRENCIES
from compensation.payment_states import BatchChannel
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
    """To whom an offer is paid."""

    text = forms.CharField(
        label=_("Text on the statement"),
        max_length=140,
        required=False,
        widget=forms.TextInput(attrs=_PLAIN),
        help_text=_("Left empty, it is the number of the case."),
    )


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
