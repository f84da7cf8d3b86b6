"""Budgets and the append-only movements that their balances are made of."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Branch
from common.money import AmountField, CurrencyField
from compensation.states import Movement


class Budget(models.Model):
    """Money set aside for one branch and period; a constraint refuses to reserve more than there is."""

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", verbose_name=_("branch"))
    currency = CurrencyField(verbose_name=_("currency"))
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("to"))
    amount = AmountField(verbose_name=_("amount"))
    reserved = AmountField(verbose_name=_("reserved"), default=0)
    committed = AmountField(verbose_name=_("committed"), default=0)

    class Meta:
        verbose_name = _("budget")
        verbose_name_plural = _("budgets")
        ordering = ("-starts_on", "branch")
        constraints = (
            models.UniqueConstraint(
                fields=("branch", "currency", "starts_on"), name="compensation_budget_once"
            ),
            models.CheckConstraint(
                condition=models.Q(amount__gte=models.F("reserved") + models.F("committed")),
                name="compensation_budget_never_overspent",
            ),
            models.CheckConstraint(
                condition=models.Q(reserved__gte=0, committed__gte=0), name="compensation_budget_not_negative"
            ),
            models.CheckConstraint(
                condition=models.Q(ends_on__gte=models.F("starts_on")), name="compensation_budget_period"
            ),
        )

    def __str__(self) -> str:
        return f"{self.branch_id} {self.starts_on} {self.currency}"

    @property
    def left(self) -> Decimal:
        return self.amount - self.reserved - self.committed


class BudgetMovement(models.Model):
    """One movement of money; a database trigger refuses to update or delete it.

    Kept append-only because balances are sums of these rows: a corrected row would change history unseen, a
    correcting row shows.
    """

    budget = models.ForeignKey(Budget, models.PROTECT, related_name="movements", verbose_name=_("budget"))
    offer = models.ForeignKey(
        "compensation.Offer", models.PROTECT, related_name="movements", verbose_name=_("offer")
    )
    kind = models.CharField(_("kind"), max_length=9, choices=Movement)
    amount = AmountField(verbose_name=_("amount"))
    at = models.DateTimeField(_("at"), default=timezone.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("by")
    )

    class Meta:
        verbose_name = _("budget movement")
        verbose_name_plural = _("budget movements")
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("offer", "kind"), name="compensation_movement_once"),
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="compensation_movement_above_zero"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.amount}"
