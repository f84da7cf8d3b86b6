"""Days: which date it is where something happens."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo


def local_day(at: dt.datetime, time_zone: str) -> dt.date:
    """The date at a moment in a time zone.

    What holds from a date on (targets, authority, budgets) holds by the day of the branch concerned.
    """
    return at.astimezone(ZoneInfo(time_zone)).date()
