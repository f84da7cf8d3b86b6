"""The demo's compensation: offers within authority or decided on by someone else, and how they arrived."""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from accounts.models import Authority, Branch, User
from compensation.actions.telling import amount_text
from compensation.models import Approval, Fulfilment, KindSetting, Offer
from compensation.promise_rules import first_level, reminder_at
from compensation.rules import Limit, who_decides, who_decides_beyond
from compensation.states import (
    NEEDS_REFERENCE,
    PROMISED,
    Basis,
    Decision,
    FulfilmentMethod,
    Movement,
    OfferKind,
    OfferState,
)
from recovery.demo.books import Books
from recovery.demo.life import Life
from recovery.demo.policy import HousePolicy, leaves
from recovery.demo.staff import Staff
from recovery.demo.trail import Trail
from recovery.demo.vouchers import Vouchers
from recovery.demo.world import Place
from recovery.demo.writing import write_rows
from sla.days import add_business_days

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


@dataclass(slots=True)
class Reminder:
    """A level at which somebody was reminded of a promise."""

    offer: Offer
    life: Life
    level: int
    at: dt.datetime
    told: list[User]


class Purse:
    """Who may grant what, what each granted alone on a day, and what became of what was granted."""

    def __init__(
        self, trail: Trail, chance: random.Random, staff: Staff, now: dt.datetime, policy: HousePolicy
    ) -> None:
        self._chance = chance
        self._staff = staff
        self._now = now
        self._policy = policy
        self._alone_today: dict[tuple[int, str, dt.date], Decimal] = defaultdict(Decimal)
        self._limits: dict[str, dict[str, Limit]] = defaultdict(dict)
        for row in Authority.objects.order_by("valid_from"):
            self._limits[row.currency][row.role] = Limit(row.role, row.per_case, row.per_day)
        self._due_days = dict(KindSetting.objects.values_list("kind", "due_days"))
        self._lives: dict[int, Life] = {}
        self.books = Books(trail)
        self.vouchers = Vouchers(chance, now)
        self.offers: list[Offer] = []
        self.approvals: list[Approval] = []
        self.fulfilments: list[Fulfilment] = []
        self.reminders: list[Reminder] = []

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
        deviation: str,
    ) -> Offer:
        """Grant it at once within the proposer's authority, and else ask the role that has enough.

        `deviation` says why, should the amount leave the policy.
        """
        offer = self.begin(life, at, proposer, kind=kind, basis=basis, amount=amount, purpose=purpose)
        self.submit(life, offer, at, proposer, reason=reason, deviation=deviation)
        return offer

    def begin(
        self,
        life: Life,
        at: dt.datetime,
        proposer: User,
        *,
        kind: OfferKind,
        basis: Basis,
        amount: Decimal,
        purpose: str,
        parent: Offer | None = None,
    ) -> Offer:
        """A draft, of which nothing is written down yet."""
        case = life.case
        offer = Offer(
            case=case,
            branch=case.branch,
            kind=kind,
            basis=basis,
            amount=amount,
            currency=case.currency,
            purpose=purpose[:160],
            state=OfferState.DRAFT,
            proposer=proposer,
            proposed_at=at,
            parent=parent,
        )
        self.offers.append(offer)
        self._lives[id(offer)] = life
        return offer

    def submit(
        self, life: Life, offer: Offer, at: dt.datetime, proposer: User, *, reason: str, deviation: str
    ) -> None:
        """Propose a draft: it is granted at once, or waits for the role that decides."""
        amount, currency = offer.amount, offer.currency
        said = self._policy.said(life.case, at)
        for name, value in said.items():
            setattr(offer, name, value)
        outside = leaves(said, amount)
        alone = not outside and amount <= self.alone_up_to(proposer, life, at)
        offer.proposer, offer.proposed_at, offer.reason = proposer, at, reason[:500]
        offer.team = proposer.team_in(life.case.branch_id)
        offer.deviation_reason = deviation[:500] if outside else ""
        offer.within_authority = alone
        offer.asked_role = "" if alone else self._asked(proposer, life, at, amount, outside=outside)
        offer.state = OfferState.APPROVED if alone else OfferState.WAITING
        life.record("offer.proposed", at, proposer, lambda: _proposal(offer))
        told = {"amount": amount_text(amount, currency)}
        if alone:
            offer.granted_amount, offer.decided_at = amount, at
            self._alone_today[proposer.pk, currency, at.astimezone(life.place.zone).date()] += amount
            self.promise(life, offer, at)
            self.books.move(life, offer, Movement.RESERVE, at, proposer)
            life.event(at, proposer, "Compensation of %(amount)s granted within own authority.", told)
        else:
            life.event(at, proposer, "Compensation of %(amount)s proposed; it waits for approval.", told)

    def _asked(self, proposer: User, life: Life, at: dt.datetime, amount: Decimal, *, outside: bool) -> str:
        """The lowest role with enough authority; one above it for what leaves the policy."""
        limits = self._limits[life.case.currency]
        others = [limit for role, limit in limits.items() if role != proposer.role]
        usual = who_decides(others, amount) or ""
        if not outside:
            return usual
        above = limits[proposer.role].per_case
        if amount > self.alone_up_to(proposer, life, at) and usual:
            above = max(above, limits[usual].per_case)
        return who_decides_beyond(others, amount, above=above) or usual

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
            self.promise(life, offer, at)
            self.books.move(life, offer, Movement.RESERVE, at, approver)
        said = {
            "asked": amount_text(offer.amount, offer.currency),
            "granted": amount_text(offer.standing_amount, offer.currency),
            "reason": reason,
        }
        life.event(at, approver, message, said)
        life.record(f"offer.{decision}", at, approver, lambda: _decision(offer, approval))

    def promise(self, life: Life, offer: Offer, at: dt.datetime) -> None:
        """Promise that it arrives, in business days from then."""
        offer.due_at = add_business_days(at, self._due_days[str(offer.kind)], life.place.hours)

    def end(
        self,
        life: Life,
        offer: Offer,
        state: OfferState,
        at: dt.datetime,
        by: User | None,
        reason: str = "",
    ) -> None:
        """Let a granted or waiting offer come to nothing."""
        if offer.granted_amount is not None:
            self.books.move(life, offer, Movement.RELEASE, at, by, reason)
        offer.state, offer.due_at = state, None

    def withdraw(self, life: Life, offer: Offer, at: dt.datetime, by: User, reason: str) -> None:
        self.end(life, offer, OfferState.CANCELLED, at, by, reason)
        said = {"amount": amount_text(offer.standing_amount, offer.currency), "reason": reason}
        life.event(at, by, "Compensation of %(amount)s withdrawn: %(reason)s", said)
        life.record("offer.withdrawn", at, by, lambda: {"offer": offer.pk})

    def fulfil(self, life: Life, offer: Offer, at: dt.datetime, by: User) -> None:
        """Record that an approved offer reached the customer at that moment; a voucher is issued then."""
        method = METHODS[OfferKind(offer.kind)]
        voucher = self.vouchers.issue(offer, life, at, by) if offer.kind == OfferKind.VOUCHER else None
        reference = f"…{voucher.last_four}" if voucher else self._reference(offer.kind, method)
        self.fulfilments.append(
            Fulfilment(
                offer=offer, method=method, reference=reference, landed_at=at, recorded_by=by, recorded_at=at
            )
        )
        offer.state = OfferState.FULFILLED
        self.books.move(life, offer, Movement.COMMIT, at, by)
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
        if voucher is not None:
            self.vouchers.tell(voucher, life, self._staff.frontline[life.place.trade.code])

    def _reference(self, kind: str, method: FulfilmentMethod) -> str:
        number = self._chance.randint(10**7, 10**8 - 1)
        return f"{kind[:2].upper()}{number}" if method in NEEDS_REFERENCE else ""

    def settle(self) -> None:
        """Remind, as the sweep does, of what is promised and has not arrived by now."""
        for offer in self.offers:
            if offer.due_at is None or offer.state not in PROMISED or offer.decided_at is None:
                continue
            level = first_level(offer.due_at, made_at=offer.decided_at) - 1
            while (moment := reminder_at(level + 1, offer.due_at)) is not None and moment <= self._now:
                level += 1
                self._remind(offer, level, moment)
            offer.reminded_level, offer.next_reminder_at = level, moment

    def _remind(self, offer: Offer, level: int, at: dt.datetime) -> None:
        life = self._lives[id(offer)]
        told = self._told(life, offer, level)
        self.reminders.append(Reminder(offer, life, level, at, told))
        keys = [person.pk for person in told]
        life.record("offer.reminded", at, None, lambda: {"offer": offer.pk, "level": level, "told": keys})

    def _told(self, life: Life, offer: Offer, level: int) -> list[User]:
        branch: Branch = life.place.branch
        return [life.case.owner or offer.proposer] if level == 1 else self._staff.told_at(level, branch)

    def write(
        self, admin: User, places: Mapping[str, Place], history: dt.timedelta, between: Callable[[], None]
    ) -> None:
        """Write budgets first, then what they hold; `between` writes what belongs to offers and decisions."""
        budgets = self.books.open(places, admin, self._now, history)
        self.offers.sort(key=lambda offer: offer.proposed_at)
        self.approvals.sort(key=lambda approval: approval.at)
        # First what came first: an approval is held against what stands on the case when it is written.
        for is_later in (False, True):
            write_rows([offer for offer in self.offers if (offer.parent is not None) is is_later])
            write_rows([each for each in self.approvals if (each.offer.parent is not None) is is_later])
        between()
        write_rows(self.fulfilments)
        self.vouchers.write()
        self.books.write(budgets.values(), admin)


def _proposal(offer: Offer) -> dict[str, object]:
    return {
        "offer": offer.pk,
        "kind": str(offer.kind),
        "basis": str(offer.basis),
        "amount": str(offer.amount),
        "currency": offer.currency,
        "within_authority": offer.within_authority,
        "asked_role": offer.asked_role,
        "leaves_policy": bool(offer.deviation_reason),
    }


def _decision(offer: Offer, approval: Approval) -> dict[str, object]:
    return {
        "offer": offer.pk,
        "asked": str(offer.amount),
        "granted": None if approval.amount is None else str(approval.amount),
        "currency": offer.currency,
        "limit": str(approval.limit),
    }
