"""The complaint with the words marked that led to its classification."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from cases.models import Case


def mark_evidence(case: Case) -> SafeString:
    """The customer's words, escaped, with the evidence of the suggestion in <mark>."""
    return mark(case.description, case.suggestion.get("evidence", []))


def mark(text: str, evidence: Iterable[Mapping[str, Any]]) -> SafeString:
    """Text with each stretch from "start" to "end" in <mark>; stretches that do not fit are passed over."""
    parts: list[SafeString] = []
    at = 0
    for found in sorted(evidence, key=lambda each: int(each.get("start", 0))):
        start, end = int(found.get("start", 0)), int(found.get("end", 0))
        if not at <= start < end <= len(text):
            continue
        parts.append(format_html("{}<mark>{}</mark>", text[at:start], text[start:end]))
        at = end
    return format_html("{}{}", format_html_join("", "{}", ((part,) for part in parts)), text[at:])
