"""Colons and commas between what templates and code put together, by the reader's language."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import get_language


def listed(parts: Iterable[object]) -> str:
    """Several things in a row."""
    return ("、" if _is_chinese() else ", ").join(map(str, parts))


def colon() -> str:
    """What stands between a name and what is said of it."""
    return "：" if _is_chinese() else ": "


def comma() -> str:
    """What parts two pieces of a sentence."""
    return "，" if _is_chinese() else ", "


def semicolon() -> str:
    """What parts pieces that hold commas themselves."""
    return "；" if _is_chinese() else "; "


def brackets(inside: object) -> str:
    """What is added to a word, in brackets; the full-width ones need no space before them."""
    return f"（{inside}）" if _is_chinese() else f"({inside})"


def labelled(label: object, value: object) -> str:
    """A name and what is said of it."""
    return f"{label}{colon()}{value}"


def gap() -> str:
    """What stands between two sentences."""
    return "" if _is_chinese() else " "


def _is_chinese() -> bool:
    return (get_language() or "").startswith("zh")
