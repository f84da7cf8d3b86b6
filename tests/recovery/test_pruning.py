"""What is kept no longer goes, bounded and in batches; what is still needed stays."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.db import connections, transaction
from django.utils import timezone

from common import pruning
from messaging.actions import mark_read, notify
from messaging.models import Notice, OutboxMessage
from recovery.pruning import PARTS, prune
from tests.factories import MONDAY, Desk, make_desk
from tests.messaging.test_outbox import write

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def clock(settings: Any) -> Iterator[time_machine.Traveller]:
    settings.DEMO, settings.EMAIL_CONFIGURED = False, True
    settings.RETENTION_MAIL_TEXT_DAYS, settings.RETENTION_READ_NOTICES_DAYS = 180, 90
    with time_machine.travel(MONDAY, tick=False) as coordinates:
        yield coordinates


@pytest.fixture
def desk() -> Desk:
    return make_desk()


def sent(key: str, *, state: str = "sent") -> OutboxMessage:
    message = write(key)
    assert message is not None
    OutboxMessage.objects.filter(pk=message.pk).update(
        state=state, sent_at=timezone.now() if state == "sent" else None
    )
    return message


def told(desk: Desk, key: str) -> None:
    notify(users=[desk.frontline], message="%(n)s", params={"n": key}, url="", dedupe_key=key, email=False)


def session(key: str, ends: dt.datetime) -> None:
    Session.objects.create(session_key=key, session_data="", expire_date=ends)


def test_sessions_go_when_they_have_ended(clock: time_machine.Traveller) -> None:
    session("old", MONDAY - DAY)
    session("new", MONDAY + DAY)
    assert prune()["sessions that ended"] == 1
    assert [row.session_key for row in Session.objects.all()] == ["new"]


def test_old_mail_loses_its_text_and_nothing_else(clock: time_machine.Traveller) -> None:
    old = sent("old")
    clock.shift(90 * DAY)
    young = sent("young")
    clock.shift(90 * DAY)
    assert [prune()["texts of old mail"], prune()["texts of old mail"]] == [1, 0]
    before = (old.to_address, old.subject, old.message_id)
    old.refresh_from_db()
    young.refresh_from_db()
    assert (old.body_text, old.body_html) == ("", "")
    assert (old.to_address, old.subject, old.message_id) == before
    assert old.sent_at == MONDAY
    assert young.body_text
    assert write("old") is None  # its occasion has had its message


def test_mail_that_nobody_got_keeps_its_text(clock: time_machine.Traveller, settings: Any) -> None:
    for state in ("queued", "sending", "failed"):
        sent(state, state=state)
    clock.shift(1000 * DAY)
    assert prune()["texts of old mail"] == 0
    sent("read in the mailbox")
    settings.EMAIL_CONFIGURED = False
    clock.shift(1000 * DAY)
    assert prune()["texts of old mail"] == 0
    assert not OutboxMessage.objects.filter(body_text="").exists()


def test_notices_go_when_they_were_read_long_ago(desk: Desk, clock: time_machine.Traveller) -> None:
    told(desk, "read")
    mark_read(actor=desk.frontline)
    told(desk, "unread")
    clock.shift(90 * DAY - dt.timedelta(seconds=1))
    assert prune()["notices read long ago"] == 0
    clock.shift(1)
    assert prune()["notices read long ago"] == 1
    assert [notice.params["n"] for notice in Notice.objects.all()] == ["unread"]


def test_zero_days_keep_things_for_ever(desk: Desk, clock: time_machine.Traveller, settings: Any) -> None:
    settings.RETENTION_MAIL_TEXT_DAYS = settings.RETENTION_READ_NOTICES_DAYS = 0
    sent("old")
    told(desk, "read")
    mark_read(actor=desk.frontline)
    clock.shift(10_000 * DAY)
    assert sum(prune().values()) == 0


def test_one_run_is_bounded_and_the_next_goes_on(
    clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "BATCH", 2)
    monkeypatch.setattr(pruning, "MOST_BATCHES", 2)
    for number in range(7):
        session(f"old {number}", MONDAY - DAY)
        sent(f"old {number}")
    clock.shift(180 * DAY)
    assert [prune()["sessions that ended"] for _ in range(3)] == [4, 3, 0]
    assert not OutboxMessage.objects.exclude(body_text="").exists()


def test_a_part_that_fails_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> int:
        raise RuntimeError("out of order")

    session("old", MONDAY - DAY)
    monkeypatch.setitem(PARTS, "texts of old mail", broken)
    others = {"kept answers of the API", "notices read long ago", "links to decisions that have expired"}
    assert prune() == {"sessions that ended": 1, **dict.fromkeys(others, 0)}


@pytest.mark.django_db(transaction=True)
def test_what_another_run_holds_is_passed_over() -> None:
    session("held", MONDAY - DAY)
    session("free", MONDAY - DAY)
    counts: list[int] = []

    def run() -> None:
        try:
            counts.append(prune()["sessions that ended"])
        finally:
            connections.close_all()

    with transaction.atomic():
        Session.objects.select_for_update().get(session_key="held")
        other = threading.Thread(target=run)
        other.start()
        other.join(timeout=30)
        assert counts == [1]
    assert prune()["sessions that ended"] == 1
