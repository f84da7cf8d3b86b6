"""Reading notices, the outbox and scripts."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Case, Q, QuerySet, Value, When
from django.db.models.functions import Now

from accounts.models import User
from common.prepared import prepared
from messaging.models import Notice, OutboxMessage, Script
from messaging.states import MessageState

MAILBOX_PAGE = 25


@dataclass(frozen=True, slots=True)
class MailboxPage:
    """Messages, newest first; `before` continues with the older ones, None at the end."""

    messages: list[OutboxMessage]
    before: int | None


def mailbox(
    *,
    before: int | None = None,
    state: str = "",
    about: str = "",
    address: str = "",
    limit: int = MAILBOX_PAGE,
) -> MailboxPage:
    """The outbox as the mailbox page lists it, bodies left out; one query whatever the size of the table."""
    rows = OutboxMessage.objects.defer("body_text", "body_html").order_by("-id")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    if state:
        rows = rows.filter(state=state)
    if about:
        rows = rows.filter(about=about)
    if address:
        rows = rows.filter(to_address__iexact=address)
    found = list(rows[: limit + 1])
    return MailboxPage(found[:limit], found[limit - 1].pk if len(found) > limit else None)


def undelivered_about(stream: str, *, limit: int = 10) -> list[OutboxMessage]:
    """The messages of one audit stream ("case:17") that failed for good, newest first, bodies left out."""
    return _undelivered(limit, stream=stream)


@prepared
def _undelivered(limit: int, *, stream: str) -> QuerySet[OutboxMessage]:
    failed = OutboxMessage.objects.filter(about=stream, state=MessageState.FAILED)
    return failed.defer("body_text", "body_html").order_by("-id")[:limit]


def failed_lately() -> QuerySet[OutboxMessage]:
    """The messages of the last two weeks that failed for good; older ones are no news, and stay listed."""
    since = Now() - dt.timedelta(days=14)
    return OutboxMessage.objects.filter(state=MessageState.FAILED, created_at__gt=since)


def sent_texts(*, until: dt.datetime) -> QuerySet[OutboxMessage]:
    """The messages sent up to a moment that still have their text, the oldest first."""
    return OutboxMessage.objects.filter(
        ~Q(body_text=""), state=MessageState.SENT, sent_at__lte=until
    ).order_by("sent_at")


def read_notices(*, until: dt.datetime) -> QuerySet[Notice]:
    """The notices read up to a moment, the oldest first."""
    return Notice.objects.filter(read_at__lte=until).order_by("read_at")


def unread_notices(user: User) -> QuerySet[Notice]:
    """The notices that a person has not read."""
    return Notice.objects.filter(user=user, read_at__isnull=True)


def notices_of(user: User, *, before: int | None = None, limit: int = 20) -> QuerySet[Notice]:
    """A person's notices, newest first, from below the id `before`."""
    rows = Notice.objects.filter(user=user).order_by("-id")
    return (rows.filter(pk__lt=before) if before is not None else rows)[:limit]


def scripts_for(language: str, step: str = "", *, limit: int = 8) -> list[Script]:
    """The first active scripts of a language; those for the recovery step in hand come first."""
    return _scripts(language, step, limit)


@prepared
def _scripts(language: str, step: str, limit: int) -> QuerySet[Script]:
    rows = Script.objects.filter(language=language, is_active=True)
    fits = Case(When(step=step, then=Value(0)), default=Value(1)) if step else Value(1)
    return rows.order_by(fits, "code")[:limit]
