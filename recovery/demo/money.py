"""The demo's compensation: offers within authority or decided on by someone else, held by budgets."""

from __future__ import annotations

import datetime as dt
import random
from calendar import monthrange
from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal

from accounts.models import Authority, User
from compensation.actions.telling import amount_text
from compensation.models import Approval, Budget, BudgetMovement, Fulfilment, Offer
from compensation.rules import NEEDS_REFERENCE, Limit, who_decides
from compensation.states import Basis, Decision, FulfilmentMethod, Movement, OfferKind, OfferState
from recovery.demo.life import Life
from recovery.demo.trail import Trail
from recovery.demo.world import Place
from recovery.demo.writing import write_rows

ZERO = Decimal(0)
CENT = Decimal("0.01")
METHODS = {
    OfferKind.REFUND: FulfilmentMethod.ORIGINAL_PAYMENT,
    OfferKind.COMPENSATION: FulfilmentMethod.BANK_TRANSFER,
    OfferKind.VOUCHER: FulfilmentMethod.CODE_SENT,
    OfferKind.POINTS: FulfilmentMethod.CREDITED,
    OfferKind.MEAL: FulfilmentMethod.HANDED_OVER,
    OfferKind.UPGRADE: FulfilmentMethod.BOOKED,
    OfferKind.GIFT: FulfilmentMethod.HANDED_OVER,
    OfferKind.HOTEL: FulfilmentMethod.BOOKED,
    OfferKind.DISCOUNT: FulfilmentMethod.CODE_SENT,
    OfferKind.FREE_SERVICE: FulfilmentMethod.BOOKED,
}


