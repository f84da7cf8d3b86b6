"""Reads the words of imported complaints: what they suggest, and what they are found by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from cases.rules import found_by, title_of
from cases.suggestion import suggest, warm_up
from common.beside import Beside, can_fork
from common.copying import JsonText, json_text
from common.search_text import document_text

# Bytes of a file, packed or not, below which a process that reads its words is not worth its beginning.
WORTH_A_PROCESS = 200_000


class Told(NamedTuple):
    """The texts of a complaint; `currency` is that of its branch."""

    text: str
    summary: str
    product: str
    order_reference: str
    currency: str


class Words(NamedTuple):
    """What the words of a complaint tell; `suggestion` and `document` as COPY writes them."""

    title: str
    failure_type: str
    defect: str
    severity: int
    cues: tuple[str, ...]
    suggestion: JsonText
    document: str


WordsReader: TypeAlias = Beside[Sequence[Told], list[Words]]


def words_reader(size: int) -> WordsReader:
    """What reads the words of a file of so many bytes: begun early, it is ready when the first rows come."""
    return Beside(read_words, forks=size >= WORTH_A_PROCESS and can_fork(), prepare=warm_up)


def read_words(complaints: Sequence[Told]) -> list[Words]:
    """Read them in order. Plain values in, plain values out, so that a process beside may do it."""
    return [_read(told) for told in complaints]


def _read(told: Told) -> Words:
    found = suggest(told.text, currency=told.currency)
    text = told.text.replace("\x00", "").strip()
    title = title_of(told.summary, text)
    # One that was made of the text is found by the text's own words.
    named = title if told.summary else ""
    return Words(
        title=title,
        failure_type=found.failure_type or "",
        defect=found.defect or "",
        severity=found.severity,
        cues=found.cues,
        suggestion=json_text(found.kept),
        document=document_text(found_by(told.order_reference, told.product, named, text)),
    )
