"""kill -9 in the middle of sending, with a real process, a real database and mail over a real socket."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test import override_settings
from django.utils import timezone

from messaging.actions import send_due_messages
from messaging.rules import LEASE
from messaging.states import MessageState
from tests.messaging.test_outbox import write
from tests.support.smtp import MailServer

SENDER = """
import os, django
django.setup()
from django.conf import settings
from django.db import connection
connection.settings_dict["NAME"] = os.environ["SENDER_DATABASE"]
settings.EMAIL_CONFIGURED = True
settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", int(os.environ["SENDER_PORT"])
from messaging.actions import send_due_messages
send_due_messages()
"""

pytestmark = [pytest.mark.process, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def server() -> Iterator[MailServer]:
    with (
        MailServer() as server,
        override_settings(
            EMAIL_CONFIGURED=True,
            EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend",
            EMAIL_HOST="127.0.0.1",
            EMAIL_PORT=server.port,
        ),
    ):
        yield server


def test_a_sender_killed_in_mid_sentence_loses_nothing_and_sends_nothing_twice(server: MailServer) -> None:
    message = write()
    assert message is not None
    server.stalls = True
    sender = subprocess.Popen(
        [sys.executable, "-c", SENDER],
        cwd=settings.BASE_DIR,
        env={
            **os.environ,
            "SENDER_DATABASE": str(connection.settings_dict["NAME"]),
            "SENDER_PORT": str(server.port),
        },
    )
    try:
        assert server.is_waited_for.wait(60)
    finally:
        sender.send_signal(signal.SIGKILL)
        sender.wait(timeout=10)
    message.refresh_from_db()
    assert (message.state, server.taken) == (MessageState.SENDING, [])

    server.stalls = False
    assert send_due_messages() == 0  # the lease is still running
    with time_machine.travel(timezone.now() + LEASE + dt.timedelta(seconds=1)):
        assert [send_due_messages(), send_due_messages()] == [1, 0]
    message.refresh_from_db()
    assert message.state == MessageState.SENT
    assert [taken["Message-ID"] for taken in server.taken] == [message.message_id]


def test_many_messages_share_one_connection(server: MailServer) -> None:
    for number in range(5):
        write(f"message {number}", to_name="陈薇")
    assert send_due_messages() == 5
    assert server.conversations == 1
    assert len({taken["Message-ID"] for taken in server.taken}) == 5
    assert all("=?utf-8?" in taken["To"].lower() for taken in server.taken)
