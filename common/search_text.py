"""Search text: words for languages with spaces, bigrams for Chinese, so that two characters find a case."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from operator import add
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchQuery
from django.db.models import Func, Q, TextField, Value

# CJK ideographs (with extensions and compatibility forms) and kana run together without spaces. They end a
# word of another script, so that "A4纸" is found by "纸" and "iPhone手机" by "手机".
_IDEOGRAPHS = r"\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORD_CHARACTER = rf"[^\W_{_IDEOGRAPHS}]"
_WORD = rf"{_WORD_CHARACTER}+(?:[-.@+]{_WORD_CHARACTER}+)*"
_RUN = re.compile(rf"[{_IDEOGRAPHS}]+|{_WORD}")
# The same without the ideographs that plain ASCII can't hold: less to compare with.
_ASCII_RUN = re.compile(r"[a-z0-9]+(?:[-.@+][a-z0-9]+)*")
_JOINTS = "-.@+"
# Folds ASCII and leaves spaces between what may be words: cutting there takes half the time of an expression.
_ASCII_CUTS = str.maketrans({
    character: character.lower() if character.isalnum() or character in _JOINTS else " "
    for character in map(chr, range(128))
})  # fmt: skip
_CJK = re.compile(rf"[{_IDEOGRAPHS}]")
_JOINT = re.compile(r"[-.@+]")
LONGEST_TOKEN = 60
MOST_TOKENS = 3000
MOST_QUERY_TOKENS = 12

# One for all: making a field costs more than finding the tokens of a short text.
_TOKENS = ArrayField(TextField())

# The wide forms that nearly every Chinese text holds. With these gone most texts are in normal form, and
# finding that out is far quicker than normalising.
_WIDE_MARKS = tuple((mark, unicodedata.normalize("NFKC", mark)) for mark in "，：？！；（）")
# What a word processor puts into English that is plain ASCII but for these; they stand between words.
_TYPED_MARKS = "…’‘“”–—"


def normalise(text: str) -> str:
    """Fold width, case and compatibility forms, and drop NUL, which PostgreSQL can't store."""
    if text.isascii():
        return text.replace("\x00", "").lower()
    for wide, plain in _WIDE_MARKS:
        text = text.replace(wide, plain)
    if unicodedata.is_normalized("NFKC", text):
        return text.replace("\x00", "").lower()
    return unicodedata.normalize("NFKC", text).replace("\x00", "").lower()


def tokens(text: str) -> list[str]:
    """The tokens under which a text is found, in order of first appearance, without repeats.

    A Chinese run gives its characters and its bigrams; a word joined by `-.@+` the whole and its parts.
    """
    return document_tokens([text])


def _ascii_tokens(text: str) -> list[str]:
    found: list[str] = []
    # Most full stops end a sentence, not a part of a word.
    folded = text.replace("\x00", "").translate(_ASCII_CUTS).replace(". ", " ")
    for cut in dict.fromkeys(folded.split()):
        if cut.isalnum():
            found.append(cut)
        elif (word := cut.strip(_JOINTS)).isalnum():
            found.append(word)
        elif word:
            for run in _ASCII_RUN.findall(word):
                found += _word_tokens(run)
    return _shortened(found)


def _tokens(text: str) -> list[str]:
    found: list[str] = []
    for run in _runs(text):
        if _CJK.match(run):
            found += run
            found += map(add, run, run[1:])
        else:
            found += _shortened(_word_tokens(run))
    return found


def _word_tokens(run: str) -> list[str]:
    """A word, and its parts where it is joined of several."""
    parts = _JOINT.split(run)
    return [run, *parts] if len(parts) > 1 else parts


def _shortened(found: list[str]) -> list[str]:
    if max(map(len, found), default=0) <= LONGEST_TOKEN:
        return found
    return [token[:LONGEST_TOKEN] for token in found]


def _runs(text: str) -> Iterable[str]:
    """The words and Chinese runs of a text, each once, in order of first appearance."""
    folded = normalise(text)
    return dict.fromkeys((_ASCII_RUN if folded.isascii() else _RUN).findall(folded))


def document_tokens(texts: Iterable[str]) -> list[str]:
    """The tokens of these texts, as a row that is written by COPY holds them."""
    found: list[str] = []
    # One by one, so that one text does not cost the others the short cut of plain ones.
    for text in map(str, texts):
        plain = text
        for mark in _TYPED_MARKS if not text.isascii() else "":
            plain = plain.replace(mark, " ")
        found += _ascii_tokens(plain) if plain.isascii() else _tokens(text)
    return list(dict.fromkeys(found))[:MOST_TOKENS]


def joined_tokens(first: list[str], second: list[str]) -> list[str]:
    """What `document_tokens` gives for the texts of both."""
    return list(dict.fromkeys(first + second))[:MOST_TOKENS]


def joined_document(first: list[str], second: str) -> str:
    """As `joined_tokens`, of a document that is text already: for COPY, which minds no token twice."""
    if not first or not second:
        return second or document_text(first)
    if len(first) + second.count(" ") < MOST_TOKENS:
        return f"{document_text(first)} {second}"
    return document_text(joined_tokens(first, second.split(" ")))


def search_document(texts: Iterable[str]) -> Func:
    """An expression that stores these texts in a `SearchVectorField`."""
    return stored_document(document_tokens(texts))


def stored_document(found: list[str]) -> Func:
    """As `search_document`, of tokens."""
    return Func(Value(found, output_field=_TOKENS), function="array_to_tsvector")


def document_text(document: Func | list[str] | str) -> str:
    """What `search_document` stores, or the tokens themselves, as PostgreSQL reads it: for COPY.

    Tokens hold letters, digits and `-.@+` alone, so that none needs quotes. Text is such a text already.
    """
    if isinstance(document, str):
        return document
    found = document if isinstance(document, list) else document.get_source_expressions()[0].value
    return " ".join(found)


def query_tokens(text: str) -> list[str]:
    """The tokens that a search must find: whole words and, of a Chinese run, its bigrams."""
    wanted: dict[str, None] = {}
    for run in _runs(text):
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

    def as_sql(self, compiler: Any, connection: Any, *_names: Any, **_options: Any) -> tuple[str, Any]:
        # A list, whatever the stubs say: Django's lookup appends it to one.
        return "%s::tsquery", [self.query]


def query_text(text: str) -> str | None:
    """What a document must hold, as PostgreSQL writes a `tsquery`: every token, the last perhaps begun only.

    None when the text holds nothing that can be searched for.
    """
    wanted = query_tokens(text)
    if not wanted:
        return None
    lexemes = ["'" + token.replace("\\", "\\\\").replace("'", "''") + "'" for token in wanted]
    if not _CJK.match(wanted[-1]) and len(wanted[-1]) >= 3:
        lexemes[-1] += ":*"
    return " & ".join(lexemes)


def search_filter(text: str, *, field: str = "search") -> Q | None:
    """A filter for rows whose document holds every token; the last word may be the beginning of one.

    None when the text holds nothing that can be searched for.
    """
    wanted = query_text(text)
    return None if wanted is None else Q(**{field: Lexemes(wanted)})
