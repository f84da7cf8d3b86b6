"""Routes of approval, and decisions on their steps, for tests."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from accounts.models import Authority, User
from compensation.actions.approvals import approve_offer
from compensation.models import ApprovalRoute, ApprovalStep, Offer, RouteStep
from tests.compensation.world import World, make_user

LONG_AGO = dt.date(2020, 1, 1)


def make_route(*levels: str | tuple[str, ...], **fields: Any) -> ApprovalRoute:
    """A route in yuan: each level a role, or several that are asked together."""
    values = {"name": "Large sums", "currency": "CNY", "valid_from": LONG_AGO, **fields}
    route = ApprovalRoute.objects.create(**values)
    for number, level in enumerate(levels, start=1):
        for role in (level,) if isinstance(level, str) else level:
            RouteStep.objects.create(route=route, level=number, role=role)
    return route


def make_authority(per_case: int, *, per_day: int | None = None, **fields: Any) -> Authority:
    """A limit in yuan, of a role, a person, a kind or a basis."""
    if fields.get("user"):
        fields.setdefault("role", fields["user"].role)
    fields = {"currency": "CNY", "valid_from": LONG_AGO, **fields}
    day = Decimal(per_case * 10 if per_day is None else per_day)
    return Authority.objects.create(per_case=Decimal(per_case), per_day=day, **fields)


def approve(actor: User, offer: Offer, amount: int | None = None, reason: str = "Fair.") -> Offer:
    """Approve the step that this person may decide."""
    wanted = Decimal(amount) if amount is not None else offer.amount
    return approve_offer(actor=actor, offer_id=offer.pk, amount=wanted, reason=reason)


def states(offer: Offer, round: int = 1) -> list[tuple[int, str, str]]:  # noqa: A002  # the column's name
    """Level, role and state of every step of a round."""
    steps = ApprovalStep.objects.filter(offer=offer, round=round)
    return list(steps.values_list("level", "role", "state"))


def second(role: str, world: World) -> User:
    """One more person of a role in the branch."""
    return make_user(role, world.branch)
