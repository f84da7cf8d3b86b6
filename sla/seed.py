"""Default targets and a calendar to start with: added where missing, never overwritten."""

from __future__ import annotations

import datetime as dt

from sla.models import Calendar, Target
from sla.states import Metric, Severity

# Business minutes per severity, in the order of `Metric`: first response and resolution as a widely used help
# desk ships them; the decision on compensation is our judgement.
DEFAULT_TARGETS: dict[Severity, tuple[int, int, int]] = {
    Severity.CRITICAL: (30, 120, 30),
    Severity.HIGH: (60, 240, 60),
    Severity.MEDIUM: (480, 1440, 240),
    Severity.LOW: (1440, 4320, 480),
}
SINCE = dt.date(2000, 1, 1)
OFFICE_WEEK = {str(day): [["09:00", "18:00"]] for day in range(5)}


def seed() -> None:
    """Add what is missing."""
    known = set(Target.objects.values_list("metric", flat=True).distinct())
    Target.objects.bulk_create(
        Target(severity=severity, metric=metric, minutes=minutes, valid_from=SINCE)
        for severity, defaults in DEFAULT_TARGETS.items()
        for metric, minutes in zip(Metric, defaults, strict=True)
        if metric not in known
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
