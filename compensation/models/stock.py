"""How many things of a kind a branch has at hand, and every movement that made it so."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from compensation.models.kind import LONGEST_CODE, OfKind
from compensation.models.offer import Offer


class Stock(OfKind, models.Model):
    """What a branch has of a kind whose stock is counted. `on_hand` is the sum of its movements.

    A trigger keeps it so, and nothing else changes it; below zero it never goes.
    """

    kind = models.CharField(_("kind"), max_length=LONGEST_CODE)
    branch = models.ForeignKey("accounts.Branch", models.PROTECT, related_name="+", verbose_name=_("branch"))
    on_hand = models.IntegerField(_("at hand"), default=0)
    low_at = models.PositiveIntegerField(_("warn at"), default=5)

    class Meta:
        verbose_name = _("stock")
        verbose_name_plural = _("stocks")
        ordering = ("branch__code",)
        constraints = (
            models.UniqueConstraint(fields=("kind", "branch"), name="compensation_stock_once"),
            models.CheckConstraint(
                condition=models.Q(on_hand__gte=0), name="compensation_stock_never_below_zero"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.branch_id}: {self.on_hand}"

    @property
    def is_low(self) -> bool:
        return self.on_hand <= self.low_at


class StockMovement(models.Model):
    """What came in or, below zero, went out; with an `offer` for a fulfilment, and what came back of it.

    Rows are append-only.
    """

    stock = models.ForeignKey(Stock, models.PROTECT, related_name="movements", verbose_name=_("stock"))
    change = models.IntegerField(_("change"))
    offer = models.ForeignKey(
        Offer, models.PROTECT, null=True, blank=True, related_name="stock_movements", verbose_name=_("offer")
    )
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("movement of stock")
        verbose_name_plural = _("movements of stock")
        ordering = ("id",)
        constraints = (
            models.CheckConstraint(condition=~models.Q(change=0), name="compensation_stock_moves"),
            models.CheckConstraint(
                condition=models.Q(offer__isnull=False) | ~models.Q(reason=""),
                name="compensation_stock_says_why",
            ),
            models.UniqueConstraint(
                fields=("offer",), condition=models.Q(change__lt=0), name="compensation_stock_taken_once"
            ),
            models.UniqueConstraint(
                fields=("offer",), condition=models.Q(change__gt=0), name="compensation_stock_back_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.change:+}"
