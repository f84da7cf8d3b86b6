"""The demo's budgets: a group over branches, months, money of a team, for vouchers alone, every movement."""

from __future__ import annotations

import datetime as dt
from calendar import monthrange
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import partial
from typing import NamedTuple

from accounts.models import Team, User
from compensation.actions.budgets import written_down
from compensation.models import Budget, BudgetMovement, Offer
from compensation.states import EFFECTS, Movement, OfferKind
from recovery.demo.life import Life
from recovery.demo.staff import DIVIDED, TEAMS
from recovery.demo.trail import Trail
from recovery.demo.world import Place
from recovery.demo.writing import write_rows

ZERO = Decimal(0)
CENT = Decimal("0.01")
HEADROOM = Decimal("1.25")
# Where one remedy for many customers is under way, a month has to hold that, too.
FOR_REMEDIES = {"EUR": Decimal(800), "CNY": Decimal(6000)}
GROUP = "Lantern Group (demo) {currency}"
# These branches set money aside for vouchers alone.
WITH_VOUCHERS = ("lantern-hotel", "lantern-parcel")
# This team of theirs has money of its own.
WITH_MONEY = TEAMS[0][0]


class Key(NamedTuple):
    """Whose money it is: the branch's code, or the currency of a group; since when; and for what in it."""

    owner: str
    first: dt.date
    kind: str = ""
    team: str = ""


class Books:
    """What offers move, and the budgets for it: of a team or a kind, of the branch's month, of the group."""

    def __init__(self, trail: Trail) -> None:
        self._trail = trail
        self._moves: list[tuple[Place, Offer, BudgetMovement]] = []

    def move(
        self, life: Life, offer: Offer, kind: Movement, at: dt.datetime, by: User | None, reason: str = ""
    ) -> None:
        movement = BudgetMovement(
            offer=offer, kind=kind, amount=offer.standing_amount, at=at, by=by, reason=reason
        )
        self._moves.append((life.place, offer, movement))

    def open(
        self, places: Mapping[str, Place], admin: User, now: dt.datetime, history: dt.timedelta
    ) -> dict[Key, Budget]:
        """Write every budget with its balances, the upper ones first, and name that of each offer."""
        balances: dict[Key, list[Decimal]] = defaultdict(lambda: [ZERO, ZERO])
        months = {code: _months(now, history, place) for code, place in places.items()}
        for place, offer, movement in self._moves:
            _amount, reserved, committed = EFFECTS[Movement(movement.kind)]
            for key in _levels(place, offer, months[place.trade.code][0]):
                balances[key][0] += reserved * movement.amount
                balances[key][1] += committed * movement.amount
        budgets = _group_budgets(places, months, balances)
        Budget.objects.bulk_create(budgets.values())
        branches = _branch_budgets(places, months, balances, budgets)
        Budget.objects.bulk_create(branches.values())
        kinds = _voucher_budgets(places, months, balances, branches)
        Budget.objects.bulk_create(kinds.values())
        teams = _team_budgets(self._team(), places, months, balances, branches)
        Budget.objects.bulk_create(teams.values())
        budgets |= branches | kinds | teams
        for budget in budgets.values():
            at = min(_opening(budget), now - dt.timedelta(hours=2))
            stream = partial("budget:{0.pk}".format, budget)
            self._trail.add(stream, "budget.set", at=at, actor=admin, data=_setting(budget))
        for place, offer, _movement in self._moves:
            offer.budget = budgets[_levels(place, offer, months[place.trade.code][0])[0]]
        return budgets

    def _team(self) -> Team | None:
        """The team with money of its own, if it moved any."""
        teams = (offer.team for _place, offer, _movement in self._moves)
        return next((team for team in teams if team is not None and team.name_en == WITH_MONEY), None)

    def write(self, budgets: Iterable[Budget], admin: User) -> None:
        """Write the movements, each on its budget and on all above, once the offers are written."""
        rows = [_allotment(budget, admin) for budget in budgets]
        for _place, offer, movement in self._moves:
            assert offer.budget is not None
            rows += [
                BudgetMovement(
                    budget=level,
                    offer=offer,
                    kind=movement.kind,
                    amount=movement.amount,
                    at=movement.at,
                    by=movement.by,
                    reason=movement.reason,
                )
                for level in offer.budget.chain
            ]
        rows.sort(key=lambda row: row.at)
        write_rows(rows)


def _levels(place: Place, offer: Offer, first: dt.date) -> list[Key]:
    """From below: what paid for the offer in the branch's month of the decision, and what stands above it."""
    assert offer.decided_at is not None
    code = place.trade.code
    month = offer.decided_at.astimezone(place.zone).date().replace(day=1)
    own = [Key(code, month), Key(place.trade.currency, first)]
    if offer.team is not None and offer.team.name_en == WITH_MONEY:
        return [Key(code, month, team=WITH_MONEY), *own]
    if offer.kind == OfferKind.VOUCHER and code in WITH_VOUCHERS:
        return [Key(code, month, OfferKind.VOUCHER.value), *own]
    return own


