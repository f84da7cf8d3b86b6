"""Severity, and what a clock measures."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Severity(models.IntegerChoices):
    CRITICAL = 1, _("Critical")
    HIGH = 2, _("High")
    MEDIUM = 3, _("Medium")
    LOW = 4, _("Low")


class Metric(models.TextChoices):
    FIRST_RESPONSE = "first_response", _("First response")
    RESOLUTION = "resolution", _("Resolution")
    DECISION = "decision", _("Approval decision")


# What the clocks of a case measure; a decision on compensation is an answer among colleagues.
CASE_METRICS = (Metric.FIRST_RESPONSE, Metric.RESOLUTION)
CASE_METRIC_CHOICES = [(metric.value, metric.label) for metric in CASE_METRICS]
