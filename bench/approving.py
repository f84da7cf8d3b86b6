"""Measures approvals: 200 at the same moment against one budget, by staff in processes of their own.

`python -m bench.approving --size N`: prints a line of JSON; 1 when the budget is overspent, an approval met
anything but the budget's end, the books do not agree, or there were fewer than 100 a second.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections import Counter
from decimal import Decimal
from io import StringIO
from typing import TYPE_CHECKING, Any

from bench.entering import add_data, enter, say, tell

if TYPE_CHECKING:
    from cases.models import Case
    from compensation.models import Offer

OFFERS = 200
# The budget covers this many of them.
COVERED = 180
LEAST_PER_SECOND = 100
PROCESSES = 8
# What each process approves before: by then code is loaded and statements planned, which takes six times.
WARM_UP = 6
AMOUNT = Decimal(100)


def _prepare(more: int) -> tuple[list[int], int, int]:
    """Offers that wait on cases of one branch, one who may approve them, and the budget that pays.

    There are `more` offers than are measured, and the budget covers these, too.
    """
    from django.db import transaction
    from django.db.models import Count

    from accounts.models import Branch, User
    from accounts.queries import staff_of_branch
    from accounts.states import Role
    from cases.models import Case
    from cases.states import OPEN_STATES
    from compensation.actions.budgets import Terms, change_budget
    from compensation.budget_queries import current_budget
    from compensation.models import Offer

    still_open = Case.objects.filter(state__in=OPEN_STATES)
    most = still_open.values("branch").annotate(n=Count("pk")).order_by("-n", "branch").first()
    assert most
    branch = Branch.objects.get(pk=most["branch"])
    approver = staff_of_branch(branch.pk, role=Role.MANAGER).first()
    admin, _made = User.objects.get_or_create(
        email="admin@bench.example", defaults={"name": "Admin", "role": Role.ADMIN, "all_branches": True}
    )
    budget = current_budget(branch, branch.currency)
    assert approver
    assert budget
    cases = still_open.filter(branch=branch, currency=branch.currency).exclude(owner=approver)
    with transaction.atomic():
        wait = [_offer(case, case.owner_id or admin.pk) for case in cases.order_by("-pk")[: OFFERS + more]]
        offers = Offer.objects.bulk_create(wait)
        terms = Terms(parent_id=budget.parent_id)
        amount = budget.used + AMOUNT * (COVERED + more)
        change_budget(actor=admin, budget_id=budget.pk, amount=amount, terms=terms, reason="Measured")
    return [offer.pk for offer in offers], approver.pk, budget.pk


def _offer(case: Case, proposer_id: int) -> Offer:
    """An offer on a case that waits for a manager, not yet written."""
    from django.utils import timezone

    from accounts.states import Role
    from compensation.models import Offer

    return Offer(
        case=case,
        branch_id=case.branch_id,
        kind="refund",
        amount=AMOUNT,
        currency=case.currency,
        purpose="What went wrong",
        reason="Fair to the customer.",
        proposer_id=proposer_id,
        proposed_at=timezone.now(),
        asked_role=Role.MANAGER,
    )


def _approve(work: tuple[list[int], int, Any]) -> list[str]:
    """Approve these offers one after another; what became of each but those of the warm-up."""
    keys, approver, start = work
    from accounts.models import User
    from common.errors import Conflict
    from compensation.actions.approvals import approve_offer

    actor = User.objects.get(pk=approver)
    for key in keys[:WARM_UP]:
        approve_offer(actor=actor, offer_id=key, amount=AMOUNT, reason="Fair.")
    start.wait(60)
    said = []
    for key in keys[WARM_UP:]:
        try:
            approve_offer(actor=actor, offer_id=key, amount=AMOUNT, reason="Fair.")
            said.append("approved")
        except Conflict:
            said.append("refused")
        except Exception as error:  # noqa: BLE001  # whatever it is, it is counted and shown
            said.append(f"{type(error).__name__}: {error}")
    return said


def measure(size: int, together: int) -> dict[str, Any]:
    """Approve them in that many processes at the same moment."""
    from django.core.management import call_command
    from django.db import connections

    from compensation.models import Budget

    keys, approver, budget_id = _prepare(more=together * WARM_UP)
    connections.close_all()
    with multiprocessing.Manager() as manager:
        start = manager.Barrier(together + 1)
        parts = [(keys[at::together], approver, start) for at in range(together)]
        with multiprocessing.get_context("fork").Pool(together) as pool:
            running = pool.map_async(_approve, parts, chunksize=1)
            start.wait(60)
            began = time.perf_counter()
            answers = Counter(word for part in running.get(120) for word in part)
            elapsed = time.perf_counter() - began
    budget = Budget.objects.get(pk=budget_id)
    call_command("verify_ledger", verbosity=0, stdout=StringIO())
    rate = answers["approved"] / elapsed
    measured = len(keys) - together * WARM_UP
    covered = min(COVERED, measured)
    ok = answers == Counter(approved=covered, refused=measured - covered) and budget.left >= 0
    return {
        "scenario": "approve_together",
        "size": size,
        "concurrency": together,
        **dict(answers),
        "left": str(budget.left),
        "per_second": round(rate, 1),
        "budget": f">= {LEAST_PER_SECOND} approvals/s",
        "ok": bool(ok and rate >= LEAST_PER_SECOND),
    }


def main(arguments: list[str]) -> int:
    """Print a line; 1 when something did not hold."""
    parser = argparse.ArgumentParser(prog="python -m bench.approving", description=__doc__)
    add_data(parser)
    parser.add_argument("--together", type=int, default=PROCESSES, help="how many processes")
    chosen = parser.parse_args(arguments)
    folder = enter(chosen.size, chosen.data)

    from bench.preparing import copied, prepare

    prepare(folder, chosen.size, offers=chosen.offers, fresh=False, tell=tell)
    with copied():
        line = measure(chosen.size, chosen.together)
    say(line)
    return 0 if line["ok"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