def _group_budgets(
    places: Mapping[str, Place], months: Mapping[str, list[dt.date]], balances: Mapping[Key, list[Decimal]]
) -> dict[Key, Budget]:
    """One for each currency, over all branches and months."""
    found: dict[Key, Budget] = {}
    for code, place in places.items():
        key = Key(place.trade.currency, months[code][0])
        if key in found:
            continue
        of_currency = [code for code, other in places.items() if other.trade.currency == key[0]]
        amount = sum((_monthly(balances, places[code]) * len(months[code]) for code in of_currency), ZERO)
        found[key] = Budget(
            name=GROUP.format(currency=key[0]),
            currency=key[0],
            starts_on=key[1],
            ends_on=_last_day(months[code][-1]),
            amount=round_budget(amount),
            reserved=balances[key][0],
            committed=balances[key][1],
            warn_at=[50, 80, 100],
        )
    return found


def _branch_budgets(
    places: Mapping[str, Place],
    months: Mapping[str, list[dt.date]],
    balances: Mapping[Key, list[Decimal]],
    groups: Mapping[Key, Budget],
) -> dict[Key, Budget]:
    found: dict[Key, Budget] = {}
    for code, place in places.items():
        group = groups[Key(place.trade.currency, months[code][0])]
        for first in months[code]:
            key = Key(code, first)
            found[key] = _month_of(place, first, _monthly(balances, place), balances[key], group)
            found[key].overdraft = Decimal("0.1")
    return found


def _voucher_budgets(
    places: Mapping[str, Place],
    months: Mapping[str, list[dt.date]],
    balances: Mapping[Key, list[Decimal]],
    branches: Mapping[Key, Budget],
) -> dict[Key, Budget]:
    """Money for vouchers alone, within that of the branch."""
    found: dict[Key, Budget] = {}
    for code in WITH_VOUCHERS:
        kind = OfferKind.VOUCHER.value
        amount = _monthly(balances, places[code], kind)
        for first in months[code]:
            key = Key(code, first, kind)
            found[key] = _month_of(places[code], first, amount, balances[key], branches[Key(code, first)])
            found[key].kind = kind
            # Had those of the past carried over, each month would hold what eight have left.
            found[key].carries_over = first in months[code][-2:]
    return found


def _team_budgets(
    team: Team | None,
    places: Mapping[str, Place],
    months: Mapping[str, list[dt.date]],
    balances: Mapping[Key, list[Decimal]],
    branches: Mapping[Key, Budget],
) -> dict[Key, Budget]:
    """Money of one team, within that of its branch."""
    if team is None:
        return {}
    found: dict[Key, Budget] = {}
    amount = _monthly(balances, places[DIVIDED], team=WITH_MONEY)
    for first in months[DIVIDED]:
        key = Key(DIVIDED, first, team=WITH_MONEY)
        above = branches[Key(DIVIDED, first)]
        found[key] = _month_of(places[DIVIDED], first, amount, balances[key], above)
        found[key].team = team
    return found


def _month_of(
    place: Place, first: dt.date, amount: Decimal, balances: list[Decimal], above: Budget
) -> Budget:
    return Budget(
        branch=place.branch,
        parent=above,
        currency=place.trade.currency,
        starts_on=first,
        ends_on=_last_day(first),
        amount=amount,
        reserved=balances[0],
        committed=balances[1],
    )


def _monthly(balances: Mapping[Key, list[Decimal]], place: Place, kind: str = "", team: str = "") -> Decimal:
    """What each month gets: more than was used in any."""
    own = (place.trade.code, kind, team)
    used = [sum(held) for key, held in balances.items() if (key.owner, key.kind, key.team) == own]
    most = max(used, default=0)
    return round_budget(most * HEADROOM + (ZERO if kind else FOR_REMEDIES[place.trade.currency]))


def round_budget(amount: Decimal) -> Decimal:
    """A sum that someone would set: two leading digits, rounded up; 500 at least."""
    if amount < 500:
        return Decimal(500)
    step = Decimal(1).scaleb(amount.adjusted() - 1)
    return (-(-amount // step) * step).quantize(CENT)


def _months(now: dt.datetime, history: dt.timedelta, place: Place) -> list[dt.date]:
    """The first day of each month from the beginning of the history to the one after this."""
    first = (now - history).astimezone(place.zone).date().replace(day=1) - dt.timedelta(days=1)
    first = first.replace(day=1)
    months = []
    while first <= now.date() + dt.timedelta(days=31):
        months.append(first)
        first = (first + dt.timedelta(days=32)).replace(day=1)
    return months


def _last_day(first: dt.date) -> dt.date:
    return first.replace(day=monthrange(first.year, first.month)[1])


def _opening(budget: Budget) -> dt.datetime:
    return dt.datetime.combine(budget.starts_on, dt.time(0), tzinfo=dt.UTC) - dt.timedelta(days=3)


def _allotment(budget: Budget, admin: User) -> BudgetMovement:
    return BudgetMovement(
        budget=budget, kind=Movement.ALLOT, amount=budget.amount, at=_opening(budget), by=admin
    )


def _setting(budget: Budget) -> Callable[[], dict[str, object]]:
    return lambda: written_down(budget, "")
