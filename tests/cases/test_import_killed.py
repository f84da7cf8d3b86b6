"""An import killed half-way leaves whole batches, and the next run completes it."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.db import connection

from audit.models import Event
from cases.models import Case, TimelineEntry
from customers.models import Customer
from recovery.environment import BASE_DIR

ROWS, BATCH = 3000, 100
PATIENCE_SECONDS = 90

# The command as an operator runs it, but on the database of this test.
IMPORT = """
import sys
import django
django.setup()
from django.core.management import call_command
from django.db import connection
connection.settings_dict["NAME"] = sys.argv[1]
call_command("import_cases", sys.argv[2], profile="cfpb_complaints", batch=int(sys.argv[3]))
"""

pytestmark = [pytest.mark.process, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def complaints(tmp_path: Path) -> Path:
    path = tmp_path / "rows.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("Complaint ID", "Product", "Issue", "narrative"))
        for n in range(ROWS):
            writer.writerow(
                (n, "Savings account", "Fees", f"I was charged fee number {n} twice, and nobody answers.")
            )
    return path


def start(path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", IMPORT, connection.settings_dict["NAME"], str(path), str(BATCH)],
        cwd=BASE_DIR,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_a_killed_import_leaves_whole_batches_and_is_completed_by_the_next(complaints: Path) -> None:
    killed = start(complaints)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while Case.objects.count() < 3 * BATCH and killed.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL

    # What the server had begun for the lost client may still be on its way to its end.
    _wait_for_no_import(deadline)
    written = Case.objects.count()
    assert 3 * BATCH <= written < ROWS
    assert written % BATCH == 0
    _assert_whole(written)

    again = start(complaints)
    output, _ = again.communicate(timeout=PATIENCE_SECONDS)
    assert again.returncode == 0, output
    assert f"{ROWS - written:,} in" in output
    assert f"{written:,} already there" in output
    _assert_whole(ROWS)


def _wait_for_no_import(deadline: float) -> None:
    with connection.cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
            if cursor.fetchone()[0] == 0:
                return
            time.sleep(0.05)
    pytest.fail("the killed import still holds its lock")


def _assert_whole(cases: int) -> None:
    assert Case.objects.values("external_reference").distinct().count() == cases
    assert Customer.objects.count() == cases
    assert TimelineEntry.objects.filter(kind="event").count() == cases
    assert Event.objects.filter(verb="case.imported").count() == cases
