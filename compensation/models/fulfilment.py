"""The proof that compensation reached the customer, and what went wrong on the way or was taken back."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.choices import QuickLabels
from compensation.models.offer import Offer
from compensation.states import FulfilmentMethod, SetbackKind


class Setback(QuickLabels, models.Model):
    """A fulfilment that failed, or money taken back, with the reason. Rows are append-only."""

    offer = models.ForeignKey(Offer, models.PROTECT, related_name="setbacks", verbose_name=_("offer"))
    kind = models.CharField(_("kind"), max_length=11, choices=SetbackKind)
    reason = models.CharField(_("reason"), max_length=500)
    at = models.DateTimeField(_("at"), default=timezone.now)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("recorded by"),
    )

    class Meta:
        verbose_name = _("setback")
        verbose_name_plural = _("setbacks")
        ordering = ("id",)
        indexes = (
            models.Index(
                fields=("at", "id"),
                name="compensation_clawed_back",
                condition=models.Q(kind="clawed_back"),
            ),
        )
        constraints = (
            models.CheckConstraint(condition=~models.Q(reason=""), name="compensation_setback_has_reason"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.offer_id}"


class Fulfilment(QuickLabels, models.Model):
    """How and when a compensation reached the customer; `details` by `kind_states.Detail`, as text."""

    offer = models.OneToOneField(Offer, models.PROTECT, related_name="fulfilment", verbose_name=_("offer"))
    method = models.CharField(_("how"), max_length=18, choices=FulfilmentMethod)
    reference = models.CharField(_("reference"), max_length=120, blank=True)
    landed_at = models.DateTimeField(_("when it reached the customer"))
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("recorded by")
    )
    recorded_at = models.DateTimeField(_("recorded"), default=timezone.now)
    details = models.JSONField(_("details"), default=dict, db_default={}, blank=True)

    class Meta:
        verbose_name = _("fulfilment")
        verbose_name_plural = _("fulfilments")
        indexes = (models.Index(fields=("landed_at",), name="compensation_landed"),)

    def __str__(self) -> str:
        return f"{self.offer_id} {self.method}"
