"""Showing in a result where the words of a search were found."""

from __future__ import annotations

import re

from django.utils.html import format_html
from django.utils.safestring import SafeString

from common.search_text import query_tokens

AROUND = 60
LONGEST_WORD = 16


def spans(text: str, query: str) -> list[tuple[int, int]]:
    """Where words of the query stand in the text, in order, those that touch or overlap as one."""
    found: list[tuple[int, int]] = []
    wanted = [re.escape(token) for token in query_tokens(query)]
    if not wanted:
        return []
    # Looked ahead for, since bigrams of a Chinese word overlap.
    pattern = re.compile(f"(?=({'|'.join(sorted(wanted, key=len, reverse=True))}))", re.IGNORECASE)
    for match in pattern.finditer(text):
        start, end = match.span(1)
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def highlight(text: str, query: str) -> SafeString:
    """The text, escaped, with the words of the query in <mark>."""
    parts = SafeString("")
    at = 0
    for start, end in spans(text, query):
        parts += format_html("{}<mark>{}</mark>", text[at:start], text[start:end])
        at = end
    return parts + format_html("{}", text[at:])


def excerpt(text: str, query: str) -> SafeString:
    """A stretch of a long text around the first word of the query, marked; empty when none stands in it."""
    text = " ".join(text.split())
    where = spans(text, query)
    if not where:
        return SafeString("")
    start = _word_edge(text, where[0][0] - AROUND)
    end = _word_edge(text, where[0][1] + 2 * AROUND)
    before, after = "…" if start else "", "…" if end < len(text) else ""
    return format_html("{}{}{}", before, highlight(text[start:end].strip(), query), after)


def _word_edge(text: str, at: int) -> int:
    """Where to cut near `at` without halving a word; languages without spaces are cut anywhere."""
    if at <= 0:
        return 0
    if at >= len(text):
        return len(text)
    space = text.rfind(" ", max(0, at - LONGEST_WORD), at)
    return space if space >= 0 else at
