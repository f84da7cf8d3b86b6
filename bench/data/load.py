"""Loads the cases: checks and indexes off, two processes that COPY, checks and indexes on again."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any

from django.db import connection, connections, transaction
from django.utils import timezone

from audit.models import Event
from bench.data.aftermath import ask_how_it_went, compensate
from bench.data.lives import begin, tell, write
from bench.data.sheets import Sheets
from bench.data.world import DAYS, World
from cases.models import Case, Clock, RecoveryStep, Resolution, TimelineEntry
from compensation.models import Offer
from customers.models import ContactPoint, Customer, Order
from feedback.models import Invitation, Response

# Raised when what is loaded changes, so that a folder with older data is loaded again.
VERSION = 1
BATCH = 2500
# The tables with many rows: their indexes are built, and their references checked, once and for all rows.
BIG = (Case, Clock, RecoveryStep, Resolution, TimelineEntry, Event, Customer, ContactPoint, Order)
WITH_KEYS = (Case, Customer, Offer, Invitation, Response)

_world: World | None = None


def load(size: int, tell_progress: Callable[[str], None], *, offers: float) -> dict[str, float]:
    """Load that many cases into an empty database, a share of them with offers; returns rows and seconds."""
    global _world  # noqa: PLW0603  # what the forked processes share
    started = time.monotonic()
    _world = World(size, timezone.now().replace(microsecond=0), offers)
    with _checks_afterwards():
        rows = _generate(size)
        tell_progress(f"{rows:,} rows copied after {time.monotonic() - started:.1f} s")
    _world.settle_budgets()
    with connection.cursor() as cursor:
        for model in WITH_KEYS:
            table = model._meta.db_table
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"
            )
        cursor.execute("SELECT setval('cases_case_number', %s)", [size])
        cursor.execute("VACUUM (ANALYZE)")
        cursor.execute("CHECKPOINT")
    return {"rows": rows, "seconds": round(time.monotonic() - started, 1)}


def _generate(size: int) -> int:
    pieces = [(first, min(first + BATCH - 1, size)) for first in range(1, size + 1, BATCH)]
    connections.close_all()
    # What is forked shares the world as it is; where a process can't be forked safely, one does it all.
    if sys.platform != "linux" or len(pieces) == 1:
        return sum(_write_batch(piece) for piece in pieces)
    workers = min(os.cpu_count() or 1, 4)
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("fork")) as pool:
        return sum(pool.map(_write_batch, pieces))


def _write_batch(piece: tuple[int, int]) -> int:
    """Generate and write the cases from one key to another, and their share of the customers."""
    assert _world is not None
    first, last = piece
    chance = random.Random(first)
    sheets = Sheets()
    _write_customers(_world, sheets, first, last)
    for key in range(first, last + 1):
        life = begin(_world, key, _world.received_at(key), chance)
        tell(life)
        compensate(_world, life, sheets, chance)
        ask_how_it_went(_world, life, sheets, chance)
        write(_world, life, sheets)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")
        return sheets.write()


def _write_customers(world: World, sheets: Sheets, first: int, last: int) -> None:
    share = world.customers.count / world.cases
    for key in range(round((first - 1) * share) + 1, round(last * share) + 1):
        person = world.customers.person(key)
        since = world.now - dt.timedelta(days=DAYS + key % 900)
        sheets.customers.add(
            *(
                str(key),
                person.name,
                person.tier,
                person.language,
                world.places[person.place].trade.time_zone,
            ),
            *(since.date().isoformat(), since.isoformat()),
            (person.lexemes + f" '{person.email}' '{person.phone}'").strip(),
        )
        sheets.contacts.add(str(key), "email", person.email, person.email)
        if key % 4:
            sheets.contacts.add(str(key), "phone", person.phone, person.phone)


@contextmanager
def _checks_afterwards() -> Iterator[None]:
    """Take indexes, unique constraints and references off the big tables, and put them back afterwards.

    Putting back checks every row, as adding a row would have.
    """
    tables = [model._meta.db_table for model in BIG]
    constraints = _rows(
        """
        SELECT c.conrelid::regclass::text, c.conname, pg_get_constraintdef(c.oid) FROM pg_constraint c
        WHERE c.contype IN ('f', 'u')
            AND (c.conrelid = ANY(%s::regclass[]) OR c.contype = 'f' AND c.confrelid = ANY(%s::regclass[]))
        ORDER BY c.contype DESC
        """,
        [tables, tables],
    )
    indexes = _rows(
        """
        SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i
        WHERE i.indrelid = ANY(%s::regclass[])
            AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)
        """,
        [tables],
    )
    with connection.cursor() as cursor:
        for table, name, _definition in constraints:
            cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
        for name, _definition in indexes:
            cursor.execute(f"DROP INDEX {name}")
    yield
    with connection.cursor() as cursor:
        cursor.execute(
            "SET maintenance_work_mem = '512MB'; SET max_parallel_maintenance_workers = 2; ANALYZE"
        )
        for _name, definition in indexes:
            cursor.execute(definition)
        for table, name, definition in constraints:
            cursor.execute(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')


def _rows(sql: str, params: list[Any]) -> list[tuple[str, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()
