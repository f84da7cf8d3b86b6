"""The form that takes down a complaint."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Branch, User
from accounts.queries import branch_by_key, branches_of
from cases.actions.log import LONGEST_DESCRIPTION, check_day, check_loss
from cases.states import Channel, FailureType, Remedy
from common.errors import Invalid
from customers.actions import NewCustomer, wrong_in_customer
from customers.models import Customer
from customers.queries import customer_by_key
from customers.states import ContactKind
from desk.forms.cases import DefectChoice
from desk.forms.choices import FoundChoice
from sla.states import Severity

# The fields of a new customer as the actions call them, and as the form does.
NEW_CUSTOMER = {"name": "new_name", "phone": "new_phone", "email": "new_email"}
SATISFACTION = [(value, str(value)) for value in range(1, 6)]


class LogForm(forms.Form):
    """The complaint record of ISO 10002, in the order in which a customer tells it."""

    customer = FoundChoice(
        Customer.objects.all(),
        find=customer_by_key,
        required=False,
        widget=forms.HiddenInput(attrs={"data-keep": ""}),
        error_messages={"invalid_choice": _("This customer is no longer there. Search again.")},
    )
    new_name = forms.CharField(label=_("Name"), required=False, max_length=120)
    new_phone = forms.CharField(
        label=_("Phone"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"type": "tel", "inputmode": "tel"}),
    )
    new_email = forms.CharField(
        label=_("E-mail"),
        required=False,
        max_length=254,
        widget=forms.EmailInput(attrs={"inputmode": "email"}),
    )
    channel = forms.ChoiceField(label=_("Channel"), choices=Channel)
    branch = FoundChoice(Branch.objects.none(), find=lambda key: None, label=_("Branch"), empty_label=None)
    occurred_on = forms.DateField(
        label=_("When it happened"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    description = forms.CharField(
        label=_("What happened, in the customer’s words"),
        max_length=LONGEST_DESCRIPTION,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": _("Write what happened, in the customer’s words.")},
    )
    failure_type = forms.ChoiceField(
        label=_("Failure type"),
        choices=FailureType,
        widget=forms.RadioSelect(attrs={"class": "seg"}),
        error_messages={"required": _("Choose process (how it was done) or outcome (what came of it).")},
    )
    defect = DefectChoice(label=_("Defect"), required=False)
    severity = forms.TypedChoiceField(
        label=_("Severity"),
        coerce=int,
        widget=forms.RadioSelect(attrs={"class": "seg severity"}),
        initial=int(Severity.MEDIUM),
    )
    remedies_sought = forms.MultipleChoiceField(
        label=_("They want"),
        required=False,
        choices=Remedy,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "seg"}),
    )
    loss_amount = forms.DecimalField(
        label=_("Loss"),
        required=False,
        min_value=0,
        max_digits=14,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )
    satisfaction_before = forms.TypedChoiceField(
        label=_("How satisfied now, 1 to 5"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=SATISFACTION,
        widget=forms.RadioSelect(attrs={"class": "seg low"}),
    )
    product = forms.CharField(label=_("Product or service"), required=False, max_length=120)
    order_reference = forms.CharField(label=_("Order number"), required=False, max_length=60)
    language = forms.ChoiceField(label=_("Customer’s language"), choices=settings.LANGUAGES)
    preferred_contact = forms.ChoiceField(label=_("Answer by"), choices=ContactKind)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        branch = self.fields["branch"]
        branch.queryset = branches_of(user)  # type: ignore[attr-defined]
        branch.find = lambda key: branch_by_key(user, key)  # type: ignore[attr-defined]
        self.fields["defect"].fill()  # type: ignore[attr-defined]
        severities = [(value, f"{value} · {label}") for value, label in Severity.choices]
        self.fields["severity"].choices = severities  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Tell all that the actions would refuse one by one, so that it can be corrected in one go."""
        given = super().clean() or {}
        if not self.errors.keys() & {"customer", *NEW_CUSTOMER.values()} and not given.get("customer"):
            if not any(given.get(name) for name in NEW_CUSTOMER.values()):
                self.add_error("customer", _("Choose a customer, or enter a new one."))
            else:
                for problem in wrong_in_customer(self.new_customer):
                    self._refuse(problem)
        with self._refusals():
            check_day(given.get("occurred_on"), today=timezone.localdate())
        if branch := given.get("branch"):
            with self._refusals():
                check_loss(given.get("loss_amount"), branch.currency)
        return given

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        try:
            yield
        except Invalid as problem:
            self._refuse(problem)

    def _refuse(self, problem: Invalid) -> None:
        field = NEW_CUSTOMER.get(problem.field, problem.field)
        self.add_error(field, forms.ValidationError(str(problem), problem.code))

    @property
    def new_customer(self) -> NewCustomer:
        """Whoever complains for the first time, as far as the fields were understood."""
        given = self.cleaned_data
        branch = given.get("branch")
        return NewCustomer(
            **{name: given.get(field, "") for name, field in NEW_CUSTOMER.items()},
            language=given.get("language", ""),
            preferred_contact=given.get("preferred_contact", ""),
            time_zone=branch.time_zone if branch else "UTC",
        )

    @property
    def new_customer_open(self) -> bool:
        """Whether the fields of a new customer hold something or were found wanting."""
        return self.is_bound and any(
            self.data.get(name) or name in self.errors for name in NEW_CUSTOMER.values()
        )
