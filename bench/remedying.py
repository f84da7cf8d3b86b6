"""Measures the remedy of an incident: everybody hit gets theirs once, though the run is killed half-way.

`python -m bench.remedying --size N --people M`: prints a line of JSON; 1 when somebody got theirs twice or
not at all, the books do not agree, or fewer than 500 customers a second were granted theirs.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

from bench.entering import ROOT, add_data, enter, say, tell

LEAST_PER_SECOND = 500
PEOPLE = 50_000
AMOUNT = Decimal(10)
PATIENCE_SECONDS = 900
# What a worker does, in a process of its own so that it can be killed.
RUN = """
from bench.entering import enter
import sys
from pathlib import Path
enter(int(sys.argv[1]), Path(sys.argv[2]))
from compensation.tasks import run_remedies
while run_remedies():
    pass
"""


def _prepare(people: int) -> int:
    """The key of a remedy that is approved and started, for that many customers."""
    from django.utils import timezone

    from accounts.models import Authority, Branch, User
    from accounts.states import Role
    from cases.actions.affected import add_customers
    from cases.actions.incidents import NewIncident, declare_incident
    from compensation.actions.budgets import Terms, change_budget
    from compensation.actions.remedies import NewRemedy, propose_remedy
    from compensation.actions.remedy_decisions import approve_remedy
    from compensation.actions.remedy_steering import start_remedy
    from compensation.budget_queries import current_budget
    from compensation.remedy_rules import AmountRule
    from customers.models import Customer

    branch = Branch.objects.order_by("pk")[0]
    lead = User.objects.filter(role=Role.SUPERVISOR, all_branches=True).order_by("pk")[0]
    manager = User.objects.filter(role=Role.MANAGER).order_by("pk")[0]
    admin, _made = User.objects.get_or_create(
        email="admin@bench.example", defaults={"name": "Admin", "role": Role.ADMIN, "all_branches": True}
    )
    total = AMOUNT * people
    Authority.objects.update_or_create(
        role=Role.MANAGER,
        currency=branch.currency,
        valid_from=timezone.now().date(),
        defaults={"per_case": total, "per_day": total},
    )
    budget = current_budget(branch, branch.currency)
    assert budget
    change_budget(
        actor=admin,
        budget_id=budget.pk,
        amount=budget.used + total,
        terms=Terms(parent_id=budget.parent_id),
        reason="Measured",
    )
    new = NewIncident(name="The system was down", description="Nobody could pay.", branch=branch)
    incident = declare_incident(actor=lead, new=new)
    keys = Customer.objects.order_by("-pk").values_list("pk", flat=True)[:people]
    add_customers(actor=lead, incident_id=incident.pk, lines=[f"#{key}" for key in keys])
    remedy = propose_remedy(
        actor=lead,
        incident_id=incident.pk,
        new=NewRemedy(
            kind="voucher", rules=[AmountRule(AMOUNT)], purpose="The system was down", reason="All alike."
        ),
    )
    approve_remedy(actor=manager, remedy_id=remedy.pk, total=remedy.total, reason="Fair.")
    start_remedy(actor=lead, remedy_id=remedy.pk)
    return remedy.pk


def _run(size: int, folder: Path, remedy_id: int, people: int) -> tuple[float, int]:
    """Let a worker grant half, kill it, and let another grant the rest; seconds at work, and granted then."""
    from compensation.models import RemedyShare
    from compensation.states import ShareState

    granted = RemedyShare.objects.filter(remedy=remedy_id, state=ShareState.GRANTED)
    began, before = time.perf_counter(), 0
    first = _worker(size, folder)
    while first.poll() is None and granted.count() < people // 2:
        time.sleep(0.2)
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    before = granted.count()
    second = _worker(size, folder)
    if second.wait(PATIENCE_SECONDS):
        raise SystemExit("The run ended with an error.")
    return time.perf_counter() - began, before


def _worker(size: int, folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", RUN, str(size), str(folder)], cwd=ROOT)


def measure(size: int, folder: Path, people: int) -> dict[str, Any]:
    """Grant everybody theirs; the start of both workers counts, for a resumed run has it too."""
    from django.core.management import call_command
    from django.db import connections

    from compensation.models import Offer, Remedy

    tell(f"Declaring an incident of {people:,} customers")
    remedy_id = _prepare(people)
    connections.close_all()
    tell("Granting")
    elapsed, killed_after = _run(size, folder, remedy_id, people)
    offers = Offer.objects.filter(remedy=remedy_id)
    once = offers.count() == people == offers.values("case__customer").distinct().count()
    finished = Remedy.objects.get(pk=remedy_id).state == "done"
    call_command("verify_ledger", verbosity=0, stdout=StringIO())
    return {
        "scenario": "remedy_of_incident",
        "size": size,
        "people": people,
        "killed_after": killed_after,
        "seconds": round(elapsed, 1),
        "per_second": round(people / elapsed, 1),
        "budget": f">= {LEAST_PER_SECOND} customers/s",
        "ok": once and finished and people / elapsed >= LEAST_PER_SECOND,
    }


def main(arguments: list[str]) -> int:
    """Print a line; 1 when something did not hold."""
    parser = argparse.ArgumentParser(prog="python -m bench.remedying", description=__doc__)
    add_data(parser)
    parser.add_argument("--people", type=int, default=PEOPLE)
    chosen = parser.parse_args(arguments)
    folder = enter(chosen.size, chosen.data)

    from bench.preparing import copied, prepare

    prepare(folder, chosen.size, offers=chosen.offers, fresh=False, tell=tell)
    with copied():
        line = measure(chosen.size, folder, chosen.people)
    say(line)
    return 0 if line["ok"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
