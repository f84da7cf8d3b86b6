"""Deciding on an offer, step by step: never one's own, nor above one's authority, nor beyond the budget."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from accounts.models import User
from accounts.queries import delegators_of
from accounts.states import Capability, Role
from audit.actions import record
from cases.actions.timeline import add_event
from cases.models import Case
from common.days import local_day
from common.errors import Conflict, Invalid, NotAllowed
from common.money import check_amount, format_money
from common.writing import insert, update
from compensation.actions import ledger
from compensation.actions.chain import asked_now, decide_step, open_next, steps_now
from compensation.actions.guards import (
    ONCE,
    OWN,
    OWN_COMPLAINT,
    check_overdraft,
    check_transition,
    clean_text,
    fresh_on_case,
    money_transaction,
    take_offer,
)
from compensation.actions.promises import PROMISE_FIELDS, promise
from compensation.actions.telling import amount_text, tell_deciders, tell_proposer
from compensation.authority_queries import Authorities, authorities_for, is_own_complaint
from compensation.chain_queries import asked_amount
from compensation.chain_rules import highest_of, most_at, step_for
from compensation.models import Approval, ApprovalStep, Offer
from compensation.rules import ZERO, Limit
from compensation.states import UNDECIDED_STEPS, Decision, OfferState, StepState

LONGEST_REASON = 500
SAY_WHY = _("Give a reason for your decision.")


def approve_offer(
    *, actor: User, offer_id: int, amount: Decimal, reason: str, seen: Decimal | None = None
) -> Offer:
    """Approve a waiting offer, in full or for a lower amount: the step that this person may decide.

    With the last step the offer is approved for the least that was approved on the way, and the money is set
    aside; before that it goes on waiting, for the next. Raises `NotAllowed` for one's own offer or complaint,
    for a second step of the same offer, or above one's authority (with what the case was granted before),
    `Conflict` when it was decided meanwhile, or asks for something else than was `seen`, the case is resolved
    or the budget is short.
    """
    reason = clean_text(reason, field="reason", longest=LONGEST_REASON, missing=SAY_WHY)
    with money_transaction():
        case, offer = take_offer(actor, offer_id, Capability.DECIDE_OFFER, must_be_open=True)
        approver, steps = decider_and_steps(actor, case, offer, OfferState.APPROVED)
        _check_seen(offer, steps, seen)
        amount = _amount(offer, steps, amount)
        voice = _voice(approver, case, offer, steps, amount)
        step = voice.step
        decide_step(step, by=approver, state=StepState.APPROVED, reason=reason, amount=amount)
        if step.on_behalf_of is not None:
            _write_in_whose_place(case, offer, step, step.on_behalf_of)
        if voice.highest is not None:
            _finish(case, offer, approver, voice.highest, steps)
        else:
            _go_on(case, offer, step, steps)
    return offer


def reject_offer(*, actor: User, offer_id: int, reason: str) -> Offer:
    """Reject a waiting offer; this needs no authority over the amount, for nothing is given.

    One no ends it, whatever others have approved.
    """
    reason = clean_text(reason, field="reason", longest=LONGEST_REASON, missing=SAY_WHY)
    with money_transaction():
        case, offer = take_offer(actor, offer_id, Capability.DECIDE_OFFER)
        approver, steps = decider_and_steps(actor, case, offer, OfferState.REJECTED)
        decide_step(step_to_end(approver, steps), by=approver, state=StepState.REJECTED, reason=reason)
        limit = authorities_for(case, offer).of(approver)
        approval = _decide(
            offer,
            approver,
            Decision.REJECTED,
            amount=None,
            limit=limit.per_case if limit else ZERO,
            reason=reason,
        )
        ledger.release(offer=offer, by=actor, reason=reason)
        offer.state, offer.decided_at = OfferState.REJECTED, approval.at
        update(offer, "state", "decided_at")
        _write_down(case, offer, approval)
    return offer


def _check_seen(offer: Offer, steps: Sequence[ApprovalStep], seen: Decimal | None) -> None:
    asked = asked_amount(offer, steps)
    if seen is not None and seen != asked:
        raise Conflict(
            _("The offer has changed in the meantime and asks for %(asked)s now. Look at it again."),
            params={"asked": format_money(asked, offer.currency)},
        )


def decider_and_steps(
    actor: User, case: Case, offer: Offer, wanted: OfferState
) -> tuple[User, list[ApprovalStep]]:
    """The actor as the database knows them now, and the steps of which they may decide one, by four eyes.

    Raises `NotAllowed`, or `Conflict` for an offer that is decided already.
    """
    check_transition(offer, wanted)
    if offer.state != OfferState.WAITING:
        check_transition(offer, OfferState.REJECTED)
    if offer.proposer_id == actor.pk:
        raise NotAllowed(OWN)
    decider, complains = fresh_on_case(actor, Capability.DECIDE_OFFER, case)
    if complains:
        raise NotAllowed(OWN_COMPLAINT)
    steps = steps_now(offer)
    if any(actor.pk in (step.decided_by_id, step.on_behalf_of_id) for step in steps):
        raise NotAllowed(ONCE)
    return decider, steps


@dataclass(frozen=True, slots=True)
class _Voice:
    """The step that somebody approves; where it is the last, the highest authority that covers it all."""

    step: ApprovalStep
    highest: Limit | None


def _voice(
    approver: User, case: Case, offer: Offer, steps: Sequence[ApprovalStep], amount: Decimal
) -> _Voice:
    """What this person decides: by their own authority, else by that of somebody they stand in for.

    Raises `NotAllowed`. Nobody lends authority over what they proposed, have decided, or complain of.
    """
    authorities = authorities_for(case, offer)
    try:
        return _voice_of(approver, offer, steps, amount, authorities)
    except NotAllowed:
        day = local_day(timezone.now(), case.branch.time_zone)
        for person in delegators_of(approver, branch_id=case.branch_id, on=day):
            decided = any(person.pk in (each.decided_by_id, each.on_behalf_of_id) for each in steps)
            if person.pk == offer.proposer_id or decided or is_own_complaint(person, case):
                continue
            with suppress(NotAllowed):
                voice = _voice_of(person, offer, steps, amount, authorities)
                voice.step.on_behalf_of = person
                return voice
        raise


def _voice_of(
    person: User, offer: Offer, steps: Sequence[ApprovalStep], amount: Decimal, authorities: Authorities
) -> _Voice:
    """What this person's own authority is enough for. Raises `NotAllowed`."""
    limit, opened = authorities.of(person), asked_now(steps)
    step = step_for(opened, limit, role=person.role, ranks=authorities.held.ranks)
    if step is None:
        raise NotAllowed(
            _("This step takes the authority of: %(role)s."), params={"role": Role(opened[0].role).label}
        )
    others = [each for each in steps if each is not step]
    last = not any(each.state in UNDECIDED_STEPS for each in others)
    deciders = [each.on_behalf_of or each.decided_by for each in others]
    before = [authorities.of(each) for each in deciders if each is not None]
    if amount > most_at(step, limit, asked=amount, last=last, before=before):
        raise _above_authority(limit, offer)
    return _Voice(step, highest_of((limit, *before), amount) if last else None)


