"""Demo users have a published password: outside demo mode nobody is signed in as one."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.factories import make_user

pytestmark = pytest.mark.django_db

PASSWORD = "amends-demo"


@pytest.fixture
def person() -> User:
    user = make_user("frontline", is_demo=True)
    user.set_password(PASSWORD)
    user.save()
    return user


def sign_in(client: Client, person: User) -> bool:
    client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    return "_auth_user_id" in client.session


def test_signs_in_to_a_demo(client: Client, person: User, settings: Any) -> None:
    settings.DEMO = True
    assert sign_in(client, person)


def test_does_not_sign_in_elsewhere(client: Client, person: User, settings: Any) -> None:
    settings.DEMO = False
    assert not sign_in(client, person)


def test_session_of_a_demo_ends_with_it(client: Client, person: User, settings: Any) -> None:
    settings.DEMO = True
    assert sign_in(client, person)
    assert client.get(reverse("desk:home")).status_code == 200
    settings.DEMO = False
    assert client.get(reverse("desk:home")).status_code == 302


def test_others_sign_in_everywhere(client: Client, person: User, settings: Any) -> None:
    settings.DEMO = False
    person.is_demo = False
    person.save()
    assert sign_in(client, person)
