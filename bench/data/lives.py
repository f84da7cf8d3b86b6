"""The life of one generated case: what it is about, how far its recovery has come, and its rows."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, field
from typing import Any

from accounts.models import User
from audit.rules import START, chain_hash
from bench.data.people import Person, lexemes
from bench.data.sheet import json_text, moment, text
from bench.data.sheets import Sheets
from bench.data.stories import ORDER, Story
from bench.data.world import World
from cases.models import NEVER
from cases.rules import LAST_LEVEL, alert_at
from cases.states import CaseState, ClockState, EntryKind, Outcome, StepKind, StepState
from common.copying import NULL
from sla.states import Metric

CHANNELS = (
    ("phone",) * 34 + ("email",) * 24 + ("web",) * 20 + ("counter",) * 12 + ("chat",) * 7 + ("social",) * 3
)
SEVERITIES = (1,) * 3 + (2,) * 17 + (3,) * 55 + (4,) * 25
OUTCOMES = (
    (Outcome.UPHELD,) * 62
    + (Outcome.PARTLY_UPHELD,) * 20
    + (Outcome.NOT_UPHELD,) * 14
    + (Outcome.WITHDRAWN,) * 4
)
# One complaint in eight takes many times its target; this leaves three or four in a hundred open.
DRAGS_ON = 0.12
WAITS = 0.12
SAID = {
    "en": (
        "I am sorry for what happened. I am looking into it now.",
        "Called, listened, told what comes next.",
    ),
    "zh-hans": ("对发生的事情深表歉意，我正在核实。", "已致电，听取情况，说明后续安排。"),
}
ENDED = {"en": "Explained and told to the customer by phone.", "zh-hans": "已电话向客户说明处理结果。"}


@dataclass(slots=True)
class Life:
    """A case with its times; what is still to come is None."""

    key: int
    person: Person
    story: Story
    received_at: dt.datetime
    severity: int
    owner: User
    responded_at: dt.datetime | None
    resolved_at: dt.datetime | None
    loss: int | None
    before: int | None
    is_waiting: bool = False
    landed_at: dt.datetime | None = None
    low_score: bool = False
    undecided: bool = False
    events: list[tuple[dt.datetime, str, int | None, dict[str, Any]]] = field(default_factory=list)
    entries: list[tuple[dt.datetime, str, str, str, dict[str, str]]] = field(default_factory=list)

    def record(self, at: dt.datetime, verb: str, actor: User | None, **data: Any) -> None:
        """Note an audit event."""
        self.events.append((at, verb, actor.pk if actor else None, data))

    def note(self, at: dt.datetime, kind: str, author: User | None, body: str, **params: str) -> None:
        """Note an entry of the timeline."""
        self.entries.append((at, kind, str(author.pk) if author else NULL, body, params))


def begin(world: World, key: int, received_at: dt.datetime, chance: random.Random) -> Life:
    """Draw a case, and how far it has come by now."""
    person = world.customers.person(1 + int(world.customers.count * chance.random() ** 1.5))
    place = world.places[person.place]
    severity = chance.choice(SEVERITIES)
    minutes = world.targets[severity]
    used = chance.lognormvariate(-0.6, 0.6)
    responds = place.after(received_at, 60 * minutes[Metric.FIRST_RESPONSE] * used)
    takes = chance.lognormvariate(-0.5, 0.6) * (chance.uniform(4, 20) if chance.random() < DRAGS_ON else 1)
    resolves = place.after(responds, 60 * minutes[Metric.RESOLUTION] * takes)
    trade = place.trade
    life = Life(
        key=key,
        person=person,
        story=chance.choice(world.stock.stories[person.place, person.language]),
        received_at=received_at,
        severity=severity,
        owner=chance.choice(world.staff.frontline[person.place]),
        responded_at=_past(responds, world.now),
        resolved_at=_past(resolves, world.now),
        loss=chance.randint(*trade.loss) if chance.random() < 0.7 else None,
        before=chance.choice((1, 1, 2, 2, 2, 3, 4)) if chance.random() < 0.8 else None,
    )
    life.is_waiting = bool(life.responded_at) and not life.resolved_at and chance.random() < WAITS
    return life


def _past(at: dt.datetime, now: dt.datetime) -> dt.datetime | None:
    return at.replace(microsecond=0) if at <= now else None


def tell(life: Life) -> None:
    """Note what was said and done, apart from compensation and surveys."""
    logger = life.owner
    life.record(
        life.received_at,
        "case.logged",
        logger,
        channel=_channel(life),
        severity=life.severity,
        failure_type=life.story.failure_type,
    )
    said, called = SAID[life.person.language]
    if life.responded_at:
        life.note(life.responded_at, EntryKind.REPLY, life.owner, said)
        life.record(life.responded_at, "case.replied", life.owner)
        life.record(life.responded_at, "step.done", life.owner, step=StepKind.APOLOGISE.value)
        later = life.responded_at + dt.timedelta(minutes=20)
        if later < (life.resolved_at or later):
            life.note(later, EntryKind.CALL, life.owner, called)
            life.record(later, "step.done", life.owner, step=StepKind.LISTEN.value)
    if life.resolved_at:
        life.note(life.resolved_at, EntryKind.EVENT, life.owner, "Resolved.")
        life.record(life.resolved_at, "case.resolved", life.owner, outcome=outcome_of(life).value)


def outcome_of(life: Life) -> Outcome:
    return OUTCOMES[life.key * 7919 % len(OUTCOMES)]


def _channel(life: Life) -> str:
    return CHANNELS[life.key * 104_729 % len(CHANNELS)]


def order_of(world: World, life: Life) -> str:
    """The number of the order that a case is about: no other case has it."""
    prefix = world.places[life.person.place].trade.order_prefix
    return f"{prefix}-{life.received_at:%y}-{life.key:06d}"


def write(world: World, life: Life, sheets: Sheets) -> None:
    """Turn a life into rows."""
    due = _write_clocks(world, life, sheets)
    following = _write_steps(world, life, sheets)
    _write_case(world, life, sheets, due, following)
    key = str(life.key)
    for at, kind, author, body, params in life.entries:
        sheets.timeline.add(key, kind, at.isoformat(), author, text(body), json_text(params))
    _write_events(life, sheets)


def _words(world: World, life: Life) -> str:
    return life.story.words + ORDER[life.person.language].format(order_of(world, life))


def _write_case(
    world: World, life: Life, sheets: Sheets, due: tuple[dt.datetime, str], following: str
) -> None:
    place, person, story = world.places[life.person.place], life.person, life.story
    owner, order = str(life.owner.pk), order_of(world, life)
    number = f"C-{life.received_at:%y}-{life.key:05d}"
    state = (
        CaseState.RESOLVED if life.resolved_at else CaseState.WAITING if life.is_waiting else CaseState.OPEN
    )
    branch = str(place.branch.pk)
    ordered_at = life.received_at - dt.timedelta(days=4 + life.key % 9)
    sheets.orders.add(
        *(str(person.key), branch, order, text(story.product), str(50 + life.key % 700)),
        *(place.trade.currency, ordered_at.isoformat()),
    )
    sheets.cases.add(
        *(str(life.key), number, str(person.key), branch, state.value, _channel(life), text(story.summary)),
        *(text(_words(world, life)), text(story.product), order, ordered_at.date().isoformat()),
        *(life.received_at.isoformat(), "{" + story.remedy + "}", place.trade.currency),
        *(
            NULL if life.loss is None else str(life.loss),
            person.language,
            NULL if life.before is None else str(life.before),
        ),
        *("asked" if life.before else "none", story.failure_type, str(story.defect_id), str(life.severity)),
        *(owner, owner, due[0].isoformat(), due[1], following, moment(life.responded_at)),
        *((outcome_of(life).value, str(world.cause_id(life.key))) if life.resolved_at else ("", NULL)),
        *(
            ENDED[person.language] if life.resolved_at else "",
            moment(life.resolved_at),
            moment(life.landed_at),
        ),
        *("t" if life.low_score else "f", f"bench-{life.key:018d}"),
        (story.lexemes + person.lexemes + lexemes(f"{number} {order}")).strip(),
    )
    if life.resolved_at:
        sheets.resolutions.add(
            *(str(life.key), moment(life.resolved_at), outcome_of(life).value, str(world.cause_id(life.key))),
            *(
                owner,
                ENDED[person.language],
                branch,
                _channel(life),
                story.failure_type,
                str(story.defect_id),
            ),
        )


def _write_clocks(world: World, life: Life, sheets: Sheets) -> tuple[dt.datetime, str]:
    """Write both clocks; returns when the first running one is due, and which it is."""
    place = world.places[life.person.place]
    running = []
    ends = {Metric.FIRST_RESPONSE: life.responded_at, Metric.RESOLUTION: life.resolved_at}
    for metric, stopped in ends.items():
        minutes = world.targets[life.severity][metric]
        due = place.after(life.received_at, 60 * minutes)
        state, level, alert = ClockState.RUNNING, 0, None
        if stopped:
            state = ClockState.MET if stopped <= due else ClockState.MISSED
        elif life.is_waiting and metric == Metric.RESOLUTION:
            state = ClockState.PAUSED
        else:
            running.append((due, metric.value))
            alert = alert_at(1, life.received_at, minutes, 0, place.hours)
            while alert is not None and alert <= world.now and level < LAST_LEVEL:
                level += 1
                alert = alert_at(level + 1, life.received_at, minutes, 0, place.hours)
        took = round(place.between(life.received_at, stopped)) if stopped else None
        sheets.clocks.add(
            *(
                str(life.key),
                metric.value,
                str(life.severity),
                str(minutes),
                str(place.calendar.pk),
                state.value,
            ),
            *(life.received_at.isoformat(), due.isoformat()),
            *(moment(life.responded_at if state == ClockState.PAUSED else None), moment(stopped)),
            *(NULL if took is None else str(took),),
            *(
                str(round((stopped - life.received_at).total_seconds())) if stopped else NULL,
                str(level),
                moment(alert),
            ),
        )
    return min(running, default=(NEVER, ""))


def _write_steps(world: World, life: Life, sheets: Sheets) -> str:
    """Write the steps of the playbook; returns the first that is open."""
    done = {StepKind.ACKNOWLEDGE.value: life.received_at}
    if life.responded_at:
        done |= {StepKind.LISTEN.value: life.responded_at, StepKind.APOLOGISE.value: life.responded_at}
    kinds = world.playbooks[life.story.failure_type]
    if life.resolved_at:
        done = {kind: done.get(kind, life.resolved_at) for kind in kinds if kind != StepKind.FOLLOW_UP}
    key, owner, following = str(life.key), str(life.owner.pk), ""
    for position, kind in enumerate(kinds):
        at = done.get(kind)
        if at is None:
            following = following or kind
            sheets.steps.add(key, kind, str(position), StepState.OPEN.value, NULL, NULL)
        else:
            sheets.steps.add(key, kind, str(position), StepState.DONE.value, owner, at.isoformat())
    return following


def _write_events(life: Life, sheets: Sheets) -> None:
    """Link the events into the chain of the case, in the order in which they happened."""
    stream, previous = f"case:{life.key}", START
    for sequence, (at, verb, actor, data) in enumerate(
        sorted(life.events, key=lambda event: event[0]), start=1
    ):
        link = chain_hash(
            previous=previous, stream=stream, sequence=sequence, at=at, actor_id=actor, verb=verb, data=data
        )
        sheets.events.add(
            *(stream, str(sequence), at.isoformat(), NULL if actor is None else str(actor), verb),
            *(json_text(data), previous, link),
        )
        previous = link
