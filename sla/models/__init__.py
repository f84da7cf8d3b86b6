"""Business calendars and the targets that clocks run to."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Branch
from common.bilingual import BilingualName
from sla.states import Metric, Severity


class Calendar(BilingualName):
    """Opening hours of a week in one time zone; `week` maps "0" (Monday) … "6" to [["09:00", "17:00"], …].

    `applied_at` is the `changed_at` whose hours the running clocks follow: until both are the same, a sweep
    has deadlines to move. It passes over the cases in order of their keys: since `pass_began_at` it has come
    to `passed_case` (0: to none, or through), and `pass_left_out` tells whether it had to leave one for the
    next pass. Until `claimed_until` the pass is in the hands of one worker.
    """

    code = models.SlugField(_("code"), max_length=40, unique=True)
    time_zone = models.CharField(_("time zone"), max_length=60)
    week = models.JSONField(_("week"))
    holiday_country = models.CharField(
        _("public holidays of"),
        max_length=2,
        blank=True,
        help_text=_("An ISO 3166 country code; empty for none."),
    )
    changed_at = models.DateTimeField(_("changed"), default=timezone.now)
    applied_at = models.DateTimeField(_("applied"), null=True, editable=False)
    pass_began_at = models.DateTimeField(null=True, editable=False)
    passed_case = models.BigIntegerField(default=0, db_default=0, editable=False)
    pass_left_out = models.BooleanField(default=False, db_default=False, editable=False)
    claimed_until = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("business calendar")
        verbose_name_plural = _("business calendars")
        ordering = ("code",)

    def __str__(self) -> str:
        return self.label


class CalendarDay(models.Model):
    """A date with hours of its own: closed, a part-day holiday, or a make-up working day."""

    calendar = models.ForeignKey(
        Calendar, models.CASCADE, related_name="days", verbose_name=_("calendar"), db_index=False
    )
    date = models.DateField(_("date"))
    hours = models.JSONField(_("hours"), default=list, blank=True)
    note = models.CharField(_("note"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("special day")
        verbose_name_plural = _("special days")
        ordering = ("date",)
        constraints = (models.UniqueConstraint(fields=("calendar", "date"), name="sla_day_once"),)

    def __str__(self) -> str:
        return str(self.date)


class BranchCalendar(models.Model):
    """Which calendar a branch works by."""

    branch = models.OneToOneField(Branch, models.CASCADE, related_name="+", verbose_name=_("branch"))
    calendar = models.ForeignKey(Calendar, models.PROTECT, related_name="+", verbose_name=_("calendar"))

    class Meta:
        verbose_name = _("calendar of a branch")
        verbose_name_plural = _("calendars of branches")

    def __str__(self) -> str:
        return f"{self.branch_id}: {self.calendar_id}"


class Target(models.Model):
    """How many business minutes a clock may take, by severity, from a date on; the newest in force counts."""

    severity = models.PositiveSmallIntegerField(_("severity"), choices=Severity)
    metric = models.CharField(_("clock"), max_length=16, choices=Metric)
    minutes = models.PositiveIntegerField(_("business minutes"))
    valid_from = models.DateField(_("valid from"))

    class Meta:
        verbose_name = _("target")
        verbose_name_plural = _("targets")
        ordering = ("metric", "severity")
        constraints = (
            models.UniqueConstraint(
                fields=("severity", "metric", "valid_from"), name="sla_target_once_a_day"
            ),
            models.CheckConstraint(condition=models.Q(minutes__gt=0), name="sla_target_above_zero"),
        )

    def __str__(self) -> str:
        return f"{self.severity} {self.metric} {self.minutes} min"