class Purse:
    """Who may grant what, what each granted alone on a day, and what a branch spent in a month."""

    def __init__(self, trail: Trail, chance: random.Random) -> None:
        self._trail = trail
        self._chance = chance
        self._alone_today: dict[tuple[int, str, dt.date], Decimal] = defaultdict(Decimal)
        self._limits: dict[str, dict[str, Limit]] = defaultdict(dict)
        for row in Authority.objects.order_by("valid_from"):
            self._limits[row.currency][row.role] = Limit(row.role, row.per_case, row.per_day)
        self.offers: list[Offer] = []
        self.approvals: list[Approval] = []
        self.fulfilments: list[Fulfilment] = []
        self._movements: list[tuple[Place, Offer, BudgetMovement]] = []

    def limit(self, person: User, currency: str) -> Limit | None:
        return self._limits[currency].get(person.role)

    def alone_up_to(self, person: User, life: Life, at: dt.datetime) -> Decimal:
        """What a person may still grant alone that day on a case on which nothing stands yet."""
        limit = self.limit(person, life.case.currency)
        if limit is None:
            return ZERO
        today = self._alone_today[person.pk, life.case.currency, at.astimezone(life.place.zone).date()]
        return max(ZERO, min(limit.per_case, limit.per_day - today))

    def propose(
        self,
        life: Life,
        at: dt.datetime,
        proposer: User,
        *,
        kind: OfferKind,
        basis: Basis,
        amount: Decimal,
        purpose: str,
        reason: str,
    ) -> Offer:
        """Grant it at once within the proposer's authority, and else ask the role that has enough."""
        case, currency = life.case, life.case.currency
        alone = amount <= self.alone_up_to(proposer, life, at)
        asked = (
            ""
            if alone
            else who_decides(
                (limit for role, limit in self._limits[currency].items() if role != proposer.role), amount
            )
        )
        offer = Offer(
            case=case,
            branch=case.branch,
            kind=kind,
            basis=basis,
            amount=amount,
            granted_amount=amount if alone else None,
            currency=currency,
            purpose=purpose[:160],
            reason=reason[:500],
            state=OfferState.APPROVED if alone else OfferState.WAITING,
            proposer=proposer,
            proposed_at=at,
            within_authority=alone,
            asked_role=asked or "",
            decided_at=at if alone else None,
        )
        self.offers.append(offer)
        life.record("offer.proposed", at, proposer, lambda: _proposal(offer))
        said = {"amount": amount_text(amount, currency)}
        if alone:
            self._alone_today[proposer.pk, currency, at.astimezone(life.place.zone).date()] += amount
            self._move(life, offer, Movement.RESERVE, at, proposer)
            life.event(at, proposer, "Compensation of %(amount)s granted within own authority.", said)
        else:
            life.event(at, proposer, "Compensation of %(amount)s proposed; it waits for approval.", said)
        return offer

    def decide(
        self,
        life: Life,
        offer: Offer,
        at: dt.datetime,
        approver: User,
        *,
        amount: Decimal | None,
        reason: str,
    ) -> None:
        """Approve an amount, or with None reject."""
        limit = self.limit(approver, offer.currency)
        decision = Decision.REJECTED if amount is None else Decision.APPROVED
        approval = Approval(
            offer=offer,
            proposer=offer.proposer,
            approver=approver,
            decision=decision,
            amount=amount,
            limit=limit.per_case if limit else ZERO,
            reason=reason,
            at=at,
        )
        self.approvals.append(approval)
        offer.decided_at, offer.granted_amount = at, amount
        if amount is None:
            offer.state, message = OfferState.REJECTED, "Compensation of %(asked)s rejected: %(reason)s"
        else:
            offer.state = OfferState.APPROVED
            message = "Compensation of %(asked)s approved: %(reason)s"
            if amount < offer.amount:
                message = "Compensation of %(granted)s approved instead of %(asked)s: %(reason)s"
            self._move(life, offer, Movement.RESERVE, at, approver)
        said = {
            "asked": amount_text(offer.amount, offer.currency),
            "granted": amount_text(offer.standing_amount, offer.currency),
            "reason": reason,
        }
        life.event(at, approver, message, said)
        life.record(f"offer.{decision}", at, approver, lambda: _decision(offer, approval))

    def withdraw(self, life: Life, offer: Offer, at: dt.datetime, by: User, reason: str) -> None:
        if offer.state == OfferState.APPROVED:
            self._move(life, offer, Movement.RELEASE, at, by)
        offer.state = OfferState.CANCELLED
        said = {"amount": amount_text(offer.standing_amount, offer.currency), "reason": reason}
        life.event(at, by, "Compensation of %(amount)s withdrawn: %(reason)s", said)
        life.record("offer.withdrawn", at, by, lambda: {"offer": offer.pk})

    def fulfil(self, life: Life, offer: Offer, at: dt.datetime, by: User) -> None:
        """Record that an approved offer reached the customer at that moment."""
        method = METHODS[OfferKind(offer.kind)]
        reference = (
            f"{offer.kind[:2].upper()}{self._chance.randint(10**7, 10**8 - 1)}"
            if method in NEEDS_REFERENCE
            else ""
        )
        self.fulfilments.append(
            Fulfilment(
                offer=offer, method=method, reference=reference, landed_at=at, recorded_by=by, recorded_at=at
            )
        )
        offer.state = OfferState.FULFILLED
        self._move(life, offer, Movement.COMMIT, at, by)
        said = {"amount": amount_text(offer.standing_amount, offer.currency)}
        life.event(at, by, "Compensation of %(amount)s reached the customer.", said)
        landed = at.isoformat()
        life.record(
            "offer.fulfilled",
            at,
            by,
            lambda: {"offer": offer.pk, "method": method.value, "landed_at": landed},
        )
        life.case.remedy_landed_at = max(at, life.case.remedy_landed_at or at)

    def write(self, admin: User, places: dict[str, Place], now: dt.datetime, history: dt.timedelta) -> None:
        """Write budgets first, then what they hold."""
        budgets = self._budgets(places, now, history)
        Budget.objects.bulk_create(budgets.values())
        for budget in budgets.values():
            self._trail.add(
                _stream_of(budget),
                "budget.set",
                at=min(_opening(budget), now - dt.timedelta(hours=2)),
                actor=admin,
                data=_setting(budget),
            )
        for place, offer, movement in self._movements:
            movement.budget = offer.budget = budgets[self._month(place, offer)]
        self.offers.sort(key=lambda offer: offer.proposed_at)
        write_rows(self.offers)
        self.approvals.sort(key=lambda approval: approval.at)
        write_rows(self.approvals)
        write_rows(self.fulfilments)
        movements: list[BudgetMovement] = [_allotment(budget, admin) for budget in budgets.values()]
        movements += [movement for _place, _offer, movement in self._movements]
        movements.sort(key=lambda movement: movement.at)
        write_rows(movements)

    def _move(self, life: Life, offer: Offer, kind: Movement, at: dt.datetime, by: User) -> None:
        movement = BudgetMovement(offer=offer, kind=kind, amount=offer.standing_amount, at=at, by=by)
        self._movements.append((life.place, offer, movement))

    def _month(self, place: Place, offer: Offer) -> tuple[str, dt.date]:
        """The budget that an offer was granted from: that of the month, at the branch, of the decision."""
        assert offer.decided_at is not None
        return place.branch.code, offer.decided_at.astimezone(place.zone).date().replace(day=1)

    def _budgets(
        self, places: dict[str, Place], now: dt.datetime, history: dt.timedelta
    ) -> dict[tuple[str, dt.date], Budget]:
        reserved: dict[tuple[str, dt.date], Decimal] = defaultdict(Decimal)
        committed: dict[tuple[str, dt.date], Decimal] = defaultdict(Decimal)
        for place, offer, movement in self._movements:
            month = self._month(place, offer)
            reserved[month] += movement.amount if movement.kind == Movement.RESERVE else -movement.amount
            committed[month] += movement.amount if movement.kind == Movement.COMMIT else ZERO
        budgets = {}
        for code, place in places.items():
            most = max(
                (reserved[key] + committed[key] for key in list(reserved) if key[0] == code), default=ZERO
            )
            amount = round_budget(most * Decimal("1.25"))
            for first in _months(now, history, place):
                month = (code, first)
                budgets[month] = Budget(
                    branch=place.branch,
                    currency=place.trade.currency,
                    starts_on=first,
                    ends_on=first.replace(day=monthrange(first.year, first.month)[1]),
                    amount=amount,
                    reserved=reserved[month],
                    committed=committed[month],
                )
        return budgets


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


