"""Compensation in a story of the demo: proposed, decided on, and brought to the customer."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from accounts.models import User
from accounts.states import Role
from cases.states import FailureType, Outcome, StepKind
from compensation.models import Offer
from compensation.states import Basis, OfferKind, OfferState
from recovery.demo.money import CENT
from recovery.demo.narration import Narration
from recovery.demo.plans import DONE

LONGEST_WAIT = 20 * 3600.0
# What the demo's policy gives at most where nothing was lost but time and temper.
MOST_FOR_PROCESS = {"EUR": Decimal(40), "CNY": Decimal(300)}
BY_APPROVAL = (OfferKind.REFUND, OfferKind.REFUND, OfferKind.COMPENSATION)
KINDS = {
    FailureType.OUTCOME: (OfferKind.REFUND, OfferKind.REFUND, OfferKind.COMPENSATION, OfferKind.VOUCHER),
    FailureType.PROCESS: (OfferKind.VOUCHER, OfferKind.GIFT, OfferKind.POINTS, OfferKind.VOUCHER),
}


class Remedying(Narration):
    """What a story does about money."""

    def _compensate(self, at: dt.datetime) -> None:
        if self.plan.asks_approval or self.plan.pays_now:
            return
        if not self._pays():
            self._skip(StepKind.COMPENSATE, at)
            return
        offer = self._propose(at, self._amount())
        if offer.state == OfferState.WAITING:
            self._decide(offer)
        if offer.state == OfferState.APPROVED:
            self._land(offer)

    def _pays(self) -> bool:
        if self.plan.outcome in (Outcome.NOT_UPHELD, Outcome.WITHDRAWN):
            return False
        return self.chance.random() < (0.85 if self.plan.failure_type == FailureType.OUTCOME else 0.3)

    def _amount(self) -> Decimal:
        """A share of the loss as policy has it, or a small gesture where nothing was lost, or no money."""
        low, _high = self.plan.place.trade.loss
        if self.plan.loss is None:
            return Decimal(round(self.chance.uniform(low, low * 2.2) / 5) * 5).quantize(CENT)
        share = Decimal(min(max(self.chance.gauss(0.95, 0.22), 0.4), 1.6))
        amount = max(Decimal(5), (self.plan.loss * share / 5).to_integral_value() * 5)
        if self.plan.failure_type == FailureType.PROCESS:
            amount = min(amount, MOST_FOR_PROCESS[self.plan.place.trade.currency])
        return amount.quantize(CENT)

    def _propose(self, at: dt.datetime, amount: Decimal) -> Offer:
        lost = self.plan.loss is not None
        kinds = BY_APPROVAL if self.plan.asks_approval else KINDS[self.plan.failure_type]
        kind = self.chance.choice(kinds)
        return self.set.purse.propose(
            self.life,
            at,
            self.owner,
            kind=kind,
            basis=Basis.LIABILITY if lost and kind == OfferKind.REFUND else Basis.GOODWILL,
            amount=amount,
            purpose=self._say("offers", "purpose_loss" if lost else "purpose_time"),
            reason=self._say("offers", "reason"),
            deviation=self._say("offers", "deviation"),
        )

    def _decide(self, offer: Offer) -> None:
        at = self._at(self.chance.uniform(0.83, 0.88))
        if not self._is_past(at):
            return
        approver = self._approver(offer)
        draw = self.chance.random()
        if draw < 0.14:
            self.set.purse.decide(
                self.life, offer, at, approver, amount=None, reason=self._say("offers", "reject")
            )
            self._skip(StepKind.COMPENSATE, at)
        elif draw < 0.26:
            lower = max(Decimal(5), (offer.amount * Decimal("0.7") / 5).to_integral_value() * 5).quantize(
                CENT
            )
            self.set.purse.decide(
                self.life, offer, at, approver, amount=lower, reason=self._say("offers", "lower")
            )
        else:
            reason = self._say("offers", "approve")
            self.set.purse.decide(self.life, offer, at, approver, amount=offer.amount, reason=reason)

    def _approver(self, offer: Offer) -> User:
        staff = self.set.staff
        people = (
            staff.managers
            if offer.asked_role == Role.MANAGER
            else staff.supervisors[self.plan.place.branch.code]
        )
        return self.chance.choice([person for person in people if person.pk != offer.proposer.pk])

    def _land(self, offer: Offer) -> None:
        """Bring it to the customer, whom some ask first; some will not have it, and some wish for more."""
        at = self._at(self.chance.uniform(0.93, 0.97))
        draw = self.chance.random()
        if draw < 0.05 and self._is_past(at):
            self.set.purse.withdraw(self.life, offer, at, self.owner, self._say("offers", "cancel"))
            self._skip(StepKind.COMPENSATE, at)
            return
        if draw < 0.38:
            asked = self._ask_customer(offer, draw)
            if asked is None:
                return
            offer = asked
        if not self._is_past(at):
            return
        tried = self._at(0.925)
        if draw > 0.965:
            self.set.answers.fail(self.life, offer, tried, self.owner, self._say("offers", "fail"))
        self.set.purse.fulfil(self.life, offer, at, self.owner)
        self.life.finish(StepKind.COMPENSATE, at, None)
        if 0.4 < draw < 0.42 and offer.kind in (OfferKind.REFUND, OfferKind.COMPENSATION):
            self._claw_back(offer, at)

    def _ask_customer(self, offer: Offer, draw: float) -> Offer | None:
        """Offer it first; returns what the customer accepts, None where nothing is to be brought by now."""
        answers, owner = self.set.answers, self.owner
        made, until, answered = self._at(0.885), self._at(0.905), self._at(0.9)
        if not self._is_past(answered):
            return offer
        expires = draw < 0.07
        last = until if expires else made + dt.timedelta(days=14)
        answers.offer(self.life, offer, made, owner, until=max(last, made + dt.timedelta(minutes=5)))
        if expires:
            if self._is_past(until + dt.timedelta(minutes=6)):
                answers.expire(self.life, offer)
                self._skip(StepKind.COMPENSATE, until + dt.timedelta(minutes=6))
            return None
        if draw < 0.1:
            answers.decline(self.life, offer, answered, owner, self._say("offers", "decline"))
            self._skip(StepKind.COMPENSATE, answered)
            return None
        if draw < 0.14:
            return self._counter(offer, answered)
        answers.accept(self.life, offer, answered, owner, self._say("offers", "accept"))
        return offer

    def _counter(self, offer: Offer, at: dt.datetime) -> Offer | None:
        """The customer wishes for more, and gets a part of it where somebody approves."""
        wanted = max(offer.standing_amount + 5, offer.standing_amount * Decimal("1.2") // 5 * 5).quantize(
            CENT
        )
        answers, purse = self.set.answers, self.set.purse
        words = self._say("offers", "counter")
        draft = answers.counter(self.life, offer, at, self.owner, words, wanted=wanted)
        proposed, decided = self._at(0.91), self._at(0.92)
        if not self._is_past(decided):
            return None
        deviation = self._say("offers", "deviation")
        purse.submit(self.life, draft, proposed, self.owner, reason=words, deviation=deviation)
        if draft.state == OfferState.WAITING:
            approver, reason = self._approver(draft), self._say("offers", "approve")
            purse.decide(self.life, draft, decided, approver, amount=wanted, reason=reason)
        return draft

    def _claw_back(self, offer: Offer, landed: dt.datetime) -> None:
        """It was paid twice: some days on somebody who decides takes it back."""
        at = self.plan.place.after(landed + dt.timedelta(days=self.chance.randint(4, 15)), 4000)
        if self.plan.fate in DONE and self._is_past(at):
            by = self._decider(offer)
            self.set.answers.claw_back(self.life, offer, at, by, self._say("offers", "claw_back"))

    def _decider(self, offer: Offer) -> User:
        people = self.set.staff.supervisors[self.plan.place.branch.code]
        return self.chance.choice([person for person in people if person.pk != offer.proposer.pk])

    def _ask_approval(self) -> None:
        """Propose what the owner may not grant alone, lately, so that it waits for a decision now."""
        assert self.plan.loss is not None
        amount = (
            self.plan.loss * Decimal(self.chance.choice(("0.85", "0.95", "1", "1.05", "1.35"))) / 5
        ).to_integral_value() * 5
        self._propose(self._lately(), amount.quantize(CENT))

    def _pay_now(self) -> None:
        """Grant something within the owner's authority that is still on its way."""
        at = self._lately()
        alone = self.set.purse.alone_up_to(self.owner, self.life, at)
        amount = min(self._amount(), alone) // 5 * 5
        if amount > 0:
            self._propose(at, amount.quantize(CENT))

    def _lately(self) -> dt.datetime:
        """Some hours ago at most, and after all that was said so far."""
        last = max(entry.at for entry in self.life.entries)
        ago = min(self.chance.uniform(0.05, 0.8) * (self.set.now - last).total_seconds(), LONGEST_WAIT)
        return self.set.now - dt.timedelta(seconds=max(ago, 60))
