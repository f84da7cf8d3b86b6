"""Lists of granted offers that were drawn for internal audit to look at, and what was found about each."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.choices import QuickLabels
from common.money import AmountField, CurrencyField
from compensation.models.offer import Offer
from compensation.review_states import Finding


class ReviewList(models.Model):
    """A sample of what was granted in a period, with all that it takes to draw the same again.

    Append-only, and so are its items and their reviews. `branch_ids` None stands for every branch. The
    period is over when the list is drawn, and a grant keeps its amount and time whatever becomes of it; so
    the population stays the same, which its `fingerprint` shows. `bands` tells of each band of amounts: low,
    high, count, total, drawn.
    """

    purpose = models.CharField(_("purpose"), max_length=120)
    currency = CurrencyField(verbose_name=_("currency"))
    branch_ids = ArrayField(models.BigIntegerField(), verbose_name=_("branches"), null=True, blank=True)
    first_day = models.DateField(_("from"))
    last_day = models.DateField(_("to"))
    since = models.DateTimeField(_("from"))
    until = models.DateTimeField(_("before"))
    seed = models.CharField(_("seed"), max_length=40)
    asked_size = models.PositiveIntegerField(_("how many"))
    asked_bands = models.PositiveSmallIntegerField(_("bands of amounts"))
    population = models.PositiveIntegerField(_("drawn from"))
    population_total = models.DecimalField(_("sum"), max_digits=20, decimal_places=4)
    fingerprint = models.CharField(_("fingerprint"), max_length=64)
    bands = models.JSONField(_("bands"))
    drawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("drawn by")
    )
    drawn_at = models.DateTimeField(_("drawn"), default=timezone.now)

    class Meta:
        verbose_name = _("review list")
        verbose_name_plural = _("review lists")
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(until__gt=models.F("since"), until__lte=models.F("drawn_at")),
                name="compensation_review_of_a_period_that_is_over",
            ),
        )

    def __str__(self) -> str:
        return self.purpose

    @property
    def stream(self) -> str:
        """The name of this list's audit stream."""
        return f"review:{self.pk}"


class ReviewItem(models.Model):
    """One offer of a list. `band` counts from the smallest amounts up, `place` is its place on the list."""

    list = models.ForeignKey(
        ReviewList, models.PROTECT, related_name="items", verbose_name=_("review list"), db_index=False
    )
    offer = models.ForeignKey(Offer, models.PROTECT, related_name="review_items", verbose_name=_("offer"))
    band = models.PositiveSmallIntegerField(_("band"))
    place = models.PositiveIntegerField(_("place"))
    amount = AmountField(verbose_name=_("granted"))

    class Meta:
        verbose_name = _("offer for review")
        verbose_name_plural = _("offers for review")
        ordering = ("list", "place")
        constraints = (
            models.UniqueConstraint(fields=("list", "place"), name="compensation_review_place_once"),
            models.UniqueConstraint(fields=("list", "offer"), name="compensation_review_offer_once"),
        )

    def __str__(self) -> str:
        return f"{self.list_id}/{self.place}"


class Review(QuickLabels, models.Model):
    """What a reviewer found; the newest of an item counts. A trigger refuses those who had a part in it."""

    item = models.ForeignKey(ReviewItem, models.PROTECT, related_name="reviews", verbose_name=_("offer"))
    finding = models.CharField(_("finding"), max_length=9, choices=Finding)
    note = models.CharField(_("note"), max_length=1000, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        ordering = ("id",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(finding="in_order") | ~models.Q(note=""),
                name="compensation_finding_has_words",
            ),
        )

    def __str__(self) -> str:
        return f"{self.item_id} {self.finding}"
