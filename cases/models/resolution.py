"""Resolutions: each decision on a case, kept as it was when the case is opened again and decided anew."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Branch, User
from cases.models.case import Case
from cases.models.taxonomy import Cause, Defect
from cases.states import Channel, FailureType, Outcome
from common.choices import QuickLabels

# What resolutions of a period are filtered and grouped by: in the index, they never touch a row.
_COUNTED_BY = ("case", "round", "branch", "channel", "failure_type", "defect")


class Resolution(QuickLabels, models.Model):
    """One decision on a case; database triggers refuse to change or remove it, but its words can be emptied.

    `round` is that of the clocks and of the survey: 1 for the first, one more after each reopening. Branch,
    channel, failure type and defect are the case's at that time, so that the figures of a period that is over
    stay what they were, and are counted without touching the cases.
    """

    # What it is on a timeline, beside the kinds of its entries.
    kind = "resolution"

    # The unique constraint finds those of a case, and nothing looks for them by what else they point at.
    case = models.ForeignKey(
        Case, models.PROTECT, db_index=False, related_name="resolutions", verbose_name=_("case")
    )
    round = models.PositiveSmallIntegerField(_("round"), default=1)
    at = models.DateTimeField(_("resolved"))
    outcome = models.CharField(_("outcome"), max_length=14, choices=Outcome)
    cause = models.ForeignKey(
        Cause,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        verbose_name=_("cause"),
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        verbose_name=_("by"),
    )
    text = models.TextField(_("decision and how it was told"), blank=True)
    reason = models.CharField(_("why resolved with work open"), max_length=250, blank=True)

    branch = models.ForeignKey(
        Branch, models.PROTECT, db_index=False, related_name="+", verbose_name=_("branch")
    )
    channel = models.CharField(_("channel"), max_length=10, choices=Channel)
    failure_type = models.CharField(_("failure type"), max_length=8, choices=FailureType, blank=True)
    defect = models.ForeignKey(
        Defect,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        verbose_name=_("defect"),
    )

    class Meta:
        verbose_name = _("resolution")
        verbose_name_plural = _("resolutions")
        ordering = ("case", "round")
        indexes = (models.Index(fields=("at", "id"), name="cases_resolution_time", include=_COUNTED_BY),)
        constraints = (
            models.UniqueConstraint(fields=("case", "round"), name="cases_resolution_once_a_round"),
            models.CheckConstraint(
                condition=models.Q(round__gte=1) & ~models.Q(outcome=""), name="cases_resolution_is_complete"
            ),
        )

    def __str__(self) -> str:
        return f"{self.case_id} {self.round}"

    @classmethod
    def of(cls, case: Case, *, by: User | None) -> Resolution:
        """The decision that a case has just been given, not yet written."""
        return cls(case=case, by=by, **cls.columns_of(case))

    @staticmethod
    def columns_of(case: Case) -> dict[str, Any]:
        """What a decision repeats of its case."""
        assert case.resolved_at is not None
        return {
            "round": case.reopened_count + 1,
            "at": case.resolved_at,
            "outcome": case.outcome,
            "cause_id": case.cause_id,
            "text": case.resolution,
            "reason": case.resolve_reason,
            "branch_id": case.branch_id,
            "channel": case.channel,
            "failure_type": case.failure_type,
            "defect_id": case.defect_id,
        }
