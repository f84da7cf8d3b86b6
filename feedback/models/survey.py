"""Invitations, responses, and the follow-up that a low score opens."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cases.models import Case
from feedback.models.instrument import Instrument
from feedback.states import FollowUpState, InvitationState


class Invitation(models.Model):
    """The one survey about one resolution of a case; `token` is the customer's only key to it."""

    case = models.ForeignKey(
        Case, models.CASCADE, related_name="invitations", verbose_name=_("case"), db_index=False
    )
    round = models.PositiveSmallIntegerField(_("round"), default=1)
    instrument = models.ForeignKey(
        Instrument, models.PROTECT, related_name="+", verbose_name=_("questionnaire")
    )
    token = models.CharField(max_length=43, unique=True, editable=False)
    language = models.CharField(_("language"), max_length=10)
    state = models.CharField(
        _("state"), max_length=9, choices=InvitationState, default=InvitationState.SCHEDULED
    )
    due_at = models.DateTimeField(_("due"))
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    reminder_due_at = models.DateTimeField(_("reminder due"), null=True, blank=True)
    closes_at = models.DateTimeField(_("closes"), null=True, blank=True)
    skip_reason = models.CharField(_("why not sent"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ("-id",)
        indexes = (
            models.Index(
                fields=("due_at",), name="feedback_invitation_due", condition=models.Q(state="scheduled")
            ),
            models.Index(
                fields=("reminder_due_at",),
                name="feedback_reminder_due",
                condition=models.Q(state="sent", reminder_due_at__isnull=False),
            ),
        )
        constraints = (
            models.UniqueConstraint(fields=("case", "round"), name="feedback_invitation_once_a_round"),
            models.CheckConstraint(
                condition=models.Q(state__in=("scheduled", "skipped")) | models.Q(sent_at__isnull=False),
                name="feedback_sent_has_time",
            ),
        )

    def __str__(self) -> str:
        return f"{self.case_id} {self.round}"


class Response(models.Model):
    """A customer's answers: `answers` maps item codes to points, and the scores follow from them.

    `round` is the invitation's, written by the database: figures find the resolution that was answered about
    without a look at the invitation.
    """

    invitation = models.OneToOneField(
        Invitation, models.CASCADE, related_name="response", verbose_name=_("invitation")
    )
    case = models.ForeignKey(Case, models.CASCADE, related_name="responses", verbose_name=_("case"))
    round = models.PositiveSmallIntegerField(_("round"), default=1, db_default=1, editable=False)
    answers = models.JSONField(_("answers"))
    comment = models.TextField(_("comment"), blank=True)
    satisfaction = models.PositiveSmallIntegerField(_("recovery satisfaction"))
    satisfaction_before = models.PositiveSmallIntegerField(
        _("satisfaction before recovery"), null=True, blank=True
    )
    justice = models.DecimalField(_("justice"), max_digits=4, decimal_places=2, null=True, blank=True)
    nps = models.PositiveSmallIntegerField(_("recommendation"), null=True, blank=True)
    submitted_at = models.DateTimeField(_("answered"), default=timezone.now)
    changed_at = models.DateTimeField(_("changed"), default=timezone.now)

    class Meta:
        verbose_name = _("response")
        verbose_name_plural = _("responses")
        ordering = ("-id",)
        indexes = (
            models.Index(
                fields=("submitted_at",),
                name="feedback_response_time",
                include=("case", "round", "satisfaction", "satisfaction_before", "nps"),
            ),
        )
        constraints = (
            models.CheckConstraint(
                condition=models.Q(satisfaction__range=(1, 5)), name="feedback_satisfaction_on_scale"
            ),
        )

    def __str__(self) -> str:
        return f"{self.case_id}: {self.satisfaction}"


class FollowUp(models.Model):
    """What a low score opens: a call by someone other than the case's owner, within a set time.

    `level` is the highest level that was told of it, and `next_reminder_at` when the next one is, as with the
    clocks of a case; the sweep looks at that column alone.
    """

    response = models.OneToOneField(
        Response, models.CASCADE, related_name="follow_up", verbose_name=_("response")
    )
    case = models.ForeignKey(Case, models.CASCADE, related_name="follow_ups", verbose_name=_("case"))
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("for")
    )
    state = models.CharField(_("state"), max_length=4, choices=FollowUpState, default=FollowUpState.OPEN)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    due_at = models.DateTimeField(_("due"))
    done_at = models.DateTimeField(_("done at"), null=True, blank=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("done by"),
    )
    result = models.CharField(_("what came of it"), max_length=500, blank=True)
    level = models.PositiveSmallIntegerField(_("escalation level"), default=0, db_default=0)
    next_reminder_at = models.DateTimeField(_("next reminder"), null=True, blank=True)

    class Meta:
        verbose_name = _("follow-up")
        verbose_name_plural = _("follow-ups")
        ordering = ("due_at", "id")
        indexes = (
            models.Index(
                fields=("assignee", "due_at"),
                name="feedback_follow_up_open",
                condition=models.Q(state="open"),
            ),
            models.Index(
                fields=("next_reminder_at",),
                name="feedback_follow_up_reminder",
                condition=models.Q(next_reminder_at__isnull=False),
            ),
        )
        constraints = (
            models.CheckConstraint(
                condition=models.Q(state="open") | models.Q(next_reminder_at__isnull=True),
                name="feedback_only_open_follow_ups_remind",
            ),
        )

    def __str__(self) -> str:
        return f"{self.case_id}"
