"""Importing cases from a file: batch by batch, so that it may be stopped at any moment and run again."""

from __future__ import annotations

import contextlib
import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from django.db import DataError, IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Branch, User
from cases.actions.import_rows import Checked, Groundwork, RowMaker
from cases.importing import (
    BrokenRow,
    FileProblem,
    Profile,
    Record,
    RecordReader,
    RefusedRows,
    Row,
    RowFile,
    Unusable,
    Words,
    WordsReader,
)
from common.copying import Copying, Piece, pieces_of
from common.errors import Conflict, Invalid
from customers.models import Customer

BATCH = 300
FIRST_BATCH = 125

# Foreign keys are checked with each table, while this process goes on, and not by the commit: rows are
# written in an order in which each finds what it points to.
_KEYS_AT_ONCE = "SET CONSTRAINTS ALL IMMEDIATE"
_NO_WAIT = "SET LOCAL synchronous_commit = off"


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
    words: WordsReader,
    refused: Path,
    limit: int | None = None,
    batch: int = BATCH,
    on_progress: Callable[[int], object] | None = None,
) -> ImportResult:
    """Take in the complaints of a file, each batch in a transaction of its own.

    A row is known by its reference in the source: what is there already is passed over, so that the import
    may be run again after it was stopped, whatever stopped it. Refused rows go to the file `refused`, with
    the reason. `words` is of `words_reader`. `limit` ends after that many rows; `on_progress` is told how
    many more bytes have been read. Raises `FileProblem` when the file can't be read, `Conflict` while another
    import from this source runs.
    """
    with (
        RowFile(path, encoding=profile.encoding, delimiter=profile.delimiter) as rows,
        _alone(profile.source),
    ):
        reader = RecordReader(profile, rows.header, now=timezone.now())
        kept = RefusedRows(refused, rows.header, encoding=profile.encoding, delimiter=profile.delimiter)
        complete = False
        try:
            run = _Run(reader, words, RowMaker(actor=actor, profile=profile, branch=branch), kept)
            run.take_all(rows, limit, batch, on_progress)
            complete = limit is None
        finally:
            kept.close(complete=complete)
    return run.result


class _Batch:
    """Rows on their way into the database, in a transaction; until `finish` the connection is taken.

    Its commit does not wait for the disk: `_settle` does, for all. What a power cut costs in between, the
    next run brings again.
    """

    def __init__(self, checked: list[Checked], pieces: Iterable[Piece]) -> None:
        self.checked = checked
        with ExitStack() as stack:
            stack.enter_context(transaction.atomic())
            with connection.cursor() as cursor:
                cursor.execute(f"{_KEYS_AT_ONCE}; {_NO_WAIT}")
            self._copying = Copying(pieces)
            self._transaction = stack.pop_all()

    def finish(self) -> None:
        """Commit; when the database refuses a row, nothing is written, and it raises."""
        with self._transaction:
            self._copying.wait()


class _Run:
    """One pass over a file.

    While the database takes one batch in, the words of the next are read beside, and this process makes the
    rows of the one between.
    """

    def __init__(
        self,
        reader: RecordReader,
        words: WordsReader,
        maker: RowMaker,
        refused: RefusedRows,
    ) -> None:
        self.result = ImportResult()
        self._reader = reader
        self._words = words
        self._maker = maker
        self._refused = refused
        self._seen: dict[str, tuple[int, int]] = {}
        self._asked: list[Record] = []
        self._ground: Groundwork | None = None
        self._under_way: _Batch | None = None

    def take_all(
        self, rows: RowFile, limit: int | None, batch: int, on_progress: Callable[[int], object] | None
    ) -> None:
        """Take in the rows of a file; of one that is damaged, those before the damage."""
        told = 0
        try:
            for chunk in _chunks(rows, limit, batch):
                self.take(chunk)
                if on_progress is not None:
                    on_progress(rows.position - told)
                    told = rows.position
            self.finish()
        except FileProblem:
            self.finish()
            raise
        finally:
            self.finish_batch()
            _settle()

    def take(self, rows: list[Row | BrokenRow]) -> None:
        """Have the words of these rows read, and begin to write the rows before them."""
        records = self._fresh(self._records(rows))
        answered = list(zip(self._asked, self._words.answer(), strict=True)) if self._asked else []
        if records:
            self._words.ask([self._maker.told(record) for record in records])
        self._asked = records
        checked = self._checked(answered)
        # Made before the batch before is waited for, so that the database goes on at once.
        made, pieces = self._made(checked, self._ground)
        if not self.finish_batch() and checked:
            # Their customers may have been among the rows that were refused.
            made, pieces = self._made(checked, self._maker.prepare([each.record for each in checked]))
        self._ground = self._maker.prepare(records, made) if records else None
        if checked:
            self._under_way = _Batch(checked, pieces)

    def _made(self, checked: list[Checked], ground: Groundwork | None) -> tuple[list[Customer], list[Piece]]:
        """The new customers of these, and all their rows in words."""
        if ground is None:
            return [], []
        rows = self._maker.rows(checked, ground)
        return rows.customers, list(pieces_of(*rows.tables))

    def finish(self) -> None:
        """Begin to write the last rows."""
        self.take([])

    def finish_batch(self) -> bool:
        """Commit the batch that is under way; whether the database has taken it as it was."""
        batch, self._under_way = self._under_way, None
        if batch is None:
            return True
        try:
            batch.finish()
        except (DataError, IntegrityError):
            # One row that the database can't take must not cost the others.
            for each in batch.checked:
                self._write_alone(each)
            return False
        self._count([each.record for each in batch.checked])
        return True

    def _checked(self, answered: list[tuple[Record, Words]]) -> list[Checked]:
        checked = []
        for record, words in answered:
            try:
                checked.append(self._maker.check(record, words))
            except Invalid as reason:
                self._refuse(record.line, str(reason), record.values)
        return checked

    def _write_alone(self, checked: Checked) -> None:
        record = checked.record
        if self._maker.known([record]):
            self.result.already_there += 1
            return
        try:
            _made, pieces = self._made([checked], self._maker.prepare([record]))
            _Batch([checked], pieces).finish()
        except (DataError, IntegrityError) as error:
            reason = str(error).splitlines()[0]
            self._refuse(record.line, f"the database refuses it: {reason}", record.values)
        else:
            self._count([record])

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
        if self._maker.is_first:
            return records
        self.finish_batch()
        known = self._maker.known(records)
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

    def _count(self, written: list[Record]) -> None:
        self.result.written += len(written)
        self.result.undated += sum(record.received_at is None for record in written)

    def _refuse(self, line: int, reason: str, values: list[str]) -> None:
        self.result.refused[reason] += 1
        self._refused.add(line, reason, values)


def _chunks(rows: RowFile, limit: int | None, size: int) -> Iterator[list[Row | BrokenRow]]:
    chunk: list[Row | BrokenRow] = []
    # The first ones are short: the database has nothing to do until they are read.
    wanted = min(size, FIRST_BATCH)
    try:
        for row in itertools.islice(rows, limit):
            chunk.append(row)
            if len(chunk) == wanted:
                yield chunk
                chunk, wanted = [], min(size, 2 * wanted)
    except FileProblem:
        if chunk:
            yield chunk
        raise
    if chunk:
        yield chunk


def _settle() -> None:
    """Wait until all that was committed is on the disk: a commit that is waited for takes the others along.

    It needs something of its own to bring there, else nothing would be waited for.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_logical_emit_message(true, 'amends', '')")


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
