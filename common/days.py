"""Days: which date it is where something happens."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from django.utils import timezone

# Fourteen hours ahead of UTC; nowhere does a day begin earlier. Twelve behind; nowhere does it end later.
FIRST_TO_BEGIN = "Pacific/Kiritimati"
LAST_TO_END = "Etc/GMT+12"


def local_day(at: dt.datetime, time_zone: str) -> dt.date:
    """The date at a moment in a time zone.

    What holds from a date on (targets, authority, budgets) holds by the day of the branch concerned.
    """
    return at.astimezone(ZoneInfo(time_zone)).date()


def latest_day() -> dt.date:
    """The latest day that has begun anywhere on Earth: what is set for a later one holds nowhere yet."""
    return local_day(timezone.now(), FIRST_TO_BEGIN)


def earliest_day() -> dt.date:
    """The earliest day that is still going on somewhere: what ended before it holds nowhere any more."""
    return local_day(timezone.now(), LAST_TO_END)
