"""Files for spreadsheets: CSV, written line by line as it is read, and XLSX, from a file in the meantime."""

from __future__ import annotations

import codecs
import csv
import datetime as dt
import tempfile
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal

from django.http import FileResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import get_language, override
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

KINDS = ("csv", "xlsx")
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# What a sheet and a cell of the format hold.
MOST_ROWS = 1_048_576
LONGEST_TEXT = 32_767
# In memory up to this many bytes, then on disk.
IN_MEMORY = 4_000_000
WIDTH = 18


def file_paths(route: str, view: Callable[..., HttpResponseBase], name: str) -> list[URLPattern]:
    """The addresses of a table as a file, one for each kind: `route.csv` named `name_csv`, and so on."""
    return [path(f"{route}.{kind}", view, {"kind": kind}, name=f"{name}_{kind}") for kind in KINDS]


def table_file(kind: str, lines: Iterable[list[object]], name: str) -> HttpResponseBase:
    """A heading and lines as a file of that kind and name, which the browser saves.

    Cells are numbers, text, days, times without a zone (as the reader's clock has them), or None.
    """
    return xlsx_file(lines, name) if kind == "xlsx" else csv_file(_as_now(lines), name)


def _as_now(lines: Iterable[list[object]]) -> Iterator[list[object]]:
    """The lines in the language and time zone of now, though they are made after the view has ended."""
    return _in_words(lines, get_language() or "en", timezone.get_current_timezone())


def _in_words(lines: Iterable[list[object]], language: str, zone: dt.tzinfo) -> Iterator[list[object]]:
    rows = iter(lines)
    while True:
        with override(language), timezone.override(zone):
            line = next(rows, None)
        if line is None:
            return
        yield line


def local_time(moment: dt.datetime | None) -> dt.datetime | None:
    """A moment as a cell: to the second, as the reader's clock has it."""
    return timezone.localtime(moment).replace(tzinfo=None, microsecond=0) if moment else None


class _Echo:
    """Hands what is written back, so that a writer of files can feed a response."""

    def write(self, text: str) -> str:
        return text


def csv_file(lines: Iterable[list[object]], name: str) -> StreamingHttpResponse:
    """A CSV file. Text that a spreadsheet would run as a formula is made plain text."""
    writer = csv.writer(_Echo())

    def encoded() -> Iterator[bytes]:
        yield codecs.BOM_UTF8  # without it Excel takes UTF-8 for a local code page
        for line in lines:
            yield writer.writerow([plain_cell(value) for value in line]).encode()

    response = StreamingHttpResponse(encoded(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def plain_cell(value: object) -> object:
    """A value for CSV, where text can't be told from a formula. Source: OWASP, "CSV Injection"."""
    if isinstance(value, (int, float, Decimal)) or value is None:
        return value
    if isinstance(value, dt.datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    text = str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r", "\n") else text


def xlsx_file(lines: Iterable[list[object]], name: str) -> FileResponse:
    """An XLSX file. Text is written as text, so that nothing in it is taken for a formula or an address."""
    # The response closes it.
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115
    with Workbook(file, {"constant_memory": True}) as book:
        sheets = _Sheets(book)
        for line in lines:
            sheets.write(line)
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=f"{name}.xlsx", content_type=XLSX_TYPE)


class _Sheets:
    """Takes lines one by one; the first is the heading, and stands on each sheet that they need."""

    def __init__(self, book: Workbook) -> None:
        self.book = book
        self.bold = book.add_format({"bold": True})
        self.time = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self.day = book.add_format({"num_format": "yyyy-mm-dd"})
        self.amounts: dict[int, Format] = {}
        self.heading: list[object] = []
        self.sheet: Worksheet | None = None
        self.row = 0

    def write(self, line: list[object]) -> None:
        if self.sheet is None:
            self.heading = line
            self._begin()
            return
        if self.row == MOST_ROWS:
            self._begin()
        for column, value in enumerate(line):
            self._cell(column, value)
        self.row += 1

    def _begin(self) -> None:
        self.sheet = self.book.add_worksheet()
        self.sheet.freeze_panes(1, 0)
        self.sheet.set_column(0, len(self.heading), WIDTH)
        for column, value in enumerate(self.heading):
            self.sheet.write_string(0, column, str(value), self.bold)
        self.row = 1

    def _decimals(self, value: Decimal) -> Format:
        """Shows all decimals of an amount: 120.00 euros, but 120 yen."""
        digits = max(0, -int(value.as_tuple().exponent))
        if digits not in self.amounts:
            pattern = f"#,##0.{'0' * digits}" if digits else "#,##0"
            self.amounts[digits] = self.book.add_format({"num_format": pattern})
        return self.amounts[digits]

    def _cell(self, column: int, value: object) -> None:
        assert self.sheet is not None
        match value:
            case None:
                return
            case bool():
                self.sheet.write_boolean(self.row, column, value)
            case Decimal():
                self.sheet.write_number(self.row, column, value, self._decimals(value))
            case int() | float():
                self.sheet.write_number(self.row, column, value)
            case dt.datetime():
                self.sheet.write_datetime(self.row, column, value, self.time)
            case dt.date():
                self.sheet.write_datetime(self.row, column, value, self.day)
            case _:
                self.sheet.write_string(self.row, column, str(value)[:LONGEST_TEXT])
