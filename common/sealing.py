"""What the database keeps sealed, and the keys of the environment that open it."""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


def keys_for(purpose: bytes) -> list[Fernet]:
    """The keys of `SEALING_KEYS`, the newest first, then those made of SECRET_KEY and its fallbacks.

    The latter stay among them, so that an installation may take keys of its own later. `purpose` tells the
    keys made of one secret for different things apart.
    """
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return [*(Fernet(key) for key in settings.SEALING_KEYS), *(_derived(each, purpose) for each in secrets)]


def _derived(secret: str | bytes, purpose: bytes) -> Fernet:
    given = secret if isinstance(secret, bytes) else secret.encode()
    key = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=purpose).derive(given)
    return Fernet(base64.urlsafe_b64encode(key))
