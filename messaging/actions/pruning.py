"""Deleting what has served its time: the text of sent mail, and notices that were read.

The row of a message stays: to whom, about what, when, and under which Message-ID. It is part of a case's
record, and its occasion keeps it from being sent again. What staff wrote to a customer also stands on the
timeline. Nothing that waits, failed or is unread is touched.
"""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.utils import timezone

from common.pruning import delete_in_batches, update_in_batches
from messaging.actions.sending import uses_mailbox
from messaging.models import Notice, OutboxMessage
from messaging.queries import read_notices, sent_texts


def prune_mail_texts() -> int:
    """Empty the text of messages that were sent long enough ago; returns how many.

    Without a mail server the mailbox is where mail is read, so there it keeps its text.
    """
    days = settings.RETENTION_MAIL_TEXT_DAYS
    if not days or uses_mailbox():
        return 0
    old = sent_texts(until=timezone.now() - dt.timedelta(days=days))
    return update_in_batches(OutboxMessage, old, body_text="", body_html="", sealed_secret="")


def prune_read_notices() -> int:
    """Delete notices that were read long enough ago; returns how many."""
    days = settings.RETENTION_READ_NOTICES_DAYS
    if not days:
        return 0
    return delete_in_batches(Notice, read_notices(until=timezone.now() - dt.timedelta(days=days)))
