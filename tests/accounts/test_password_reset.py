"""Forgotten passwords and changed addresses: mail by the outbox, and no way in by what was true once."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from accounts.actions.staff import StaffRecord, update_staff
from accounts.models import User
from messaging.models import OutboxMessage
from tests.factories import Desk, make_desk

pytestmark = pytest.mark.django_db

PASSWORD = "violet-harbour-19"


@pytest.fixture
def desk() -> Desk:
    return make_desk()


def ask(client: Client, address: str) -> Any:
    return client.post(reverse("account_reset_password"), {"email": address})


def link_in(message: OutboxMessage) -> str:
    (found,) = re.findall(r"https?://\S+", message.whole_text)
    return str(found)


def signs_in(address: str, password: str) -> bool:
    client = Client()
    client.post(reverse("account_login"), {"login": address, "password": password})
    return "_auth_user_id" in client.session


def move(desk: Desk, address: str) -> None:
    new = StaffRecord(
        email=address, name=desk.colleague.name, role=desk.colleague.role, branches=[desk.branch]
    )
    update_staff(actor=desk.admin, user_id=desk.colleague.pk, new=new)


def test_link_comes_by_the_outbox_in_the_readers_language_and_sets_the_password(
    client: Client, desk: Desk, settings: Any
) -> None:
    settings.PUBLIC_URL = "https://desk.example.com"
    User.objects.filter(pk=desk.colleague.pk).update(language="zh-hans")
    ask(client, desk.colleague.email)
    message = OutboxMessage.objects.get(template="password_reset")
    assert (message.to_address, message.language) == (desk.colleague.email, "zh-hans")
    link = link_in(message)
    assert link.startswith("https://desk.example.com/accounts/password/reset/key/")
    page = client.get(link.removeprefix("https://desk.example.com"), follow=True)
    client.post(page.redirect_chain[-1][0], {"password1": PASSWORD, "password2": PASSWORD})
    assert signs_in(desk.colleague.email, PASSWORD)


def test_stranger_gets_the_same_answer_and_no_mail(client: Client, desk: Desk) -> None:
    known, unknown = ask(client, desk.colleague.email), ask(client, "nobody@elsewhere.example")
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    assert OutboxMessage.objects.filter(template="password_reset").count() == 1


def test_demo_user_gets_no_link_outside_a_demo(client: Client, desk: Desk, settings: Any) -> None:
    settings.DEMO = False
    User.objects.filter(pk=desk.colleague.pk).update(is_demo=True)
    ask(client, desk.colleague.email)
    assert not OutboxMessage.objects.filter(template="password_reset").exists()


def test_former_address_opens_nothing(client: Client, desk: Desk) -> None:
    former = desk.colleague.email
    desk.colleague.set_password(PASSWORD)
    desk.colleague.save()
    ask(client, former)  # with this, the sign-in pages have taken note of the address
    old_link = link_in(OutboxMessage.objects.get(template="password_reset"))
    move(desk, "moved@staff.example")
    ask(client, former)
    assert OutboxMessage.objects.filter(template="password_reset").count() == 1
    assert not signs_in(former, PASSWORD)
    assert signs_in("moved@staff.example", PASSWORD)
    page = client.get(urlsplit(old_link).path, follow=True)
    assert "This link no longer works" in page.content.decode()


def test_nobody_changes_the_own_address_past_the_administrator(client: Client, desk: Desk) -> None:
    client.force_login(desk.frontline)
    answer = client.post("/accounts/email/", {"action_add": "", "email": "other@elsewhere.example"})
    assert answer.status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["account_login", "account_reset_password"])
@pytest.mark.parametrize(("language", "label"), [("en", "E-mail address"), ("zh-hans", "电子邮箱")])
def test_the_entrance_asks_in_the_words_of_the_house(page: str, language: str, label: str) -> None:
    shown = Client().get(reverse(page), headers={"accept-language": language}).content.decode()
    assert label in shown
    assert ">Email" not in shown
    assert "Email address" not in shown
