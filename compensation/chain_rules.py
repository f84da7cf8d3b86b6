"""Decisions about who is asked, on plain values: an offer's route, and whether people are there for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from compensation.rules import ZERO, Limit


@dataclass(frozen=True, slots=True)
class Route:
    """An approval route in force: what it is for, and its steps as (level, role), in order."""

    key: int
    name: str
    kind: str
    basis: str
    from_amount: Decimal
    only_beyond_policy: bool
    steps: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Planned:
    """One step that an offer will need: see `ApprovalStep`."""

    level: int
    role: str
    binding: bool


def route_for(routes: Iterable[Route], *, total: Decimal, leaves: bool) -> Route | None:
    """The route for an offer whose kind and basis all these are for; None where it goes to one role.

    The most specific counts: one for the kind, then for the basis, then the one from the highest amount, then
    the newest. One for what leaves the policy comes before it, unless it asks fewer: nobody is asked less for
    leaving the policy.
    """
    fitting = [
        route
        for route in routes
        if route.steps and route.from_amount <= total and (leaves or not route.only_beyond_policy)
    ]
    usual, beyond = (
        max(
            (route for route in fitting if route.only_beyond_policy is which),
            key=lambda r: (r.kind != "", r.basis != "", r.from_amount, r.key),
            default=None,
        )
        for which in (False, True)
    )
    if usual is None or beyond is None:
        return usual or beyond
    return usual if len(usual.steps) > len(beyond.steps) else beyond


def chain_of(
    route: Route | None, *, required: str, binding: bool, ranks: Mapping[str, Decimal]
) -> tuple[Planned, ...]:
    """The steps that an offer needs: those of its route, and the role that is required in any case.

    `required` is the role whose authority the offer takes, `ranks` what each role may decide per case. The
    required role is asked last, unless the route asks somebody with as much authority already.
    """
    steps = tuple(Planned(level, role, binding=True) for level, role in route.steps) if route else ()
    if not steps:
        return (Planned(1, required, binding),)
    if required in {step.role for step in steps}:
        return steps
    highest = max(ranks.get(step.role, ZERO) for step in steps)
    if highest >= ranks.get(required, ZERO):
        return steps
    return (*steps, Planned(max(step.level for step in steps) + 1, required, binding=True))


def may_take(
    step_role: str, *, binding: bool, limit: Limit | None, role: str, ranks: Mapping[str, Decimal]
) -> bool:
    """Whether somebody of that role and limit may decide a step, apart from the amount.

    A binding step is for its role, or for as much authority; any other for whoever covers the amount.
    """
    if not binding or role == step_role:
        return True
    return limit is not None and step_role in ranks and limit.per_case >= ranks[step_role]


def can_be_manned(
    steps: Sequence[Planned], deciders: Sequence[Limit], *, amount: Decimal, ranks: Mapping[str, Decimal]
) -> bool:
    """Whether there are people for all steps when nobody decides two of them."""
    wanted = [
        [
            at
            for at, limit in enumerate(deciders)
            if may_take(step.role, binding=step.binding, limit=limit, role=limit.role, ranks=ranks)
            and (step.binding or limit.covers(amount))
        ]
        for step in steps
    ]
    return _man(sorted(wanted, key=len), [limit.people for limit in deciders])


def _man(wanted: Sequence[Sequence[int]], free: Sequence[int]) -> bool:
    """Whether each of the wanted finds one of the groups that will do with somebody left in it."""
    if not wanted:
        return True
    first, *others = wanted
    return any(
        free[at] > 0 and _man(others, [left - (at == group) for group, left in enumerate(free)])
        for at in first
    )
