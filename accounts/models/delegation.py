"""Authority lent for a while: who decides in whose place."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Delegation(models.Model):
    """From one day to another the delegate may decide with the delegator's authority, beside their own.

    The days are those of the branch that a decision is about. It is never changed: it ends, or is revoked.
    """

    delegator = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("who is away")
    )
    delegate = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name=_("who stands in"),
        db_index=False,
    )
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"))
    reason = models.CharField(_("reason"), max_length=200)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("set up by")
    )
    created_at = models.DateTimeField(_("at"), default=timezone.now)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    class Meta:
        verbose_name = _("delegation")
        verbose_name_plural = _("delegations")
        ordering = ("-starts_on", "-id")
        indexes = (models.Index(fields=("delegate", "ends_on"), name="accounts_delegation_delegate"),)
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(delegate=models.F("delegator")), name="accounts_delegation_to_another"
            ),
            models.CheckConstraint(
                condition=models.Q(ends_on__gte=models.F("starts_on")), name="accounts_delegation_lasts"
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="accounts_delegation_has_reason"),
        )

    def __str__(self) -> str:
        return f"{self.delegator_id} → {self.delegate_id}"

    @classmethod
    def between(cls, first: dt.date, last: dt.date) -> models.QuerySet[Delegation]:
        """Those in force on some day from one to another, by people who are still there."""
        return cls.objects.filter(
            starts_on__lte=last, ends_on__gte=first, revoked_at=None, delegator__is_active=True
        )

    def holds_on(self, day: dt.date) -> bool:
        """Whether it is in force that day."""
        return self.revoked_at is None and self.starts_on <= day <= self.ends_on
