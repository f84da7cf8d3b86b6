"""What a role, or one person, may grant without asking anyone."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.states import Role
from common.money import AmountField, CurrencyField


class AuthorityManager(models.Manager["Authority"]):
    def of_roles(self) -> models.QuerySet[Authority]:
        """What roles may grant of any kind and basis."""
        return self.filter(user=None, kind="", basis="")

    def special(self) -> models.QuerySet[Authority]:
        """What holds for one person, kind or basis instead."""
        return self.exclude(user=None, kind="", basis="")


class Authority(models.Model):
    """The limit of a role in one currency, per case and per day, from a date; the newest in force counts.

    With a `user` it is that person's own, and holds while they have that role. With a `kind` or a `basis` of
    compensation it is for that alone, and counts that alone; "" stands for any. The most specific one in
    force is what counts: a person's before the role's, then that of the kind, then that of the basis. One
    that `ends` leaves it to the less specific ones from its date on.
    """

    role = models.CharField(_("role"), max_length=12, choices=Role)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="authorities",
        verbose_name=_("person"),
    )
    currency = CurrencyField(verbose_name=_("currency"))
    kind = models.CharField(_("kind"), max_length=30, blank=True, default="", db_default="")
    basis = models.CharField(_("basis"), max_length=9, blank=True, default="", db_default="")
    per_case = AmountField(verbose_name=_("per case"))
    per_day = AmountField(verbose_name=_("per day"))
    ends = models.BooleanField(_("ends"), default=False, db_default=False)
    valid_from = models.DateField(_("valid from"))

    objects = AuthorityManager()

    class Meta:
        verbose_name = _("authority")
        verbose_name_plural = _("authorities")
        ordering = ("currency", "per_case", "role")
        constraints = (
            models.UniqueConstraint(
                fields=("role", "user", "currency", "kind", "basis", "valid_from"),
                name="accounts_authority_once_a_day",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=models.Q(per_case__gte=0, per_day__gte=models.F("per_case")),
                name="accounts_authority_day_covers_case",
            ),
            models.CheckConstraint(
                condition=models.Q(ends=False)
                | models.Q(per_case=0, per_day=0) & ~models.Q(user__isnull=True, kind="", basis=""),
                name="accounts_authority_ends_for_another",
            ),
        )

    def __str__(self) -> str:
        return f"{self.role} {self.currency} {self.per_case}"
