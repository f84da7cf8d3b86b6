"""Keeps what an import refused, each row with its reason, to be corrected and imported again."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

COLUMNS = ("line", "reason")


def refused_path(source: Path, *, fallback: Path) -> Path:
    """Where the refused rows of a file go: beside it, or where that can't be written into the fallback."""
    name = source.name.removesuffix(".gz").removesuffix(".csv") + ".refused.csv"
    for folder in (source.absolute().parent, fallback):
        path = folder / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            existed = path.exists()
            path.open("a").close()
        except OSError:
            continue
        if not existed:
            path.unlink()
        return path
    return fallback / name


class RefusedRows:
    """The file of refused rows; it is made with the first one, and an outdated one goes when there is none.

    Its columns are the line, the reason and those of the original, so that the same profile reads it again.
    Bytes that could not be read are written as they came.
    """

    def __init__(
        self, path: Path, header: Sequence[str], *, encoding: str = "utf-8", delimiter: str = ","
    ) -> None:
        self.path = path
        self._header = header
        self._encoding = encoding
        self._delimiter = delimiter
        self._file: TextIO | None = None

    def add(self, line: int, reason: str, values: Sequence[str]) -> None:
        if self._file is None:
            self._file = self.path.open("w", encoding=self._encoding, errors="surrogateescape", newline="")
            self._write([*COLUMNS, *self._header])
        self._write([str(line), reason, *values])

    def close(self, *, complete: bool) -> None:
        """`complete` says that the whole import went through, so that no file means no refused row."""
        if self._file is not None:
            self._file.close()
        elif complete and self._is_ours():
            self.path.unlink()

    def _write(self, values: list[str]) -> None:
        assert self._file is not None
        csv.writer(self._file, delimiter=self._delimiter).writerow(values)

    def _is_ours(self) -> bool:
        try:
            with self.path.open(encoding=self._encoding, errors="surrogateescape") as file:
                return file.readline().startswith(self._delimiter.join(COLUMNS))
        except OSError:
            return False
