"""How often a key may call: counted in the cache, and not at all while that is away."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.cache import cache
from rest_framework.authentication import get_authorization_header
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from accounts.actions.tokens import digest_of
from accounts.models import User

if TYPE_CHECKING:  # views import what the settings name, and that is this module
    from rest_framework.views import APIView

WINDOW = 60  # seconds


class PerKey(BaseThrottle):
    """Lets a key, or someone signed in, make `API_REQUESTS_PER_MINUTE` requests in a minute of the clock.

    One number in the cache, raised in one step, so that it is exact over every web process. When the cache is
    away nobody is counted: a limit is there for the service's sake, and must not be what ends it.
    """

    def allow_request(self, request: Request, view: APIView) -> bool:
        limit = settings.API_REQUESTS_PER_MINUTE
        caller = _caller(request)
        if not limit or caller is None:
            return True
        key = f"api-calls:{caller}:{int(time.time()) // WINDOW}"
        cache.add(key, 0, timeout=2 * WINDOW)
        try:
            return cache.incr(key) <= limit
        except ValueError:  # what a cache says that does not have the number
            return True

    def wait(self) -> float:
        return WINDOW - time.time() % WINDOW


def _caller(request: Request) -> str | None:
    """The key's digest, for sessions the person; None for who is nobody yet."""
    if not isinstance(request.user, User):
        return None
    _scheme, _space, key = get_authorization_header(request).decode("latin-1").partition(" ")
    return digest_of(key.strip()) if key else f"user-{request.user.pk}"
