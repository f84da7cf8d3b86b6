"""Default targets and a calendar to start with: added where missing, never overwritten."""

from __future__ import annotations

import datetime as dt

from sla.models import Calendar, Target
from sla.states import Metric, Severity

# Business minutes per severity: first response, resolution, as a widely used help desk ships them.
DEFAULT_TARGETS: dict[Severity, tuple[int, int]] = {
    Severity.CRITICAL: (30, 120),
    Severity.HIGH: (60, 240),
    Severity.MEDIUM: (480, 1440),
    Severity.LOW: (1440, 4320),
}
SINCE = dt.date(2000, 1, 1)
OFFICE_WEEK = {str(day): [["09:00", "18:00"]] for day in range(5)}


def seed(**_kwargs: object) -> None:
    """Add what is missing."""
    if not Target.objects.exists():
        Target.objects.bulk_create(
            Target(severity=severity, metric=metric, minutes=minutes, valid_from=SINCE)
            for severity, pair in DEFAULT_TARGETS.items()
            for metric, minutes in zip((Metric.FIRST_RESPONSE, Metric.RESOLUTION), pair, strict=True)
        )
    Calendar.objects.get_or_create(
        code="office",
        defaults={
            "name_en": "Office hours",
            "name_zh": "办公时间",
            "time_zone": "UTC",
            "week": OFFICE_WEEK,
            "changed_at": dt.datetime(2000, 1, 1, tzinfo=dt.UTC),
        },
    )
