"""The audit trail: append-only in the database, and a chain that shows what was done to it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from audit.actions import record
from audit.models import Event
from audit.queries import Verification
from audit.rules import START, chain_hash

pytestmark = pytest.mark.django_db


@contextmanager
def unguarded() -> Iterator[None]:
    """As whoever owns the database might: with the trigger out of the way."""
    with connection.cursor() as cursor:
        connection.check_constraints()  # a table with checks still to come can't be altered
        cursor.execute("ALTER TABLE audit_event DISABLE TRIGGER audit_event_append_only")
        yield
        connection.check_constraints()
        cursor.execute("ALTER TABLE audit_event ENABLE TRIGGER audit_event_append_only")


@pytest.fixture
def events() -> list[Event]:
    """Two streams, written by turns."""
    return [
        record(stream=stream, verb=verb, actor=None, data={"link": link, "words": "过敏"})
        for link, verb in enumerate(("case.logged", "case.noted", "case.resolved"))
        for stream in ("case:1", "case:2")
    ]


def broken() -> list[tuple[str, int]]:
    return [(found.stream, found.sequence) for found in Verification().breaks()]


def test_whole_trail_holds(events: list[Event]) -> None:
    verification = Verification()
    assert list(verification.breaks()) == []
    assert (verification.events, verification.streams) == (6, 2)


def test_each_stream_begins_at_the_start_and_links_to_the_event_before(events: list[Event]) -> None:
    links = Event.objects.filter(stream="case:1").order_by("sequence")
    assert [link.sequence for link in links] == [1, 2, 3]
    assert [link.previous_hash for link in links] == [START, links[0].hash, links[1].hash]


@pytest.mark.parametrize("statement", ["UPDATE audit_event SET verb = 'x'", "DELETE FROM audit_event"])
def test_database_refuses_to_change_or_remove_events(events: list[Event], statement: str) -> None:
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert Event.objects.count() == 6


@pytest.mark.parametrize(
    "change",
    [
        {"verb": "case.reopened"},
        {"data": {"link": 7}},
        {"at": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)},
        {"hash": "0" * 64},
    ],
    ids=lambda change: next(iter(change)),
)
def test_changed_event_shows(events: list[Event], change: dict[str, Any]) -> None:
    with unguarded():
        Event.objects.filter(stream="case:2", sequence=2).update(**change)
    assert broken()[0] == ("case:2", 2)


def test_event_moved_to_another_stream_shows(events: list[Event]) -> None:
    with unguarded():
        Event.objects.filter(stream="case:2", sequence=3).update(sequence=4, stream="case:1")
    assert ("case:1", 4) in broken()


def test_removed_event_shows_at_the_next_one(events: list[Event]) -> None:
    with unguarded():
        Event.objects.filter(stream="case:1", sequence=2).delete()
    assert broken() == [("case:1", 3)]


def test_event_replaced_with_a_new_hash_shows_at_the_next_one(events: list[Event]) -> None:
    event = Event.objects.get(stream="case:1", sequence=2)
    with unguarded():
        Event.objects.filter(pk=event.pk).update(
            verb="case.called",
            hash=chain_hash(
                previous=event.previous_hash,
                stream=event.stream,
                sequence=event.sequence,
                at=event.at,
                actor_id=None,
                verb="case.called",
                data=event.data,
            ),
        )
    assert broken() == [("case:1", 3)]


def test_command_is_content_with_a_whole_trail(
    events: list[Event], capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("verify_audit")
    assert "6 events in 2 streams: every link holds." in capsys.readouterr().out


def test_command_names_the_first_broken_link_and_fails(
    events: list[Event], capsys: pytest.CaptureFixture[str]
) -> None:
    with unguarded():
        Event.objects.filter(sequence=2).update(verb="case.x")
    with pytest.raises(CommandError) as failed:
        call_command("verify_audit")
    assert failed.value.returncode == 1
    said = capsys.readouterr().err
    assert "case:1, link 2" in said
    assert "case:2" not in said


def test_command_goes_on_when_asked_for_all(events: list[Event], capsys: pytest.CaptureFixture[str]) -> None:
    with unguarded():
        Event.objects.filter(sequence=2).update(verb="case.x")
    with pytest.raises(CommandError, match="in 2 places"):
        call_command("verify_audit", all=True)
    said = capsys.readouterr().err
    assert "case:1, link 2" in said
    assert "case:2, link 2" in said


def test_command_checks_one_stream_alone(events: list[Event], capsys: pytest.CaptureFixture[str]) -> None:
    with unguarded():
        Event.objects.filter(stream="case:2", sequence=2).update(verb="case.x")
    call_command("verify_audit", stream="case:1")
    assert "3 events in 1 streams" in capsys.readouterr().out
    with pytest.raises(CommandError, match="no audit stream"):
        call_command("verify_audit", stream="case:99")


@given(
    data=st.dictionaries(st.text(), st.integers() | st.text() | st.none() | st.booleans(), max_size=4),
    verb=st.text(min_size=1, max_size=20),
)
def test_hash_depends_on_every_part(data: dict[str, Any], verb: str) -> None:
    parts: dict[str, Any] = {
        "previous": START,
        "stream": "case:1",
        "sequence": 1,
        "at": dt.datetime(2026, 3, 2, tzinfo=dt.UTC),
        "actor_id": None,
        "verb": verb,
        "data": data,
    }
    base = chain_hash(**parts)
    others = {"previous": "1" * 64, "stream": "case:2", "sequence": 2, "actor_id": 7, "verb": verb + "!"}
    assert all(chain_hash(**(parts | {name: value})) != base for name, value in others.items())
    assert chain_hash(**(parts | {"data": {**data, "more": 1, "and": 2}})) != base
    berlin = parts["at"].astimezone(dt.timezone(dt.timedelta(hours=1)))
    assert chain_hash(**(parts | {"at": berlin})) == base
