"""Search text: words for languages with spaces, bigrams for Chinese, so that two characters find a case."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchQuery
from django.db.models import Func, Q, TextField, Value

# CJK ideographs (with extension A and compatibility forms) and kana run together without spaces.
_RUN = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+|[^\W_]+(?:[-.@+][^\W_]+)*", re.UNICODE)
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_JOINT = re.compile(r"[-.@+]")
LONGEST_TOKEN = 60
MOST_TOKENS = 3000
MOST_QUERY_TOKENS = 12


def normalise(text: str) -> str:
    """Fold width, case and compatibility forms, and drop NUL, which PostgreSQL can't store."""
    return unicodedata.normalize("NFKC", text).replace("\x00", "").lower()


def tokens(text: str) -> list[str]:
    """The tokens under which a text is found, in order of first appearance, without repeats.

    A Chinese run gives its single characters and its bigrams; a word joined by `-.@+` gives the whole and its parts.
    """
    found: dict[str, None] = {}
    for match in _RUN.finditer(normalise(text)):
        run = match.group()
        if _CJK.match(run):
            found.update(dict.fromkeys(run))
            found.update(dict.fromkeys(run[i : i + 2] for i in range(len(run) - 1)))
        else:
            found[run[:LONGEST_TOKEN]] = None
            found.update(dict.fromkeys(part[:LONGEST_TOKEN] for part in _JOINT.split(run) if part))
        if len(found) >= MOST_TOKENS:
            break
    return list(found)[:MOST_TOKENS]


def search_document(texts: Iterable[str]) -> Func:
    """An expression that stores these texts in a `SearchVectorField`."""
    found: dict[str, None] = {}
    for text in texts:
        found.update(dict.fromkeys(tokens(text)))
    return Func(
        Value(list(found)[:MOST_TOKENS], output_field=ArrayField(TextField())), function="array_to_tsvector"
    )


def query_tokens(text: str) -> list[str]:
    """The tokens that a search must find: whole words and, of a Chinese run, its bigrams."""
    wanted: dict[str, None] = {}
    for match in _RUN.finditer(normalise(text)):
        run = match.group()
        if not _CJK.match(run):
            wanted[run[:LONGEST_TOKEN]] = None
        elif len(run) == 1:
            wanted[run] = None
        else:
            wanted.update(dict.fromkeys(run[i : i + 2] for i in range(len(run) - 1)))
    return list(wanted)[:MOST_QUERY_TOKENS]


class Lexemes(SearchQuery):
    """A query of ready-made lexemes: cast, not parsed, for the parser would take "c-26" apart."""

    def __init__(self, query: str) -> None:
        super().__init__(query, search_type="raw")
        self.query = query

    def as_sql(self, compiler: Any, connection: Any, **_options: Any) -> tuple[str, list[Any]]:
        return "%s::tsquery", [self.query]


def search_filter(text: str, *, field: str = "search") -> Q | None:
    """A filter for rows whose document holds every token; the last word may be the beginning of one.

    None when the text holds nothing that can be searched for.
    """
    wanted = query_tokens(text)
    if not wanted:
        return None
    lexemes = ["'" + token.replace("\\", "\\\\").replace("'", "''") + "'" for token in wanted]
    if not _CJK.match(wanted[-1]) and len(wanted[-1]) >= 3:
        lexemes[-1] += ":*"
    return Q(**{field: Lexemes(" & ".join(lexemes))})


