"""Opening the cases of many customers of one incident at once: rows to be written by COPY."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_noop

from accounts.models import User
from audit.actions import opening_event
from audit.models import Event
from cases.actions.clocks import build_clocks
from cases.actions.log import NewCase, case_columns, next_numbers
from cases.models import NEVER, Case, Clock, Incident, RecoveryStep, TimelineEntry
from cases.queries import playbook_steps
from cases.rules import next_step
from cases.states import ClockState, EntryKind, StepKind, StepState
from common.copying import reserve_ids, unsaved
from common.search_text import document_tokens, joined_tokens
from customers.models import Customer
from sla.states import Metric

_OPENED = gettext_noop("Opened because the customer is affected by incident %(incident)s.")


@dataclass
class OpenedCases:
    """Cases with what belongs to them, not yet written; `events` are the first links of their chains."""

    cases: list[Case] = field(default_factory=list)
    timeline: list[TimelineEntry] = field(default_factory=list)
    steps: list[RecoveryStep] = field(default_factory=list)
    clocks: list[Clock] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)


def open_cases(
    *, incident: Incident, customers: Sequence[tuple[Customer, bool]], actor: User, at: dt.datetime
) -> OpenedCases:
    """A case of an incident for each customer, whom nobody owns yet; the caller writes them by COPY.

    Each customer comes with whether they are told of it at once: then that was our first response.
    """
    rows = OpenedCases()
    if not customers:
        return rows
    kinds = playbook_steps(incident.failure_type)
    complaints: dict[tuple[str, str], NewCase] = {}
    keys, numbers = reserve_ids(Case, len(customers)), next_numbers(len(customers), at)
    pattern = build_clocks(Case(branch=incident.branch, severity=incident.severity), at=at)
    for (customer, told), key, number in zip(customers, keys, numbers, strict=True):
        wording = customer.language, customer.preferred_contact
        if wording not in complaints:
            complaints[wording] = _complaint(incident, customer)
        clocks = [_clock_of(key, clock, told=told) for clock in pattern]
        steps = _steps(key, kinds, at if told else None)
        columns = case_columns(
            complaints[wording], customer=customer, number=number, received_at=at, actor=actor
        )
        columns["search"] = joined_tokens(
            document_tokens([number, customer.name]), complaints[wording].own_tokens
        )
        columns |= _standing(clocks, steps, at if told else None)
        case = unsaved(Case, id=key, **columns)
        rows.cases.append(case)
        rows.steps += steps
        rows.clocks += clocks
        rows.timeline.append(_entry(incident, case, actor, at))
        rows.events.append(
            opening_event(
                stream=case.stream,
                verb="case.opened_by_incident",
                actor=actor,
                data={"incident": incident.number, "channel": case.channel, "severity": case.severity},
                at=at,
            )
        )
    return rows


def _complaint(incident: Incident, customer: Customer) -> NewCase:
    return NewCase(
        customer=customer,
        branch=incident.branch,
        channel=incident.channel,
        description=incident.description,
        summary=incident.name,
        language=customer.language,
        preferred_contact=customer.preferred_contact,
        failure_type=incident.failure_type,
        defect=incident.defect,
        severity=incident.severity,
    )


def _steps(case_id: int, kinds: Sequence[str], told_at: dt.datetime | None) -> list[RecoveryStep]:
    """The steps of the playbook; whoever is told at once has been acknowledged."""
    return [
        unsaved(RecoveryStep, case_id=case_id, kind=kind, position=position, state=StepState.DONE, at=told_at)
        if kind == StepKind.ACKNOWLEDGE and told_at is not None
        else unsaved(RecoveryStep, case_id=case_id, kind=kind, position=position)
        for position, kind in enumerate(kinds)
    ]


def _clock_of(case_id: int, pattern: Clock, *, told: bool) -> Clock:
    """All cases begin at the same moment in the same branch, so that their clocks differ in nothing."""
    clock = copy.copy(pattern)
    clock.case_id = case_id
    if told and clock.metric == Metric.FIRST_RESPONSE:
        clock.state, clock.stopped_at = ClockState.MET, clock.started_at
        clock.business_seconds = clock.calendar_seconds = 0
        clock.next_alert_at = None
    return clock


def _standing(
    clocks: Sequence[Clock], steps: Sequence[RecoveryStep], responded_at: dt.datetime | None
) -> dict[str, Any]:
    """What the case repeats of its clocks and steps; nobody owns it yet."""
    running = [clock for clock in clocks if clock.state == ClockState.RUNNING]
    first = min(running, key=lambda clock: clock.due_at, default=None)
    return {
        "owner_id": None,
        "first_response_at": responded_at,
        "due_at": first.due_at if first else NEVER,
        "due_metric": first.metric if first else "",
        "next_step": next_step((step.kind, step.state) for step in steps),
    }


def _entry(incident: Incident, case: Case, actor: User, at: dt.datetime) -> TimelineEntry:
    return unsaved(
        TimelineEntry,
        case_id=case.pk,
        kind=EntryKind.EVENT,
        author_id=actor.pk,
        body=_OPENED,
        params={"incident": incident.number},
        at=at,
    )
