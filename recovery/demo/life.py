"""One case as it is lived: what each action would have written, had it been done at the time given."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from accounts.models import User
from cases.actions.escalate import ALERT_MESSAGES
from cases.actions.log import build_steps
from cases.actions.steps import open_again
from cases.models import NEVER, Case, Cause, Clock, RecoveryStep, Resolution, TimelineEntry
from cases.rules import ALERT_SHARES, alert_at, business_seconds_taken, clock_due, next_step
from cases.states import CaseState, ClockState, EntryKind, Outcome, StepKind, StepState
from recovery.demo.trail import Data, Trail
from recovery.demo.world import Place, Targets
from sla.states import CASE_METRICS, Metric


@dataclass(slots=True)
class Pause:
    """A wait for the customer, from one moment to another; None while it lasts."""

    start: dt.datetime
    end: dt.datetime | None = None


@dataclass(slots=True)
class Alert:
    """A level of a clock that fired."""

    clock: Clock
    level: int
    at: dt.datetime

    @property
    def message(self) -> str:
        return ALERT_MESSAGES[Metric(self.clock.metric), self.level]


@dataclass(slots=True)
class Life:
    """A case with all that belongs to it, not yet written. Moments are given in the order of time."""

    case: Case
    place: Place
    targets: Targets
    trail: Trail
    now: dt.datetime
    steps: list[RecoveryStep] = field(default_factory=list)
    clocks: list[Clock] = field(default_factory=list)
    entries: list[TimelineEntry] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    pauses: list[Pause] = field(default_factory=list)
    resolutions: list[Resolution] = field(default_factory=list)

    # --- what people do --------------------------------------------------------------------

    def log(self, *, acknowledged: bool, kinds: list[str]) -> None:
        """Take the complaint down: its clocks, and its steps, which are of these kinds."""
        case = self.case
        self.steps = build_steps(
            case, acknowledged_at=case.received_at if acknowledged else None, kinds=kinds
        )
        for metric in CASE_METRICS:
            self._start_clock(metric, case.received_at, 1)
        data = {"channel": case.channel, "severity": case.severity, "failure_type": case.failure_type}
        self.record("case.logged", case.received_at, case.logged_by, lambda: data)

    def own(self, at: dt.datetime, owner: User) -> None:
        """Take over a case that nobody owned."""
        self.case.owner = owner
        self.event(at, owner, "Owned by %(owner)s from now on.", {"owner": owner.name})
        self.record("case.owned", at, owner, lambda: {"from": None, "to": owner.pk})

    def note(self, at: dt.datetime, author: User, body: str) -> None:
        entry = self._enter(EntryKind.NOTE, at, author, body)
        self.record("case.noted", at, author, lambda: {"entry": entry.pk})

    def call(
        self, at: dt.datetime, author: User, body: str, minutes: int, completes: StepKind | None = None
    ) -> None:
        entry = self._enter(EntryKind.CALL, at, author, body, minutes)
        self.record("case.called", at, author, lambda: {"entry": entry.pk, "minutes": minutes})
        self._respond(at, author, completes)

    def reply(
        self, at: dt.datetime, author: User, body: str, completes: StepKind | None = None
    ) -> TimelineEntry:
        entry = self._enter(EntryKind.REPLY, at, author, body)
        self.record("case.replied", at, author, lambda: {"entry": entry.pk})
        self._respond(at, author, completes)
        return entry

    def hear(self, at: dt.datetime, body: str, taken_by: User) -> None:
        """Keep a further message of the customer; it ends a wait."""
        entry = self._enter(EntryKind.MESSAGE, at, taken_by, body)
        self.record("case.customer_wrote", at, taken_by, lambda: {"entry": entry.pk})
        if self.pauses and self.pauses[-1].end is None:
            self.pauses[-1].end = at
            self.case.state = CaseState.OPEN
            self.event(at, taken_by, "The customer answered; the clock runs again.")
            self.record("case.wait_ended", at, taken_by)

    def wait(self, at: dt.datetime, author: User, reason: str) -> None:
        self.case.state = CaseState.WAITING
        self.pauses.append(Pause(at))
        self.event(at, author, "Waiting for the customer: %(reason)s", {"reason": reason})
        self.record("case.waiting", at, author)

    def finish(
        self,
        kind: StepKind,
        at: dt.datetime,
        by: User | None,
        note: str = "",
        state: StepState = StepState.DONE,
    ) -> None:
        """Finish a step that is open; one that is finished stays as it was."""
        step = next((step for step in self.steps if step.kind == kind and step.state == StepState.OPEN), None)
        if step is None:
            return
        step.state, step.by, step.at, step.note = state, by, at, note
        self.record(f"step.{state}", at, by, lambda: {"step": kind.value})

    def verify_loss(self, at: dt.datetime, by: User) -> None:
        """Establish that the loss is what the customer said."""
        if self.case.loss_amount is None:
            return
        self.case.verified_loss = self.case.loss_amount
        change = {"verified_loss": [None, str(self.case.loss_amount.normalize())]}
        self.record("case.reclassified", at, by, lambda: change)

    def resolve(
        self,
        at: dt.datetime,
        by: User,
        *,
        outcome: Outcome,
        cause: Cause,
        resolution: str,
        overridden: Mapping[str, str],
    ) -> None:
        """Decide the case; `overridden` maps what was still open to the reason for leaving it so."""
        case = self.case
        for clock in self.clocks:
            if clock.stopped_at is None:
                self._stop_clock(clock, at)
        case.state, case.outcome, case.cause, case.resolution = CaseState.RESOLVED, outcome, cause, resolution
        case.resolved_at, case.first_response_at = at, case.first_response_at or at
        case.resolve_reason = next(iter(overridden.values()), "")
        self.resolutions.append(Resolution.of(case, by=by))
        self.event(at, by, "Resolved.")
        data = {
            "outcome": outcome.value,
            "cause": cause.code,
            "overridden": list(overridden),
            "reason": case.resolve_reason,
        }
        self.record("case.resolved", at, by, lambda: data)

    def reopen(self, at: dt.datetime, by: User, reason: str) -> None:
        case = self.case
        case.state = CaseState.OPEN
        case.reopened_count += 1
        times = case.reopened_count
        self._start_clock(Metric.RESOLUTION, at, times + 1)
        steps, notes = open_again(self.steps)
        self.entries.extend(notes)
        again = [step.kind for step in steps]
        self.event(at, by, "Reopened: %(reason)s", {"reason": reason})
        self.record("case.reopened", at, by, lambda: {"times": times, "steps": again})

    # --- what it comes to ------------------------------------------------------------------

    def settle(self) -> None:
        """Bring clocks, alerts and what the case repeats of them up to now."""
        for clock in self.clocks:
            if clock.stopped_at is None:
                self._run_clock(clock)
            self._fire_alerts(clock)
        running = [clock for clock in self.clocks if clock.state == ClockState.RUNNING]
        first = min(running, key=lambda clock: clock.due_at, default=None)
        self.case.due_at, self.case.due_metric = (first.due_at, first.metric) if first else (NEVER, "")
        self.case.next_step = next_step((step.kind, step.state) for step in self.steps)

    def record(self, verb: str, at: dt.datetime, actor: User | None, data: Callable[[], Data] = dict) -> None:
        self.trail.add(lambda: self.case.stream, verb, at=at, actor=actor, data=data)

    def event(
        self, at: dt.datetime, by: User | None, message: str, params: Mapping[str, Any] | None = None
    ) -> None:
        """An event on the timeline; `message` is one that the actions mark for the catalogue."""
        self._enter(EntryKind.EVENT, at, by, message).params = dict(params or {})

    def _enter(
        self, kind: EntryKind, at: dt.datetime, author: User | None, body: str, minutes: int | None = None
    ) -> TimelineEntry:
        entry = TimelineEntry(case=self.case, kind=kind, at=at, author=author, body=body, minutes=minutes)
        self.entries.append(entry)
        return entry

    def _respond(self, at: dt.datetime, by: User, completes: StepKind | None) -> None:
        if self.case.first_response_at is None:
            self.case.first_response_at = at
            for clock in self.clocks:
                if clock.metric == Metric.FIRST_RESPONSE and clock.stopped_at is None:
                    self._stop_clock(clock, at)
        if completes is not None:
            self.finish(completes, at, by)

    # --- clocks ----------------------------------------------------------------------------

    def _start_clock(self, metric: Metric, at: dt.datetime, round_: int) -> None:
        self.clocks.append(
            Clock(
                case=self.case,
                metric=metric,
                round=round_,
                severity=self.case.severity,
                target_minutes=self.targets[self.case.severity][metric],
                calendar=self.place.calendar,
                started_at=at,
            )
        )

    def _stop_clock(self, clock: Clock, at: dt.datetime) -> None:
        clock.paused_seconds = self._paused(clock, at)
        self._set_due(clock)
        clock.state = ClockState.MET if at <= clock.due_at else ClockState.MISSED
        clock.stopped_at = at
        clock.business_seconds = business_seconds_taken(
            clock.started_at, at, clock.paused_seconds, self.place.hours
        )
        clock.calendar_seconds = max(0, round((at - clock.started_at).total_seconds()))

    def _run_clock(self, clock: Clock) -> None:
        waiting = self.case.state == CaseState.WAITING and clock.metric == Metric.RESOLUTION
        clock.state = ClockState.PAUSED if waiting else ClockState.RUNNING
        clock.paused_at = self.pauses[-1].start if waiting else None
        clock.paused_seconds = self._paused(clock, self.now)
        self._set_due(clock)

    def _paused(self, clock: Clock, until: dt.datetime) -> int:
        """Business seconds of waits that have ended; the clock of the first response does not stand still."""
        if clock.metric != Metric.RESOLUTION:
            return 0
        return sum(
            round(self.place.between(pause.start, pause.end))
            for pause in self.pauses
            if pause.end is not None and clock.started_at <= pause.start and pause.end <= until
        )

    def _set_due(self, clock: Clock) -> None:
        clock.due_at = clock_due(
            clock.started_at, clock.target_minutes, clock.paused_seconds, self.place.hours
        )

    def _fire_alerts(self, clock: Clock) -> None:
        """Fire the levels whose time has come while the clock ran, and set when the next one does."""
        end = clock.stopped_at or clock.paused_at or self.now
        for level in ALERT_SHARES:
            moment = self._alert_at(clock, level)
            if moment is None or moment > end:
                break
            clock.level = level
            self.alerts.append(Alert(clock, level, moment))
        if clock.state == ClockState.RUNNING:
            clock.next_alert_at = self._alert_at(clock, clock.level + 1)

    def _alert_at(self, clock: Clock, level: int) -> dt.datetime | None:
        """When a level fires: before the first pause its time does not count, after it it does."""
        early = alert_at(level, clock.started_at, clock.target_minutes, 0, self.place.hours)
        first_pause = self.pauses[0].start if self.pauses and clock.metric == Metric.RESOLUTION else None
        if early is None or first_pause is None or early <= first_pause:
            return early
        return alert_at(level, clock.started_at, clock.target_minutes, clock.paused_seconds, self.place.hours)
