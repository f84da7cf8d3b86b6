"""Who may have an account: staff, made by an administrator, never by signing up."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from django.conf import settings
from django.http import HttpRequest, HttpResponse


def may_sign_in(user: Any) -> bool:
    """Demo users have a published password, so outside demo mode they are nobody."""
    return settings.DEMO or not user.is_demo


class StaffAccountAdapter(DefaultAccountAdapter):
    """Sign-in by e-mail address and password for accounts that exist already."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_login(self, request: HttpRequest, user: Any, **options: Any) -> HttpResponse | None:
        if not may_sign_in(user):
            return self.respond_user_inactive(request, user)
        return super().pre_login(request, user, **options)


class StaffBackend(AuthenticationBackend):
    """Knows who is signed in; a session ends when its owner may not sign in any more."""

    def user_can_authenticate(self, user: Any) -> bool:
        return bool(super().user_can_authenticate(user)) and may_sign_in(user)
