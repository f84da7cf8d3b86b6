"""What a role may grant without asking anyone."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.states import Role
from common.money import AmountField, CurrencyField


class Authority(models.Model):
    """The limit of a role in one currency, per case and per day, from a date; the newest in force counts."""

    role = models.CharField(_("role"), max_length=12, choices=Role)
    currency = CurrencyField(verbose_name=_("currency"))
    per_case = AmountField(verbose_name=_("per case"))
    per_day = AmountField(verbose_name=_("per day"))
    valid_from = models.DateField(_("valid from"))

    class Meta:
        verbose_name = _("authority")
        verbose_name_plural = _("authorities")
        ordering = ("currency", "per_case", "role")
        constraints = (
            models.UniqueConstraint(
                fields=("role", "currency", "valid_from"), name="accounts_authority_once_a_day"
            ),
            models.CheckConstraint(
                condition=models.Q(per_case__gte=0, per_day__gte=models.F("per_case")),
                name="accounts_authority_day_covers_case",
            ),
        )

    def __str__(self) -> str:
        return f"{self.role} {self.currency} {self.per_case}"
