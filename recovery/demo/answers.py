"""What the demo's customers said to offers, and what went wrong with what was granted."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from accounts.models import User
from compensation.actions.telling import amount_text
from compensation.models import Answer, Offer, Setback
from compensation.states import AnswerChannel, AnswerKind, Basis, Movement, OfferKind, OfferState, SetbackKind
from recovery.demo.life import Life
from recovery.demo.money import Purse
from recovery.demo.writing import write_rows

MESSAGES = {
    AnswerKind.ACCEPTED: "The customer accepts compensation of %(amount)s.",
    AnswerKind.DECLINED: "The customer declines compensation of %(amount)s.",
    AnswerKind.COUNTERED: "The customer asks for %(wanted)s instead of %(amount)s.",
}
SETBACKS = {
    SetbackKind.FAILED: "Compensation of %(amount)s did not arrive: %(reason)s",
    SetbackKind.CLAWED_BACK: "Compensation of %(amount)s clawed back: %(reason)s",
}


class Answers:
    """Makes offers to customers, and keeps what came of it."""

    def __init__(self, purse: Purse) -> None:
        self._purse = purse
        self._answers: list[Answer] = []
        self._setbacks: list[Setback] = []

    def offer(self, life: Life, offer: Offer, at: dt.datetime, by: User, *, until: dt.datetime) -> None:
        """Make an approved offer to the customer, who has until then."""
        offer.state, offer.offered_at, offer.expires_at = OfferState.OFFERED, at, until
        offer.due_at = None
        life.event(at, by, "Compensation of %(amount)s offered to the customer.", _amount(offer))
        ends = until.isoformat()
        life.record("offer.offered", at, by, lambda: {"offer": offer.pk, "expires_at": ends})

    def accept(self, life: Life, offer: Offer, at: dt.datetime, by: User, words: str) -> None:
        self._keep(life, offer, AnswerKind.ACCEPTED, at, by, words)
        offer.state = OfferState.ACCEPTED
        self._purse.promise(life, offer, at)

    def decline(self, life: Life, offer: Offer, at: dt.datetime, by: User, words: str) -> None:
        self._keep(life, offer, AnswerKind.DECLINED, at, by, words)
        self._purse.end(life, offer, OfferState.DECLINED, at, by)

    def counter(
        self, life: Life, offer: Offer, at: dt.datetime, by: User, words: str, *, wanted: Decimal
    ) -> Offer:
        """Keep what the customer wishes for instead; returns the draft that takes it up."""
        draft = self._purse.begin(
            life,
            at,
            by,
            kind=OfferKind(offer.kind),
            basis=Basis(offer.basis),
            amount=wanted,
            purpose=offer.purpose,
            parent=offer,
        )
        draft.reason = words
        facts = {"kind": str(offer.kind), "amount": str(wanted), "currency": offer.currency}
        life.record("offer.drafted", at, by, lambda: {"offer": draft.pk} | facts)
        self._keep(life, offer, AnswerKind.COUNTERED, at, by, words, wanted=wanted)
        self._purse.end(life, offer, OfferState.COUNTERED, at, by)
        return draft

    def expire(self, life: Life, offer: Offer) -> None:
        """Let the time pass in which the customer could have answered."""
        assert offer.expires_at is not None
        at = offer.expires_at + dt.timedelta(seconds=20)
        message = "The customer did not answer the offer of %(amount)s in time; it has expired."
        life.event(at, None, message, _amount(offer))
        life.record("offer.expired", at, None, lambda: {"offer": offer.pk})
        self._purse.end(life, offer, OfferState.EXPIRED, at, None)

    def fail(self, life: Life, offer: Offer, at: dt.datetime, by: User, reason: str) -> None:
        offer.state = OfferState.FAILED
        self._set_back(life, offer, SetbackKind.FAILED, at, by, reason)

    def claw_back(self, life: Life, offer: Offer, at: dt.datetime, by: User, reason: str) -> None:
        offer.state = OfferState.CLAWED_BACK
        self._purse.books.move(life, offer, Movement.CLAW_BACK, at, by, reason)
        self._set_back(life, offer, SetbackKind.CLAWED_BACK, at, by, reason)

    def write(self) -> None:
        self._answers.sort(key=lambda answer: answer.at)
        write_rows(self._answers)
        self._setbacks.sort(key=lambda setback: setback.at)
        write_rows(self._setbacks)

    def _keep(
        self,
        life: Life,
        offer: Offer,
        kind: AnswerKind,
        at: dt.datetime,
        by: User,
        words: str,
        *,
        wanted: Decimal | None = None,
    ) -> None:
        channel = AnswerChannel.PHONE
        self._answers.append(
            Answer(
                offer=offer,
                answer=kind,
                channel=channel,
                words=words,
                amount=wanted,
                kind="" if wanted is None else offer.kind,
                at=at,
                recorded_by=by,
            )
        )
        said, facts = _amount(offer), {"channel": str(channel)}
        if wanted is not None:
            said["wanted"] = amount_text(wanted, offer.currency)
            facts |= {"asked": str(wanted), "currency": offer.currency, "kind": str(offer.kind)}
        life.event(at, by, MESSAGES[kind], said)
        life.record(f"offer.{kind}", at, by, lambda: {"offer": offer.pk} | facts)

    def _set_back(
        self, life: Life, offer: Offer, kind: SetbackKind, at: dt.datetime, by: User, reason: str
    ) -> None:
        self._setbacks.append(Setback(offer=offer, kind=kind, reason=reason, at=at, recorded_by=by))
        life.event(at, by, SETBACKS[kind], _amount(offer) | {"reason": reason})
        life.record(f"offer.{kind}", at, by, lambda: {"offer": offer.pk})


def _amount(offer: Offer) -> dict[str, str]:
    return {"amount": amount_text(offer.standing_amount, offer.currency)}
