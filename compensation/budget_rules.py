"""Decisions about budgets on plain values: what fits, who approves an overdraft, warnings and forecast."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from compensation.rules import Limit, standing

# Before a tenth of the period, and before three days, a pace says nothing (our judgement).
EARLIEST_SHARE = Decimal("0.1")
EARLIEST_DAYS = 3
HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Burn:
    """How fast a budget is used: what it comes to by the last day at this pace, and until when it lasts.

    `expected` is None while it is too early to tell, `runs_out_on` where the money lasts to the end.
    """

    share: Decimal
    elapsed: Decimal
    expected: Decimal | None
    runs_out_on: dt.date | None


def share_used(used: Decimal, amount: Decimal) -> Decimal:
    """Used ÷ amount; of a budget of nothing, everything is used as soon as anything is."""
    if amount <= 0:
        return Decimal(1) if used > 0 else Decimal(0)
    return used / amount


def burn(*, used: Decimal, amount: Decimal, starts_on: dt.date, ends_on: dt.date, today: dt.date) -> Burn:
    """The linear forecast: used ÷ days gone × days of the period; today counts as a day gone."""
    days = (ends_on - starts_on).days + 1
    gone = min(max((today - starts_on).days + 1, 0), days)
    elapsed = Decimal(gone) / days
    share = share_used(used, amount)
    if gone < days and (gone < EARLIEST_DAYS or elapsed < EARLIEST_SHARE):
        return Burn(share, elapsed, None, None)
    expected = used * days / gone
    if expected <= amount or not used:
        return Burn(share, elapsed, expected, None)
    lasts = int(amount * gone / used)
    return Burn(share, elapsed, expected, min(ends_on, starts_on + dt.timedelta(days=lasts)))


def crossed(warn_at: Iterable[int], *, before: Decimal, after: Decimal, amount: Decimal) -> int | None:
    """The highest share, in percent, that using `after` instead of `before` has reached; None for none."""
    old, new = share_used(before, amount) * HUNDRED, share_used(after, amount) * HUNDRED
    return max((share for share in warn_at if old < share <= new), default=None)


def overdraws(wanted: Decimal, *, left: Decimal) -> bool:
    """Whether reserving this goes beyond the amount, into what a soft stop allows."""
    return wanted > left


def who_decides_overdraft(limits: Iterable[Limit], amount: Decimal) -> Limit | None:
    """One level above the smallest authority that covers the amount; that itself where none is above it.

    None when no authority covers the amount.
    """
    enough = sorted((limit for limit in limits if limit.covers(amount)), key=standing)
    if not enough:
        return None
    return next((limit for limit in enough if limit.per_case > enough[0].per_case), enough[0])
