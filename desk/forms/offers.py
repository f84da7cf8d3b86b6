"""Forms of compensation: proposing, taking back, fulfilling, deciding."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from compensation.kind_queries import Choices
from compensation.kind_states import DETAILS, MONEY_DETAILS, Detail
from compensation.models import KindSetting
from compensation.policy_rules import Fact
from compensation.states import AnswerChannel, AnswerKind, Basis, Need
from desk.forms.policies import asked_field, fact_field

AMOUNT = {"step": "any", "min": "0", "inputmode": "decimal", "autocomplete": "off"}


def choose(field: forms.Field, choices: Choices) -> None:
    """Let a field offer these choices."""
    assert isinstance(field, forms.ChoiceField)
    field.choices = choices


class ReasonForm(forms.Form):
    """A reason, which is all that taking back or rejecting needs."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
        error_messages={"required": _("Give a reason.")},
    )


class QuestionForm(forms.Form):
    """What somebody wants to know before they decide."""

    question = forms.CharField(
        label=_("Question"),
        max_length=500,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
        error_messages={"required": _("Say what you would like to know.")},
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


class PolicyForm(forms.Form):
    """A proposal that is held against the policies: what they ask, and why it leaves them.

    `asks` are the facts that they ask for; `policy` says that it is submitted, and not only looked at.
    """

    def __init__(self, *args: Any, asks: tuple[Fact, ...] = (), policy: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asks, self.policy = asks, policy
        for fact in asks:
            self.fields[fact_field(fact)] = asked_field(fact)
        if policy:
            self.fields["deviation_reason"] = forms.CharField(
                label=_("Why it leaves the policy"),
                max_length=500,
                required=False,
                help_text=_("Only where it does; one role above the usual then decides."),
            )

    @property
    def fact_fields(self) -> list[BoundField]:
        """What the policies ask."""
        return [self[fact_field(fact)] for fact in self.asks]

    @property
    def facts(self) -> dict[str, object]:
        """What a form that was checked says of them."""
        return {str(fact): self.cleaned_data.get(fact_field(fact)) for fact in self.asks}


class ProposeForm(PolicyForm):
    """A proposal for a case, in the case's currency."""

    amount = forms.DecimalField(
        label=_("Amount"),
        widget=forms.NumberInput(attrs=AMOUNT),
        help_text=_("Enter 0 for what costs nothing, such as a letter of apology."),
    )
    kind = forms.ChoiceField(label=_("Kind"))
    basis = forms.ChoiceField(
        label=_("Basis"),
        choices=Basis,
        initial=Basis.GOODWILL,
        widget=forms.RadioSelect(attrs={"class": "seg"}),
        help_text=_("Goodwill is given freely, liability is owed."),
    )
    purpose = forms.CharField(label=_("What it is for"), max_length=160)
    reason = forms.CharField(label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, currency: str, kinds: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose(self.fields["kind"], kinds)
        self.fields["amount"].label = _("Amount in %(currency)s") % {"currency": currency}

    @property
    def proposal(self) -> dict[str, Any]:
        """What a valid form says, as the action takes it."""
        asked = {fact_field(fact) for fact in self.asks}
        return {**{k: v for k, v in self.cleaned_data.items() if k not in asked}, "facts": self.facts}


class OfferActForm(forms.Form):
    """What may be done about one offer, with the words around it; `act` names its address."""

    act: str
    icon: str
    summary: Promise
    button: Promise
    summary_class = "b small quietly"
    button_class = "b main"
    opens = False

    def __init__(self, data: Any = None, *, offer_id: int, **kwargs: Any) -> None:
        super().__init__(data, auto_id=f"{self.act}_{offer_id}_%s", **kwargs)
        self.offer_id = offer_id

    @property
    def address(self) -> str:
        return reverse(f"desk:{self.act}", args=(self.offer_id,))


class FulfilForm(OfferActForm):
    """How and when a compensation reached the customer; the ways are those that its kind needs."""

    act, icon = "offer_fulfil", "package"
    summary, button = _("It has reached the customer"), _("Record")
    summary_class = "b wide"

    method = forms.ChoiceField(label=_("How"))
    landed_at = forms.DateTimeField(
        label=_("When it reached the customer"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    reference = forms.CharField(
        label=_("Reference"),
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_(
            "The number of the payment, code, booking or parcel; cash and things handed over need none."
        ),
    )

    def __init__(self, data: Any = None, *, offer_id: int, kind: KindSetting) -> None:
        now = timezone.localtime().replace(second=0, microsecond=0)
        super().__init__(data, offer_id=offer_id, initial={"landed_at": now})
        choose(self.fields["method"], [(way.value, str(way.label)) for way in kind.ways])
        self.details = DETAILS[Need(kind.need)]
        for detail in self.details:
            self.fields[detail] = detail_field(detail, required=detail in kind.required)

    @property
    def told(self) -> dict[str, Any]:
        """What a valid form says, as the action takes it."""
        details = {detail.value: self.cleaned_data[detail] for detail in self.details}
        rest = {name: value for name, value in self.cleaned_data.items() if name not in details}
        return {**rest, "details": details}


def detail_field(detail: Detail, *, required: bool) -> forms.Field:
    """The field for one thing that is told of a fulfilment."""
    if detail in MONEY_DETAILS:
        return forms.DecimalField(
            label=detail.label, required=required, widget=forms.NumberInput(attrs=AMOUNT)
        )
    if detail is Detail.QUANTITY:
        return forms.IntegerField(label=detail.label, required=required, min_value=1)
    if detail is Detail.BOOKED_FOR:
        return forms.DateField(
            label=detail.label, required=required, widget=forms.DateInput(attrs={"type": "date"})
        )
    return forms.CharField(
        label=detail.label,
        required=required,
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class OfferOutForm(OfferActForm):
    """Making an offer to the customer."""

    act, icon = "offer_out", "send"
    summary, button = _("Offer it to the customer first"), _("It was offered")

    answer_by = forms.DateField(
        label=_("Answer by"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Left empty, the usual time for this kind of offer counts."),
    )


class AnswerForm(OfferActForm):
    """What the customer says to an offer."""

    act, icon = "offer_answer", "message-circle"
    summary, button = _("The customer answers"), _("Record the answer")
    summary_class = "b wide"

    answer = forms.ChoiceField(
        label=_("The customer"),
        choices=AnswerKind,
        initial=AnswerKind.ACCEPTED,
        widget=forms.RadioSelect(attrs={"class": "seg"}),
    )
    channel = forms.ChoiceField(
        label=_("How we know"),
        choices=AnswerChannel,
        initial=AnswerChannel.PHONE,
        widget=forms.RadioSelect(attrs={"class": "seg"}),
    )
    amount = forms.DecimalField(
        label=_("Amount asked for"), required=False, widget=forms.NumberInput(attrs=AMOUNT)
    )
    kind = forms.ChoiceField(label=_("Kind asked for"), required=False)
    words = forms.CharField(
        label=_("In the customer's words"),
        required=False,
        max_length=500,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, data: Any = None, *, offer_id: int, currency: str, kind: str, kinds: Choices) -> None:
        super().__init__(data, offer_id=offer_id, initial={"kind": kind})
        choose(self.fields["kind"], kinds)
        self.fields["amount"].label = _("Amount asked for, in %(currency)s") % {"currency": currency}


class SubmitForm(ProposeForm, OfferActForm):
    """Proposing a draft, such as what a customer asked for; with `asked` a question wants an answer first."""

    act, icon = "offer_submit", "gift"
    summary, button = _("Propose this"), _("Submit the offer")
    summary_class = "b wide"

    def __init__(
        self,
        data: Any = None,
        *,
        offer_id: int,
        currency: str,
        kinds: Choices,
        initial: Any = None,
        asked: bool = False,
    ) -> None:
        super().__init__(
            data, offer_id=offer_id, currency=currency, kinds=kinds, initial=initial, policy=True
        )
        if asked:
            self.summary, self.button, self.opens = _("Answer and send again"), _("Send it again"), True
            self.fields["answer"] = forms.CharField(
                label=_("Answer to the question"),
                max_length=500,
                widget=forms.Textarea(attrs={"rows": 2}),
                error_messages={"required": _("Answer the question first.")},
            )
            self.order_fields(["answer", *self.fields])


class RecallForm(OfferActForm):
    """Taking one's own waiting offer back to change it."""

    act, icon = "offer_recall", "arrow-back-up"
    summary, button = _("Recall to change it"), _("Recall the offer")


class SaidReasonForm(OfferActForm):
    """An act that needs a reason and nothing else."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Give a reason.")},
    )


class FailForm(SaidReasonForm):
    """A fulfilment that did not work."""

    act, icon = "offer_fail", "alert-triangle"
    summary, button = _("It did not arrive"), _("Record the failure")


class ClawBackForm(SaidReasonForm):
    """Taking back what reached the customer."""

    act, icon = "offer_claw_back", "arrow-back-up"
    summary, button = _("Claw back"), _("Claw back the compensation")
    button_class = "b no"


class WithdrawForm(SaidReasonForm):
    """Taking an offer back."""

    act, icon = "offer_withdraw", "trash"
    summary, button = _("Withdraw"), _("Withdraw the offer")
    button_class = "b no"
