"""Importing cases from a file: batch by batch, so that it may be stopped at any moment and run again."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from django.db import DataError, IntegrityError, connection
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Branch, User
from cases.actions.import_rows import Batch, Checked, RecordWriter
from cases.importing import (
    BrokenRow,
    Profile,
    Record,
    RecordReader,
    RefusedRows,
    Row,
    RowFile,
    Told,
    Unusable,
    Words,
    read_words,
)
from common.beside import Beside, can_fork
from common.errors import Conflict, Invalid

BATCH = 500
# Bytes of a file, packed or not, below which a process that reads its words is not worth its beginning.
WORTH_A_PROCESS = 200_000


@dataclass
class ImportResult:
    """What became of the rows; `undated` ones are among those written."""

    read: int = 0
    written: int = 0
    already_there: int = 0
    undated: int = 0
    refused: Counter[str] = field(default_factory=Counter)

    @property
    def refused_in_all(self) -> int:
        return self.refused.total()


def import_cases(
    *,
    actor: User | None,
    path: Path,
    profile: Profile,
    branch: Branch,
    refused: Path,
    limit: int | None = None,
    batch: int = BATCH,
    on_progress: Callable[[int], object] | None = None,
) -> ImportResult:
    """Take in the complaints of a file, each batch in a transaction of its own.

    A row is known by its reference in the source: what is there already is passed over, so that the import
    may be run again after it was stopped, whatever stopped it. Refused rows go to the file `refused`, with
    the reason. `limit` ends after that many rows; `on_progress` is told how many more bytes have been read.
    Raises `FileProblem` when the file can't be read, `Conflict` while another import from this source runs.
    """
    with (
        RowFile(path, encoding=profile.encoding, delimiter=profile.delimiter) as rows,
        Beside(read_words, forks=rows.size >= WORTH_A_PROCESS and can_fork()) as words,
        _alone(profile.source),
    ):
        reader = RecordReader(profile, rows.header, now=timezone.now())
        kept = RefusedRows(refused, rows.header, encoding=profile.encoding, delimiter=profile.delimiter)
        complete = False
        try:
            run = _Run(reader, words, RecordWriter(actor=actor, profile=profile, branch=branch), kept)
            told = 0
            try:
                for chunk in _chunks(rows, limit, batch):
                    run.take(chunk)
                    if on_progress is not None:
                        on_progress(rows.position - told)
                        told = rows.position
                run.finish()
            finally:
                run.finish_batch()
            complete = limit is None
        finally:
            kept.close(complete=complete)
    return run.result


class _Run:
    """One pass over a file; while the database takes one batch in, the words of the next are read."""

    def __init__(
        self,
        reader: RecordReader,
        words: Beside[Sequence[Told], list[Words]],
        writer: RecordWriter,
        refused: RefusedRows,
    ) -> None:
        self.result = ImportResult()
        self._reader = reader
        self._words = words
        self._writer = writer
        self._refused = refused
        self._seen: dict[str, tuple[int, int]] = {}
        self._asked: list[Record] = []
        self._under_way: tuple[Batch, list[Checked]] | None = None
        self._is_first = not writer.has_written()

    def take(self, rows: list[Row | BrokenRow]) -> None:
        """Have the words of these rows read, and begin to write the rows before them."""
        records = self._fresh(self._records(rows))
        before = self._answered()
        if records:
            self._words.ask([self._writer.told(record) for record in records])
            self._asked = records
        self._write(before)

    def finish(self) -> None:
        """Begin to write the last rows."""
        self._write(self._answered())

    def _answered(self) -> list[tuple[Record, Words]]:
        records, self._asked = self._asked, []
        return list(zip(records, self._words.answer(), strict=True)) if records else []

    def _write(self, answered: list[tuple[Record, Words]]) -> None:
        checked: list[Checked] = []
        for record, words in answered:
            try:
                checked.append(self._writer.check(record, words))
            except Invalid as reason:
                self._refuse(record.line, str(reason), record.values)
        if not checked:
            return
        self.finish_batch()
        self._under_way = self._writer.begin(checked), checked

    def finish_batch(self) -> None:
        """Commit the batch that is under way."""
        if self._under_way is None:
            return
        batch, checked = self._under_way
        self._under_way = None
        try:
            self._count(checked, batch.finish())
        except (DataError, IntegrityError):
            # One row that the database can't take must not cost the others.
            for each in checked:
                self._write_alone(each)

    def _write_alone(self, checked: Checked) -> None:
        try:
            self._count([checked], self._writer.begin([checked]).finish())
        except (DataError, IntegrityError) as error:
            record, reason = checked.record, str(error).splitlines()[0]
            self._refuse(record.line, f"the database refuses it: {reason}", record.values)

    def _records(self, rows: list[Row | BrokenRow]) -> list[Record]:
        records = []
        for row in rows:
            self.result.read += 1
            if isinstance(row, BrokenRow):
                self._refuse(row.line, row.reason, row.values)
                continue
            try:
                record = self._reader.read(row)
                if self._is_new(record):
                    records.append(record)
            except Unusable as reason:
                self._refuse(row.line, str(reason), row.values)
        return records

    def _fresh(self, records: list[Record]) -> list[Record]:
        """Those that are not there yet; asked beforehand only where an import went before."""
        if self._is_first:
            return records
        self.finish_batch()
        known = self._writer.known(records)
        self.result.already_there += len(known)
        return [record for record in records if record.reference not in known]

    def _is_new(self, record: Record) -> bool:
        """Whether this file has not told of it before. Raises `Unusable` when it told something else."""
        text = hash(record.description)
        line, before = self._seen.setdefault(record.reference, (record.line, text))
        if line == record.line:
            return True
        if before != text:
            raise Unusable("another text under a reference that an earlier row of the file has")
        self.result.already_there += 1
        return False

    def _count(self, checked: list[Checked], fresh: list[Record]) -> None:
        result = self.result
        result.written += len(fresh)
        result.already_there += len(checked) - len(fresh)
        result.undated += sum(record.received_at is None for record in fresh)

    def _refuse(self, line: int, reason: str, values: list[str]) -> None:
        self.result.refused[reason] += 1
        self._refused.add(line, reason, values)


def _chunks(rows: RowFile, limit: int | None, size: int) -> Iterator[list[Row | BrokenRow]]:
    chunk: list[Row | BrokenRow] = []
    for count, row in enumerate(rows, start=1):
        chunk.append(row)
        if len(chunk) == size or count == limit:
            yield chunk
            chunk = []
        if count == limit:
            return
    if chunk:
        yield chunk


@contextlib.contextmanager
def _alone(source: str) -> Iterator[None]:
    """Two imports from one source would find the same rows missing; the lock goes with the connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext('amends.import'), hashtext(%s))", [source])
        if not cursor.fetchone()[0]:
            raise Conflict(_("An import from %(source)s is under way."), params={"source": source})
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtext('amends.import'), hashtext(%s))", [source])
