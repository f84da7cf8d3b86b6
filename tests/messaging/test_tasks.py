"""The broker is a hint: a nudge reaches it after the commit, and without it the sweeps do the work."""

from __future__ import annotations

from typing import Any

import pytest
import redis
from django.conf import settings
from django.db import transaction
from kombu.exceptions import OperationalError

from common.queue import nudge, told
from messaging.models import OutboxMessage
from messaging.states import MessageState
from messaging.tasks import send_due
from recovery.celery import app
from tests.messaging.test_outbox import write


def test_every_sweep_that_beat_runs_is_a_task_that_workers_know(monkeypatch: pytest.MonkeyPatch) -> None:
    # Workers set up Django with their modules; to do so twice would take the handlers of the log from others.
    monkeypatch.setattr("django.setup", lambda: None)
    app.loader.import_default_modules()
    assert {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} <= set(app.tasks)


@pytest.mark.django_db(transaction=True)
def test_a_message_is_on_its_way_once_it_is_committed() -> None:
    def waiting() -> int:
        with redis.Redis.from_url(settings.REDIS_URL) as valkey:
            return int(valkey.llen(f"{settings.CELERY_BROKER_TRANSPORT_OPTIONS['global_keyprefix']}celery"))

    assert told()
    before = waiting()
    with transaction.atomic():
        write("greeting")
        write("farewell")
        assert told()
        assert waiting() == before
    assert told()
    assert waiting() == before + 1


@pytest.mark.django_db(transaction=True)
def test_a_lost_broker_loses_no_message(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: Any, **_kwargs: Any) -> None:
        raise OperationalError("The broker is away.")

    monkeypatch.setattr("celery.app.base.Celery.send_task", refuse)
    write()
    nudge("messaging.tasks.send_due")
    assert told()
    assert send_due() == 1
    assert OutboxMessage.objects.get().state == MessageState.SENT
