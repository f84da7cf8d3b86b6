"""Sealing account numbers: what the database keeps of them is of no use without a key that it does not have.

Each value is sealed with a key that the database keeps sealed itself, with the key of the environment. So
that key can be changed without a touch of any payment: frozen ones never change.
"""

from __future__ import annotations

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from common.sealing import keys_for

PREFIX = "sealed"
_PURPOSE = b"amends.compensation.sealing"


class CannotUnsealError(Exception):
    """A value was sealed with a key that is not there: see `SEALING_KEYS` and `SECRET_KEY_FALLBACKS`."""


def outer() -> MultiFernet:
    """What seals keys: the keys of the environment, the newest first."""
    return MultiFernet(keys_for(_PURPOSE))


def new_key() -> str:
    """A new key for values, sealed."""
    return outer().encrypt(Fernet.generate_key()).decode()


def open_key(wrapped: str) -> Fernet:
    """A key for values. Raises `CannotUnsealError`."""
    try:
        return Fernet(outer().decrypt(wrapped.encode()))
    except InvalidToken:
        raise CannotUnsealError(
            "Account numbers were sealed with a key that is not there. "
            "Put the key of before into SEALING_KEYS or SECRET_KEY_FALLBACKS."
        ) from None


def sealed_anew(wrapped: str) -> str:
    """A key for values, sealed with the newest key of the environment. Raises `CannotUnsealError`."""
    try:
        return outer().rotate(wrapped.encode()).decode()
    except InvalidToken:
        raise CannotUnsealError("No key of the environment opens this key.") from None


def is_newest(wrapped: str) -> bool:
    """Whether the newest key of the environment opens a key for values by itself."""
    try:
        keys_for(_PURPOSE)[0].decrypt(wrapped.encode())
    except InvalidToken:
        return False
    return True


def seal(content: bytes, key_id: str, key: Fernet) -> str:
    """A value as it is kept: which key opens it, and the value sealed."""
    return f"{PREFIX}:{key_id}:{key.encrypt(content).decode()}"


def key_id_of(kept: str) -> str | None:
    """Which key opens a kept value; None for what is not sealed."""
    prefix, _colon, rest = kept.partition(":")
    return rest.partition(":")[0] if prefix == PREFIX and ":" in rest else None


def unseal(kept: str, key: Fernet) -> bytes:
    """The value. Raises `CannotUnsealError` for one that was tampered with."""
    try:
        return key.decrypt(kept.rpartition(":")[2].encode())
    except InvalidToken:
        raise CannotUnsealError("A sealed value is not as it was written.") from None
