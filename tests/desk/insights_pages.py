"""Pages and files of insights, as they were at the moment of the world that the tests look at."""

from __future__ import annotations

import csv
import io

import time_machine
from django.test import Client

from accounts.models import User
from tests.insights.world import NOW


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(client: Client, address: str) -> str:
    with time_machine.travel(NOW, tick=False):
        response = client.get(address)
    assert response.status_code == 200, address
    return response.content.decode()


def lines(client: Client, address: str) -> list[list[str]]:
    """The rows of a file, which tells spreadsheets its encoding."""
    with time_machine.travel(NOW, tick=False):
        content = client.get(address).getvalue()
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
