"""The same e-mail to many people: rendered once per wording, as rows to be written by COPY."""

from __future__ import annotations

import datetime as dt
import html
from collections.abc import Mapping
from email.utils import make_msgid
from typing import Any

from messaging.actions.outbox import (
    LONGEST_ADDRESS,
    LONGEST_NAME,
    SEND_TASK,
    address_problem,
    own_domain,
)
from messaging.models import OutboxMessage
from messaging.rendering import LONGEST_SUBJECT, RenderedEmail, render_email
from messaging.rules import header_text
from messaging.states import MessageState

__all__ = ["SEND_TASK", "Letters"]

# Stand in a rendered letter for what differs from reader to reader; private characters, in nobody's text.
_OPEN, _CLOSE = "\ue000", "\ue001"


class Letters:
    """Writes one letter to many: what `own` names differs for each reader, all else is the same for all.

    A letter is rendered once for each language and common context, which is what takes the time; the readers'
    own values are filled in after. So templates may show own values, but not decide by them.
    """

    def __init__(self, template: str, *, own: tuple[str, ...]) -> None:
        self._template = template
        self._own = own
        self._rendered: dict[tuple[str, tuple[tuple[str, Any], ...]], RenderedEmail] = {}

    def message(
        self,
        *,
        to_address: str,
        to_name: str,
        language: str,
        common: Mapping[str, Any],
        own: Mapping[str, str],
        dedupe_key: str,
        about: str,
        at: dt.datetime,
    ) -> OutboxMessage:
        """One reader's letter, not yet written: see `queue_email` for what it takes."""
        pattern = self._pattern(language, common)
        address = header_text(to_address, LONGEST_ADDRESS)
        problem = address_problem(address)
        return OutboxMessage(
            dedupe_key=dedupe_key,
            to_address=address,
            to_name=header_text(to_name, LONGEST_NAME),
            language=language,
            template=self._template,
            subject=header_text(_filled(pattern.subject, own), LONGEST_SUBJECT),
            body_text=_filled(pattern.text, own),
            body_html=_filled(pattern.html, {name: html.escape(value) for name, value in own.items()}),
            message_id=make_msgid(domain=own_domain()),
            about=about,
            state=MessageState.FAILED if problem else MessageState.QUEUED,
            last_error=problem,
            created_at=at,
            due_at=at,
        )

    def _pattern(self, language: str, common: Mapping[str, Any]) -> RenderedEmail:
        key = (language, tuple(sorted(common.items())))
        if key not in self._rendered:
            marks = {name: f"{_OPEN}{name}{_CLOSE}" for name in self._own}
            self._rendered[key] = render_email(self._template, {**common, **marks}, language)
        return self._rendered[key]


def _filled(text: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"{_OPEN}{name}{_CLOSE}", value.replace(_OPEN, "").replace(_CLOSE, ""))
    return text
