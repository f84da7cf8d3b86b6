"""Making an offer to the customer, and keeping their answer: yes, no, or something else."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from accounts.models import User
from accounts.states import Capability
from audit.actions import record
from cases.models import Case
from common.errors import Conflict, Invalid
from compensation.actions.ending import end_offer
from compensation.actions.guards import (
    check_choice,
    check_kind,
    check_transition,
    check_worth,
    clean_text,
    money_transaction,
    take_offer,
)
from compensation.actions.promises import PROMISE_FIELDS, end_promise, promise
from compensation.actions.telling import amount_text, tell_on_timeline
from compensation.kind_queries import kind_setting
from compensation.models import Answer, Offer
from compensation.promise_rules import end_of_day
from compensation.states import AnswerChannel, AnswerKind, OfferState

LONGEST_WORDS = 500
LONGEST_WAIT = dt.timedelta(days=366)

_MESSAGES = {
    AnswerKind.ACCEPTED: gettext_noop("The customer accepts compensation of %(amount)s."),
    AnswerKind.DECLINED: gettext_noop("The customer declines compensation of %(amount)s."),
    AnswerKind.COUNTERED: gettext_noop("The customer asks for %(wanted)s instead of %(amount)s."),
}


def offer_to_customer(*, actor: User, offer_id: int, expires_at: dt.datetime | None = None) -> Offer:
    """Write down that an approved offer was made to the customer, who may answer until `expires_at`.

    Without a time the setting of the kind says how many days. The promise waits until the customer accepts.
    Raises `Conflict` for an offer in another state, `Invalid` for a time that is past or over a year away.
    """
    with money_transaction():
        case, offer = take_offer(actor, offer_id, Capability.PROPOSE_OFFER)
        _make(case, offer, actor, expires_at)
    return offer


def record_answer(
    *,
    actor: User,
    offer_id: int,
    answer: str,
    channel: str,
    words: str = "",
    amount: Decimal | None = None,
    kind: str = "",
) -> Answer:
    """Keep what the customer said to an offer; one that was only approved is made to them on the spot.

    A yes makes it a promise, a no gives its money back. A counter-proposal does too and needs the `amount`
    and may name the `kind` wished for: it becomes a draft linked to this offer (`offer.counters`), for staff
    to submit as any other proposal. Raises `Conflict` for a yes after `expires_at`.
    """
    answer = check_choice(answer, AnswerKind, field="answer")
    channel = check_choice(channel, AnswerChannel, field="channel")
    if words.strip():
        words = clean_text(words, field="words", longest=LONGEST_WORDS, missing="")
    with money_transaction():
        case, offer = take_offer(actor, offer_id, Capability.PROPOSE_OFFER)
        if offer.state == OfferState.APPROVED:
            _make(case, offer, actor, None)
        check_transition(offer, OfferState(answer))
        wish = _wish(offer, amount, kind) if answer == AnswerKind.COUNTERED else (None, "")
        kept = Answer.objects.create(
            offer=offer,
            answer=answer,
            channel=channel,
            words=words.strip(),
            amount=wish[0],
            kind=wish[1],
            at=timezone.now(),
            recorded_by=actor,
        )
        _follow(case, offer, kept, actor)
        _write_down(case, offer, kept)
    return kept


def _make(case: Case, offer: Offer, actor: User, expires_at: dt.datetime | None) -> None:
    check_transition(offer, OfferState.OFFERED)
    now = timezone.now()
    if expires_at is None:
        expires_at = end_of_day(now, kind_setting(offer.kind).answer_days, case.branch.time_zone)
    elif timezone.is_naive(expires_at):
        raise Invalid(_("Give the time with its time zone."), field="expires_at")
    elif expires_at <= now:
        raise Invalid(_("This lies in the past. Give the customer time to answer."), field="expires_at")
    elif expires_at > now + LONGEST_WAIT:
        raise Invalid(_("This is more than a year away."), field="expires_at")
    offer.state, offer.offered_at, offer.expires_at = OfferState.OFFERED, now, expires_at
    end_promise(offer)
    offer.save(update_fields=("state", "offered_at", "expires_at", *PROMISE_FIELDS))
    message = gettext_noop("Compensation of %(amount)s offered to the customer.")
    tell_on_timeline(case=case, offer=offer, actor=actor, message=message)
    record(
        stream=case.stream,
        verb="offer.offered",
        actor=actor,
        data={"offer": offer.pk, "expires_at": expires_at.isoformat()},
    )


def _wish(offer: Offer, amount: Decimal | None, kind: str) -> tuple[Decimal, str]:
    if amount is None:
        raise Invalid(_("Enter the amount that the customer asks for."), field="amount")
    kind = check_kind(kind) if kind else offer.kind
    return check_worth(amount, offer.currency, kind), kind


def _follow(case: Case, offer: Offer, kept: Answer, actor: User) -> None:
    """Let the offer go the way of the answer."""
    if kept.answer == AnswerKind.ACCEPTED:
        _accept(case, offer, kept)
    else:
        _draft_counter(case, offer, kept, actor)
        end_offer(case, offer, OfferState(kept.answer), by=actor)


def _accept(case: Case, offer: Offer, kept: Answer) -> None:
    if offer.expires_at is not None and kept.at >= offer.expires_at:
        raise Conflict(_("The time to accept this offer is over. Make a new one."))
    offer.state = OfferState.ACCEPTED
    promise(offer, case, at=kept.at)
    offer.save(update_fields=("state", *PROMISE_FIELDS))


def _draft_counter(case: Case, offer: Offer, kept: Answer, actor: User) -> None:
    if kept.answer != AnswerKind.COUNTERED or kept.amount is None:
        return
    draft = Offer.objects.create(
        case=case,
        branch=case.branch,
        kind=kept.kind,
        basis=offer.basis,
        amount=kept.amount,
        currency=offer.currency,
        purpose=offer.purpose,
        reason=kept.words,
        proposer=actor,
        proposed_at=kept.at,
        state=OfferState.DRAFT,
        parent=offer,
    )
    data = {"offer": draft.pk, "kind": draft.kind, "amount": str(draft.amount), "currency": draft.currency}
    record(stream=case.stream, verb="offer.drafted", actor=actor, data=data)


def _write_down(case: Case, offer: Offer, kept: Answer) -> None:
    params: dict[str, str] = {}
    data: dict[str, object] = {"offer": offer.pk, "channel": kept.channel}
    message = _MESSAGES[AnswerKind(kept.answer)]
    if kept.amount is not None:
        params["wanted"] = amount_text(kept.amount, offer.currency)
        data |= {"asked": str(kept.amount), "currency": offer.currency, "kind": kept.kind}
        if not kept.amount:
            message = gettext_noop("The customer asks for non-monetary compensation instead of %(amount)s.")
    tell_on_timeline(case=case, offer=offer, actor=kept.recorded_by, message=message, params=params)
    record(stream=case.stream, verb=f"offer.{kept.answer}", actor=kept.recorded_by, data=data)
