"""Reading the audit trail, and proving that it is whole."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from django.db.models import Q

from audit.models import Event
from audit.rules import START, chain_hash

CHUNK = 2000
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MICROSECOND = dt.timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the trail is narrowed to; `streams` None means all, `until` is the first moment left out.

    `by_nobody` asks for what the product did by itself.
    """

    streams: Sequence[str] | None = None
    actor_id: int | None = None
    by_nobody: bool = False
    verb: str = ""
    since: dt.datetime | None = None
    until: dt.datetime | None = None

    @property
    def condition(self) -> Q:
        asked = Q()
        if self.streams is not None:
            asked &= Q(stream__in=self.streams)
        if self.actor_id is not None:
            asked &= Q(actor_id=self.actor_id)
        elif self.by_nobody:
            asked &= Q(actor_id__isnull=True)
        if self.verb:
            asked &= Q(verb=self.verb)
        if self.since is not None:
            asked &= Q(at__gte=self.since)
        if self.until is not None:
            asked &= Q(at__lt=self.until)
        return asked


@dataclass(frozen=True, slots=True)
class TrailPage:
    """Events, the newest first; `after` goes on with the older ones, "" at the end."""

    events: list[Event]
    after: str


def trail(wanted: Wanted, *, after: str = "", limit: int = 50) -> TrailPage:
    """A page of the trail; its cost is that of the page, whatever the size of the trail.

    Raises `ValueError` when somebody made the key up.
    """
    rows = Event.objects.filter(wanted.condition).select_related("actor").order_by("-at", "-id")
    if after:
        at, key = _read_key(after)
        rows = rows.filter(Q(at__lt=at) | Q(at=at, id__lt=key)).filter(at__lte=at)
    found = list(rows[: limit + 1])
    return TrailPage(found[:limit], _key(found[limit - 1]) if len(found) > limit else "")


def newest_events(streams: Sequence[str]) -> dict[str, Event]:
    """The newest event of each of these streams; a stream without any is not there."""
    rows = Event.objects.filter(stream__in=streams).order_by("stream", "-sequence").distinct("stream")
    return {event.stream: event for event in rows}


def _key(event: Event) -> str:
    return f"{(event.at - EPOCH) // MICROSECOND}_{event.pk}"


def _read_key(after: str) -> tuple[dt.datetime, int]:
    at, _underscore, key = after.partition("_")
    if not (at.isascii() and at.isdigit() and key.isascii() and key.isdigit() and len(after) <= 40):
        raise ValueError("not a key")
    try:
        return EPOCH + int(at) * MICROSECOND, min(int(key), 2**63 - 1)
    except OverflowError:
        raise ValueError("not a key") from None


class Problem(Enum):
    """What can be wrong with a link, in the words of the command that checks them."""

    MISSING = "link {missing} is missing"
    NOT_LINKED = "it does not continue the link before it"
    CHANGED = "its content was changed after it was written"


@dataclass(frozen=True, slots=True)
class Break:
    """Where a chain is broken: the event at which it shows, and what is wrong with it.

    `missing` is the number of the link that should stand there, where one was taken away.
    """

    stream: str
    sequence: int
    event_id: int
    problem: Problem
    missing: int | None = None

    def __str__(self) -> str:
        words = self.problem.value.format(missing=self.missing)
        return f"{self.stream}, link {self.sequence} (event {self.event_id}): {words}"


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
                missing = (before.sequence if before else 0) + 1 if problem == Problem.MISSING else None
                yield Break(event.stream, event.sequence, event.pk, problem, missing)
            before = event


def _problem(event: Event, before: Event | None) -> Problem | None:
    if event.sequence != (before.sequence + 1 if before else 1):
        return Problem.MISSING
    if event.previous_hash != (before.hash if before else START):
        return Problem.NOT_LINKED
    if event.hash != chain_hash(
        previous=event.previous_hash,
        stream=event.stream,
        sequence=event.sequence,
        at=event.at,
        actor_id=event.actor_id,
        verb=event.verb,
        data=event.data,
    ):
        return Problem.CHANGED
    return None
