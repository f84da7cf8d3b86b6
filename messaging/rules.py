"""When to try a failed message again, when to give up, and what a header may hold: on plain values."""

from __future__ import annotations

import datetime as dt
import smtplib
import unicodedata
from collections.abc import Sequence

# Minutes to wait after the first, second, … failed attempt; after the last the message has failed.
BACK_OFF_MINUTES = (1, 5, 15, 60, 240, 720)

# No sender lives longer than Celery's hard limit of 150 s for a task, so after this long it is dead for sure,
# and its message may be sent by another. Sooner, two could hold the same message at once.
LEASE = dt.timedelta(minutes=10)


def back_off(attempts: int, steps: Sequence[int] = BACK_OFF_MINUTES) -> dt.timedelta | None:
    """How long to wait after so many attempts; None when it is time to give up."""
    if attempts > len(steps):
        return None
    return dt.timedelta(minutes=steps[max(attempts, 1) - 1])


def is_permanent(error: Exception) -> bool:
    """Whether trying again can't help: the server refused this message or address for good (RFC 5321, 5yz).

    A refused sign-in is no fault of the message, so it counts as temporary; so do lost connections and
    time-outs.
    """
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return False
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _ in error.recipients.values()]
        return bool(codes) and all(code >= 500 for code in codes)
    if isinstance(error, smtplib.SMTPConnectError | smtplib.SMTPHeloError):
        return False
    if isinstance(error, smtplib.SMTPResponseException):
        return error.smtp_code >= 500
    return isinstance(error, ValueError | UnicodeError | smtplib.SMTPNotSupportedError)


def is_about_the_server(error: Exception) -> bool:
    """Whether the next message would meet the same error, so that this round of sending had better stop."""
    if isinstance(error, smtplib.SMTPRecipientsRefused | smtplib.SMTPSenderRefused | smtplib.SMTPDataError):
        return False
    return isinstance(error, OSError)  # smtplib's errors are OSErrors too


def header_text(text: str, longest: int) -> str:
    """One line without control characters, so that no value can add a header of its own."""
    if not text.isprintable():
        text = "".join(
            " " if unicodedata.category(character) in ("Cc", "Zl", "Zp") else character for character in text
        )
    return " ".join(text.split())[:longest].rstrip()
