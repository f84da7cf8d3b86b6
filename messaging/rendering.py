"""Turns an e-mail template and its context into subject, text and HTML in one language and time zone."""

from __future__ import annotations

import datetime as dt
import html
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.template import Context, engines
from django.template.backends.django import DjangoTemplates
from django.utils import timezone, translation

from messaging.rules import header_text

LONGEST_SUBJECT = 250
PATTERNS_KEPT = 256

# Stand in a rendered letter for what differs from reader to reader; private characters, in nobody's text.
_OPEN, _CLOSE = "\ue000", "\ue001"


@dataclass(frozen=True, slots=True)
class RenderedEmail:
    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class SharedContext:
    """The context of a letter that many get: `common` to them, and each reader's `own`, which is only shown.

    The template is rendered once for each `common`, which is what takes the time, and `own` is filled in
    after. So the template may not decide by it, nor change it.
    """

    common: Mapping[str, str | bool | dt.date | None]
    own: Mapping[str, str]


def render_email(template: str, context: Mapping[str, Any] | SharedContext, language: str) -> RenderedEmail:
    """Render `templates/email/<template>.{subject.txt,txt,html}` in that language.

    Every template also gets `language`, `public_url` and, unless the context names one, `organisation`. Times
    are shown in the context's `time_zone` (an IANA name) where there is one, else in the server's.
    """
    first, last = {"organisation": settings.ORGANISATION_NAME}, {"public_url": settings.PUBLIC_URL}
    if not isinstance(context, SharedContext):
        return _rendered(template, {**first, **context, **last}, language)
    common, own = {**first, **context.common, **last}, context.own
    # With the type of each value, as True and 1 are equal, and a safe string and a plain one.
    known = tuple((name, type(value), value) for name, value in common.items())
    pattern = _pattern(template, known, tuple(own), language)
    return RenderedEmail(
        subject=header_text(_filled(pattern.subject, own), LONGEST_SUBJECT),
        text=_filled(pattern.text, own),
        html=_filled(pattern.html, {name: html.escape(value) for name, value in own.items()}),
    )


@lru_cache(maxsize=PATTERNS_KEPT)
def _pattern(
    template: str, common: tuple[tuple[str, type, Any], ...], own: tuple[str, ...], language: str
) -> RenderedEmail:
    marks = {name: f"{_OPEN}{name}{_CLOSE}" for name in own}
    return _rendered(template, {name: value for name, _kind, value in common} | marks, language)


def _filled(text: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"{_OPEN}{name}{_CLOSE}", value.replace(_OPEN, "").replace(_CLOSE, ""))
    return text


def _rendered(template: str, context: Mapping[str, Any], language: str) -> RenderedEmail:
    values = {**context, "language": language}
    with translation.override(language), timezone.override(_zone(values.get("time_zone"))):
        return RenderedEmail(
            subject=header_text(
                _render(f"email/{template}.subject.txt", values, escape=False), LONGEST_SUBJECT
            ),
            text=_render(f"email/{template}.txt", values, escape=False).strip() + "\n",
            html=_render(f"email/{template}.html", values, escape=True).strip() + "\n",
        )


def _render(name: str, values: dict[str, Any], *, escape: bool) -> str:
    backend = engines["django"]
    assert isinstance(backend, DjangoTemplates)
    return backend.engine.get_template(name).render(Context(values, autoescape=escape))


def _zone(name: object) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(str(name or settings.TIME_ZONE))
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return zoneinfo.ZoneInfo(settings.TIME_ZONE)
