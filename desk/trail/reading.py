"""Audit events prepared for a page or a file: who, when, about what, and what changed, with few queries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Branch, Team, User
from audit.models import Event
from audit.queries import Break, Problem, Verification
from cases.access import visible_cases
from cases.models import Case, Cause, Clock, Defect, Incident, Playbook
from common.display import format_duration
from compensation.models import PaymentBatch, Remedy
from compensation.review_queries import visible_lists
from customers.models import Customer
from desk.trail.verbs import PAIRED, VERBS
from desk.trail.words import LEFT_OUT, NOTHING, ORDER, PEOPLE, Names, label_of, moment, word_of
from feedback.models import FollowUp
from messaging.models import OutboxMessage
from sla.models import Calendar


@dataclass(frozen=True, slots=True)
class Line:
    """One value of an event, in words; `before` only where it changed."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class EventView:
    """One event as a reader takes it in."""

    id: int
    at: dt.datetime
    who: str
    what: str
    about: str
    url: str
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class _Things:
    """What the events of a page are about: (name, address) by kind and key."""

    named: Mapping[tuple[str, int], tuple[str, str]]
    names: Names


def streams_of(case: Case) -> list[str]:
    """The chains that tell of a case: its own, and those of its clocks, follow-ups and messages."""
    parts: dict[str, QuerySet[Any]] = {
        "clock": Clock.objects.filter(case=case),
        "follow-up": FollowUp.objects.filter(case=case),
        "message": OutboxMessage.objects.filter(about=case.stream),
    }
    keys = [f"{name}:{key}" for name, rows in parts.items() for key in rows.values_list("pk", flat=True)]
    return [case.stream, *keys]


@dataclass(frozen=True, slots=True)
class Proof:
    """Whether the chains of a case hold: how many links and chains there are, and where one is broken."""

    events: int
    chains: int
    breaks: list[str]


def proof_of(streams: Iterable[str]) -> Proof:
    """Verify chains, link by link."""
    events, chains, breaks = 0, 0, []
    for stream in streams:
        verification = Verification(stream)
        breaks += [break_words(found) for found in verification.breaks()]
        events += verification.events
        chains += verification.streams
    return Proof(events, chains, breaks)


def break_words(found: Break) -> str:
    """Where a chain is broken, for the reader of its page."""
    match found.problem:
        case Problem.MISSING:
            return _("Link %(missing)s is missing.") % {"missing": found.missing}
        case Problem.NOT_LINKED:
            return _("Link %(link)s does not continue the one before it.") % {"link": found.sequence}
        case _:
            return _("Link %(link)s was changed after it was written.") % {"link": found.sequence}


def event_views(user: User, events: Sequence[Event]) -> list[EventView]:
    """Events in words for this reader; one query for each kind of thing, whatever the number of events."""
    things = _read_things(user, events)
    return [_view(event, things) for event in events]


def _view(event: Event, things: _Things) -> EventView:
    about, url = _about(event, things)
    return EventView(
        id=event.pk,
        at=event.at,
        who=event.actor.name if event.actor else _("Amends itself"),
        what=str(VERBS.get(event.verb, event.verb)),
        about=about,
        url=url,
        lines=lines_of(event.verb, event.data, things.names),
    )


def lines_of(verb: str, data: Mapping[str, Any], names: Names) -> list[Line]:
    """What an event says, value by value."""
    if verb == "case.owned":
        people = names.people
        before, after = (people.get(key or 0, _("nobody")) for key in _owners(data))
        return [Line(_("Owner"), before, after)]
    lines: list[Line] = []
    places = {key: place for place, key in enumerate(ORDER)}
    for key in sorted(data, key=lambda key: (places.get(key, len(places)), key)):
        value = data[key]
        if key in LEFT_OUT:
            continue
        if key == "clocks" and isinstance(value, list):
            lines += [_clock_line(each) for each in value if isinstance(each, dict)]
        elif verb in PAIRED and isinstance(value, list) and len(value) == 2:
            before, after = (word_of(key, each, data, names) for each in value)
            lines.append(Line(label_of(key, verb), before, after))
        elif (text := word_of(key, value, data, names)) != NOTHING:
            lines.append(Line(label_of(key, verb), "", text))
    return lines


def _clock_line(change: Mapping[str, Any]) -> Line:
    """A deadline that moved, told by minutes of its target or by its moment."""
    before, after = (
        format_duration(end * 60, days=False) if isinstance(end, int) else moment(end)
        for end in (change.get("from"), change.get("to"))
    )
    return Line(word_of("clock", change.get("clock"), {}, Names()), before, after)


def _owners(data: Mapping[str, Any]) -> list[int | None]:
    """The keys of the owners before and after."""
    return [end if isinstance(end, int) else None for end in (data.get("from"), data.get("to"))]


