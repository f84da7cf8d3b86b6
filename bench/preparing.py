"""Brings a data folder to the size asked for: uses what is there, or loads it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections

from audit.queries import Verification
from bench import USUAL_OFFERS
from bench.data.load import VERSION, load
from recovery.services.client import ensure_services, leave_services

STAMP = "bench.json"
COPY = "measured"


def prepare(
    folder: Path, size: int, *, offers: float = USUAL_OFFERS, fresh: bool, tell: Callable[[str], None]
) -> None:
    """Load that many cases into the folder unless they are there; what has become due meanwhile is done."""
    stamp = folder / STAMP
    wanted = {"size": size, "version": VERSION, "offers": offers}
    if fresh or (folder.exists() and _read(stamp) != wanted):
        _empty(folder)
    tell(f"Starting embedded services in {folder}")
    ensure_services(settings.SERVICES)
    call_command("migrate", interactive=False, verbosity=0)
    if _read(stamp) != wanted:
        tell(f"Loading {size:,} cases")
        done = load(size, tell, offers=offers)
        _verify(tell)
        stamp.write_text(json.dumps(wanted), encoding="ascii")
        tell(f"Loaded {done['rows']:,.0f} rows in {done['seconds']} s")
    _catch_up(tell)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
    connections.close_all()


@contextmanager
def copied() -> Iterator[None]:
    """A copy of what was loaded to measure on: what is written then is gone for the next measurement."""
    loaded = str(settings.DATABASES["default"]["NAME"])
    with _maintenance() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{COPY}" WITH (FORCE)')
        cursor.execute(f'CREATE DATABASE "{COPY}" TEMPLATE "{loaded}" STRATEGY FILE_COPY')
    os.environ["BENCH_DATABASE"] = COPY
    _use(COPY)
    try:
        yield
    finally:
        del os.environ["BENCH_DATABASE"]
        with _maintenance() as cursor:
            cursor.execute(f'DROP DATABASE "{COPY}" WITH (FORCE)')
        _use(loaded)


@contextmanager
def _maintenance() -> Iterator[Any]:
    """A cursor outside of the databases that are copied and dropped."""
    _use("postgres")
    with connection.cursor() as cursor:
        yield cursor
    connections.close_all()


def _use(name: str) -> None:
    connections.close_all()
    settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = name


def _read(stamp: Path) -> object:
    return json.loads(stamp.read_text(encoding="ascii")) if stamp.exists() else None


def _empty(folder: Path) -> None:
    """Remove an earlier load; a folder that holds anything else is nothing of the bench's to remove."""
    if not folder.exists():
        return
    if not (folder / STAMP).exists() and (folder / "postgres").exists() and folder.parent.name != "bench":
        raise SystemExit(f"{folder} holds data that the bench did not load; name another folder.")
    leave_services(settings.SERVICES)
    shutil.rmtree(folder)


def _verify(tell: Callable[[str], None]) -> None:
    """What was generated must hold as what was lived: chains of audit events, and books."""
    call_command("verify_ledger", verbosity=0, stdout=StringIO())
    with connection.cursor() as cursor:
        cursor.execute("SELECT stream FROM audit_event WHERE sequence = 2 ORDER BY id LIMIT 200")
        streams = [stream for (stream,) in cursor.fetchall()]
    breaks = [found for stream in streams for found in Verification(stream).breaks()]
    if breaks:
        raise SystemExit(f"The generated audit trail does not hold: {breaks[0]}")
    tell(f"The books agree with their movements, and {len(streams)} audit chains hold")


def _catch_up(tell: Callable[[str], None]) -> None:
    """Do what became due since the load, so that the worker does not do it while pages are measured."""
    from cases.tasks import sweep_clocks
    from feedback.tasks import send_due_surveys
    from messaging.tasks import send_due

    fired = sweep_clocks()
    send_due_surveys()
    send_due()
    if fired:
        tell(f"{fired} alerts had become due")
