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


# Ways of fulfilling that leave a number behind, which is the proof that the money went out.
NEEDS_REFERENCE = frozenset(
    {
        FulfilmentMethod.ORIGINAL_PAYMENT,
        FulfilmentMethod.BANK_TRANSFER,
        FulfilmentMethod.CODE_SENT,
        FulfilmentMethod.BOOKED,
    }
)


class Dose(models.TextChoices):
    """Compensation ÷ loss in bins, cut where research finds that the effect changes."""

    NONE = "none", _("nothing")
    LOW = "low", _("below 60% of the loss")
    EFFECTIVE = "effective", _("60–120% of the loss")
    GENEROUS = "generous", _("120–150% of the loss")
    EXCESS = "excess", _("above 150% of the loss")


DOSE_NOTES = {
    Dose.NONE: _("Without compensation a loss stays a loss, however well it is explained."),
    Dose.LOW: _("Little effect yet: satisfaction rises steepest from 60% of the loss on."),
    Dose.EFFECTIVE: _("Where compensation works best: satisfaction rises steepest here."),
    Dose.GENEROUS: _("Still adds something, but less and less."),
    Dose.EXCESS: _("More than this adds hardly anything: gains stop near 150% of the loss."),
}
DOSE_SOURCE = "Gelbrich, Gäthke & Grégoire 2015; Haesevoets et al. 2017"


class RemedyClass(models.TextChoices):
    """What a remedy gives back: something of worth, or regard."""

    WORTH = "worth", _("worth")
    REGARD = "regard", _("regard")


REMEDY_CLASSES: dict[OfferKind, RemedyClass] = {
    kind: RemedyClass.REGARD if kind is OfferKind.GIFT else RemedyClass.WORTH for kind in OfferKind
}
MATCH_NOTE = _(
    "This was a failure of process. Money alone does not mend it: "
    "an apology and our own initiative weigh more."
)
MATCH_SOURCE = "Smith, Bolton & Wagner 1999"
