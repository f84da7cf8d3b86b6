"""One migrated template database per state of the code, and a copy of it for each test process."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connections

from recovery.environment import BASE_DIR
from recovery.services.client import ensure_services

TEMPLATE_PREFIX = "amends_template_"
APPS = (
    "accounts", "api", "audit", "cases", "common", "compensation", "customers", "desk", "feedback",
    "insights", "messaging", "portal", "recovery", "sla",
)  # fmt: skip


def code_digest() -> str:
    """Names the state of everything that migrations may call."""
    digest = hashlib.sha256()
    files = (path for app in APPS for path in (BASE_DIR / app).rglob("*.py"))
    for path in sorted([*files, BASE_DIR / "requirements.txt"]):
        digest.update(str(path.relative_to(BASE_DIR)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def ensure_template() -> str:
    """Returns the template's name; the first process that needs it migrates it, others wait."""
    name = TEMPLATE_PREFIX + code_digest()
    ensure_services(settings.SERVICES)
    with (settings.DATA_DIR / "template.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with _maintenance() as cursor:
            cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [TEMPLATE_PREFIX + "%"])
            found = {row[0] for row in cursor.fetchall()}
            if name in found:
                return name
            for outdated in found:
                _drop(cursor, outdated)
            draft = "amends_template_draft"
            _drop(cursor, draft)
            cursor.execute(f'CREATE DATABASE "{draft}"')
        _use(draft)
        call_command("migrate", verbosity=0, interactive=False)
        connections["default"].close()
        with _maintenance() as cursor:
            cursor.execute(f'ALTER DATABASE "{draft}" RENAME TO "{name}"')
    return name


def create_from_template(name: str) -> None:
    """Makes `name` anew, as migrations leave it, and makes it the database of this process."""
    template = ensure_template()
    with (settings.DATA_DIR / "template.lock").open("a") as lock, _maintenance() as cursor:
        # Copying needs the template to itself.
        fcntl.flock(lock, fcntl.LOCK_EX)
        _drop(cursor, name)
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
    _use(name)


def drop(name: str) -> None:
    """Ends every connection to the database and drops it."""
    connections["default"].close()
    with _maintenance() as cursor:
        _drop(cursor, name)


def _drop(cursor: Any, name: str) -> None:
    cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _use(name: str) -> None:
    connections["default"].close()
    connections["default"].settings_dict["NAME"] = name
    settings.DATABASES["default"]["NAME"] = name


@contextlib.contextmanager
def _maintenance() -> Iterator[Any]:
    with connections["default"]._nodb_cursor() as cursor:  # as Django's own test set-up does
        yield cursor