def _proposal(offer: Offer) -> dict[str, object]:
    return {
        "offer": offer.pk,
        "kind": str(offer.kind),
        "basis": str(offer.basis),
        "amount": str(offer.amount),
        "currency": offer.currency,
        "within_authority": offer.within_authority,
        "asked_role": offer.asked_role,
    }


def _decision(offer: Offer, approval: Approval) -> dict[str, object]:
    return {
        "offer": offer.pk,
        "asked": str(offer.amount),
        "granted": None if approval.amount is None else str(approval.amount),
        "currency": offer.currency,
        "limit": str(approval.limit),
    }


def _stream_of(budget: Budget) -> Callable[[], str]:
    return lambda: f"budget:{budget.pk}"


def _opening(budget: Budget) -> dt.datetime:
    return dt.datetime.combine(budget.starts_on, dt.time(0), tzinfo=dt.UTC) - dt.timedelta(days=3)


def _allotment(budget: Budget, admin: User) -> BudgetMovement:
    return BudgetMovement(
        budget=budget, kind=Movement.ALLOT, amount=budget.amount, at=_opening(budget), by=admin
    )


def _setting(budget: Budget) -> Callable[[], dict[str, object]]:
    return lambda: {
        "branch": budget.branch.code if budget.branch else "",
        "currency": budget.currency,
        "starts_on": budget.starts_on.isoformat(),
        "ends_on": budget.ends_on.isoformat(),
        "amount": str(budget.amount),
    }
