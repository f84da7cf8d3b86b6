"""Playbooks, and the recovery steps that a case takes from one."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from cases.models.case import Case
from cases.states import FailureType, StepKind, StepState
from common.bilingual import BilingualName
from common.choices import QuickLabels


class Playbook(BilingualName):
    """Ordered steps for a failure type ("" for any)."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    failure_type = models.CharField(_("failure type"), max_length=8, choices=FailureType, blank=True)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("playbook")
        verbose_name_plural = _("playbooks")
        ordering = ("code",)
        constraints = (
            models.UniqueConstraint(
                fields=("failure_type",),
                condition=models.Q(is_active=True),
                name="cases_playbook_one_per_type",
            ),
        )

    def __str__(self) -> str:
        return self.label


class PlaybookStep(models.Model):
    """One step of a playbook, with guidance in both languages."""

    playbook = models.ForeignKey(
        Playbook, models.CASCADE, related_name="steps", verbose_name=_("playbook"), db_index=False
    )
    kind = models.CharField(_("step"), max_length=12, choices=StepKind)
    position = models.PositiveSmallIntegerField(_("position"))
    hint_en = models.CharField(_("guidance in English"), max_length=250, blank=True)
    hint_zh = models.CharField(_("guidance in Chinese"), max_length=250, blank=True)

    class Meta:
        verbose_name = _("playbook step")
        verbose_name_plural = _("playbook steps")
        ordering = ("position",)
        constraints = (models.UniqueConstraint(fields=("playbook", "kind"), name="cases_playbook_step_once"),)

    def __str__(self) -> str:
        return self.kind


class RecoveryStep(QuickLabels, models.Model):
    """A step of a case: done, or skipped with a reason, by whom and when."""

    case = models.ForeignKey(
        Case, models.CASCADE, related_name="steps", verbose_name=_("case"), db_index=False
    )
    kind = models.CharField(_("step"), max_length=12, choices=StepKind)
    position = models.PositiveSmallIntegerField(_("position"))
    state = models.CharField(_("state"), max_length=8, choices=StepState, default=StepState.OPEN)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,  # nothing is looked for by it
        related_name="+",
        verbose_name=_("by"),
    )
    at = models.DateTimeField(_("at"), null=True, blank=True)
    note = models.CharField(_("note or reason"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("recovery step")
        verbose_name_plural = _("recovery steps")
        ordering = ("position",)
        constraints = (
            models.UniqueConstraint(fields=("case", "kind"), name="cases_step_once"),
            models.CheckConstraint(
                condition=~models.Q(state="skipped") | ~models.Q(note=""),
                name="cases_skipped_step_has_reason",
            ),
            models.CheckConstraint(
                condition=models.Q(state="open") | models.Q(at__isnull=False),
                name="cases_finished_step_has_time",
            ),
        )

    def __str__(self) -> str:
        return f"{self.case_id} {self.kind}"
