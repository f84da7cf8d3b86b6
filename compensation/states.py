"""States and kinds of an offer, a decision and a budget movement."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class OfferState(models.TextChoices):
    WAITING = "waiting", _("Waiting for approval")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")
    CANCELLED = "cancelled", _("Withdrawn")
    FULFILLED = "fulfilled", _("Fulfilled")


TRANSITIONS: dict[OfferState, frozenset[OfferState]] = {
    OfferState.WAITING: frozenset({OfferState.APPROVED, OfferState.REJECTED, OfferState.CANCELLED}),
    OfferState.APPROVED: frozenset({OfferState.FULFILLED, OfferState.CANCELLED}),
    OfferState.REJECTED: frozenset(),
    OfferState.CANCELLED: frozenset(),
    OfferState.FULFILLED: frozenset(),
}

# Offers in these states hold money of a budget.
GRANTED = (OfferState.APPROVED, OfferState.FULFILLED)


class OfferKind(models.TextChoices):
    REFUND = "refund", _("Refund")
    COMPENSATION = "compensation", _("Compensation payment")
    VOUCHER = "voucher", _("Voucher")
    DISCOUNT = "discount", _("Discount")
    FREE_SERVICE = "free_service", _("Free service")
    UPGRADE = "upgrade", _("Upgrade")
    POINTS = "points", _("Points or miles")
    HOTEL = "hotel", _("Hotel")
    MEAL = "meal", _("Meal")
    GIFT = "gift", _("Gift")


class Basis(models.TextChoices):
    GOODWILL = "goodwill", _("Goodwill")
    LIABILITY = "liability", _("Liability")


class Decision(models.TextChoices):
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")


class Movement(models.TextChoices):
    RESERVE = "reserve", _("Reserved")
    COMMIT = "commit", _("Committed")
    RELEASE = "release", _("Released")


class FulfilmentMethod(models.TextChoices):
    ORIGINAL_PAYMENT = "original_payment", _("Back to the original means of payment")
    BANK_TRANSFER = "bank_transfer", _("Bank transfer")
    CASH = "cash", _("Cash")
    CODE_SENT = "code_sent", _("Code sent")
    HANDED_OVER = "handed_over", _("Handed over")
    BOOKED = "booked", _("Booked")
    CREDITED = "credited", _("Credited to the account")
