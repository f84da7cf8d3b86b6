"""The sweep of clocks when nothing is due: it must cost the same however many cases are open."""

from __future__ import annotations

import time
from statistics import quantiles
from typing import Any

from django.db import connection, transaction

from cases.tasks import sweep_clocks

FEW = 1000
REPEATS = 60
MOST_RATIO = 2.0


class _Undo(Exception):
    """Leaves the transaction, and the data as it was."""


def measure_sweep(size: int) -> dict[str, Any]:
    """Open `FEW` cases, then all, inside a transaction that is undone, and time the sweep on each."""
    took: dict[int, float] = {}
    try:
        with transaction.atomic():
            for count in (FEW, size):
                took[count] = _time_with(count)
            raise _Undo
    except _Undo:
        pass
    few, many = took[FEW], took[size]
    return {
        "scenario": "sweep",
        "size": size,
        f"ms_at_{FEW}_open": round(few, 3),
        f"ms_at_{size}_open": round(many, 3),
        "ratio": round(many / few, 2),
        "budget": f"<= {MOST_RATIO:g} x",
        "ok": many <= MOST_RATIO * few,
    }


def _time_with(open_cases: int) -> float:
    """Milliseconds of a sweep with the clocks of that many cases running."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE cases_clock SET next_alert_at = NULL WHERE next_alert_at IS NOT NULL")
        cursor.execute(
            "UPDATE cases_clock SET state = 'running',"
            " next_alert_at = now() + interval '1 day' * (1 + id %% 9)"
            " WHERE case_id IN (SELECT id FROM cases_case ORDER BY id LIMIT %s)",
            [open_cases],
        )
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        fired = sweep_clocks()
        times.append(time.perf_counter() - began)
        assert fired == 0
    # The quicker quarter: what else the machine does only ever adds.
    return 1000 * quantiles(times, n=4)[0]
