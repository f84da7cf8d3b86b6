"""Who calls the API: a program with a key of its own, or a page of someone signed in."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.actions.tokens import use_api_token
from accounts.models import User


class BearerToken(BaseAuthentication):
    """`Authorization: Bearer amends_…`, made by `manage.py create_api_token`."""

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        scheme, _space, key = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != "bearer":
            return None
        user = use_api_token(key.strip())
        if user is None:
            raise AuthenticationFailed(_("This key is unknown or has been revoked."))
        return user, None

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the schema describes the key."""

    target_class = BearerToken
    name = "key"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}
