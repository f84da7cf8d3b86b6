"""A run that is killed half-way, or that two workers are at, grants every customer exactly once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from django.core.management import call_command
from django.db import connection

from cases.models import Affected, Case
from compensation.models import BudgetMovement, Offer, RemedyShare
from compensation.tasks import run_remedies
from messaging.models import OutboxMessage
from recovery.environment import BASE_DIR
from tests.compensation.incidents import running_remedy
from tests.compensation.world import make_budget
from tests.factories import make_desk
from tests.support.at_once import all_at_once

PEOPLE = 1200
PATIENCE_SECONDS = 60

# A worker's task, but on the database of this test and in small batches, so that there is a middle.
RUN = """
import sys
import django
django.setup()
from django.db import connection
connection.settings_dict["NAME"] = sys.argv[1]
from compensation.actions.remedy_run import run_next_batch
while run_next_batch(limit=25):
    pass
"""

pytestmark = pytest.mark.django_db(transaction=True)


def start() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", RUN, connection.settings_dict["NAME"]],
        cwd=BASE_DIR,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"},
    )


def everybody_has_theirs_once(people: int) -> None:
    assert RemedyShare.objects.filter(state="granted").count() == people
    assert Offer.objects.filter(remedy__isnull=False).count() == people
    assert Offer.objects.values("case__customer").distinct().count() == people
    assert Case.objects.count() == people
    assert Affected.objects.filter(case__isnull=False).count() == people
    assert OutboxMessage.objects.filter(template="remedy").count() == people
    assert BudgetMovement.objects.filter(kind="reserve").count() == people
    call_command("verify_ledger", verbosity=0)
    call_command("verify_audit", verbosity=0)


@pytest.mark.process
def test_a_killed_run_goes_on_where_it_was_and_grants_everybody_once() -> None:
    desk = make_desk()
    make_budget(desk.branch, 100_000)
    running_remedy(desk, PEOPLE, 1)
    killed = start()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while Offer.objects.count() < 100 and killed.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(killed.pid, signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    assert 100 <= Offer.objects.count() < PEOPLE
    call_command("verify_ledger", verbosity=0)

    again = start()
    assert again.wait(timeout=PATIENCE_SECONDS) == 0
    run_remedies()  # what the server had begun for the lost worker may have been locked for a moment
    everybody_has_theirs_once(PEOPLE)


def test_two_workers_at_once_grant_everybody_once() -> None:
    desk = make_desk()
    budget = make_budget(desk.branch, 100_000)
    remedy = running_remedy(desk, 700, 1)
    results = all_at_once([run_remedies, run_remedies, run_remedies])
    assert not [result for result in results if isinstance(result, Exception)]
    run_remedies()
    everybody_has_theirs_once(700)
    remedy.refresh_from_db()
    budget.refresh_from_db()
    assert (remedy.state, remedy.held, budget.reserved) == ("done", 0, 700)
