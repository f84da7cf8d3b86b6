"""Forms of compensation: proposing, taking back, fulfilling, deciding."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from compensation.states import Basis, FulfilmentMethod, OfferKind

AMOUNT = {"step": "any", "min": "0", "inputmode": "decimal", "autocomplete": "off"}


class ReasonForm(forms.Form):
    """A reason, which is all that taking back or rejecting needs."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
        error_messages={"required": _("Give a reason.")},
    )


class LowerForm(ReasonForm):
    """Approving less than was asked."""

    amount = forms.DecimalField(
        label=_("Amount"), widget=forms.NumberInput(attrs={**AMOUNT, "autofocus": True})
    )
    field_order = ("amount", "reason")

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"].label = _("Amount in %(currency)s") % {"currency": currency}
        self.fields["reason"].widget.attrs.pop("autofocus", None)


class ProposeForm(forms.Form):
    """A proposal for a case, in the case's currency."""

    amount = forms.DecimalField(label=_("Amount"), widget=forms.NumberInput(attrs=AMOUNT))
    kind = forms.ChoiceField(label=_("Kind"), choices=OfferKind)
    basis = forms.ChoiceField(
        label=_("Basis"),
        choices=Basis,
        initial=Basis.GOODWILL,
        widget=forms.RadioSelect(attrs={"class": "seg"}),
        help_text=_("Goodwill is given freely, liability is owed."),
    )
    purpose = forms.CharField(label=_("What it is for"), max_length=160)
    reason = forms.CharField(label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"].label = _("Amount in %(currency)s") % {"currency": currency}


class FulfilForm(forms.Form):
    """How and when a compensation reached the customer."""

    method = forms.ChoiceField(label=_("How"), choices=FulfilmentMethod)
    landed_at = forms.DateTimeField(
        label=_("When it reached the customer"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    reference = forms.CharField(
        label=_("Reference"),
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("The number of the payment, code or booking; cash and things handed over need none."),
    )

    def __init__(self, data: Any = None, *, offer_id: int) -> None:
        now = timezone.localtime().replace(second=0, microsecond=0)
        super().__init__(data, auto_id=f"fulfil_{offer_id}_%s", initial={"landed_at": now})
        self.offer_id = offer_id


class WithdrawForm(ReasonForm):
    """Taking an offer back."""

    def __init__(self, data: Any = None, *, offer_id: int) -> None:
        super().__init__(data, auto_id=f"withdraw_{offer_id}_%s")
        self.fields["reason"].widget.attrs.pop("autofocus", None)
        self.offer_id = offer_id
