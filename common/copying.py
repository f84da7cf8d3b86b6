"""Writes many rows at once by COPY: several times as fast as INSERT, with all columns that the model has."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from queue import SimpleQueue
from typing import Any, TypeVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchVectorField
from django.db import connection, models

from common.search_text import document_text

NULL = "\\N"
_PIECE = 1 << 20

Encoder = Callable[[Any], str]
# A statement, and what it copies.
Piece = tuple[str, bytes]
Row = TypeVar("Row", bound=models.Model)


def reserve(count: int, *sequences: str) -> list[tuple[int, ...]]:
    """That many rows of numbers, one of each sequence, which will not come again."""
    with connection.cursor() as cursor:
        numbers = ", ".join(["nextval(%s::regclass)"] * len(sequences))
        cursor.execute(f"SELECT {numbers} FROM generate_series(1, %s)", [*sequences, count])  # noqa: S608  # no words
        return cursor.fetchall()


@lru_cache(maxsize=64)
def key_sequence(model: type[models.Model]) -> str:
    """The sequence that a model's primary keys come from."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [model._meta.db_table, model._meta.pk.column])
        return str(cursor.fetchone()[0])


def reserve_ids(model: type[models.Model], count: int) -> list[int]:
    """That many primary keys from the model's own sequence, which will not come again."""
    return [key for (key,) in reserve(count, key_sequence(model))]


def unsaved(model: type[Row], **values: Any) -> Row:
    """A row for COPY alone, from column attributes (`case_id=…`); several times as quick as the constructor.

    What is not given has the model's default, computed once for all rows: so give what should differ, such as
    times.
    Raises `TypeError` for a column that the model has not.
    """
    blank = _blank(model)
    row = model.__new__(model)
    row.__dict__.update(blank)
    row.__dict__.update(values)
    if len(row.__dict__) != len(blank):
        raise TypeError(f"{model.__name__} has no {', '.join(sorted(values.keys() - blank.keys()))}.")
    return row


@lru_cache(maxsize=64)
def _blank(model: type[models.Model]) -> dict[str, Any]:
    return dict(model().__dict__)


def pieces_of(*tables: Sequence[models.Model]) -> Iterator[Piece]:
    """Unsaved rows put into words for `Copying`, one model a list, in the order of writing.

    Rows that have a primary key keep it (see `reserve_ids`); others get one, which is not told back. Defaults
    are those of the instances, as with `bulk_create`.
    """
    return (_piece(rows) for rows in tables if rows)


class Copying:
    """Rows on their way into the database, in the caller's transaction; every constraint and trigger holds.

    `pieces` are of `pieces_of`; of an iterator, the database works on one while the next is put into words.
    Signals are not sent. The database works while the caller goes on to something else, and `wait` returns
    when it is done; until then nothing else may use this connection.
    """

    def __init__(self, pieces: Iterable[Piece]) -> None:
        self._done: Future[None] | None = None
        queue: SimpleQueue[Piece | None] = SimpleQueue()
        try:
            for piece in pieces:
                if self._done is None:
                    connection.ensure_connection()
                    # Django ties a connection to its thread; the driver's cursor under it may be lent.
                    self._done = _background.submit(_send, connection.connection.cursor(), queue)
                queue.put(piece)
        except BaseException:
            queue.put(None)
            if self._done is not None:
                self._done.exception()
            raise
        queue.put(None)

    def wait(self) -> None:
        """Raises the errors that saving the rows would have raised, such as `IntegrityError`."""
        if self._done is not None:
            with connection.wrap_database_errors:
                self._done.result()


def copy_rows(*tables: Sequence[models.Model]) -> None:
    """Write unsaved rows, one model a list, inside the caller's transaction: see `Copying`."""
    Copying(pieces_of(*tables)).wait()


_background = ThreadPoolExecutor(thread_name_prefix="copy")


def _piece(rows: Sequence[models.Model]) -> Piece:
    columns, write = _plan(type(rows[0]), rows[0].pk is not None)
    return f"COPY {columns} FROM STDIN", "".join([write(row) for row in rows]).encode()


def _send(cursor: Any, pieces: SimpleQueue[Piece | None]) -> None:
    """Send what comes through the queue, up to None."""
    with cursor:
        for statement, content in iter(pieces.get, None):
            cursor.copy_expert(statement, io.BytesIO(content), _PIECE)


