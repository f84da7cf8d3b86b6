"""What one row of another system says about a complaint, as plain values."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import product

from cases.importing.profile import Failure, Profile, fold, tells_time
from cases.importing.rows import FileProblem, Row
from cases.states import CaseState

# Earlier than this is a slip of the keyboard or a system's zero, not a complaint.
EARLIEST = dt.date(1970, 1, 1)
LONGEST_REFERENCE = 120


class Unusable(Exception):
    """Why a row holds no complaint that can be taken in."""


@dataclass(frozen=True, slots=True)
class Record:
    """A complaint as another system told it. Empty text and None mean that it did not say.

    `received_at` is None where the row holds no usable date. `customer` is the person's own reference there,
    so that one who complains again is one customer; "" makes the row a customer of its own.
    """

    line: int
    values: list[str]
    reference: str
    description: str
    received_at: dt.datetime | None
    replied_at: dt.datetime | None
    occurred_on: dt.date | None
    channel: str
    state: str
    outcome: str
    failure: Failure | None
    summary: str = ""
    product: str = ""
    order_reference: str = ""
    reply: str = ""
    resolution: str = ""
    customer: str = ""
    customer_name: str = ""
    details: list[tuple[str, str]] = field(default_factory=list)


class RecordReader:
    """Reads the rows of one file by its header.

    Raises `FileProblem` when the header lacks what the profile can't do without.
    """

    def __init__(self, profile: Profile, header: Sequence[str], *, now: dt.datetime) -> None:
        self.profile = profile
        places = {name: place for place, name in reversed(list(enumerate(header)))}
        self._places = places
        self._columns = {key: self._at(names) for key, names in profile.columns.items()}
        if not self._columns["description"]:
            wanted = " or ".join(profile.columns["description"])
            raise FileProblem(
                f"The header has no column {wanted}, which profile {profile.source} needs; "
                f"it has: {', '.join(header)}."
            )
        self._customer = self._at(profile.customer_reference)
        self._name = self._at(profile.customer_name)
        self._choices = {
            key: (self._at(choice.columns), choice.values)
            for key, choice in (
                ("channel", profile.channels), ("state", profile.states), ("outcome", profile.outcomes)
            )
            if choice is not None
        }  # fmt: skip
        labels = profile.failures
        self._labels = self._at(labels.columns) if labels else ()
        self._failures = labels.values if labels else {}
        self._details = [(name, places[name]) for name in profile.details if name in places]
        self._dates = DateReader(profile, latest=now + dt.timedelta(days=1))

    def _at(self, names: Iterable[str]) -> tuple[int, ...]:
        return tuple(self._places[name] for name in names if name in self._places)

    def read(self, row: Row) -> Record:
        """The row as a record. Raises `Unusable` when it holds no complaint."""
        profile, values = self.profile, row.values
        description = self._text(values, "description").replace("\r\n", "\n").replace("\r", "\n")
        if not any(character.isalnum() for character in description):
            raise Unusable("no complaint text")
        reference = self._text(values, "reference") or _digest(values)
        if len(reference) > LONGEST_REFERENCE:
            raise Unusable(f"a reference longer than {LONGEST_REFERENCE} characters")
        received = self._dates.moment(self._text(values, "received"), self._text(values, "received_time"))
        replied = self._dates.moment(self._text(values, "replied"))
        occurred = self._dates.moment(self._text(values, "occurred"))
        reply = self._text(values, "reply")
        state = self._choose(values, "state", profile.state)
        if self._columns.get("reply") and not reply and replied is None:
            # The file tells replies, and nobody has replied to this one.
            state = CaseState.OPEN
        return Record(
            line=row.line,
            values=values,
            reference=reference,
            description=description,
            received_at=received,
            replied_at=_not_before(replied, received, profile),
            occurred_on=occurred.astimezone(profile.zone).date() if occurred else None,
            channel=self._choose(values, "channel", profile.channel),
            state=state,
            outcome=self._choose(values, "outcome", profile.outcome),
            failure=self._failures.get(fold(_first(values, self._labels))),
            summary=self._text(values, "summary"),
            product=self._text(values, "product"),
            order_reference=self._text(values, "order_reference"),
            reply=reply,
            resolution=self._text(values, "resolution"),
            customer=_first(values, self._customer)[:LONGEST_REFERENCE],
            customer_name=_first(values, self._name),
            details=[(name, values[at].strip()) for name, at in self._details if values[at].strip()],
        )

    def _text(self, values: list[str], key: str) -> str:
        return _first(values, self._columns.get(key, ()))

    def _choose(self, values: list[str], key: str, otherwise: str) -> str:
        if key not in self._choices:
            return otherwise
        places, meanings = self._choices[key]
        return meanings.get(fold(_first(values, places)), otherwise)


class DateReader:
    """Reads moments in a profile's formats and time zone, ISO 8601 always among them."""

    def __init__(self, profile: Profile, *, latest: dt.datetime) -> None:
        self._zone = profile.zone
        self._formats = profile.date_formats
        dates = [pattern for pattern in profile.date_formats if not tells_time(pattern)]
        both = product(dates, profile.time_formats)
        self._with_time = [f"{date} {time}" for date, time in both]
        self._latest = latest

    def moment(self, text: str, time: str = "") -> dt.datetime | None:
        """The moment in UTC; the beginning of the day where no time is told.

        None for what is empty, no date, or neither after 1970 nor in the past.
        """
        if not text:
            return None
        found = self._read(f"{text} {time}", self._with_time) if time else None
        found = found or self._read(text, self._formats)
        if found is None:
            return None
        if found.tzinfo is None:
            found = found.replace(tzinfo=self._zone)
        try:
            found = found.astimezone(dt.UTC)
        except OverflowError:
            return None
        return found if found.date() > EARLIEST and found <= self._latest else None

    def _read(self, text: str, formats: Iterable[str]) -> dt.datetime | None:
        try:
            return dt.datetime.fromisoformat(text)
        except ValueError:
            pass
        for pattern in formats:
            try:
                return dt.datetime.strptime(text, pattern)  # noqa: DTZ007  # the caller adds the zone
            except ValueError:
                continue
        return None


def _first(values: list[str], places: tuple[int, ...]) -> str:
    for place in places:
        if text := values[place].strip():
            return text
    return ""


def _not_before(
    replied: dt.datetime | None, received: dt.datetime | None, profile: Profile
) -> dt.datetime | None:
    """The time of the reply, if it can be true; one told as a day alone may be the day of the complaint."""
    if replied is None or received is None or replied >= received:
        return replied
    same_day = replied.astimezone(profile.zone).date() == received.astimezone(profile.zone).date()
    return received if same_day else None


def _digest(values: list[str]) -> str:
    """A reference for a row that has none: equal rows are the same complaint."""
    return "row:" + hashlib.sha256("\x1f".join(values).encode()).hexdigest()[:32]
