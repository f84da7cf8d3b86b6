"""The complaint case: one customer's complaint and its whole recovery."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Branch
from cases.models.taxonomy import Cause, Defect
from cases.states import (
    LANDING_STEPS,
    OPEN_STATES,
    BaselineSource,
    CaseState,
    Channel,
    Cue,
    FailureType,
    Outcome,
    Remedy,
    StepKind,
)
from common.choices import QuickLabels
from common.money import AmountField, CurrencyField
from customers.models import Customer
from customers.states import ContactKind
from sla.states import CASE_METRIC_CHOICES, Severity

# The due time of a case on which no clock runs: it sorts after every real one, so the queue needs no NULLs.
NEVER = dt.datetime(9999, 1, 1, tzinfo=dt.UTC)

_OPEN = models.Q(state__in=[str(state) for state in OPEN_STATES])
# What counts over a period are filtered and grouped by: in the index, they never touch the long rows.
_QUEUED_BY = ("state", "next_step")
_COUNTED_BY = ("branch", "channel", "failure_type", "defect")


class Case(QuickLabels, models.Model):
    """A complaint record as ISO 10002 asks for, and where its recovery stands.

    `due_at`, `due_metric` and `next_step` repeat what clocks and steps say, for the queue; the actions on
    clocks and steps keep them true.
    """

    number = models.CharField(_("case number"), max_length=20, unique=True)
    customer = models.ForeignKey(
        Customer, models.PROTECT, related_name="cases", verbose_name=_("customer"), db_index=False
    )
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", verbose_name=_("branch"))
    state = models.CharField(_("state"), max_length=8, choices=CaseState, default=CaseState.OPEN)

    channel = models.CharField(_("channel"), max_length=10, choices=Channel)
    summary = models.CharField(_("summary"), max_length=120)
    description = models.TextField(_("what happened"))
    product = models.CharField(_("product or service"), max_length=120, blank=True)
    order_reference = models.CharField(_("order number"), max_length=60, blank=True)
    occurred_on = models.DateField(_("when it happened"), null=True, blank=True)
    received_at = models.DateTimeField(_("received"), default=timezone.now)
    remedies_sought = ArrayField(
        models.CharField(max_length=16, choices=Remedy),
        default=list,
        blank=True,
        verbose_name=_("remedy sought"),
    )
    currency = CurrencyField(verbose_name=_("currency"))
    loss_amount = AmountField(verbose_name=_("loss"), null=True, blank=True)
    verified_loss = AmountField(verbose_name=_("verified loss"), null=True, blank=True)
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES, default="en")
    preferred_contact = models.CharField(
        _("preferred contact"), max_length=5, choices=ContactKind, default=ContactKind.EMAIL
    )
    satisfaction_before = models.PositiveSmallIntegerField(
        _("satisfaction before recovery"),
        null=True,
        blank=True,
        validators=(MinValueValidator(1), MaxValueValidator(5)),
    )
    baseline_source = models.CharField(
        _("how we know"), max_length=12, choices=BaselineSource, default=BaselineSource.NONE
    )

    failure_type = models.CharField(_("failure type"), max_length=8, choices=FailureType, blank=True)
    defect = models.ForeignKey(
        Defect,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,  # `cases_defect_received` begins with it
        related_name="+",
        verbose_name=_("defect"),
    )
    severity = models.PositiveSmallIntegerField(_("severity"), choices=Severity, default=Severity.MEDIUM)
    cues = ArrayField(
        models.CharField(max_length=10, choices=Cue), default=list, blank=True, verbose_name=_("cues")
    )
    suggestion = models.JSONField(_("suggestion"), default=dict, blank=True)

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,  # asked of open cases alone: `cases_open_owner_due`
        related_name="+",
        verbose_name=_("owner"),
    )
    logged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,  # nothing is looked for by it
        related_name="+",
        verbose_name=_("logged by"),
    )
    due_at = models.DateTimeField(_("due"), default=NEVER)
    due_metric = models.CharField(_("due clock"), max_length=16, choices=CASE_METRIC_CHOICES, blank=True)
    next_step = models.CharField(_("next step"), max_length=12, choices=StepKind, blank=True)
    first_response_at = models.DateTimeField(_("first response"), null=True, blank=True)

    outcome = models.CharField(_("outcome"), max_length=14, choices=Outcome, blank=True)
    cause = models.ForeignKey(
        Cause,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,  # counted by, never looked for
        related_name="+",
        verbose_name=_("cause"),
    )
    resolution = models.TextField(_("decision and how it was told"), blank=True)
    resolve_reason = models.CharField(_("why resolved with work open"), max_length=250, blank=True)
    resolved_at = models.DateTimeField(_("resolved"), null=True, blank=True)
    remedy_landed_at = models.DateTimeField(_("remedy landed"), null=True, blank=True)
    reopened_count = models.PositiveSmallIntegerField(_("times reopened"), default=0)
    low_score = models.BooleanField(_("low score"), default=False)

    tracking_token = models.CharField(max_length=32, unique=True, editable=False)
    external_source = models.CharField(_("source"), max_length=40, blank=True)
    external_reference = models.CharField(_("reference there"), max_length=120, blank=True)
    search = SearchVectorField(editable=False, null=True)

    class Meta:
        verbose_name = _("case")
        verbose_name_plural = _("cases")
        ordering = ("-id",)
        indexes = (
            models.Index(fields=("due_at", "id"), name="cases_open_due", condition=_OPEN, include=_QUEUED_BY),
            models.Index(
                fields=("branch", "due_at", "id"),
                name="cases_open_branch_due",
                condition=_OPEN,
                include=_QUEUED_BY,
            ),
            models.Index(fields=("owner", "due_at", "id"), name="cases_open_owner_due", condition=_OPEN),
            # Of the open cases few wait, and few have their remedy under way.
            models.Index(
                fields=("due_at", "id"),
                name="cases_waiting_due",
                condition=models.Q(state=str(CaseState.WAITING)),
                include=("branch",),
            ),
            models.Index(
                fields=("due_at", "id"),
                name="cases_landing_due",
                condition=_OPEN & models.Q(next_step__in=[str(step) for step in LANDING_STEPS]),
                include=("branch",),
            ),
            models.Index(fields=("customer", "-received_at"), name="cases_customer_latest"),
            models.Index(fields=("received_at", "id"), name="cases_received", include=_COUNTED_BY),
            models.Index(fields=("defect", "branch", "received_at"), name="cases_defect_received"),
            models.Index(
                fields=("resolved_at", "id"),
                name="cases_resolved",
                condition=models.Q(resolved_at__isnull=False),
            ),
            # Compensation is held against losses, so these are looked up by the keys of cases.
            models.Index(
                fields=("id",),
                name="cases_loss",
                condition=models.Q(verified_loss__gt=0)
                | models.Q(loss_amount__gt=0, verified_loss__isnull=True),
                include=("currency", "verified_loss", "loss_amount"),
            ),
            GinIndex(fields=("search",), name="cases_search"),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("external_source", "external_reference"),
                condition=~models.Q(external_reference=""),
                name="cases_external_once",
            ),
            models.CheckConstraint(condition=models.Q(severity__range=(1, 4)), name="cases_severity_known"),
            models.CheckConstraint(
                condition=models.Q(satisfaction_before__isnull=True)
                | models.Q(satisfaction_before__range=(1, 5)),
                name="cases_satisfaction_on_scale",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="resolved")
                | (models.Q(resolved_at__isnull=False) & ~models.Q(outcome="")),
                name="cases_resolved_is_complete",
            ),
            models.CheckConstraint(
                condition=models.Q(loss_amount__isnull=True) | models.Q(loss_amount__gte=0),
                name="cases_loss_not_negative",
            ),
        )

    def __str__(self) -> str:
        return self.number

    @property
    def stream(self) -> str:
        """The name of this case's audit stream."""
        return f"case:{self.pk}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def loss(self) -> Decimal | None:
        """The verified loss where there is one, else what the customer said."""
        return self.verified_loss if self.verified_loss is not None else self.loss_amount

    @property
    def cue_labels(self) -> list[str]:
        return [str(Cue(cue).label) for cue in self.cues if cue in Cue.values]

    @property
    def remedy_labels(self) -> list[str]:
        return [str(Remedy(remedy).label) for remedy in self.remedies_sought if remedy in Remedy.values]
