"""Decisions about compensation on plain values: authority, who decides, dose, and what like cases got."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median
from typing import NamedTuple
from zoneinfo import ZoneInfo

from compensation.states import (
    HOLDING,
    NEEDS_REFERENCE,
    TRANSITIONS,
    Dose,
    FulfilmentMethod,
    OfferState,
    RemedyClass,
)

ZERO = Decimal(0)

# The classes of failure by name: this module knows plain values only.
PROCESS, OUTCOME = "process", "outcome"

# Cuts of compensation ÷ loss: steepest at 60–120 % (Gelbrich, Gäthke & Grégoire 2015, where the failed
# service was rejected), no gain beyond about 150 % (Haesevoets et al. 2017).
DOSE_CUTS: tuple[tuple[Decimal, Dose], ...] = (
    (Decimal("1.5"), Dose.EXCESS),
    (Decimal("1.2"), Dose.GENEROUS),
)
EFFECTIVE_FROM = Decimal("0.6")

# Critical and high severity are compared with each other, and so are medium and low (our judgement).
SEVERE_UP_TO = 2


class Granted(NamedTuple):
    """What an offer has granted or asks for, and of which kind and basis it is."""

    kind: str
    basis: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Limit:
    """What a role, or one person of it, may grant without asking, in one currency, in major units.

    For one `kind` or `basis` alone it counts that alone; "" stands for any. `on_case` is what it counts on
    the case at hand, and `people` how many may decide by it.
    """

    role: str
    per_case: Decimal
    per_day: Decimal
    kind: str = ""
    basis: str = ""
    person: int | None = None
    people: int = 0
    on_case: Decimal = ZERO

    def counted(self, granted: Iterable[Granted]) -> Decimal:
        """How much of this the limit counts."""
        return sum(
            (
                each.amount
                for each in granted
                if self.kind in ("", each.kind) and self.basis in ("", each.basis)
            ),
            ZERO,
        )

    def covers(self, amount: Decimal) -> bool:
        """Whether this much more on the case is within the limit."""
        return self.on_case + amount <= self.per_case


@dataclass(frozen=True, slots=True)
class Likes:
    """What like cases were granted: the amounts, newest first."""

    amounts: Sequence[Decimal] = ()

    @property
    def count(self) -> int:
        return len(self.amounts)

    @property
    def typical(self) -> Decimal | None:
        return median(self.amounts) if self.amounts else None

    @property
    def lowest(self) -> Decimal | None:
        return min(self.amounts, default=None)

    @property
    def highest(self) -> Decimal | None:
        return max(self.amounts, default=None)


def may_become(state: str, wanted: OfferState) -> bool:
    """Whether an offer in this state may go over to the wanted one."""
    return wanted in TRANSITIONS[OfferState(state)]


def may_withdraw(state: str, *, own: bool, decides: bool) -> bool:
    """Whether a person who may propose may take back an offer in this state.

    Their own until it is fulfilled or accepted; whoever decides on offers, what is granted; anyone, a draft.
    """
    if state == OfferState.DRAFT:
        return True
    if state == OfferState.ACCEPTED:
        return decides
    return may_become(state, OfferState.CANCELLED) and (own or (decides and state in HOLDING))


def may_grant(limit: Limit | None, *, on_case: Decimal, today: Decimal) -> Decimal:
    """What a person may still grant alone on a case.

    `on_case` is what stands granted or waiting on the case already, by whomever: else a large sum would pass
    as several small ones. `today` is what this person granted alone today. Never below zero.
    """
    if limit is None:
        return ZERO
    return max(ZERO, min(limit.per_case - on_case, limit.per_day - today))


def may_decide(limit: Limit | None, amount: Decimal, *, granted: Decimal) -> bool:
    """Whether an approver's authority covers an amount on top of what the case was granted before.

    The daily limit does not bound approvals: it bounds what one person gives away with nobody looking.
    """
    return limit is not None and granted + amount <= limit.per_case


def lowest_for(limits: Iterable[Limit], amount: Decimal) -> Limit | None:
    """The smallest authority per case that covers the amount; None when none does."""
    return min((limit for limit in limits if limit.covers(amount)), key=standing, default=None)


def lowest_beyond(limits: Iterable[Limit], amount: Decimal, *, above: Decimal) -> Limit | None:
    """The authority next above another that covers the amount: what leaves the policy goes there.

    Where nobody stands above, the highest that covers it; None when none does.
    """
    enough = [limit for limit in sorted(limits, key=standing) if limit.covers(amount)]
    higher = next((limit for limit in enough if limit.per_case > above), None)
    return higher or (enough[-1] if enough else None)


def who_decides(limits: Iterable[Limit], amount: Decimal) -> str | None:
    """The role with the smallest authority per case that covers the amount; None when no authority does."""
    found = lowest_for(limits, amount)
    return found.role if found else None


def who_decides_beyond(limits: Iterable[Limit], amount: Decimal, *, above: Decimal) -> str | None:
    """The role of the authority that `lowest_beyond` finds."""
    found = lowest_beyond(limits, amount, above=above)
    return found.role if found else None


def standing(limit: Limit) -> tuple[Decimal, Decimal, str]:
    """By this limits are sorted, the smallest first."""
    return limit.per_case, limit.per_day, limit.role


def largest_decidable(limits: Iterable[Limit]) -> Decimal:
    """The most that anybody could still approve on a case."""
    return max((limit.per_case - limit.on_case for limit in limits), default=ZERO)


def dose_ratio(amount: Decimal, loss: Decimal | None) -> Decimal | None:
    """Compensation ÷ loss; None where the loss is not known or nothing was lost."""
    return amount / loss if loss else None


def dose_of(ratio: Decimal) -> Dose:
    """The bin of a ratio of compensation to loss: 0, below 0.6, 0.6–1.2, up to 1.5, above."""
    if ratio <= 0:
        return Dose.NONE
    if ratio < EFFECTIVE_FROM:
        return Dose.LOW
    return next((dose for cut, dose in DOSE_CUTS if ratio > cut), Dose.EFFECTIVE)


def remedy_matches(remedy_class: str, failure_type: str) -> bool | None:
    """Whether what a remedy gives answers the kind of failure; None while the failure is not classified.

    Failures of outcome want something of worth, failures of process want regard: an apology, initiative
    (Smith, Bolton & Wagner 1999, JMR 36:356).
    """
    if failure_type not in (PROCESS, OUTCOME):
        return None
    wanted = RemedyClass.REGARD if failure_type == PROCESS else RemedyClass.WORTH
    return remedy_class == wanted


def needs_reference(method: str) -> bool:
    """Whether this way of fulfilling leaves a number behind that proves it."""
    return FulfilmentMethod(method) in NEEDS_REFERENCE


def like_key(failure_type: str, defect_id: int | None, severity: int, currency: str) -> str:
    """The name of the cases that a case is like; the database makes the same in `compensation_like_key`."""
    band = "severe" if severity <= SEVERE_UP_TO else "usual"
    return f"{failure_type}:{defect_id or 0}:{band}:{currency}"


def day_start(now: dt.datetime, time_zone: str) -> dt.datetime:
    """The midnight at which the day of a daily limit began in a time zone."""
    local = now.astimezone(ZoneInfo(time_zone))
    return local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0).astimezone(dt.UTC)
