"""Secrets in mail, such as the key in a link: the text of a row has a mark for them, and they stand sealed.

So whoever reads the database, or a copy of it, can't open what was sent to others.
"""

from __future__ import annotations

import html

from cryptography.fernet import InvalidToken, MultiFernet

from common.sealing import keys_for
from messaging.rendering import RenderedEmail

# A private character, in nobody's text.
_MARK = "\ue002"
_GONE = "…"


def without(secret: str, mail: RenderedEmail) -> RenderedEmail:
    """The mail with a mark wherever it says the secret."""
    text = mail.text.replace(_MARK, "").replace(secret, _MARK)
    formatted = mail.html.replace(_MARK, "").replace(html.escape(secret), _MARK)
    return RenderedEmail(mail.subject, text, formatted)


def sealed(secret: str) -> str:
    """The secret as the row keeps it; "" for none."""
    return _keys().encrypt(secret.encode()).decode() if secret else ""


def unsealed(kept: str) -> str:
    """The secret of a row, "" for none. Raises ValueError where no key of the environment opens it."""
    try:
        return _keys().decrypt(kept.encode()).decode() if kept else ""
    except InvalidToken:
        raise ValueError("The link in this message was sealed with a key that is not there.") from None


def filled(text: str, secret: str) -> str:
    """A text of the row with the secret in its place; with an ellipsis where there is none any more."""
    return text.replace(_MARK, secret or _GONE)


def _keys() -> MultiFernet:
    return MultiFernet(keys_for(b"amends.messaging.secrets"))