def _about(event: Event, things: _Things) -> tuple[str, str]:
    kind, key = _subject(event)
    if key is not None and (found := things.named.get((kind, key))) is not None:
        return found
    name = event.stream.partition(":")[2]
    kinds = {
        "targets": _("Targets"),
        "authority": _("Authority"),
        "budget": _("Budget"),
        "delegations": _("Standing in"),
        "offer-kind": _("Kind of compensation"),
        "payments": _("Payments"),
        "policy": _("Policy"),
        "remedy": _("Remedy"),
        "sealing-keys": _("Keys"),
        "voucher-rule": _("Vouchers"),
        "route": _("Approval route"),
        "script": _("Script"),
        "message": _("Message"),
        "review": _("Review list"),
        "case": _("Case"),
    }
    return " ".join(part for part in (kinds.get(kind, kind), name) if part), ""


def _subject(event: Event) -> tuple[str, int | None]:
    """What an event is about: a clock or a follow-up speaks of its case."""
    kind, _colon, name = event.stream.partition(":")
    key: Any = event.data.get("case") if kind in ("clock", "follow-up") else name
    kind = "case" if kind in ("clock", "follow-up") else kind
    return kind, int(key) if str(key).isdecimal() else None


def _read_things(user: User, events: Iterable[Event]) -> _Things:
    wanted: dict[str, set[int]] = {}
    people: set[int] = set()
    defects: set[int] = set()
    teams: set[int] = set()
    coded: dict[str, set[str]] = {"cause": set(), "branch": set(), "branches": set(), "calendar": set()}
    for event in events:
        kind, key = _subject(event)
        if key is not None:
            wanted.setdefault(kind, set()).add(key)
        people |= {each for name in PEOPLE for each in _flat(event.data.get(name)) if isinstance(each, int)}
        if event.verb == "case.owned":
            people |= {each for each in _owners(event.data) if each}
        defects |= {each for each in _flat(event.data.get("defect")) if isinstance(each, int)}
        teams |= {each for each in _flat(event.data.get("team")) if isinstance(each, int)}
        for name, codes in coded.items():
            codes |= {each for each in _flat(event.data.get(name)) if isinstance(each, str)}
    return _Things(
        {(kind, key): found for kind, keys in wanted.items() for key, found in _named(user, kind, keys)},
        Names(
            people=dict(User.objects.filter(pk__in=people).values_list("pk", "name")) if people else {},
            defects=_labels(Defect.objects.filter(pk__in=defects), "pk") if defects else {},
            causes=_labels(Cause.objects.filter(code__in=coded["cause"]), "code") if coded["cause"] else {},
            branches=_labels(Branch.objects.filter(code__in=codes), "code")
            if (codes := coded["branch"] | coded["branches"])
            else {},
            calendars=_labels(Calendar.objects.filter(code__in=coded["calendar"]), "code")
            if coded["calendar"]
            else {},
            teams=_labels(Team.objects.filter(pk__in=teams), "pk") if teams else {},
        ),
    )


# What is known by its `label` and has no page of its own.
_LABELLED: dict[str, type[Model]] = {
    "branch": Branch,
    "team": Team,
    "calendar": Calendar,
    "defect": Defect,
    "cause": Cause,
    "playbook": Playbook,
}


def _named(user: User, kind: str, keys: set[int]) -> list[tuple[int, tuple[str, str]]]:
    """The things of one kind with their names and addresses; what this reader may not see has neither."""
    match kind:
        case "case":
            rows = visible_cases(user).filter(pk__in=keys).values_list("pk", "number")
            return [(key, (number, reverse("desk:case", args=[number]))) for key, number in rows]
        case "customer":
            found = Customer.objects.filter(pk__in=keys).values_list("pk", "name")
            return [(key, (name, reverse("desk:customer", args=[key]))) for key, name in found]
        case "staff":
            return [
                (key, (name, "")) for key, name in User.objects.filter(pk__in=keys).values_list("pk", "name")
            ]
        case "review":
            lists = visible_lists(user).filter(pk__in=keys).values_list("pk", "purpose")
            return [(key, (name, reverse("desk:review_list", args=[key]))) for key, name in lists]
        case "incident":
            return [
                (key, (number, ""))
                for key, number in Incident.objects.filter(pk__in=keys).values_list("pk", "number")
            ]
        case "remedy":
            found_rows = Remedy.objects.filter(pk__in=keys).values_list("pk", "incident__number")
            return [
                (key, (_("Remedy of %(incident)s") % {"incident": number}, "")) for key, number in found_rows
            ]
        case "payments":
            batches = PaymentBatch.objects.filter(pk__in=keys).values_list("pk", "reference")
            return [(key, (_("Payments %(reference)s") % {"reference": name}, "")) for key, name in batches]
        case _ if kind in _LABELLED:
            rows_of: QuerySet[Any] = _LABELLED[kind]._default_manager.filter(pk__in=keys)
            return [(row.pk, (row.label, "")) for row in rows_of]
        case _:
            return []


def _labels(rows: QuerySet[Any], key: str) -> dict[Any, str]:
    return {getattr(row, key): row.label for row in rows}


def _flat(value: Any) -> list[Any]:
    """A value, or the values of a list."""
    if isinstance(value, list):
        return [each for part in value for each in _flat(part)]
    return [] if value is None else [value]
