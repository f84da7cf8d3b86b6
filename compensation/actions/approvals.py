"""Deciding on an offer: never one's own, never above one's authority, never beyond the budget."""

from __future__ import annotations

from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from accounts.models import User
from accounts.states import Capability, Role
from audit.actions import record
from cases.actions.timeline import add_event
from cases.models import Case
from common.errors import Conflict, Invalid, NotAllowed
from common.money import check_amount, format_money
from compensation.actions import ledger
from compensation.actions.guards import (
    check_overdraft,
    check_transition,
    clean_text,
    fresh,
    money_transaction,
    take_offer,
)
from compensation.actions.promises import PROMISE_FIELDS, promise
from compensation.actions.telling import amount_text, tell_proposer
from compensation.authority_queries import granted_on, limit_of, limits_of_roles
from compensation.models import Approval, Offer
from compensation.rules import ZERO, Limit, may_decide
from compensation.states import Decision, OfferState

LONGEST_REASON = 500
SAY_WHY = _("Give a reason for your decision.")


def approve_offer(
    *, actor: User, offer_id: int, amount: Decimal, reason: str, seen: Decimal | None = None
) -> Offer:
    """Approve a waiting offer, in full or for a lower amount, and set the money aside.

    `seen` is what was asked for when the person looked. Raises `NotAllowed` for one's own offer or above
    one's authority (with what the case was granted before), `Conflict` when it was decided or asks for
    something else meanwhile, the case is resolved or the budget is short.
    """
    reason = clean_text(reason, field="reason", longest=LONGEST_REASON, missing=SAY_WHY)
    with money_transaction():
        case, offer = take_offer(actor, offer_id, Capability.DECIDE_OFFER, must_be_open=True)
        approver = _approver_of(actor, offer, OfferState.APPROVED)
        _check_seen(offer, seen)
        amount = check_amount(amount, offer.currency)
        if amount > offer.amount:
            raise Invalid(
                _("No more than was asked for: %(asked)s."),
                field="amount",
                params={"asked": format_money(offer.amount, offer.currency)},
            )
        limit = _authority_for(approver, case, offer, amount)
        approval = _decide(
            offer, approver, Decision.APPROVED, amount=amount, limit=limit.per_case, reason=reason
        )
        offer.granted_amount = amount
        offer.state, offer.decided_at = OfferState.APPROVED, approval.at
        promise(offer, case, at=approval.at)
        _write_down(case, offer, approval)
        # Last, for other approvals wait while the budget is held.
        held = ledger.reserve_approved(case=case, offer=offer, amount=amount, by=actor)
        if held.overdrawn is not None:
            check_overdraft(approver=approver, limit=limit, case=case, offer=offer, budget=held.overdrawn)
        offer.save(update_fields=("granted_amount", "state", "decided_at", "budget", *PROMISE_FIELDS))
    return offer


def reject_offer(*, actor: User, offer_id: int, reason: str) -> Offer:
    """Reject a waiting offer; this needs no authority over the amount, for nothing is given."""
    reason = clean_text(reason, field="reason", longest=LONGEST_REASON, missing=SAY_WHY)
    with money_transaction():
        case, offer = take_offer(actor, offer_id, Capability.DECIDE_OFFER)
        approver = _approver_of(actor, offer, OfferState.REJECTED)
        limit = limit_of(approver, offer.currency, time_zone=case.branch.time_zone)
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
        offer.save(update_fields=("state", "decided_at"))
        _write_down(case, offer, approval)
    return offer


def _check_seen(offer: Offer, seen: Decimal | None) -> None:
    if seen is not None and seen != offer.amount:
        raise Conflict(
            _("The offer has changed in the meantime and asks for %(asked)s now. Look at it again."),
            params={"asked": format_money(offer.amount, offer.currency)},
        )


def _approver_of(actor: User, offer: Offer, wanted: OfferState) -> User:
    check_transition(offer, wanted)
    if offer.proposer_id == actor.pk:
        raise NotAllowed(_("You proposed this yourself, so someone else decides."))
    return fresh(actor, Capability.DECIDE_OFFER)


def _authority_for(approver: User, case: Case, offer: Offer, amount: Decimal) -> Limit:
    limit = limit_of(approver, offer.currency, time_zone=case.branch.time_zone)
    granted = granted_on(case)
    if limit is None or not may_decide(limit, amount, granted=granted):
        raise NotAllowed(
            _("Your authority is %(limit)s per case, and %(granted)s is granted on this one already."),
            field="amount",
            params={
                "limit": format_money(limit.per_case if limit else ZERO, offer.currency),
                "granted": format_money(granted, offer.currency),
            },
        )
    if offer.deviation_reason:
        _check_stands_high_enough(case, offer, limit)
    return limit


def _check_stands_high_enough(case: Case, offer: Offer, limit: Limit) -> None:
    """What leaves the policy is decided by the role it was raised to, or one with as much authority."""
    asked = limits_of_roles(offer.currency, time_zone=case.branch.time_zone).get(offer.asked_role)
    if asked is not None and limit.per_case < asked.per_case:
        raise NotAllowed(
            _("This leaves the policy, so it takes the authority of: %(role)s."),
            params={"role": Role(offer.asked_role).label},
        )


def _decide(
    offer: Offer, approver: User, decision: Decision, *, amount: Decimal | None, limit: Decimal, reason: str
) -> Approval:
    return Approval.objects.create(
        offer=offer,
        proposer=offer.proposer,
        approver=approver,
        decision=decision,
        amount=amount,
        limit=limit,
        reason=reason,
        at=timezone.now(),
    )


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
