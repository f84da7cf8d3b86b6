"""Showing in a result where the words of a search were found."""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape

from django.utils.html import format_html
from django.utils.safestring import SafeString

from common.search_text import query_tokens

CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
AROUND = 60
LONGEST_WORD = 16


@lru_cache(maxsize=256)
def pattern_of(query: str) -> re.Pattern[str] | None:
    """What finds the words of a query, from their beginning on; None when it holds none."""
    wanted = sorted(query_tokens(query), key=len, reverse=True)
    if not wanted:
        return None
    words = "|".join(map(re.escape, wanted))
    if any(CJK.match(token) for token in wanted):
        # Bigrams of a Chinese word overlap, so they are looked ahead for.
        return re.compile(f"(?=({words}))", re.IGNORECASE)
    return re.compile(rf"(?<![^\W_])({words})", re.IGNORECASE)


def spans(text: str, query: str) -> list[tuple[int, int]]:
    """Where words of the query stand in the text, in order, those that touch or overlap as one."""
    pattern = pattern_of(query)
    found: list[tuple[int, int]] = []
    for match in pattern.finditer(text) if pattern else ():
        start, end = match.span(1)
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def highlight(text: str, query: str) -> SafeString:
    """The text, escaped, with the words of the query in <mark>."""
    parts = []
    at = 0
    for start, end in spans(text, query):
        parts.append(f"{escape(text[at:start])}<mark>{escape(text[start:end])}</mark>")
        at = end
    return SafeString("".join(parts) + escape(text[at:]))


def excerpt(text: str, query: str) -> SafeString:
    """A stretch of a long text around the first word of the query, marked; empty when none stands in it."""
    pattern = pattern_of(query)
    first = pattern.search(text) if pattern else None
    if first is None:
        return SafeString("")
    start = _word_edge(text, first.start(1) - AROUND)
    end = _word_edge(text, first.end(1) + 2 * AROUND)
    before, after = "…" if start else "", "…" if end < len(text) else ""
    piece = " ".join(text[start:end].split())
    return format_html("{}{}{}", before, highlight(piece, query), after)


def _word_edge(text: str, at: int) -> int:
    """Where to cut near `at` without halving a word; languages without spaces are cut anywhere."""
    if at <= 0:
        return 0
    if at >= len(text):
        return len(text)
    space = text.rfind(" ", max(0, at - LONGEST_WORD), at)
    return space if space >= 0 else at
