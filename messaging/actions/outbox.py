"""Writing e-mails into the outbox, and putting failed ones back into it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from email.utils import make_msgid, parseaddr
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.access import require
from accounts.models import User
from accounts.states import Capability
from audit.actions import record
from common.errors import Conflict
from common.queue import claim, nudge
from common.writing import insert
from messaging.models import OutboxMessage
from messaging.queries import failed_lately
from messaging.rendering import SharedContext, render_email
from messaging.rules import header_text
from messaging.secrets_in_mail import sealed, without
from messaging.states import MessageState

SEND_TASK = "messaging.tasks.send_due"
LONGEST_ADDRESS = 254
LONGEST_NAME = 120
MOST_AT_ONCE = 200


def queue_email(message: OutboxMessage, *, begins: bool = False) -> OutboxMessage | None:
    """Put a `letter` into the outbox, inside the caller's transaction.

    None is returned, and nothing written, when the occasion that its `dedupe_key` names has one.
    Sending follows the commit, or `due_at` where that is later. `begins` says that what the occasion is about
    is new itself, which saves the look-up.
    """
    if not begins and OutboxMessage.objects.filter(dedupe_key=message.dedupe_key).exists():
        return None
    if begins:
        insert(message)
    elif not _insert(message):
        return None
    if message.state == MessageState.QUEUED and message.due_at <= message.created_at:
        nudge(SEND_TASK)
    return message


def letter(
    *,
    to_address: str,
    to_name: str,
    language: str,
    template: str,
    context: Mapping[str, Any] | SharedContext,
    dedupe_key: str,
    about: str = "",
    due_at: dt.datetime | None = None,
    secret: str = "",
) -> OutboxMessage:
    """An e-mail for the outbox, rendered in the reader's language, not yet written.

    `dedupe_key` names the occasion, which has one message. `about` is the audit stream that it belongs to.
    `secret` is what the database must not tell of the text, such as the key in a link. An address that no
    mail could reach is kept as a failed message, so that it is seen and not lost.
    """
    rendered = render_email(template, context, language)
    if secret:
        rendered = without(secret, rendered)
    address, now = header_text(to_address, LONGEST_ADDRESS), timezone.now()
    problem = address_problem(address)
    return OutboxMessage(
        to_address=address,
        to_name=header_text(to_name, LONGEST_NAME),
        language=language,
        template=template,
        subject=rendered.subject,
        body_text=rendered.text,
        body_html=rendered.html,
        sealed_secret=sealed(secret),
        message_id=make_msgid(domain=own_domain()),
        dedupe_key=dedupe_key,
        about=about,
        state=MessageState.FAILED if problem else MessageState.QUEUED,
        last_error=problem,
        created_at=now,
        due_at=due_at or now,
    )


def _insert(message: OutboxMessage) -> bool:
    """Write the row, unless another writer has taken the occasion meanwhile."""
    try:
        with transaction.atomic():
            insert(message)
    except IntegrityError:
        if OutboxMessage.objects.filter(dedupe_key=message.dedupe_key).exists():
            return False
        raise
    return True


@transaction.atomic
def retry_message(*, actor: User, message_id: int, about: str = "") -> OutboxMessage:
    """Put a failed message back into the outbox, to be sent at once with its old Message-ID.

    Whoever may change settings may retry any; with `about`, the stream of a case that the caller has looked
    up for this person, whoever recovers cases may retry that case's. Raises `Conflict` unless the message has
    failed.
    """
    require(actor, Capability.RECOVER_CASE if about else Capability.CHANGE_SETTINGS)
    rows = OutboxMessage.objects.select_for_update().filter(pk=message_id)
    message = rows.get(about=about) if about else rows.get()
    if message.state != MessageState.FAILED:
        raise Conflict(gettext_lazy("Only a message that failed can be sent again."))
    if address_problem(message.to_address):
        raise Conflict(gettext_lazy("No mail can reach this address. Ask for the right one and write again."))
    _queue_again(message, actor)
    return message


@transaction.atomic
def retry_failed_messages(*, actor: User, limit: int = MOST_AT_ONCE) -> int:
    """Put up to `limit` failed messages back into the outbox, the newest first; returns how many.

    What an outage of the mail server left behind in the last two weeks: older mail has lost its occasion. A
    message whose address no mail could reach stays as it is.
    """
    require(actor, Capability.CHANGE_SETTINGS)
    failed = failed_lately().defer("body_text", "body_html")
    messages = claim(failed.exclude(attempts=0).order_by("-id"), limit=limit)
    for message in messages:
        _queue_again(message, actor)
    return len(messages)


def _queue_again(message: OutboxMessage, actor: User) -> None:
    message.state = MessageState.QUEUED
    message.attempts = 0
    message.due_at = timezone.now()
    message.claimed_at = None
    message.save(update_fields=("state", "attempts", "due_at", "claimed_at"))
    record(stream=f"message:{message.pk}", verb="message.retried", actor=actor, data={"about": message.about})
    nudge(SEND_TASK)


def address_problem(address: str) -> str:
    try:
        validate_email(address)
    except ValidationError:
        return _("This is not a complete e-mail address.")
    return ""


def own_domain() -> str:
    """The right-hand side of our Message-IDs: never the machine's name, which may be private."""
    return _domain(settings.DEFAULT_FROM_EMAIL, settings.PUBLIC_URL)


@lru_cache(maxsize=8)
def _domain(sender: str, url: str) -> str:
    return parseaddr(sender)[1].rpartition("@")[2] or urlsplit(url).hostname or "localhost"
