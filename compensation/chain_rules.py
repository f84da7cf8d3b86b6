"""Decisions about who is asked, on plain values: an offer's route, and whether people are there for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol, TypeVar

from compensation.rules import ZERO, Limit, largest_decidable, standing


@dataclass(frozen=True, slots=True)
class Route:
    """An approval route in force: what it is for, and its steps as (level, role), in order.

    `of_branch` tells one that is for the branch alone.
    """

    key: int
    name: str
    kind: str
    basis: str
    from_amount: Decimal
    only_beyond_policy: bool
    steps: tuple[tuple[int, str], ...]
    of_branch: bool = False


@dataclass(frozen=True, slots=True)
class Planned:
    """One step that an offer will need: see `ApprovalStep`."""

    level: int
    role: str
    binding: bool


class Asked(Protocol):
    """A step, planned or opened, as far as it says who may decide it."""

    @property
    def role(self) -> str: ...

    @property
    def binding(self) -> bool: ...


AnyStep = TypeVar("AnyStep", bound=Asked)


@dataclass(frozen=True, slots=True)
class Chain:
    """The steps that an offer would need, by which route, and whether there are people to end it."""

    steps: tuple[Planned, ...]
    route: Route | None
    manned: bool


def route_for(routes: Iterable[Route], *, total: Decimal, leaves: bool) -> Route | None:
    """The route for an offer whose branch, kind and basis all these are for; None where it goes to one role.

    The most specific counts: one for the branch, then for the kind, then for the basis, then the one from the
    highest amount, then the newest. One for what leaves the policy comes before it, unless it asks fewer:
    nobody is asked less for leaving the policy.
    """
    fitting = [
        route
        for route in routes
        if route.steps and route.from_amount <= total and (leaves or not route.only_beyond_policy)
    ]
    usual, beyond = (
        max(
            (route for route in fitting if route.only_beyond_policy is which),
            key=lambda r: (r.of_branch, r.kind != "", r.basis != "", r.from_amount, r.key),
            default=None,
        )
        for which in (False, True)
    )
    if usual is None or beyond is None:
        return usual or beyond
    return usual if len(usual.steps) > len(beyond.steps) else beyond


def chain_of(
    route: Route | None,
    *,
    needed: Limit,
    amount: Decimal,
    binding: bool,
    deciders: Sequence[Limit],
    ranks: Mapping[str, Decimal],
) -> Chain:
    """The steps that an offer needs: those of its route, and one for the authority that it takes anyway.

    `needed` is the least authority that ends it, `deciders` are those by which somebody may decide, and
    `ranks` what each role may decide per case. The authority needed is asked last, unless the route asks
    it already, or asks for as much.
    """
    last = Planned(1, needed.role, binding)
    if route is None:
        return Chain((last,), None, manned=True)
    steps = tuple(Planned(level, role, binding=True) for level, role in route.steps)
    longer = (*steps, Planned(max(step.level for step in steps) + 1, needed.role, binding=True))
    roles = {step.role for step in steps}
    ending = [limit for limit in deciders if ends(limit, amount, needed=needed)]
    asked = any(limit.role in roles for limit in ending)
    enough = asked or max(ranks.get(role, ZERO) for role in roles) >= needed.per_case
    for planned in (steps, longer) if enough else (longer,):
        if can_be_manned(planned, deciders, ending=ending, ranks=ranks):
            return Chain(planned, route, manned=True)
    return Chain(steps if asked else longer, route, manned=False)


def ends(limit: Limit, amount: Decimal, *, needed: Limit) -> bool:
    """Whether a chain of which somebody of this limit approves a step may end with that amount."""
    return limit.covers(amount) and limit.per_case >= needed.per_case


def may_take(step: Asked, limit: Limit | None, *, role: str, ranks: Mapping[str, Decimal]) -> bool:
    """Whether somebody of that role and limit may decide a step, apart from the amount.

    A binding step is for its role, or for as much authority; any other for whoever covers the amount.
    """
    if not step.binding or role == step.role:
        return True
    return limit is not None and step.role in ranks and limit.per_case >= ranks[step.role]


def step_for(
    opened: Iterable[AnyStep], limit: Limit | None, *, role: str, ranks: Mapping[str, Decimal]
) -> AnyStep | None:
    """The one of the open steps that somebody decides: their role's, else the one that takes most authority.

    The others are left to those who may take no other. None where they may take none.
    """
    mine = [step for step in opened if may_take(step, limit, role=role, ranks=ranks)]
    return max(mine, key=lambda step: (step.role == role, ranks.get(step.role, ZERO)), default=None)


def most_at(
    step: Asked, limit: Limit | None, *, asked: Decimal, last: bool, before: Iterable[Limit | None]
) -> Decimal:
    """The most that somebody of this limit may approve at a step that they may take.

    What is only one step of several takes no authority over the amount, but at the last one somebody has to
    cover it: the person, or one of those who approved `before`.
    """
    if step.binding and not last:
        return asked
    having = (limit, *before) if step.binding else (limit,)
    return max(ZERO, min(asked, largest_decidable(each for each in having if each is not None)))


def highest_of(limits: Iterable[Limit | None], amount: Decimal) -> Limit | None:
    """The highest of these limits that cover an amount; None where none does."""
    enough = (limit for limit in limits if limit is not None and limit.covers(amount))
    return max(enough, key=standing, default=None)


def can_be_manned(
    steps: Sequence[Planned],
    deciders: Sequence[Limit],
    *,
    ending: Sequence[Limit],
    ranks: Mapping[str, Decimal],
) -> bool:
    """Whether there are people for all steps when nobody decides two of them, and one of those who end it.

    Where all steps have people, one of whom ends it can take the place of another at any step they may take:
    so it is enough that there is such a step.
    """
    may = [[may_take(step, limit, role=limit.role, ranks=ranks) for limit in deciders] for step in steps]
    if not any(row[at] for row in may for at, limit in enumerate(deciders) if limit in ending):
        return False
    taken: list[list[int]] = [[] for _ in deciders]
    return all(_find(step, may, deciders, taken, set()) for step in range(len(steps)))


def _find(
    step: int,
    may: Sequence[Sequence[bool]],
    deciders: Sequence[Limit],
    taken: Sequence[list[int]],
    tried: set[int],
) -> bool:
    """Find somebody for a step, where need be by finding another for a step that has somebody already."""
    for at, limit in enumerate(deciders):
        if not may[step][at] or at in tried:
            continue
        tried.add(at)
        if len(taken[at]) < limit.people:
            taken[at].append(step)
            return True
        for place, other in enumerate(taken[at]):
            if _find(other, may, deciders, taken, tried):
                taken[at][place] = step
                return True
    return False
