"""Lets the offers of the random history live on: paid, late, overdue, clawed back, rejected, and waiting."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal

from accounts.models import User
from accounts.states import Role
from cases.models import Case, Cause, Resolution
from cases.states import Outcome
from compensation.models import Approval, Fulfilment, Offer, Setback
from compensation.states import Decision, FulfilmentMethod, OfferKind, OfferState, SetbackKind
from customers.models import Customer
from customers.states import Tier
from tests.factories import make_user
from tests.insights.world import NOW, World, make_world


def make_paid_world(*, seed: int = 1, cases: int = 260) -> World:
    """As `make_world`; most offers have gone on since they were granted, and cases have causes and tiers."""
    world = make_world(seed=seed, cases=cases)
    dice = random.Random(seed)  # noqa: S311  # repeatable on purpose
    _facts(world, dice)
    _kinds_and_promises(dice)
    agents = [make_user(Role.FRONTLINE, *world.branches) for _number in range(3)]
    _resolved_by(world, agents, dice)
    _live_on(dice, world.manager)
    _reject(dice, world.manager)
    return world


def _facts(world: World, dice: random.Random) -> None:
    causes = [*Cause.objects.all()[:3], None]
    customers = Customer.objects.bulk_create(Customer(name=f"Customer {tier}", tier=tier) for tier in Tier)
    for case in world.cases:
        case.cause, case.customer = dice.choice(causes), dice.choice(customers)
    Case.objects.bulk_update(world.cases, ["cause", "customer"])


def _kinds_and_promises(dice: random.Random) -> None:
    offers = list(Offer.objects.order_by("pk"))
    for offer in offers:
        offer.kind = dice.choice([OfferKind.REFUND, OfferKind.VOUCHER, OfferKind.COMPENSATION])
        offer.proposed_at = min(offer.case.received_at + dt.timedelta(hours=dice.randrange(1, 20)), NOW)
        if offer.decided_at is not None:
            offer.due_at = offer.decided_at + dt.timedelta(days=dice.randrange(1, 12))
    Offer.objects.bulk_update(offers, ["kind", "proposed_at", "due_at"])


def _resolved_by(world: World, agents: list[User], dice: random.Random) -> None:
    """Resolutions can't be changed, so each case gets one more round, by somebody."""
    last = Resolution.objects.order_by("case_id", "-round").distinct("case_id")
    again = []
    for resolution in last:
        resolution.pk = None
        resolution.round += 1
        resolution.at = min(resolution.at + dt.timedelta(hours=dice.choice([1, 400])), NOW)
        resolution.by = dice.choice(agents)
        resolution.outcome = dice.choice([Outcome.UPHELD, Outcome.UPHELD, Outcome.NOT_UPHELD])
        again.append(resolution)
    Resolution.objects.bulk_create(again)


def _live_on(dice: random.Random, manager: User) -> None:
    """From granted to: offered, failed, arrived in time or late, and of these a few clawed back."""
    moved: dict[OfferState, list[Offer]] = {}
    for offer in Offer.objects.filter(state=OfferState.APPROVED).order_by("pk"):
        fate = dice.choice([OfferState.FULFILLED] * 5 + [OfferState.FAILED, OfferState.OFFERED, None])
        if fate is None:
            continue
        offer.state = fate
        if fate == OfferState.OFFERED:
            offer.offered_at, offer.expires_at, offer.due_at = NOW, NOW + dt.timedelta(days=7), None
        moved.setdefault(fate, []).append(offer)
    for offers in moved.values():
        Offer.objects.bulk_update(offers, ["state", "offered_at", "expires_at", "due_at"])
    paid = moved.get(OfferState.FULFILLED, [])
    Fulfilment.objects.bulk_create(
        Fulfilment(
            offer=offer,
            method=FulfilmentMethod.CASH,
            landed_at=_after(offer, dt.timedelta(days=dice.randrange(0, 15))),
            recorded_by=manager,
        )
        for offer in paid
    )
    back = paid[::9]
    for offer in back:
        offer.state = OfferState.CLAWED_BACK
    Offer.objects.bulk_update(back, ["state"])
    Setback.objects.bulk_create(
        Setback(offer=offer, kind=SetbackKind.CLAWED_BACK, reason="paid twice", at=NOW - dt.timedelta(days=1))
        for offer in back
    )


def _reject(dice: random.Random, manager: User) -> None:
    """Every other waiting offer is rejected, by one of two."""
    others = [make_user(Role.MANAGER), make_user(Role.MANAGER)]
    waiting = list(Offer.objects.filter(state=OfferState.WAITING).order_by("pk"))[::2]
    for offer in waiting:
        offer.state, offer.decided_at = OfferState.REJECTED, _after(offer, dt.timedelta(hours=3))
    Approval.objects.bulk_create(
        Approval(
            offer=offer,
            proposer=manager,
            approver=dice.choice(others),
            decision=Decision.REJECTED,
            limit=Decimal(10**6),
            reason="no",
            at=offer.decided_at or NOW,
        )
        for offer in waiting
    )
    Offer.objects.bulk_update(waiting, ["state", "decided_at"])


def _after(offer: Offer, delay: dt.timedelta) -> dt.datetime:
    """So long after it was granted, or else proposed; never later than now."""
    return min((offer.decided_at or offer.proposed_at) + delay, NOW)
