"""Incidents: one failure that many customers suffered, and who they are."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Branch
from cases.models.case import Case
from cases.models.taxonomy import Defect
from cases.states import Channel, FailureType, IncidentState
from common.choices import QuickLabels
from common.money import AmountField
from customers.models import Customer
from sla.states import Severity


class Incident(QuickLabels, models.Model):
    """One failure that many customers suffered.

    Its branch answers for it: there the cases of customers who have none yet are opened, by the incident's
    `channel`, and its budget pays.
    """

    number = models.CharField(_("incident number"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=120)
    description = models.TextField(_("what happened"))
    branch = models.ForeignKey(
        Branch, models.PROTECT, related_name="+", verbose_name=_("branch"), db_index=False
    )
    channel = models.CharField(_("channel"), max_length=10, choices=Channel, default=Channel.EMAIL)
    failure_type = models.CharField(_("failure type"), max_length=8, choices=FailureType, blank=True)
    defect = models.ForeignKey(
        Defect, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("defect")
    )
    severity = models.PositiveSmallIntegerField(_("severity"), choices=Severity, default=Severity.MEDIUM)
    state = models.CharField(_("state"), max_length=8, choices=IncidentState, default=IncidentState.OPEN)
    declared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("declared by")
    )
    declared_at = models.DateTimeField(_("declared"), default=timezone.now)
    resolved_at = models.DateTimeField(_("resolved"), null=True, blank=True)

    class Meta:
        verbose_name = _("incident")
        verbose_name_plural = _("incidents")
        ordering = ("-id",)
        indexes = (models.Index(fields=("branch", "-id"), name="cases_incident_branch"),)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(severity__range=(1, 4)), name="cases_incident_severity_known"
            ),
            models.CheckConstraint(
                condition=models.Q(state="resolved", resolved_at__isnull=False)
                | models.Q(state="open", resolved_at__isnull=True),
                name="cases_incident_resolved_has_time",
            ),
        )

    def __str__(self) -> str:
        return self.number

    @property
    def stream(self) -> str:
        """The name of this incident's audit stream."""
        return f"incident:{self.pk}"

    @property
    def is_open(self) -> bool:
        return self.state == IncidentState.OPEN


class Affected(models.Model):
    """A customer whom an incident hit, with their case where there is one; a reason leaves them out."""

    incident = models.ForeignKey(
        Incident, models.CASCADE, related_name="affected", verbose_name=_("incident"), db_index=False
    )
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+", verbose_name=_("customer"))
    case = models.ForeignKey(
        Case,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="incidents",
        verbose_name=_("case"),
        db_index=False,
    )
    loss = AmountField(verbose_name=_("loss"), null=True, blank=True)
    excluded_because = models.CharField(_("left out because"), max_length=200, blank=True)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("added by")
    )
    added_at = models.DateTimeField(_("added"), default=timezone.now)

    class Meta:
        verbose_name = _("affected customer")
        verbose_name_plural = _("affected customers")
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("incident", "customer"), name="cases_affected_once"),
            models.UniqueConstraint(fields=("case",), name="cases_affected_case_once"),
            models.CheckConstraint(
                condition=models.Q(loss__isnull=True) | models.Q(loss__gte=0),
                name="cases_affected_loss_not_negative",
            ),
        )
        indexes = (models.Index(fields=("incident", "id"), name="cases_affected_listed"),)

    def __str__(self) -> str:
        return f"{self.incident_id} {self.customer_id}"


class UnknownLine(models.Model):
    """A line of a list of customers for which no customer, or more than one, was found: kept until mended."""

    incident = models.ForeignKey(
        Incident, models.CASCADE, related_name="unknown_lines", verbose_name=_("incident"), db_index=False
    )
    text = models.CharField(_("line"), max_length=300)
    problem = models.CharField(_("problem"), max_length=20)

    class Meta:
        verbose_name = _("unknown line")
        verbose_name_plural = _("unknown lines")
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=("incident", "text"), name="cases_unknown_line_once"),)

    def __str__(self) -> str:
        return self.text
