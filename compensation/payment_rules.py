"""Decisions about payments on plain values: accounts, masking, signatures, and when to try again."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import re

# Minutes to wait after the first, second, … attempt that got no answer; after the last a person looks.
BACK_OFF_MINUTES = (1, 5, 15, 60, 240, 720)
# Longer than a task may live: a payment whose sender was killed is handed over again, and never sooner.
LEASE = dt.timedelta(minutes=10)
# How far the clock of a payment system may be off; an older signature is somebody's recording.
TOLERANCE = dt.timedelta(minutes=5)

SHOWN_DIGITS = 4
_ACCOUNT = re.compile(r"[0-9A-Z]{4,34}")
_BANK_CODE = re.compile(r"[0-9]{5,14}")


def clean_account(text: str) -> str:
    """An account number or IBAN without the spaces and dashes that people write into it."""
    return re.sub(r"[\s.\-]", "", text).upper()


def is_iban(text: str) -> bool:
    """Whether this is an IBAN: known country, its own structure, right check digits (ISO 13616)."""
    from schwifty import IBAN  # its tables take a tenth of a second to read

    try:
        IBAN(text)
    except ValueError:
        return False
    return True


def looks_like_iban(text: str) -> bool:
    """Whether this means to be an IBAN: two letters, then two digits."""
    return re.match(r"[A-Z]{2}[0-9]{2}", text) is not None


def is_account(text: str) -> bool:
    """Whether this can be an account number of a country without IBANs: 4 to 34 letters and digits."""
    return _ACCOUNT.fullmatch(text) is not None


def is_bic(text: str) -> bool:
    """Whether this is a BIC by its form (ISO 9362)."""
    from schwifty import BIC

    try:
        BIC(text)
    except ValueError:
        return False
    return True


def is_bank(text: str) -> bool:
    """Whether this names a bank: a BIC, or the digits of a national clearing system such as CNAPS."""
    return _BANK_CODE.fullmatch(text) is not None or is_bic(text)


def masked(account: str) -> str:
    """An account as it may be shown: its last four characters."""
    return "•••• " + account[-SHOWN_DIGITS:] if len(account) > SHOWN_DIGITS else "••••"


def back_off(attempts: int) -> dt.timedelta | None:
    """How long to wait after so many attempts without an answer; None when a person shall look."""
    if attempts > len(BACK_OFF_MINUTES):
        return None
    return dt.timedelta(minutes=BACK_OFF_MINUTES[max(attempts, 1) - 1])


def is_refusal(status: int) -> bool:
    """Whether an HTTP status says that this very payment will never be taken; anything else may pass."""
    return 400 <= status < 500 and status not in (401, 403, 404, 408, 409, 425, 429)


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 of the timestamp, a point and the body, in hexadecimal: what proves the sender."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def is_signed(secret: str, timestamp: str, body: bytes, signature: str, *, now: dt.datetime) -> bool:
    """Whether the signature is right and was made just now. `timestamp` is in seconds since 1970."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        return False
    if abs(now.timestamp() - int(timestamp)) > TOLERANCE.total_seconds():
        return False
    return hmac.compare_digest(
        sign(secret, timestamp, body), signature.lower().encode("ascii", "replace").decode()
    )


def checksum(content: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()
