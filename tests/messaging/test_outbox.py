"""What the outbox promises: one message an occasion, sent once, tried again, never lost without a word."""

from __future__ import annotations

import datetime as dt
import smtplib
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection
from django.test import override_settings

from accounts.models import User
from audit.models import Event
from common.errors import Conflict, NotAllowed
from messaging.actions import letter, queue_email, retry_message, send_due_messages
from messaging.actions.sending import _claim_next, _write_down_failure
from messaging.models import OutboxMessage
from messaging.queries import mailbox, undelivered_about
from messaging.rules import LEASE
from messaging.states import MessageState

NOW = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)


class ScriptedServer(BaseEmailBackend):
    """A mail server that answers each message with the next of `answers`, and "250 OK" from then on."""

    answers: list[BaseException | None] = []
    taken: list[EmailMessage] = []
    lock = threading.Lock()

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            message.message()
            with self.lock:
                answer = self.answers.pop(0) if self.answers else None
                if answer is None:
                    self.taken.append(message)
            if answer is not None:
                raise answer
        return len(email_messages)


@pytest.fixture
def server() -> Iterator[type[ScriptedServer]]:
    ScriptedServer.answers, ScriptedServer.taken = [], []
    with override_settings(EMAIL_CONFIGURED=True, EMAIL_BACKEND=f"{__name__}.ScriptedServer"):
        yield ScriptedServer


def write(occasion: str = "greeting", **changes: Any) -> OutboxMessage | None:
    values: dict[str, Any] = {
        "to_address": "mei@example.com",
        "to_name": "Mei Lin",
        "language": "en",
        "template": "reply",
        "context": {"text": "Hello.", "number": "C-26-1", "tracking_token": "t0ken"},
        "dedupe_key": occasion,
        "about": "case:1",
    }
    return queue_email(letter(**(values | changes)))


@pytest.mark.django_db
def test_an_occasion_has_one_message() -> None:
    assert write() is not None
    assert write(to_name="Someone Else") is None
    assert OutboxMessage.objects.count() == 1


@pytest.mark.django_db
def test_without_a_mail_server_the_mailbox_is_where_mail_is_delivered() -> None:
    message = write()
    assert message is not None
    assert send_due_messages() == 1
    message.refresh_from_db()
    assert (message.state, message.attempts) == (MessageState.SENT, 1)
    assert message.sent_at is not None
    assert send_due_messages() == 0
    assert mail.outbox == []


@pytest.mark.django_db
def test_nothing_leaves_before_it_is_due() -> None:
    with time_machine.travel(NOW, tick=False):
        write(due_at=NOW + dt.timedelta(hours=1))
        assert send_due_messages() == 0
    with time_machine.travel(NOW + dt.timedelta(hours=1), tick=False):
        assert send_due_messages() == 1


@pytest.mark.django_db
def test_a_mail_carries_the_message_id_it_was_written_with(server: type[ScriptedServer]) -> None:
    message = write(
        template="notice", context={"reader_name": "Mei", "text": "A", "has_link": False, "urgent": False}
    )
    assert message is not None
    assert send_due_messages() == 1
    sent = server.taken[0].message()
    assert sent["Message-ID"] == message.message_id
    assert sent["Auto-Submitted"] == "auto-generated"
    assert sent["From"]
    assert "Mei Lin" in sent["To"]
    assert len(sent.get_payload()) == 2


@pytest.mark.django_db
def test_a_secret_is_in_the_mail_and_not_in_the_database(server: type[ScriptedServer]) -> None:
    secret = "/desk/approvals/link/k3y~s1gn/"
    write(
        template="notice",
        context=notice(f"https://amends.example{secret}"),
        secret=secret,
    )
    assert not is_told(secret)

    assert send_due_messages() == 1

    (mail_sent,) = server.taken
    assert secret in mail_sent.body
    assert secret in str(mail_sent.message())
    assert not is_told(secret)
    message = OutboxMessage.objects.get()
    assert message.sealed_secret == ""
    assert "https://amends.example…" in message.whole_text


@pytest.mark.django_db
def test_without_a_mail_server_the_mailbox_can_show_the_secret() -> None:
    write(template="notice", context=notice("https://amends.example/k3y/"), secret="/k3y/")
    send_due_messages()

    message = OutboxMessage.objects.get()
    assert not is_told("/k3y/")
    assert "https://amends.example/k3y/" in message.whole_text
    assert "https://amends.example/k3y/" in message.whole_html


