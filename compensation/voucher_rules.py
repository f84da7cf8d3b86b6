"""Codes of vouchers, what a redemption takes off, and how a voucher stands: decided on plain values.

A code is 24 characters of Crockford's base 32 (120 bits) and a check character, in five groups of five. It is
not drawn but derived from a random seed with a key that the database does not hold: so the page that shows a
voucher can say the code again, while a copy of the database alone tells nobody any code.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from decimal import ROUND_DOWN, Decimal

# Without I, L, O and U: whoever types them for 1 and 0 means these.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MEANT = str.maketrans("OIL", "011")
_VALUES = {character: value for value, character in enumerate(ALPHABET)}
DATA_LENGTH = 24
GROUP = 5
LENGTH = DATA_LENGTH + 1
LAST = 4
LONGEST_TYPED = 80
HUNDRED = Decimal(100)


def derive_code(seed: str, key: bytes) -> str:
    """The code that belongs to a seed under a key, without its dashes."""
    drawn = int.from_bytes(hmac.digest(key, b"code:" + seed.encode(), hashlib.sha256)) >> (
        256 - 5 * DATA_LENGTH
    )
    data = "".join(ALPHABET[drawn >> shift & 31] for shift in range(5 * (DATA_LENGTH - 1), -1, -5))
    return data + check_character(data)


def digest_of(code: str, key: bytes) -> str:
    """What is kept of a code: 64 hexadecimal digits that only the key can find again."""
    return hmac.new(key, b"lookup:" + code.encode(), hashlib.sha256).hexdigest()


def link_digest(token: str) -> str:
    """What is kept of the token of a link; 256 random bits need neither salt nor key."""
    return hashlib.sha256(token.encode()).hexdigest()


def check_character(data: str) -> str:
    """The character that makes the sum over GF(32), weighted by powers of a generator, zero.

    Powers up to 30 differ, so every single wrong character and every swap of two different ones is noticed.
    """
    return ALPHABET[_times_generator(_weighted_sum(data))]


def is_well_formed(code: str) -> bool:
    """Whether a cleaned code has the right length and characters, and agrees with its check character."""
    return (
        len(code) == LENGTH
        and all(character in _VALUES for character in code)
        and check_character(code[:-1]) == code[-1]
    )


def clean_code(typed: str) -> str:
    """A code as typed or scanned, in capitals, without dashes and spaces, and with what was surely meant."""
    kept = (character for character in typed[:LONGEST_TYPED].upper() if character not in "-–—_. \t\r\n\u3000")
    return "".join(kept).translate(_MEANT)


def grouped(code: str) -> str:
    """A code as people read it: groups of five with dashes."""
    return "-".join(code[start : start + GROUP] for start in range(0, len(code), GROUP))


def taken_off(bill: Decimal, percent: Decimal, *, at_most: Decimal, decimals: int) -> Decimal:
    """What a percentage takes off a bill: rounded down to the currency's decimals, never above `at_most`."""
    unit = Decimal(1).scaleb(-decimals)
    return min((bill * percent / HUNDRED).quantize(unit, rounding=ROUND_DOWN), at_most)


def remind_at(*, issued_at: dt.datetime, expires_at: dt.datetime, days: int) -> dt.datetime | None:
    """When the customer is reminded; None without a reminder, or for a voucher shorter than that."""
    moment = expires_at - dt.timedelta(days=days)
    return moment if days > 0 and moment > issued_at else None


def _weighted_sum(text: str) -> int:
    total = 0
    for character in text:
        total = _times_generator(total) ^ _VALUES[character]
    return total


def _times_generator(value: int) -> int:
    """Multiply by x in GF(32) modulo x⁵ + x² + 1, where x generates all 31 elements but zero."""
    value <<= 1
    return value ^ 0b100101 if value & 32 else value
