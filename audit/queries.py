"""Reading the audit trail, and proving that it is whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from audit.models import Event
from audit.rules import START, chain_hash

CHUNK = 2000


@dataclass(frozen=True, slots=True)
class Break:
    """Where a chain is broken: the event at which it shows, and what is wrong with it, in words."""

    stream: str
    sequence: int
    event_id: int
    problem: str

    def __str__(self) -> str:
        return f"{self.stream}, link {self.sequence} (event {self.event_id}): {self.problem}"


class Verification:
    """Goes through the trail, stream by stream, and counts what it has seen.

    Rows come through a server-side cursor, so that memory does not grow with the trail. A chain can't show by
    itself that its newest links were taken away; the trigger on the table and the rights of the database do.
    """

    def __init__(self, stream: str = "") -> None:
        rows = Event.objects.order_by("stream", "sequence")
        self._rows = rows.filter(stream=stream) if stream else rows
        self.events = 0
        self.streams = 0

    def breaks(self) -> Iterator[Break]:
        """Every place where a link does not hold, in the order of streams."""
        before: Event | None = None
        for event in self._rows.iterator(chunk_size=CHUNK):
            if before is None or before.stream != event.stream:
                self.streams += 1
                before = None
            self.events += 1
            problem = _problem(event, before)
            if problem:
                yield Break(event.stream, event.sequence, event.pk, problem)
            before = event


def _problem(event: Event, before: Event | None) -> str:
    expected_sequence = before.sequence + 1 if before else 1
    if event.sequence != expected_sequence:
        return f"link {expected_sequence} is missing"
    if event.previous_hash != (before.hash if before else START):
        return "it does not continue the link before it"
    if event.hash != chain_hash(
        previous=event.previous_hash,
        stream=event.stream,
        sequence=event.sequence,
        at=event.at,
        actor_id=event.actor_id,
        verb=event.verb,
        data=event.data,
    ):
        return "its content was changed after it was written"
    return ""
