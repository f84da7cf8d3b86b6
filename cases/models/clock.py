"""Clocks: the running deadlines of a case."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from cases.models.case import Case
from cases.states import ClockState
from common.choices import QuickLabels
from sla.models import Calendar
from sla.states import CASE_METRIC_CHOICES, Severity


class Clock(QuickLabels, models.Model):
    """One deadline in business time, and what became of it; a finished clock is never rewritten.

    `paused_seconds` is business time. `level` is the highest escalation level that fired (1: 75 %, 2: 100 %,
    3: 150 %) and `next_alert_at` when the next one does; the sweep looks at that column alone.
    """

    case = models.ForeignKey(
        Case, models.CASCADE, related_name="clocks", verbose_name=_("case"), db_index=False
    )
    metric = models.CharField(_("clock"), max_length=16, choices=CASE_METRIC_CHOICES)
    round = models.PositiveSmallIntegerField(_("round"), default=1)
    severity = models.PositiveSmallIntegerField(_("severity"), choices=Severity)
    target_minutes = models.PositiveIntegerField(_("business minutes"))
    calendar = models.ForeignKey(Calendar, models.PROTECT, related_name="+", verbose_name=_("calendar"))
    state = models.CharField(_("state"), max_length=9, choices=ClockState, default=ClockState.RUNNING)
    started_at = models.DateTimeField(_("started"))
    due_at = models.DateTimeField(_("due"))
    paused_at = models.DateTimeField(_("paused since"), null=True, blank=True)
    paused_seconds = models.PositiveIntegerField(_("business seconds paused"), default=0)
    stopped_at = models.DateTimeField(_("stopped"), null=True, blank=True)
    business_seconds = models.PositiveIntegerField(_("business seconds taken"), null=True, blank=True)
    calendar_seconds = models.PositiveIntegerField(_("seconds taken"), null=True, blank=True)
    level = models.PositiveSmallIntegerField(_("escalation level"), default=0)
    next_alert_at = models.DateTimeField(_("next alert"), null=True, blank=True)

    class Meta:
        verbose_name = _("clock")
        verbose_name_plural = _("clocks")
        ordering = ("due_at", "id")
        indexes = (
            models.Index(
                fields=("next_alert_at",),
                name="cases_clock_alert",
                condition=models.Q(next_alert_at__isnull=False),
            ),
            models.Index(
                fields=("stopped_at", "metric"),
                name="cases_clock_finished",
                condition=models.Q(state__in=("met", "missed")),
                include=("case", "state", "business_seconds", "calendar_seconds"),
            ),
        )
        constraints = (
            models.UniqueConstraint(fields=("case", "metric", "round"), name="cases_clock_once_a_round"),
            models.CheckConstraint(
                condition=models.Q(state__in=("running", "paused")) | models.Q(stopped_at__isnull=False),
                name="cases_stopped_clock_has_time",
            ),
            models.CheckConstraint(
                condition=models.Q(state="running") | models.Q(next_alert_at__isnull=True),
                name="cases_only_running_clocks_alert",
            ),
        )

    def __str__(self) -> str:
        return f"{self.case_id} {self.metric} {self.round}"
