"""What the API shows of cases and customers, and what it takes for a new complaint."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.models import Branch, User
from cases.models import NEVER, Case, Clock, Defect, RecoveryStep, TimelineEntry
from cases.states import CaseState, Channel, FailureType, Remedy
from customers.models import ContactPoint, Customer
from customers.states import ContactKind, Tier
from sla.states import Severity

LONG = 20_000


class StaffField(serializers.ModelSerializer[User]):
    """A member of staff."""

    class Meta:
        model = User
        fields = ("id", "name")


class CustomerBrief(serializers.ModelSerializer[Customer]):
    """Who complains."""

    class Meta:
        model = Customer
        fields = ("id", "name", "tier")


class CaseRow(serializers.ModelSerializer[Case]):
    """A case as lists show it."""

    customer = CustomerBrief()
    branch = serializers.SlugRelatedField[Branch](slug_field="code", read_only=True)
    defect = serializers.SlugRelatedField[Defect](slug_field="code", read_only=True, allow_null=True)
    owner = StaffField(allow_null=True)
    due_at = serializers.SerializerMethodField(
        help_text="When the first clock runs out; null while none runs."
    )
    url = serializers.SerializerMethodField(help_text="The case's page for people.")

    class Meta:
        model = Case
        fields: tuple[str, ...] = (
            "number",
            "state",
            "severity",
            "failure_type",
            "defect",
            "channel",
            "summary",
            "customer",
            "branch",
            "owner",
            "received_at",
            "due_at",
            "due_metric",
            "next_step",
            "first_response_at",
            "resolved_at",
            "outcome",
            "reopened_count",
            "currency",
            "loss_amount",
            "verified_loss",
            "external_source",
            "external_reference",
            "url",
        )

    def get_due_at(self, case: Case) -> str | None:
        return None if case.due_at >= NEVER else serializers.DateTimeField().to_representation(case.due_at)

    def get_url(self, case: Case) -> str:
        return f"{settings.PUBLIC_URL}/desk/cases/{case.number}/"


class StepRow(serializers.ModelSerializer[RecoveryStep]):
    """A recovery step."""

    by = StaffField(allow_null=True)

    class Meta:
        model = RecoveryStep
        fields = ("kind", "state", "by", "at", "note")


class ClockRow(serializers.ModelSerializer[Clock]):
    """A deadline; seconds count business time but for `calendar_seconds`."""

    class Meta:
        model = Clock
        fields = (
            "metric",
            "round",
            "state",
            "target_minutes",
            "started_at",
            "due_at",
            "paused_at",
            "stopped_at",
            "business_seconds",
            "calendar_seconds",
        )


class EntryRow(serializers.ModelSerializer[TimelineEntry]):
    """Something said or done after the complaint, which is the case's `description`."""

    author = StaffField(allow_null=True)
    text = serializers.CharField(help_text="Events in the caller's language, the rest as it was written.")

    class Meta:
        model = TimelineEntry
        fields = ("id", "kind", "at", "author", "text", "minutes")


class CaseDetail(CaseRow):
    """A whole case."""

    cause = serializers.SlugRelatedField[Any](slug_field="code", read_only=True, allow_null=True)
    steps = StepRow(many=True, source="shown_steps")
    clocks = ClockRow(many=True, source="shown_clocks")
    timeline = EntryRow(many=True, source="shown_timeline")

    class Meta(CaseRow.Meta):
        fields = (
            *CaseRow.Meta.fields,
            "description",
            "product",
            "order_reference",
            "occurred_on",
            "remedies_sought",
            "language",
            "preferred_contact",
            "satisfaction_before",
            "cues",
            "cause",
            "resolution",
            "remedy_landed_at",
            "low_score",
            "steps",
            "clocks",
            "timeline",
        )


class ContactRow(serializers.ModelSerializer[ContactPoint]):
    """How to reach a customer."""

    class Meta:
        model = ContactPoint
        fields = ("kind", "value")


