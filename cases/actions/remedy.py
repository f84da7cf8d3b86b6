"""When a remedy reached the customer: kept apart from when we answered."""

from __future__ import annotations

import datetime as dt

from cases.models import Case


def record_remedy_landed(*, case: Case, at: dt.datetime) -> None:
    """Keep the latest moment at which a remedy of this locked case reached the customer."""
    if case.remedy_landed_at is None or at > case.remedy_landed_at:
        case.remedy_landed_at = at
        case.save(update_fields=("remedy_landed_at",))
