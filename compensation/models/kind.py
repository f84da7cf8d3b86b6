"""How an organisation handles each kind of offer: whether the customer is asked, and how long things take."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from common.choices import QuickLabels
from compensation.states import Need, OfferKind

LONGEST_DAYS = 366


class KindSetting(QuickLabels, models.Model):
    """`need` decides which ways of fulfilling are shown.

    `asks_customer`: nothing of this kind is fulfilled before the customer has accepted it. `answer_days` are
    calendar days, for the customer; `due_days` are business days of the branch, from the grant or the
    customer's yes to the arrival.
    """

    kind = models.CharField(_("kind"), max_length=14, choices=OfferKind, primary_key=True)
    need = models.CharField(_("what it takes"), max_length=8, choices=Need, default=Need.PAYMENT)
    asks_customer = models.BooleanField(_("the customer is asked first"), default=False)
    answer_days = models.PositiveSmallIntegerField(
        _("days to answer"),
        default=14,
        validators=(MinValueValidator(1), MaxValueValidator(LONGEST_DAYS)),
    )
    due_days = models.PositiveSmallIntegerField(
        _("business days until it arrives"),
        default=5,
        validators=(MinValueValidator(1), MaxValueValidator(LONGEST_DAYS)),
    )

    class Meta:
        verbose_name = _("handling of a kind of offer")
        verbose_name_plural = _("handling of kinds of offers")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(answer_days__range=(1, LONGEST_DAYS), due_days__range=(1, LONGEST_DAYS)),
                name="compensation_kind_days",
            ),
        )

    def __str__(self) -> str:
        return self.kind
