"""Who decides on a waiting offer: the routes that are set up, the steps of an offer, and questions back."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Branch
from accounts.states import Role
from common.choices import QuickLabels
from common.money import AmountField, CurrencyField
from compensation.models.kind import LONGEST_CODE, OfKind
from compensation.models.offer import Offer
from compensation.states import DECIDED_STEPS, Basis, StepState


class ApprovalRoute(OfKind, QuickLabels, models.Model):
    """Who is asked about the offers that it is for, from a day to a day, instead of one role alone.

    It is for offers of its currency, in its `branch` (None stands for any), of its `kind` and `basis` (""
    stands for any), as soon as all that stands on the case comes to `from_amount`, or with
    `only_beyond_policy` only where they leave the policy. Once in force it only ends: another one takes its
    place. One that was taken back on the day it began ends the day before.
    """

    name = models.CharField(_("name"), max_length=80)
    currency = CurrencyField(verbose_name=_("currency"))
    branch = models.ForeignKey(
        Branch, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("branch")
    )
    kind = models.CharField(_("kind"), max_length=LONGEST_CODE, blank=True)
    basis = models.CharField(_("basis"), max_length=9, choices=Basis, blank=True)
    from_amount = AmountField(verbose_name=_("from this amount on the case"), default=0)
    only_beyond_policy = models.BooleanField(_("only for what leaves the policy"), default=False)
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(_("valid until"), null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("set up by"),
    )

    class Meta:
        verbose_name = _("approval route")
        verbose_name_plural = _("approval routes")
        ordering = ("currency", "valid_from", "id")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(from_amount__gte=0), name="compensation_route_from_an_amount"
            ),
            models.CheckConstraint(
                condition=models.Q(valid_to__isnull=True)
                | models.Q(valid_to__gte=models.F("valid_from") - dt.timedelta(days=1)),
                name="compensation_route_lasts",
            ),
        )

    def __str__(self) -> str:
        return self.name


class RouteStep(QuickLabels, models.Model):
    """One who is asked by a route. Steps of one level are asked together, levels one after another."""

    route = models.ForeignKey(
        ApprovalRoute, models.CASCADE, related_name="steps", verbose_name=_("approval route")
    )
    level = models.PositiveSmallIntegerField(_("level"))
    role = models.CharField(_("role"), max_length=12, choices=Role)

    class Meta:
        verbose_name = _("step of an approval route")
        verbose_name_plural = _("steps of approval routes")
        ordering = ("level", "id")
        constraints = (
            models.CheckConstraint(condition=models.Q(level__gte=1), name="compensation_route_level"),
        )

    def __str__(self) -> str:
        return f"{self.level} {self.role}"


class ApprovalStep(QuickLabels, models.Model):
    """One decision that a waiting offer needs. A waiting offer always has an open one: a trigger sees to it.

    A step is planned until the levels before it are decided. `round` is the offer's: each time it is proposed
    again, its steps begin anew, and those of before stay. With `binding` only the role itself decides, or
    whoever has as much authority; else whoever's authority covers the amount. `amount` is what was approved
    at most; who decides later, approves no more. With `on_behalf_of` the authority was that person's. What
    is decided never changes; a step that is not needed any more is dropped, by a trigger as well.

    `due_at` is by when an answer is expected, and `next_alert_at` when the next level is told of it.
    """

    offer = models.ForeignKey(Offer, models.PROTECT, related_name="steps", verbose_name=_("offer"))
    round = models.PositiveSmallIntegerField(_("round"), default=1, db_default=1)
    level = models.PositiveSmallIntegerField(_("level"), default=1, db_default=1)
    role = models.CharField(_("role"), max_length=12, choices=Role)
    binding = models.BooleanField(_("this role at least"), default=False, db_default=False)
    state = models.CharField(
        _("state"), max_length=8, choices=StepState, default=StepState.PLANNED, db_default="planned"
    )
    opened_at = models.DateTimeField(_("asked"), null=True, blank=True)
    due_at = models.DateTimeField(_("answer due"), null=True, blank=True)
    next_alert_at = models.DateTimeField(null=True, blank=True, editable=False)
    alerted_level = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("decided by"),
    )
    on_behalf_of = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("on behalf of"),
    )
    amount = AmountField(verbose_name=_("amount"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True, default="", db_default="")
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)

    class Meta:
        verbose_name = _("approval step")
        verbose_name_plural = _("approval steps")
        ordering = ("round", "level", "id")
        indexes = (
            models.Index(
                fields=("role", "opened_at", "id"),
                name="compensation_step_open",
                condition=models.Q(state="open"),
                include=("offer",),
            ),
            models.Index(
                fields=("next_alert_at", "id"),
                name="compensation_step_alert",
                condition=models.Q(state="open", next_alert_at__isnull=False),
            ),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("offer", "round", "decided_by"),
                name="compensation_step_once_a_person",
                condition=models.Q(decided_by__isnull=False),
            ),
            models.CheckConstraint(
                condition=models.Q(decided_by__isnull=False, decided_at__isnull=False)
                & ~models.Q(reason="")
                & models.Q(state__in=[str(state.value) for state in DECIDED_STEPS])
                | models.Q(decided_by__isnull=True)
                & ~models.Q(state__in=[str(state.value) for state in DECIDED_STEPS]),
                name="compensation_decided_step_is_complete",
            ),
            models.CheckConstraint(
                condition=models.Q(state="approved", amount__gt=0)
                | ~models.Q(state="approved") & models.Q(amount__isnull=True),
                name="compensation_approved_step_has_an_amount",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="open") | models.Q(opened_at__isnull=False),
                name="compensation_open_step_since_when",
            ),
            models.CheckConstraint(
                condition=models.Q(on_behalf_of__isnull=True)
                | models.Q(decided_by__isnull=False) & ~models.Q(on_behalf_of=models.F("decided_by")),
                name="compensation_step_on_behalf_of_another",
            ),
        )

    def __str__(self) -> str:
        return f"{self.offer_id} {self.level} {self.role} {self.state}"


class Question(models.Model):
    """What somebody who should decide wants to know first: the offer goes back, and comes again answered."""

    offer = models.ForeignKey(Offer, models.PROTECT, related_name="questions", verbose_name=_("offer"))
    step = models.OneToOneField(
        ApprovalStep, models.PROTECT, related_name="question", verbose_name=_("approval step")
    )
    text = models.CharField(_("question"), max_length=500)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("asked by")
    )
    asked_at = models.DateTimeField(_("asked"), default=timezone.now)
    answer = models.CharField(_("answer"), max_length=500, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("answered by"),
    )
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)

    class Meta:
        verbose_name = _("question about an offer")
        verbose_name_plural = _("questions about offers")
        ordering = ("id",)
        indexes = (
            models.Index(fields=("id",), name="compensation_question_open", condition=models.Q(answer="")),
        )
        constraints = (
            models.CheckConstraint(condition=~models.Q(text=""), name="compensation_question_asks"),
            models.CheckConstraint(
                condition=models.Q(answer="", answered_by__isnull=True, answered_at__isnull=True)
                | ~models.Q(answer="") & models.Q(answered_by__isnull=False, answered_at__isnull=False),
                name="compensation_question_answered_by_somebody",
            ),
        )

    def __str__(self) -> str:
        return self.text
