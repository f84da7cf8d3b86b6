"""Streams the rows of a CSV file, plain or gzipped; a broken row costs that row and not the file."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

# A field beyond this is no complaint; it bounds the memory that an unclosed quote can take.
LONGEST_FIELD = 1_000_000

NOT_READABLE = "characters that are not {encoding}"
BROKEN_QUOTES = "broken quotation marks"
WRONG_COUNT = "{found} columns where the header has {expected}"


class FileProblem(Exception):
    """One sentence for the operator: why this file can't be read, or not further."""


@dataclass(frozen=True, slots=True)
class Row:
    """A sound row: as many values as the header has columns. `line` is where it begins, from 1."""

    line: int
    values: list[str]


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """A row that can't be taken apart, with what there is of it."""

    line: int
    values: list[str]
    reason: str


class RowFile:
    """An open file: its header, and an iterator over its rows.

    Quoting is checked strictly: a quotation mark that is never closed would otherwise swallow the rows after
    it without a word. Such a row is read again by its first line alone, and refused if that does not help;
    reading goes on with the next line that is a sound row.
    Raises `FileProblem` when the file can't be opened, holds no header, or ends before it should.
    """

    def __init__(self, path: Path, *, encoding: str = "utf-8", delimiter: str = ",") -> None:
        self.path = path
        self._encoding = encoding
        self._format = {"delimiter": delimiter}
        try:
            self._raw: BinaryIO = path.open("rb")
            self.size = path.stat().st_size
        except OSError as error:
            raise FileProblem(f"{path} can't be read ({error.strerror}).") from error
        try:
            packed = self._raw.read(2) == b"\x1f\x8b"
            self._raw.seek(0)
            content = gzip.open(self._raw) if packed else self._raw  # noqa: SIM115  # closed with the file
            text = io.TextIOWrapper(
                content,
                encoding="utf-8-sig" if encoding == "utf-8" else encoding,
                errors="surrogateescape",
                newline="",
            )
            self._lines = _Lines(text)
            # Process-wide, and only ever raised: other readers are not hurt by it.
            csv.field_size_limit(max(csv.field_size_limit(), LONGEST_FIELD))
            self.header = self._read_header()
        except BaseException:
            self._raw.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._raw.close()

    @property
    def position(self) -> int:
        """How many bytes of the file, of `size`, have been read."""
        return self._raw.tell()

    def _read_header(self) -> list[str]:
        try:
            header = next(csv.reader(self._lines, **self._format), [])  # type: ignore[arg-type]
        except (csv.Error, *_READ_ERRORS) as error:
            raise FileProblem(f"{self.path} can't be read: {error}.") from error
        names = [name.strip().lstrip("\ufeff") for name in header]
        if not any(names):
            raise FileProblem(f"{self.path} holds no header row.")
        return names

    def __iter__(self) -> Iterator[Row | BrokenRow]:
        try:
            yield from self._rows()
        except _READ_ERRORS as error:
            raise FileProblem(
                f"{self.path} is damaged after line {self._lines.number}: {error}. The rows before it are in."
            ) from error

    def _rows(self) -> Iterator[Row | BrokenRow]:
        lines, expected = self._lines, len(self.header)
        reader = csv.reader(lines, strict=True, **self._format)  # type: ignore[arg-type]
        torn: BrokenRow | None = None
        while True:
            line = lines.begin_row()
            is_torn = False
            try:
                values = next(reader)
            except StopIteration:
                break
            except csv.Error:
                values, is_torn = self._first_line_alone(), True
            if not values:
                continue
            if len(values) == expected:
                if torn is not None:
                    yield torn
                    torn = None
                yield self._checked(line, values)
            elif torn is None:
                reason = (
                    BROKEN_QUOTES if is_torn else WRONG_COUNT.format(found=len(values), expected=expected)
                )
                broken = BrokenRow(line, values, reason)
                if is_torn:
                    # What follows may be the rest of it; it is told once, with the first sound row after it.
                    torn = broken
                else:
                    yield broken
        if torn is not None:
            yield torn

    def _first_line_alone(self) -> list[str]:
        """The torn row's first line, read leniently; those after it will be read again as rows."""
        first = self._lines.give_back_all_but_first()
        try:
            return next(csv.reader([first], **self._format), [])  # type: ignore[arg-type]
        except csv.Error:
            return [first[:LONGEST_FIELD]]

    def _checked(self, line: int, values: list[str]) -> Row | BrokenRow:
        for at, value in enumerate(values):
            if value.isascii():
                if "\x00" in value:
                    values[at] = value.replace("\x00", "")
                continue
            try:
                value.encode()
            except UnicodeEncodeError:
                return BrokenRow(line, values, NOT_READABLE.format(encoding=self._encoding.upper()))
            values[at] = value.replace("\x00", "")
        return Row(line, values)


_READ_ERRORS = (OSError, EOFError, zlib.error, UnicodeError)


class _Lines:
    """Lines of a text that remember the present row's, so that they can be read again."""

    def __init__(self, text: io.TextIOBase) -> None:
        self._text = text
        self._again: deque[str] = deque()
        self._row: list[str] = []
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._text)
        self._row.append(line)
        return line

    def begin_row(self) -> int:
        """Forget the row before; returns the number of the line at which the next one begins."""
        self.number += len(self._row)
        self._row.clear()
        return self.number + 1

    def give_back_all_but_first(self) -> str:
        first, *others = self._row
        self._again.extendleft(reversed(others))
        del self._row[1:]
        return first
