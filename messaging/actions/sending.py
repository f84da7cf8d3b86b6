"""Sending what is due in the outbox, so that nothing is lost and nothing is sent twice.

A message belongs to one sender at a time: the sender claims its row (`FOR UPDATE SKIP LOCKED`), commits that
claim, talks to the mail server, and writes down what came of it. A claim is a lease: it moves `due_at` past
the longest life a sender can have, so that a message whose sender was killed is picked up again, and never
before.

Without a mail server the product's own mailbox is where mail is delivered. Delivery is then the row itself,
changed in one transaction: exactly once. With a mail server one gap is left that no sender of mail can close:
killed after the server took the message and before we wrote that down, it is sent again after the lease. The
Message-ID was fixed when the message was written, so servers and mail programs that drop copies know it for
the same message.
"""

from __future__ import annotations

import datetime as dt
import logging
from email.utils import formataddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from common.queue import claim
from messaging.models import OutboxMessage
from messaging.rules import BACK_OFF_MINUTES, LEASE, back_off, is_about_the_server, is_permanent
from messaging.states import MessageState

log = logging.getLogger(__name__)

MAILBOX_BATCH = 500
# What staff write themselves; everything else is marked as sent by a machine (RFC 3834).
WRITTEN_BY_PEOPLE = frozenset({"reply"})


def uses_mailbox() -> bool:
    """Whether mail is delivered to the mailbox page instead of a mail server; in a demo it always is."""
    return settings.DEMO or not settings.EMAIL_CONFIGURED


def send_due_messages(*, limit: int = 100) -> int:
    """Send up to `limit` messages that are due; returns how many were delivered. Many may run at once."""
    return _deliver_to_mailbox(limit) if uses_mailbox() else _send_by_smtp(limit)


def _due(now: dt.datetime) -> QuerySet[OutboxMessage]:
    """What waits, and what a sender who is gone by now had claimed; the partial index covers both."""
    return OutboxMessage.objects.filter(
        state__in=(MessageState.QUEUED, MessageState.SENDING), due_at__lte=now
    ).order_by("due_at")


def _deliver_to_mailbox(limit: int) -> int:
    delivered = 0
    while delivered < limit:
        now = timezone.now()
        with transaction.atomic():
            rows = claim(_due(now).only("pk"), limit=min(MAILBOX_BATCH, limit - delivered))
            OutboxMessage.objects.filter(pk__in=[row.pk for row in rows]).update(
                state=MessageState.SENT,
                claimed_at=now,
                sent_at=now,
                attempts=F("attempts") + 1,
                last_error="",
            )
        delivered += len(rows)
        if not rows:
            break
    return delivered


def _send_by_smtp(limit: int) -> int:
    sent = 0
    connection = get_connection()
    try:
        for _attempt in range(limit):
            message = _claim_next()
            if message is None:
                break
            error = _try_to_send(message, connection)
            if error is None:
                sent += _finish(
                    message,
                    state=MessageState.SENT,
                    sent_at=timezone.now(),
                    last_error="",
                    sealed_secret="",
                )
                continue
            _write_down_failure(message, error)
            connection.close()
            if is_about_the_server(error):
                break
    finally:
        connection.close()
    return sent


@transaction.atomic
def _claim_next() -> OutboxMessage | None:
    """Make one due message ours, for the length of a lease."""
    now = timezone.now()
    rows = claim(_due(now), limit=1)
    if not rows:
        return None
    message = rows[0]
    message.state = MessageState.SENDING
    message.attempts += 1
    message.claimed_at = now
    message.due_at = now + LEASE
    message.save(update_fields=("state", "attempts", "claimed_at", "due_at"))
    return message


def _try_to_send(message: OutboxMessage, connection: BaseEmailBackend) -> Exception | None:
    if message.attempts > len(BACK_OFF_MINUTES) + 1:
        # Its senders died time and again: it may be what kills them.
        return ValueError(_("Given up after %(attempts)s attempts.") % {"attempts": message.attempts - 1})
    try:
        connection.open()  # stays open for the messages that follow
        connection.send_messages([_as_mail(message, connection)])
    except (OSError, ValueError) as error:  # smtplib's errors are OSErrors
        return error
    return None


def _as_mail(message: OutboxMessage, connection: BaseEmailBackend) -> EmailMultiAlternatives:
    headers = {"Message-ID": message.message_id, "Content-Language": message.language}
    if message.template not in WRITTEN_BY_PEOPLE:
        headers |= {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
    to = formataddr((message.to_name, message.to_address)) if message.to_name else message.to_address
    mail = EmailMultiAlternatives(
        message.subject,
        message.whole_text,
        settings.DEFAULT_FROM_EMAIL,
        [to],
        connection=connection,
        headers=headers,
    )
    if message.body_html:
        mail.attach_alternative(message.whole_html, "text/html")
    return mail


def _write_down_failure(message: OutboxMessage, error: Exception) -> None:
    wait = None if is_permanent(error) else back_off(message.attempts)
    said = f"{type(error).__name__}: {error}"[:2000].replace("\x00", "")
    if wait is None:
        log.error("Message %s could not be sent: %s", message.pk, type(error).__name__)
        _finish(message, state=MessageState.FAILED, last_error=said)
    else:
        log.warning("Message %s is tried again in %s: %s", message.pk, wait, type(error).__name__)
        _finish(message, state=MessageState.QUEUED, last_error=said, due_at=timezone.now() + wait)


def _finish(message: OutboxMessage, **values: object) -> int:
    """Write the result, if the claim is still ours; returns 1 if it was."""
    ours = OutboxMessage.objects.filter(
        pk=message.pk, state=MessageState.SENDING, claimed_at=message.claimed_at, attempts=message.attempts
    )
    return ours.update(**values)
