"""How the parts of a running product end: asked to, with 0; otherwise with what says that they failed."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import pytest
from celery import signals

from recovery.celery import app
from recovery.supervisor import parts


@pytest.fixture(autouse=True)
def _tidy(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    # To set up Django twice would take the handlers of the log from the tests that come after.
    monkeypatch.setattr("django.setup", lambda: None)
    receivers = list(signals.worker_shutting_down.receivers or [])
    with warnings.catch_warnings():
        yield
    signals.worker_shutting_down.receivers = receivers


def test_a_worker_that_ends_by_itself_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "start", lambda _arguments: None)  # as when the broker is lost twice
    with pytest.raises(SystemExit) as ending:
        parts.main(["worker"])
    assert ending.value.code not in (0, None)


def test_a_worker_that_was_asked_to_end_has_not(monkeypatch: pytest.MonkeyPatch) -> None:
    def end_when_asked(_arguments: list[str]) -> None:
        signals.worker_shutting_down.send(sender="worker", sig="SIGTERM", how="Warm", exitcode=0)

    monkeypatch.setattr(app, "start", end_when_asked)
    assert parts.main(["worker"]) == 0
