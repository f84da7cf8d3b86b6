"""Signing in, and reading a page as a person does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.test import Client
from django.urls import reverse

from accounts.models import User
from cases.models import Case

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text_of(response: Response) -> str:
    """The page's words, without tags and with single spaces."""
    plain = re.sub(r"<(script|style|head)\b.*?</\1>", " ", response.content.decode(), flags=re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", plain).split())


def case_page(user: User, case: Case) -> Response:
    return signed_in(user).get(reverse("desk:case", args=(case.number,)))


def inbox(user: User, **query: str | int) -> Response:
    return signed_in(user).get(reverse("desk:approvals"), query)
