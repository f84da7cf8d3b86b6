"""Turns the records of an import into the rows that COPY writes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from django.db import connection, models
from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts.models import Branch, User
from audit.actions import opening_event
from audit.models import Event
from cases.actions.log import (
    LONGEST_DESCRIPTION,
    NUMBERS,
    NewCase,
    case_columns,
    case_number,
    check_complaint,
)
from cases.importing import Profile, Record, Told, Words
from cases.models import Case, Cause, Clock, Defect, RecoveryStep, Resolution, TimelineEntry
from cases.queries import playbook_steps
from cases.rules import business_seconds_taken, clock_due, next_step
from cases.states import CaseState, ClockState, EntryKind, FailureType, StepState
from common.copying import key_sequence, reserve, unsaved
from common.days import local_day
from common.search_text import document_tokens, joined_document
from customers.models import Customer
from sla.models import Calendar, Target
from sla.queries import business_hours, calendar_of
from sla.rules import BusinessHours
from sla.states import Metric

_MEASURED = (Metric.FIRST_RESPONSE, Metric.RESOLUTION)

_IMPORTED = gettext_noop("Imported from %(source)s, where it is %(reference)s.")
_IMPORTED_WITH = gettext_noop(
    "Imported from %(source)s, where it is %(reference)s. Kept from there: %(kept)s"
)
_IMPORTED_UNDATED = gettext_noop(
    "Imported from %(source)s, where it is %(reference)s. No usable date is told there, so %(date)s "
    "stands in. Kept from there: %(kept)s"
)


@dataclass
class Rows:
    """The rows of one batch by table, in the order of writing."""

    customers: list[Customer] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)
    timeline: list[TimelineEntry] = field(default_factory=list)
    steps: list[RecoveryStep] = field(default_factory=list)
    clocks: list[Clock] = field(default_factory=list)
    resolutions: list[Resolution] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    @property
    def tables(self) -> list[Sequence[models.Model]]:
        return [
            self.customers,
            self.cases,
            self.timeline,
            self.steps,
            self.clocks,
            self.resolutions,
            self.events,
        ]


class Checked(NamedTuple):
    """A record that may be written, with what its words tell, as the complaint that it is."""

    record: Record
    words: Words
    new: NewCase


@dataclass(frozen=True)
class Groundwork:
    """What the database tells before the rows of a batch can be made: asked when nothing else uses it.

    `reserved` are for each row a key, the value of a number, and the key of a customer. `calendar` is there
    when a reply is told of. `customers` are those known already, or made for rows on their way, by their
    reference in the source.
    """

    reserved: list[tuple[int, ...]]
    customers: dict[str, Customer]
    calendar: Calendar | None = None
    hours: BusinessHours | None = None


class RowMaker:
    """Makes the rows of records from one source in one branch, by the rules that a page obeys.

    Imported history disturbs nobody: no clock runs, no mail, notice or survey is due. A reply that the record
    tells of gives finished clocks, measured in the branch's business time against the targets of that day.
    """

    def __init__(self, *, actor: User | None, profile: Profile, branch: Branch) -> None:
        self._actor = actor
        self._profile = profile
        self._branch = branch
        self._defects = {defect.code: defect for defect in Defect.objects.filter(is_active=True)}
        self._today = timezone.localdate()
        self._no_cause = Cause.objects.filter(code="not_established").values_list("pk", flat=True).first()
        # Who complains is looked up for a batch at once; the rules do not ask.
        self._anyone = Customer()
        self._target_rows = list(Target.objects.order_by("valid_from"))
        self._targets: dict[tuple[int, dt.date], dict[Metric, int]] = {}
        self._steps = {kind: playbook_steps(kind) for kind in ("", *FailureType)}
        self._undated = dt.datetime.combine(profile.undated, dt.time(12), profile.zone).astimezone(dt.UTC)
        self.is_first = not self._has_rows()

    def told(self, record: Record) -> Told:
        """What of a record is read for its words."""
        return Told(
            text=split_text(record.description, LONGEST_DESCRIPTION)[0],
            summary=record.summary,
            product=record.product,
            order_reference=record.order_reference,
            currency=self._branch.currency,
        )

    def check(self, record: Record, words: Words) -> Checked:
        """The record as a complaint that may be logged. Raises `Invalid` when it may not."""
        failure_type, defect = self._failure(record, words)
        new = NewCase(
            customer=self._anyone,
            branch=self._branch,
            channel=record.channel,
            description=split_text(record.description, LONGEST_DESCRIPTION)[0],
            summary=words.title,
            product=record.product,
            order_reference=record.order_reference,
            occurred_on=record.occurred_on,
            language=self._profile.language,
            failure_type=failure_type,
            defect=self._defects.get(defect),
            severity=words.severity,
            cues=list(words.cues),
        )
        check_complaint(new, today=self._today)
        return Checked(record, words, new)

    def _has_rows(self) -> bool:
        """Whether anything from this source is there already."""
        return any(
            model.objects.filter(external_source=self._profile.source, external_reference__gt="").exists()
            for model in (Case, Customer)
        )

    def known(self, records: list[Record]) -> set[str]:
        """The references among these that are written already."""
        return set(known_references(Case, self._profile.source, [record.reference for record in records]))

    def prepare(self, records: list[Record], made: Iterable[Customer] = ()) -> Groundwork:
        """Ask what `rows` needs for these; `made` are the customers of rows that are not written yet."""
        # A calendar may change during an import: each batch goes by what it is now. Many sources tell of no
        # reply, and then of nothing to measure.
        calendar = calendar_of(self._branch.pk) if any(record.replied_at for record in records) else None
        # Who has no reference but that of the row can't be known before anything of the source is.
        asked = [
            self._customer_reference(record) for record in records if record.customer or not self.is_first
        ]
        customers = {
            reference: Customer(pk=key, name=name)
            for reference, (key, name) in known_references(Customer, self._profile.source, asked).items()
        }
        customers.update({customer.external_reference: customer for customer in made})
        return Groundwork(
            reserved=reserve(len(records), key_sequence(Case), NUMBERS, key_sequence(Customer)),
            customers=customers,
            calendar=calendar,
            hours=None if calendar is None else business_hours(calendar),
        )

    def rows(self, checked: list[Checked], ground: Groundwork) -> Rows:
        """The rows of these; nothing is asked of the database, which may be at work on others."""
        now = timezone.now()
        rows = Rows()
        customers = self._customers([each.record for each in checked], ground, rows, now)
        # Refused records leave keys and numbers over.
        reserved = ground.reserved[: len(checked)]
        for (record, words, new), customer, (key, value, _) in zip(checked, customers, reserved, strict=True):
            number = case_number(value, now)
            received = record.received_at or self._undated
            columns = case_columns(
                new, customer=customer, number=number, received_at=received, actor=self._actor
            )
            columns |= {
                "summary": words.title,
                "suggestion": words.suggestion,
                "search": joined_document(document_tokens([number, customer.name]), words.document),
            }
            case = unsaved(Case, id=key, **columns)
            self._complete(case, record, received)
            self._add(rows, case, record, now)
            rows.clocks.extend(self._finished_clocks(case, record, ground))
        return rows

    def _failure(self, record: Record, words: Words) -> tuple[str, str]:
        """A label wins over the words; they still choose among the defects of the type that it names."""
        label = record.failure
        if label is None:
            return words.failure_type, words.defect
        if words.failure_type == label.failure_type and words.defect:
            return label.failure_type, words.defect
        return label.failure_type, label.defect

    def _customer_reference(self, record: Record) -> str:
        return record.customer or f"row:{record.reference}"[:120]

    def _customers(
        self, records: list[Record], ground: Groundwork, rows: Rows, now: dt.datetime
    ) -> list[Customer]:
        """Each record's customer: one known by the same reference, or a new one."""
        found, keys = dict(ground.customers), (key for _case, _number, key in ground.reserved)
        customers = []
        for record in records:
            reference = self._customer_reference(record)
            customer = found.get(reference)
            if customer is None:
                name = record.customer_name or self._profile.customer_unnamed.format(
                    reference=record.reference
                )
                customer = found[reference] = unsaved(
                    Customer,
                    id=next(keys),
                    name=name[:120],
                    language=self._profile.language,
                    time_zone=self._profile.time_zone,
                    created_at=now,
                    external_source=self._profile.source,
                    external_reference=reference,
                    search=document_tokens([name[:120]]),
                )
                rows.customers.append(customer)
            customers.append(customer)
        return customers

    def _complete(self, case: Case, record: Record, received: dt.datetime) -> None:
        """What imported history has beyond a complaint just logged: where it comes from, and how it ended."""
        case.owner_id = None
        case.external_source, case.external_reference = self._profile.source, record.reference
        case.first_response_at = max(record.replied_at, received) if record.replied_at else None
        case.state = record.state
        if record.state == CaseState.RESOLVED:
            # Where nobody told when it ended, it counts as ended when it came, and no time is measured.
            case.resolved_at = case.first_response_at or received
            case.outcome, case.cause_id = record.outcome, self._no_cause
            case.resolution = record.resolution

    def _add(self, rows: Rows, case: Case, record: Record, now: dt.datetime) -> None:
        rows.cases.append(case)
        rows.timeline.extend(self._entries(case, record, now))
        if case.is_open:
            kinds = self._steps[case.failure_type]
            case.next_step = next_step((kind, StepState.OPEN) for kind in kinds)
            rows.steps.extend(
                unsaved(RecoveryStep, case_id=case.pk, kind=kind, position=position)
                for position, kind in enumerate(kinds)
            )
        else:
            rows.resolutions.append(unsaved(Resolution, case_id=case.pk, **Resolution.columns_of(case)))
        rows.events.append(
            opening_event(
                stream=case.stream,
                verb="case.imported",
                actor=self._actor,
                data={
                    "source": self._profile.source,
                    "reference": record.reference,
                    "customer": case.customer_id,
                    "channel": case.channel,
                    "severity": case.severity,
                    "failure_type": case.failure_type,
                    "state": case.state,
                },
                at=now,
            )
        )

    def _entries(self, case: Case, record: Record, now: dt.datetime) -> list[TimelineEntry]:
        received, source = case.received_at, self._profile.source
        # The description holds the beginning; nothing of the rest is lost.
        entries = [
            unsaved(TimelineEntry, case_id=case.pk, kind=EntryKind.MESSAGE, body=part, at=received)
            for part in split_text(record.description, LONGEST_DESCRIPTION)[1:]
        ]
        if record.reply:
            at = case.first_response_at or received
            entries.append(
                unsaved(TimelineEntry, case_id=case.pk, kind=EntryKind.REPLY, body=record.reply, at=at)
            )
        params = {"source": source, "reference": record.reference}
        kept = " · ".join([f"{name}: {value}" for name, value in record.details])
        message = _IMPORTED_WITH if kept else _IMPORTED
        if record.received_at is None:
            message, params["date"] = _IMPORTED_UNDATED, self._profile.undated.isoformat()
        if message is not _IMPORTED:
            params["kept"] = kept or "–"
        entries.append(
            unsaved(TimelineEntry, case_id=case.pk, kind=EntryKind.EVENT, body=message, params=params, at=now)
        )
        return entries

    def _finished_clocks(self, case: Case, record: Record, ground: Groundwork) -> list[Clock]:
        """Clocks of a case whose times are both told; where one is not, there is nothing to measure."""
        stopped = record.replied_at
        calendar, hours = ground.calendar, ground.hours
        if stopped is None or calendar is None or hours is None or record.received_at is None or case.is_open:
            return []
        started = case.received_at
        seconds = business_seconds_taken(started, stopped, 0, hours)
        clocks = []
        for metric, minutes in self._targets_for(
            case.severity, local_day(started, self._branch.time_zone)
        ).items():
            due = clock_due(started, minutes, 0, hours)
            clocks.append(
                unsaved(
                    Clock,
                    case_id=case.pk,
                    metric=metric,
                    severity=case.severity,
                    target_minutes=minutes,
                    calendar_id=calendar.pk,
                    state=ClockState.MET if stopped <= due else ClockState.MISSED,
                    started_at=started,
                    due_at=due,
                    stopped_at=stopped,
                    business_seconds=seconds,
                    calendar_seconds=round((stopped - started).total_seconds()),
                )
            )
        return clocks

    def _targets_for(self, severity: int, on: dt.date) -> dict[Metric, int]:
        """As `sla.queries.targets_for`, without a query for every day of history."""
        key = (severity, on)
        if key not in self._targets:
            self._targets[key] = {
                Metric(row.metric): row.minutes
                for row in self._target_rows
                if row.severity == severity and row.valid_from <= on and row.metric in _MEASURED
            }
        return self._targets[key]


def known_references(
    model: type[Case] | type[Customer], source: str, references: list[str]
) -> dict[str, tuple[int, str]]:
    """Those of the references that are written already, with the row's key and its name or number."""
    name = "number" if model is Case else "name"
    if not references:
        return {}
    with connection.cursor() as cursor:
        # The last condition is that of the partial index.
        cursor.execute(
            f"SELECT external_reference, id, {name} FROM {model._meta.db_table}"  # noqa: S608  # our own names
            " WHERE external_source = %s AND external_reference = ANY(%s) AND external_reference <> ''",
            [source, references],
        )
        return {reference: (key, label) for reference, key, label in cursor.fetchall()}


def split_text(text: str, longest: int) -> list[str]:
    """The text in parts of at most so many characters, cut between words where one ends near there."""
    parts = []
    while len(text) > longest:
        at = max(text.rfind(" ", longest - 200, longest), text.rfind("\n", longest - 200, longest))
        at = at if at > 0 else longest
        parts.append(text[:at].rstrip())
        text = text[at:].lstrip()
    return [*parts, text]