def _amount(offer: Offer, steps: Sequence[ApprovalStep], amount: Decimal) -> Decimal:
    """A valid amount, no more than what was asked or approved before."""
    amount = check_amount(amount, offer.currency)
    most = asked_amount(offer, steps)
    if amount > most:
        raise Invalid(
            _("No more than was asked for: %(asked)s."),
            field="amount",
            params={"asked": format_money(most, offer.currency)},
        )
    return amount


def step_to_end(approver: User, steps: Sequence[ApprovalStep]) -> ApprovalStep:
    """The open step at which this person says no, or asks: their role's before another."""
    return min(asked_now(steps), key=lambda step: step.role != approver.role)


def _above_authority(limit: Limit | None, offer: Offer) -> NotAllowed:
    return NotAllowed(
        _("Your authority is %(limit)s per case, and %(granted)s is granted on this one already."),
        field="amount",
        params={
            "limit": format_money(limit.per_case if limit else ZERO, offer.currency),
            "granted": format_money(limit.on_case if limit else ZERO, offer.currency),
        },
    )


def _go_on(case: Case, offer: Offer, step: ApprovalStep, steps: Sequence[ApprovalStep]) -> None:
    """One step is approved and others are not: ask the next, and write it down."""
    opened = open_next(offer, steps)
    update(offer, "asked_role")
    if opened:
        tell_deciders(case=case, offer=offer, steps=opened)
    approver = step.decided_by
    params = {
        "amount": amount_text(step.amount or ZERO, offer.currency),
        "reason": step.reason,
    }
    message = gettext_noop("Compensation of %(amount)s approved in one step of several: %(reason)s")
    add_event(case=case, actor=approver, message=message, params=params)
    data = {
        "offer": offer.pk,
        "amount": str(step.amount),
        "currency": offer.currency,
        "level": step.level,
        "role": step.role,
        "asked_role": offer.asked_role,
    }
    record(stream=case.stream, verb="offer.step_approved", actor=approver, data=data)


