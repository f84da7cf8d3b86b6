"""How a budget burns: what was used of it by each day, and where its pace leads."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from compensation.budget_rules import Burn
from compensation.models import Budget
from insights.compensation_queries import budget_days
from insights.periods import Period

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class BurnPoint:
    """By the end of a part of the period: what was used of it so far, or where the pace leads."""

    used: Decimal | None
    forecast: Decimal | None


@dataclass(frozen=True)
class Burned:
    """A budget over its period. `overshoots` says that its pace leads beyond its amount."""

    period: Period
    amount: Decimal
    points: list[BurnPoint]
    overshoots: bool

    @property
    def last_used(self) -> Decimal:
        return next((point.used for point in reversed(self.points) if point.used is not None), ZERO)


def burned(budget: Budget, pace: Burn, *, time_zone: str, now: dt.datetime) -> Burned:
    """What is used of a budget by the end of each part of its period, and the linear forecast."""
    zone = ZoneInfo(time_zone)
    period = Period(budget.starts_on, budget.ends_on, zone, now)
    today, day = now.astimezone(zone).date(), dt.timedelta(days=1)
    ends = [*(first - day for first in period.parts[1:]), period.last]
    moved = budget_days(budget, time_zone)
    points: list[BurnPoint] = []
    used, at = ZERO, 0
    for first, end in zip(period.parts, ends, strict=True):
        while at < len(moved) and moved[at][0] <= end:
            used += moved[at][1]
            at += 1
        past = first <= today
        # The forecast starts where what was used ends, so that the lines meet.
        meets = past and end >= min(today, budget.ends_on)
        points.append(BurnPoint(used if past else None, used if meets else _led(budget, pace, end, today)))
    overshoots = pace.expected is not None and pace.expected > budget.amount
    return Burned(period, budget.amount, points, overshoots)


def _led(budget: Budget, pace: Burn, end: dt.date, today: dt.date) -> Decimal | None:
    """Where the pace leads by a day that is to come; None where it is past, or too early to tell."""
    if end <= today or pace.expected is None:
        return None
    days = (budget.ends_on - budget.starts_on).days + 1
    return pace.expected * ((end - budget.starts_on).days + 1) / days
