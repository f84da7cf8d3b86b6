"""Files for spreadsheets, written line by line as they are read."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterable, Iterator

from django.http import StreamingHttpResponse


class _Echo:
    """Hands what is written back, so that a writer of files can feed a response."""

    def write(self, text: str) -> str:
        return text


def csv_file(lines: Iterable[list[object]], name: str) -> StreamingHttpResponse:
    """A CSV file of that name, which the browser saves."""
    writer = csv.writer(_Echo())

    def encoded() -> Iterator[bytes]:
        yield codecs.BOM_UTF8  # without it Excel takes UTF-8 for a local code page
        for line in lines:
            yield writer.writerow(line).encode()

    response = StreamingHttpResponse(encoded(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response