@lru_cache(maxsize=64)
def _plan(model: type[models.Model], with_key: bool) -> tuple[str, Callable[[models.Model], str]]:
    fields = [field for field in model._meta.concrete_fields if with_key or not field.primary_key]
    columns = [_column(field, _blank(model)[field.attname]) for field in fields]
    names = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)

    def write(row: models.Model) -> str:
        values = row.__dict__
        cells = [
            usual_text if (value := values[name]) is usual else NULL if value is None else encode(value)
            for name, usual, usual_text, encode in columns
        ]
        return "\t".join(cells) + "\n"

    return f"{connection.ops.quote_name(model._meta.db_table)} ({names})", write


def _column(field: models.Field[Any, Any], default: Any) -> tuple[str, Any, str, Encoder]:
    """A field's name, its usual value with how that is written, and how others are.

    Most cells of a row hold the default itself, which is written once for all. Of what could change under
    way, such as an empty list, that can't be said: None is the usual value there.
    """
    encode = _encoder(field)
    if isinstance(default, str | int):
        return field.attname, default, encode(default), encode
    return field.attname, None, NULL, encode


def _encoder(field: models.Field[Any, Any]) -> Encoder:
    """How a field's values are written in COPY's text format.

    Raises `TypeError` for a kind of field that nobody has thought of here, rather than write it wrongly.
    """
    target = field.target_field if isinstance(field, models.ForeignKey) else field
    if getattr(target, "auto_now", False) or getattr(target, "auto_now_add", False):
        raise TypeError(f"{field} sets its own time, which COPY does not do.")
    for kind, encode in _ENCODERS:
        if isinstance(target, kind):
            return encode
    raise TypeError(f"COPY does not know how to write {field}.")


def escape(text: str) -> str:
    """Text with what COPY reads as the end of a field or row, or as an escape, made harmless."""
    if "\\" in text:
        text = text.replace("\\", "\\\\")
    if "\n" in text:
        text = text.replace("\n", "\\n")
    if "\t" in text:
        text = text.replace("\t", "\\t")
    if "\r" in text:
        text = text.replace("\r", "\\r")
    return text


def _text(value: Any) -> str:
    return escape(value if isinstance(value, str) else str(value))


# Most rows share most of their short texts: sources, languages, states.
_short_text = lru_cache(maxsize=1024, typed=True)(_text)


def _boolean(value: bool) -> str:
    return "t" if value else "f"


def _moment(value: dt.datetime) -> str:
    if value.tzinfo is None:
        raise TypeError("A moment without a time zone can't be written.")
    # Elsewhere two moments an hour apart are equal when clocks go back.
    return _universal(value) if value.tzinfo is dt.UTC else value.isoformat()


@lru_cache(maxsize=256)  # the rows of a batch share most of theirs
def _universal(value: dt.datetime) -> str:
    return value.isoformat()


def _day(value: dt.date) -> str:
    return value.isoformat()


_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


class JsonText(str):
    """JSON that is text already, where a row is put together from what was written before."""

    __slots__ = ()


def json_text(value: Any) -> JsonText:
    """A value as a `JSONField` stores it, to be given to a row in its place."""
    return JsonText(_json(value))


def _json_cell(value: Any) -> str:
    if isinstance(value, JsonText):
        return escape(value)
    if value == {}:
        return "{}"
    return escape(_json(value))


def _array(values: Sequence[Any]) -> str:
    if not values:
        return "{}"
    items = (str(value).replace("\\", "\\\\").replace('"', '\\"') for value in values)
    return escape("{" + ",".join([f'"{item}"' for item in items]) + "}")


_ENCODERS: tuple[tuple[type[models.Field[Any, Any]], Encoder], ...] = (
    (SearchVectorField, document_text),
    (ArrayField, _array),
    (models.JSONField, _json_cell),
    (models.BooleanField, _boolean),
    # The digits of enumerations and truth values too.
    (models.IntegerField, int.__repr__),
    (models.DateTimeField, _moment),
    (models.DateField, _day),
    (models.DecimalField, str),
    (models.CharField, _short_text),
    (models.TextField, _text),
)
