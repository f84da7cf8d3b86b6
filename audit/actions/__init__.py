"""Appending to the audit trail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from accounts.models import User
from audit.models import Event
from audit.rules import START, chain_hash


def record(
    *,
    stream: str,
    verb: str,
    actor: User | None,
    data: Mapping[str, Any] | None = None,
    begins: bool = False,
) -> Event:
    """Append an event to a stream ("case:17"), inside the caller's transaction.

    The caller holds a lock on what the stream is about, so that two writers do not fork the chain; if they do,
    the unique constraint refuses the second. `begins` says that the stream is new, which saves a look-up.
    `data` is JSON without personal data. An actor of None is the product itself.
    """
    previous = None if begins else Event.objects.filter(stream=stream).order_by("-sequence").first()
    sequence = previous.sequence + 1 if previous else 1
    at = timezone.now()
    values = dict(data or {})
    return Event.objects.create(
        stream=stream,
        sequence=sequence,
        at=at,
        actor=actor,
        verb=verb,
        data=values,
        previous_hash=previous.hash if previous else START,
        hash=chain_hash(
            previous=previous.hash if previous else START,
            stream=stream,
            sequence=sequence,
            at=at,
            actor_id=actor.pk if actor else None,
            verb=verb,
            data=values,
        ),
    )
