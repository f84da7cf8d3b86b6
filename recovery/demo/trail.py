"""Audit events for many streams at once, each linked to the one before it as `audit.actions.record` does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from accounts.models import User
from audit.models import Event
from audit.rules import START, chain_hash
from recovery.demo.writing import write_rows

Data = Mapping[str, Any]


@dataclass(slots=True)
class Draft:
    """An event to be: its stream and data are asked for late, when rows have their keys."""

    stream: Callable[[], str]
    verb: str
    at: dt.datetime
    actor: User | None
    data: Callable[[], Data]


class Trail:
    """Collects events, and writes them in the order in which they happened."""

    def __init__(self) -> None:
        self._drafts: list[Draft] = []

    def add(
        self,
        stream: Callable[[], str],
        verb: str,
        *,
        at: dt.datetime,
        actor: User | None = None,
        data: Callable[[], Data] = dict,
    ) -> None:
        """Note an event; events of one moment keep the order in which they were added."""
        self._drafts.append(Draft(stream, verb, at, actor, data))

    def write(self) -> int:
        """Write all events; returns how many."""
        last: dict[str, Event] = {}
        events = []
        for draft in sorted(self._drafts, key=attrgetter("at")):
            stream = draft.stream()
            event = last[stream] = _link(draft, stream, last.get(stream))
            events.append(event)
        write_rows(events)
        return len(events)


def _link(draft: Draft, stream: str, previous: Event | None) -> Event:
    sequence = previous.sequence + 1 if previous else 1
    before = previous.hash if previous else START
    data = dict(draft.data())
    actor_id = draft.actor.pk if draft.actor else None
    return Event(
        stream=stream,
        sequence=sequence,
        at=draft.at,
        actor_id=actor_id,
        verb=draft.verb,
        data=data,
        previous_hash=before,
        hash=chain_hash(
            previous=before,
            stream=stream,
            sequence=sequence,
            at=draft.at,
            actor_id=actor_id,
            verb=draft.verb,
            data=data,
        ),
    )
