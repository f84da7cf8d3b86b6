"""Forms of vouchers: issuing, finding by code, redeeming, taking back, listing, and the rule of a kind."""

from __future__ import annotations

import secrets
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Branch, User
from accounts.queries import branches_of
from compensation.actions.redemption import Wanted
from compensation.actions.voucher_care import RuleRecord
from compensation.models import Offer, Voucher
from compensation.states import OfferKind, VoucherStanding
from compensation.voucher_queries import VoucherFilter
from desk.forms.changing import ChangeForm
from desk.forms.offers import AMOUNT, ReasonForm
from desk.forms.places import day_input


class IssueForm(forms.Form):
    """Issuing the voucher of an offer."""

    percent = forms.DecimalField(
        label=_("Percent of a bill"),
        required=False,
        widget=forms.NumberInput(attrs=AMOUNT),
        help_text=_("Left empty, it is over the amount itself; else the amount is the most it takes off."),
    )
    expires_on = forms.DateField(
        label=_("Last day"),
        required=False,
        widget=day_input(),
        help_text=_("Left empty, as the settings say."),
    )
    send = forms.BooleanField(label=_("Send the customer a link by e-mail"), required=False, initial=True)

    def __init__(self, data: Any = None, *, offer: Offer) -> None:
        super().__init__(data, auto_id=f"issue_{offer.pk}_%s")
        self.offer_id = offer.pk
        if offer.kind != OfferKind.DISCOUNT:
            del self.fields["percent"]


class CodeForm(forms.Form):
    """A code, typed or scanned."""

    code = forms.CharField(
        label=pgettext_lazy("of a voucher", "Code"),
        max_length=80,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "characters",
                "spellcheck": "false",
                "autofocus": True,
                "class": "voucher-code-input",
            }
        ),
        error_messages={"required": _("Enter the code, or scan it.")},
        help_text=_("With or without dashes; capitals and small letters are the same."),
    )


class RedeemForm(forms.Form):
    """Redeeming all or part of a voucher; the code goes along unseen, and a ticket against sending twice."""

    code = forms.CharField(max_length=80, widget=forms.HiddenInput)
    ticket = forms.CharField(max_length=64, widget=forms.HiddenInput)
    amount = forms.DecimalField(label=_("Amount"), widget=forms.NumberInput(attrs=AMOUNT))
    bill = forms.DecimalField(label=_("Bill"), widget=forms.NumberInput(attrs=AMOUNT))
    reference = forms.CharField(
        label=_("Bill number"),
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, data: Any = None, *, voucher: Voucher, code: str = "") -> None:
        left = f"{voucher.remaining.normalize():f}"
        start = {"code": code, "ticket": secrets.token_urlsafe(16), "amount": left}
        super().__init__(data, initial=start)
        kept, dropped = ("amount", "bill") if voucher.percent is None else ("bill", "amount")
        del self.fields[dropped]
        label = _("Amount in %(currency)s") if kept == "amount" else _("Bill in %(currency)s")
        self.fields[kept].label = label % {"currency": voucher.currency}

    @property
    def wanted(self) -> Wanted:
        """What a valid form asks for."""
        given = self.cleaned_data
        return Wanted(given.get("amount"), given.get("bill"), given["reference"])


class TakeBackForm(ReasonForm):
    """Taking a redemption back, or making a voucher void."""

    def __init__(self, data: Any = None, *, about: str) -> None:
        super().__init__(data, auto_id=f"{about}_%s")
        self.fields["reason"].widget.attrs.pop("autofocus", None)
        self.about = about


class VoucherListForm(forms.Form):
    """The filter of the list."""

    standing = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("all")), *VoucherStanding.choices]
    )
    branch = forms.ModelChoiceField(
        Branch.objects.none(), label=_("Branch"), required=False, empty_label=_("all")
    )
    text = forms.CharField(
        label=_("Last four characters or case number"),
        required=False,
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["branch"].queryset = branches_of(user)  # type: ignore[attr-defined]

    @property
    def wanted(self) -> VoucherFilter:
        """What a valid form narrows the list to."""
        given = self.cleaned_data
        branch: Branch | None = given["branch"]
        return VoucherFilter(given["standing"], given["text"], branch.pk if branch else None)


class VoucherRuleForm(ChangeForm):
    """What holds of vouchers of a kind."""

    validity_days = forms.IntegerField(label=_("Valid for, in days"), min_value=1, max_value=3660)
    reminder_days = forms.IntegerField(
        label=_("Reminder, days before the end"),
        min_value=0,
        max_value=3660,
        help_text=_("0 means that customers are not reminded."),
    )
    single_use = forms.BooleanField(
        label=_("Redeemed at once"),
        required=False,
        help_text=_("What is left after the first redemption lapses. Percentages are always so."),
    )
    everywhere = forms.BooleanField(
        label=_("At every branch"),
        required=False,
        help_text=_("Without it, a voucher is good at the branch that issued it."),
    )

    @property
    def record(self) -> RuleRecord:
        """What a valid form says."""
        return RuleRecord(**{name: self.cleaned_data[name] for name in RuleRecord.__dataclass_fields__})
