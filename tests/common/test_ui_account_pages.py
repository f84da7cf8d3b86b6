"""The pages of django-allauth, in our look: each must render, name itself, and keep to the policy."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.states import Role

PASSWORD = "a long enough phrase"  # only this test's user has it

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return User.objects.create_user(
        email="lee@example.com", name="Lee", role=Role.FRONTLINE, password=PASSWORD
    )


@pytest.fixture
def signed_in(client: Client, user: User) -> Client:
    client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    return client


def heading(html: str) -> str:
    found = re.findall(r"<h1[^>]*>\s*(.*?)\s*</h1>", html, re.DOTALL)
    assert len(found) == 1
    return str(found[0])


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("account_login", "Sign in"),
        ("account_reset_password", "Reset password"),
        ("account_reset_password_done", "Look into your mailbox"),
        ("account_reset_password_from_key_done", "Password saved"),
        ("account_inactive", "Account switched off"),
        ("account_signup", "Accounts are made by an administrator"),
    ],
)
def test_a_page_for_those_outside_names_itself(client: Client, name: str, title: str) -> None:
    answer = client.get(reverse(name))
    assert answer.status_code == 200
    assert heading(answer.content.decode()) == title


@pytest.mark.parametrize(
    "name",
    ["account_change_password", "account_logout", "mfa_index", "mfa_activate_totp", "mfa_add_webauthn"],
)
def test_a_page_for_those_inside_has_our_frame(signed_in: Client, name: str) -> None:
    html = signed_in.get(reverse(name), follow=True).content.decode()
    assert heading(html)
    assert 'class="entrance-card"' in html


def test_a_wrong_password_is_told_at_the_top_and_the_address_is_kept(client: Client, user: User) -> None:
    html = client.post(reverse("account_login"), {"login": user.email, "password": "wrong"}).content.decode()
    assert 'class="error-summary" role="alert"' in html
    assert 'value="lee@example.com"' in html


def test_a_spent_reset_link_says_so_and_offers_a_new_one(client: Client) -> None:
    address = reverse("account_reset_password_from_key", kwargs={"uidb36": "1", "key": "set-password"})
    html = client.get(address, follow=True).content.decode()
    assert heading(html) == "This link no longer works"
    assert reverse("account_reset_password") in html


def test_a_page_speaks_the_language_it_is_asked_for(client: Client) -> None:
    html = client.get(reverse("account_login"), headers={"accept-language": "zh-hans"}).content.decode()
    assert '<html lang="zh-hans"' in html


def test_without_a_choice_the_theme_follows_the_device(client: Client) -> None:
    assert 'data-bs-theme="auto"' in client.get(reverse("account_login")).content.decode()


def test_the_theme_is_the_one_the_user_chose(signed_in: Client, user: User) -> None:
    User.objects.filter(pk=user.pk).update(theme="dark")
    html = signed_in.get(reverse("account_change_password")).content.decode()
    assert 'data-bs-theme="dark"' in html
    assert '<meta name="color-scheme" content="dark">' in re.sub(r"\s+", " ", html)
