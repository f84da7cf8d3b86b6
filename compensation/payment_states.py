"""States of a payment and its delivery, and the ways in which a batch goes out."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class LineState(models.TextChoices):
    """A payment that was sent off waits until the bank says what became of it; that is final."""

    WAITING = "waiting", _("Not confirmed yet")
    CONFIRMED = "confirmed", _("Paid")
    FAILED = "failed", _("Not paid")


class BatchChannel(models.TextChoices):
    """One way for one batch: two ways would pay twice."""

    FILE = "file", _("Files for the bank")
    WEBHOOK = "webhook", _("The payment system")


class DeliveryState(models.TextChoices):
    QUEUED = "queued", _("Waiting to be handed over")
    SENDING = "sending", _("Being handed over")
    TAKEN = "taken", _("Taken by the payment system")
    REFUSED = "refused", _("Refused by the payment system")
    GIVEN_UP = "given_up", _("No answer from the payment system")


# A payment in these deliveries may still be on its way, so nobody may declare it failed.
ON_ITS_WAY = (DeliveryState.QUEUED, DeliveryState.SENDING)


class FileKind(models.TextChoices):
    CSV = "csv", _("CSV")
    PAIN001 = "pain001", _("ISO 20022 pain.001")
