"""What operators' tools see."""

import pytest
from django.test import Client


def test_alive_needs_nothing_but_the_process(client: Client) -> None:
    assert client.get("/healthz").content == b"alive\n"


@pytest.mark.django_db
def test_ready_says_what_is_missing(client: Client) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {
        "ready": False,
        "checks": {"database": True, "migrations": True, "broker": True, "worker": False},
    }