class CustomerRow(serializers.ModelSerializer[Customer]):
    """A customer, with how often they complained, over every branch."""

    contacts = ContactRow(many=True, source="contact_points")
    open_complaints = serializers.IntegerField()
    complaints = serializers.IntegerField()

    class Meta:
        model = Customer
        fields = (
            "id",
            "name",
            "tier",
            "language",
            "preferred_contact",
            "time_zone",
            "customer_since",
            "contacts",
            "open_complaints",
            "complaints",
        )


class CustomerList(serializers.Serializer[Any]):
    """The customers that a text finds, the surest matches first."""

    results = CustomerRow(many=True)


class CaseQuery(serializers.Serializer[Any]):
    """What a list of cases is narrowed to."""

    state = serializers.ChoiceField(choices=CaseState.choices, required=False)
    branch = serializers.SlugField(required=False, help_text="The code of a branch.")
    severity = serializers.ChoiceField(choices=Severity.choices, required=False)
    received_since = serializers.DateTimeField(required=False, help_text="Received at that moment or later.")
    resolved_since = serializers.DateTimeField(required=False, help_text="Resolved at that moment or later.")


class CustomerQuery(serializers.Serializer[Any]):
    """Whom one looks for."""

    q = serializers.CharField(
        min_length=2, max_length=200, help_text="A phone number, e-mail address, order number or name."
    )


class CustomerIn(serializers.Serializer[Any]):
    """Who complains: found by id, e-mail address or phone number, and written anew if nobody is."""

    id = serializers.IntegerField(required=False, min_value=1)
    name = serializers.CharField(required=False, max_length=120)
    email = serializers.EmailField(required=False, max_length=254)
    phone = serializers.CharField(required=False, max_length=40)
    tier = serializers.ChoiceField(
        choices=Tier.choices, default=Tier.STANDARD, help_text="Of a new customer."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs.keys() & {"id", "email", "phone"}:
            raise serializers.ValidationError(_("Give an id, an e-mail address or a phone number."))
        return attrs


class CaseIn(serializers.Serializer[Any]):
    """A new complaint. What is left out of the classification is suggested from the description."""

    customer = CustomerIn()
    branch = serializers.SlugRelatedField[Branch](
        slug_field="code", queryset=Branch.objects.filter(is_active=True), help_text="The code of a branch."
    )
    description = serializers.CharField(max_length=LONG, help_text="What happened, in the customer's words.")
    channel = serializers.ChoiceField(choices=Channel.choices, default=Channel.API)
    summary = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)
    product = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)
    order_reference = serializers.CharField(max_length=60, required=False, default="", allow_blank=True)
    occurred_on = serializers.DateField(required=False, allow_null=True, default=None)
    remedies_sought = serializers.ListField(
        child=serializers.ChoiceField(choices=Remedy.choices),
        required=False,
        default=list,
        max_length=len(Remedy),
    )
    loss_amount = serializers.DecimalField(
        max_digits=14, decimal_places=4, min_value=0, required=False, allow_null=True, default=None
    )
    satisfaction_before = serializers.IntegerField(
        min_value=1, max_value=5, required=False, allow_null=True, default=None
    )
    language = serializers.ChoiceField(choices=settings.LANGUAGES, required=False)
    preferred_contact = serializers.ChoiceField(choices=ContactKind.choices, required=False)
    failure_type = serializers.ChoiceField(choices=FailureType.choices, required=False)
    defect = serializers.SlugRelatedField[Defect](
        slug_field="code",
        queryset=Defect.objects.filter(is_active=True, family__isnull=False),
        required=False,
    )
    severity = serializers.ChoiceField(choices=Severity.choices, required=False)
    external_source = serializers.SlugField(
        max_length=40, required=False, default="", allow_blank=True, help_text="Which system it comes from."
    )
    external_reference = serializers.CharField(
        max_length=120,
        required=False,
        default="",
        allow_blank=True,
        help_text="What that system calls it; each complaint of a system is logged once.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if bool(attrs["external_source"]) != bool(attrs["external_reference"]):
            raise serializers.ValidationError(
                {"external_reference": _("Give the source and the reference, or neither.")}
            )
        return attrs


class NoteIn(serializers.Serializer[Any]):
    """An internal note."""

    body = serializers.CharField(max_length=LONG)
