"""States of an outgoing message."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class MessageState(models.TextChoices):
    """Where a message stands.

    What may follow stands in the statements of `actions/sending.py` and `actions/outbox.py`: they move whole
    batches of rows, each from the state that it names.
    """

    QUEUED = "queued", _("waiting")
    SENDING = "sending", _("being sent")
    SENT = "sent", _("sent")
    FAILED = "failed", _("failed")
