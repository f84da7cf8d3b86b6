"""The keys of voucher codes: made of SECRET_KEY and, while they stand, of SECRET_KEY_FALLBACKS.

A new SECRET_KEY locks no voucher out: its predecessor, kept among the fallbacks, finds the codes until the
nightly `rekey_vouchers` has put the new key's digest in place.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from django.conf import settings

from compensation.models import Voucher
from compensation.voucher_rules import derive_code, digest_of


@dataclass(frozen=True, slots=True)
class Key:
    """A key, and the mark by which a voucher says that its digest was made with it."""

    secret: bytes
    mark: str


def keys() -> list[Key]:
    """The current key first, then those it has replaced."""
    return [_key(secret) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]


def code_of(voucher: Voucher) -> str | None:
    """A voucher's code; None when the key that it was derived with is gone. It still redeems then."""
    for key in keys():
        code = derive_code(voucher.seed, key.secret)
        if any(digest_of(code, each.secret) == voucher.digest for each in keys()):
            return code
    return None


def digests_of(code: str) -> list[str]:
    """What a code is kept as under each key; always as much work, whatever the code."""
    return [digest_of(code, key.secret) for key in keys()]


def _key(secret: str | bytes) -> Key:
    given = secret if isinstance(secret, bytes) else secret.encode()
    derived = hashlib.sha256(b"amends.compensation.voucher:" + given).digest()
    return Key(derived, hashlib.sha256(b"mark:" + derived).hexdigest()[:8])
