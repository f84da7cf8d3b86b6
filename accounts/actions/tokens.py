"""Making, using and revoking keys to the API."""

from __future__ import annotations

import hashlib
import secrets

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiToken, User
from accounts.signals import staff_changed
from common.errors import Invalid

# Lets people, and programs that look for leaked secrets, know what they have found.
PREFIX = "amends_"


def digest_of(key: str) -> str:
    """What is kept of a key; the key is as random as a hash, so it needs no salt."""
    return hashlib.sha256(key.encode()).hexdigest()


def create_api_token(*, actor: User | None, user: User, name: str) -> tuple[ApiToken, str]:
    """Make a key for a member of staff; returns it with its row, and it can't be read again.

    An actor of None is whoever runs the server. Raises `Invalid` without a name.
    """
    if not name.strip():
        raise Invalid(_("Say what the key is for."), field="name")
    key = PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        token = ApiToken.objects.create(user=user, name=name.strip()[:80], digest=digest_of(key))
        staff_changed.send(User, staff=user, verb="token.created", actor=actor, data={"token": token.pk})
    return token, key


def revoke_api_tokens(*, actor: User | None, user: User, name: str) -> int:
    """Make the keys of that name useless at once; returns how many there were."""
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        rows = ApiToken.objects.filter(user=user, name=name, revoked_at__isnull=True)
        keys = list(rows.values_list("pk", flat=True))
        rows.update(revoked_at=timezone.now())
        for key in keys:
            staff_changed.send(User, staff=user, verb="token.revoked", actor=actor, data={"token": key})
    return len(keys)


def use_api_token(key: str) -> User | None:
    """Who acts by this key; None when it is unknown or revoked, or its owner may not sign in any more.

    A demo user acts nowhere but in a demo.
    """
    token = (
        ApiToken.objects.select_related("user").filter(digest=digest_of(key), revoked_at__isnull=True).first()
    )
    if token is None or not token.user.is_active or (token.user.is_demo and not settings.DEMO):
        return None
    today = timezone.now().date()
    if token.last_used_on != today:
        ApiToken.objects.filter(pk=token.pk).update(last_used_on=today)
    return token.user
