"""Turns an e-mail template and its context into subject, text and HTML in one language and time zone."""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.template import Context, engines
from django.template.backends.django import DjangoTemplates
from django.utils import timezone, translation

from messaging.rules import header_text

LONGEST_SUBJECT = 250


@dataclass(frozen=True, slots=True)
class RenderedEmail:
    subject: str
    text: str
    html: str


def render_email(template: str, context: Mapping[str, Any], language: str) -> RenderedEmail:
    """Render `templates/email/<template>.{subject.txt,txt,html}` in that language.

    Every template also gets `language`, `public_url` and, unless the context names one, `organisation`. Times
    are shown in the context's `time_zone` (an IANA name) where there is one, else in the server's.
    """
    values = {"organisation": settings.ORGANISATION_NAME} | dict(context)
    values |= {"language": language, "public_url": settings.PUBLIC_URL}
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