def _finish(
    case: Case,
    offer: Offer,
    approver: User,
    highest: Limit,
    steps: Sequence[ApprovalStep],
) -> None:
    """All steps are approved: so is the offer, for the least of them, by the highest authority among them."""
    amount = asked_amount(offer, steps)
    reason = next(step.reason for step in steps if step.decided_by == approver)
    approval = _decide(
        offer, approver, Decision.APPROVED, amount=amount, limit=highest.per_case, reason=reason
    )
    offer.granted_amount = amount
    offer.state, offer.decided_at = OfferState.APPROVED, approval.at
    promise(offer, case, at=approval.at)
    held = ledger.find_budget(case=case, offer=offer)
    update(offer, "granted_amount", "state", "decided_at", "budget", *PROMISE_FIELDS)
    _write_down(case, offer, approval)
    # Last, for other approvals wait while the budget is held.
    overdrawn = ledger.reserve_approved(offer=offer, amount=amount, held=held, by=approver)
    if overdrawn is not None:
        check_overdraft(limit=highest, case=case, offer=offer, budget=overdrawn)


def _decide(
    offer: Offer, approver: User, decision: Decision, *, amount: Decimal | None, limit: Decimal, reason: str
) -> Approval:
    approval = Approval(
        offer=offer,
        proposer=offer.proposer,
        approver=approver,
        decision=decision,
        amount=amount,
        limit=limit,
        reason=reason,
        at=timezone.now(),
    )
    insert(approval)
    return approval


def _write_in_whose_place(case: Case, offer: Offer, step: ApprovalStep, person: User) -> None:
    message = gettext_noop("The next decision was made with the authority of %(name)s, who is away.")
    add_event(case=case, actor=step.decided_by, message=message, params={"name": person.name})
    data = {"offer": offer.pk, "step": step.pk, "on_behalf_of": person.pk}
    record(stream=case.stream, verb="offer.decided_for", actor=step.decided_by, data=data)


def _write_down(case: Case, offer: Offer, approval: Approval) -> None:
    if approval.decision == Decision.REJECTED:
        message = gettext_noop("Compensation of %(asked)s rejected: %(reason)s")
    elif offer.is_lowered:
        message = gettext_noop("Compensation of %(granted)s approved instead of %(asked)s: %(reason)s")
    else:
        message = gettext_noop("Compensation of %(asked)s approved: %(reason)s")
    params = {
        "asked": amount_text(offer.amount, offer.currency),
        "granted": amount_text(offer.standing_amount, offer.currency),
        "reason": approval.reason,
    }
    add_event(case=case, actor=approval.approver, message=message, params=params)
    record(
        stream=case.stream,
        verb=f"offer.{approval.decision}",
        actor=approval.approver,
        data={
            "offer": offer.pk,
            "asked": str(offer.amount),
            "granted": None if approval.amount is None else str(approval.amount),
            "currency": offer.currency,
            "limit": str(approval.limit),
        },
    )
    tell_proposer(case=case, offer=offer, approval=approval)
