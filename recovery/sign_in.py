"""Who may have an account: staff, made by an administrator, never by signing up."""

from __future__ import annotations

from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts.models import User
from accounts.queries import signed_in
from messaging.actions import letter, queue_email


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

    def get_reset_password_from_key_url(self, key: str) -> str:
        """The link in the mail names our public address, whatever host was asked."""
        path = urlsplit(super().get_reset_password_from_key_url(key)).path
        return f"{settings.PUBLIC_URL}{path}"

    def send_password_reset_mail(self, user: Any, email: str, context: dict[str, Any]) -> None:
        """By the outbox, as all mail, and to the address that the account has now."""
        if not may_sign_in(user):
            return
        queue_email(
            letter(
                to_address=user.email,
                to_name=user.name,
                language=user.language,
                template="password_reset",
                context={"reader_name": user.name, "url": context["password_reset_url"]},
                dedupe_key=f"password-reset:{user.pk}:{sha256(context['key'].encode()).hexdigest()[:32]}",
                secret=urlsplit(context["password_reset_url"]).path,
            )
        )


class StaffBackend(AuthenticationBackend):
    """Knows who is signed in; a session ends when its owner may not sign in any more."""

    def get_user(self, user_id: Any) -> User | None:
        """On every page, so by a statement that is planned once."""
        user = signed_in(int(user_id))
        return user if user is not None and self.user_can_authenticate(user) else None

    def user_can_authenticate(self, user: Any) -> bool:
        return bool(super().user_can_authenticate(user)) and may_sign_in(user)
