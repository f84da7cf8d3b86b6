"""Appending to the audit trail."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from audit.models import Event
from audit.rules import START, chain_hash
from common.copying import unsaved
from common.prepared import prepared
from common.writing import insert


def record(
    *,
    stream: str,
    verb: str,
    actor: User | None,
    data: Mapping[str, Any] | None = None,
    begins: bool = False,
) -> Event:
    """Append an event to a stream ("case:17"), inside the caller's transaction.

    The caller holds a lock on what the stream is about, so that two writers do not fork the chain; if they
    do, the unique constraint refuses the second. `begins` says that the stream is new, which saves a look-up.
    `data` is JSON without personal data. An actor of None is the product itself.
    """
    previous = None if begins else _newest.first(stream=stream)
    event = Event(**_linked(previous, stream=stream, verb=verb, actor=actor, data=data, at=timezone.now()))
    insert(event)
    return event


@prepared
def _newest(*, stream: str) -> QuerySet[Event]:
    return Event.objects.filter(stream=stream).order_by("-sequence")[:1]


def opening_event(
    *, stream: str, verb: str, actor: User | None, data: Mapping[str, Any] | None, at: datetime
) -> Event:
    """The first event of a new stream, for COPY, so that many can be written at once."""
    return unsaved(Event, **_linked(None, stream=stream, verb=verb, actor=actor, data=data, at=at))


def event_after(
    previous: Event | None,
    *,
    stream: str,
    verb: str,
    actor: User | None,
    data: Mapping[str, Any] | None,
    at: datetime,
) -> Event:
    """The event that follows another of its stream (None: the first), for COPY.

    The caller holds the lock of each stream, and has read its newest event.
    """
    return unsaved(Event, **_linked(previous, stream=stream, verb=verb, actor=actor, data=data, at=at))


def _linked(
    previous: Event | None,
    *,
    stream: str,
    verb: str,
    actor: User | None,
    data: Mapping[str, Any] | None,
    at: datetime,
) -> dict[str, Any]:
    """The columns of the event that follows the previous one."""
    sequence = previous.sequence + 1 if previous else 1
    before = previous.hash if previous else START
    values = dict(data or {})
    actor_id = actor.pk if actor else None
    return {
        "stream": stream,
        "sequence": sequence,
        "at": at,
        "actor_id": actor_id,
        "verb": verb,
        "data": values,
        "previous_hash": before,
        "hash": chain_hash(
            previous=before,
            stream=stream,
            sequence=sequence,
            at=at,
            actor_id=actor_id,
            verb=verb,
            data=values,
        ),
    }