@pytest.mark.django_db
def test_a_secret_outlives_a_new_key_and_fails_the_message_without_the_old(
    server: type[ScriptedServer],
) -> None:
    context = notice("https://amends.example/k3y/")
    with override_settings(SECRET_KEY="old"):
        write("one", template="notice", context=context, secret="/k3y/")
        write("two", template="notice", context=context, secret="/k3y/")
    with override_settings(SECRET_KEY="new", SECRET_KEY_FALLBACKS=["old"]):
        assert send_due_messages(limit=1) == 1
    with override_settings(SECRET_KEY="new", SECRET_KEY_FALLBACKS=[]):
        assert send_due_messages() == 0

    assert len(server.taken) == 1
    assert OutboxMessage.objects.get(state=MessageState.FAILED).last_error.endswith(
        "a key that is not there."
    )


def notice(url: str) -> dict[str, Any]:
    return {"reader_name": "Mei", "text": "Something waits.", "url": url, "has_link": True, "urgent": False}


def is_told(secret: str) -> bool:
    """Whether whoever reads the table of messages reads the secret."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(row_to_json(each)::text, ' ') FROM messaging_outboxmessage each")
        return secret in str(cursor.fetchone()[0]).replace("\\/", "/")


@pytest.mark.django_db
def test_what_staff_write_themselves_is_not_marked_as_automatic(server: type[ScriptedServer]) -> None:
    write()
    send_due_messages()
    assert server.taken[0].message()["Auto-Submitted"] is None


@pytest.mark.django_db
def test_no_value_can_add_a_header(server: type[ScriptedServer]) -> None:
    evil = "Mei\r\nBcc: all@example.com"
    message = write(to_name=evil, context={"text": "x", "number": f"C-1{evil}", "tracking_token": "t"})
    assert message is not None
    assert "\n" not in message.subject + message.to_name
    send_due_messages()
    sent = server.taken[0].message()
    assert sent["Bcc"] is None
    assert len(server.taken[0].recipients()) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["", "nobody", "a@b\r\nBcc: c@example.com", "x" * 300 + "@example.com"])
def test_an_address_no_mail_can_reach_is_kept_and_shown(address: str, server: type[ScriptedServer]) -> None:
    message = write(to_address=address)
    assert message is not None
    assert message.state == MessageState.FAILED
    assert message.last_error
    assert send_due_messages() == 0
    assert list(undelivered_about("case:1")) == [message]


@pytest.mark.django_db
def test_a_temporary_failure_is_tried_again_later_with_the_same_message_id(
    server: type[ScriptedServer],
) -> None:
    server.answers = [smtplib.SMTPServerDisconnected("gone"), smtplib.SMTPDataError(451, b"try later")]
    with time_machine.travel(NOW, tick=False) as clock:
        message = write()
        assert message is not None
        assert send_due_messages() == 0
        assert send_due_messages() == 0  # not before the minute is over
        clock.shift(60)
        assert send_due_messages() == 0
        clock.shift(299)
        assert send_due_messages() == 0
        clock.shift(1)
        assert send_due_messages() == 1
    message.refresh_from_db()
    assert (message.state, message.attempts, message.last_error) == (MessageState.SENT, 3, "")
    assert [sent.message()["Message-ID"] for sent in server.taken] == [message.message_id]


@pytest.mark.django_db
def test_a_refusal_for_good_fails_the_message_and_lets_the_others_go(server: type[ScriptedServer]) -> None:
    server.answers = [smtplib.SMTPRecipientsRefused({"mei@example.com": (550, b"no such user")})]
    first, second = write("one"), write("two")
    assert first is not None
    assert second is not None
    assert send_due_messages() == 1
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == (MessageState.FAILED, MessageState.SENT)
    assert "no such user" in first.last_error


@pytest.mark.django_db
def test_a_lost_server_costs_one_attempt_and_not_one_for_every_message(server: type[ScriptedServer]) -> None:
    server.answers = [ConnectionRefusedError("no server")] * 3
    for number in range(3):
        write(f"message {number}")
    send_due_messages()
    assert sorted(OutboxMessage.objects.values_list("attempts", flat=True)) == [0, 0, 1]


@pytest.mark.django_db
def test_a_message_is_given_up_after_a_day_of_failures_and_not_before(server: type[ScriptedServer]) -> None:
    server.answers = [OSError("down") for _ in range(20)]
    with time_machine.travel(NOW, tick=False) as clock:
        message = write()
        assert message is not None
        for _ in range(6):
            send_due_messages()
            message.refresh_from_db()
            assert message.state == MessageState.QUEUED
            clock.move_to(message.due_at)
        send_due_messages()
        message.refresh_from_db()
        assert message.state == MessageState.FAILED
        assert message.attempts == 7


class Killed(BaseException):
    """kill -9: nothing of the sender runs any more."""


@pytest.mark.django_db
def test_a_message_whose_sender_was_killed_is_sent_by_another_once_the_lease_is_over(
    server: type[ScriptedServer],
) -> None:
    server.answers = [Killed()]
    with time_machine.travel(NOW, tick=False) as clock:
        message = write()
        assert message is not None
        with pytest.raises(Killed):
            send_due_messages()
        message.refresh_from_db()
        assert message.state == MessageState.SENDING
        clock.shift(LEASE - dt.timedelta(seconds=1))
        assert send_due_messages() == 0
        clock.shift(1)
        assert send_due_messages() == 1
    message.refresh_from_db()
    assert message.state == MessageState.SENT
    assert [sent.message()["Message-ID"] for sent in server.taken] == [message.message_id]


@pytest.mark.django_db
def test_a_message_that_kills_its_senders_is_given_up(server: type[ScriptedServer]) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        message = write()
        assert message is not None
        for _ in range(7):
            assert _claim_next() is not None
            clock.shift(LEASE)
        assert send_due_messages() == 0
    message.refresh_from_db()
    assert message.state == MessageState.FAILED
    assert server.taken == []


@pytest.mark.django_db
def test_a_sender_that_lost_its_claim_does_not_overwrite_what_the_next_one_wrote(
    server: type[ScriptedServer],
) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        message = write()
        assert message is not None
        late = _claim_next()
        assert late is not None
        clock.shift(LEASE)
        assert send_due_messages() == 1
        _write_down_failure(late, OSError("time-out"))
    message.refresh_from_db()
    assert message.state == MessageState.SENT


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("smtp", [False, True])
def test_senders_at_work_at_once_send_every_message_once(smtp: bool, server: type[ScriptedServer]) -> None:
    for number in range(30):
        write(f"message {number}")
    start = threading.Barrier(3)
    delivered: list[int] = []

    def send() -> None:
        try:
            start.wait(timeout=10)
            delivered.append(send_due_messages())
        finally:
            connection.close()

    with override_settings(EMAIL_CONFIGURED=smtp):
        threads = [threading.Thread(target=send) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=30)
    assert sum(delivered) == 30
    assert set(OutboxMessage.objects.values_list("state", "attempts")) == {(MessageState.SENT, 1)}
    if smtp:
        assert len({sent.message()["Message-ID"] for sent in server.taken}) == len(server.taken) == 30


@pytest.mark.django_db
def test_a_failed_message_can_be_sent_again_by_hand(server: type[ScriptedServer]) -> None:
    admin = User.objects.create_user(email="admin@example.com", name="Admin", role="admin")
    server.answers = [smtplib.SMTPDataError(554, b"rejected")]
    message = write()
    assert message is not None
    send_due_messages()
    retry_message(actor=admin, message_id=message.pk)
    assert send_due_messages() == 1
    assert server.taken[0].message()["Message-ID"] == message.message_id
    assert Event.objects.get(stream=f"message:{message.pk}").actor == admin
    with pytest.raises(Conflict):
        retry_message(actor=admin, message_id=message.pk)


@pytest.mark.django_db
def test_only_those_who_may_send_again() -> None:
    auditor = User.objects.create_user(email="auditor@example.com", name="Auditor", role="auditor")
    frontline = User.objects.create_user(email="frontline@example.com", name="Frontline", role="frontline")
    OutboxMessage.objects.filter(pk=write(to_address="nobody").pk).update(to_address="now@example.com")  # type: ignore[union-attr]
    message = OutboxMessage.objects.get()
    with pytest.raises(NotAllowed):
        retry_message(actor=auditor, message_id=message.pk)
    with pytest.raises(NotAllowed):
        retry_message(actor=frontline, message_id=message.pk)
    with pytest.raises(OutboxMessage.DoesNotExist):
        retry_message(actor=frontline, message_id=message.pk, about="case:2")
    assert retry_message(actor=frontline, message_id=message.pk, about="case:1").state == MessageState.QUEUED


@pytest.mark.django_db
def test_the_mailbox_pages_by_key_with_one_query(django_assert_num_queries: Any) -> None:
    for number in range(5):
        write(f"message {number}")
    with django_assert_num_queries(1):
        first = mailbox(limit=2)
    assert len(first.messages) == 2
    second = mailbox(limit=2, before=first.before)
    last = mailbox(limit=2, before=second.before)
    seen = [message.pk for page in (first, second, last) for message in page.messages]
    assert seen == sorted(seen, reverse=True)
    assert len(set(seen)) == 5
    assert last.before is None
