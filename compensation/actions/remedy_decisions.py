"""Deciding on the total of a remedy: never one's own, nor above one's authority."""

from __future__ import annotations

from decimal import Decimal

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from accounts.models import User
from accounts.states import Capability, Role
from audit.actions import record
from common.errors import Conflict, NotAllowed
from common.money import format_money
from compensation.actions import remedy_ledger
from compensation.actions.guards import (
    OWN,
    OWN_COMPLAINT,
    clean_text,
    fresh,
    money_transaction,
)
from compensation.actions.remedy_asking import told_of
from compensation.actions.remedy_steering import check_remedy_transition, move, take_remedy
from compensation.authority_queries import is_own_incident
from compensation.models import Remedy, RemedyApproval
from compensation.paths import remedy_path
from compensation.remedy_authority import Voice, own_voice, voice_on
from compensation.states import (
    Decision,
    RemedyState,
)
from messaging.actions import notify

_SAY_WHY = _("Give a reason for your decision.")


def approve_remedy(*, actor: User, remedy_id: int, total: Decimal, reason: str) -> Remedy:
    """Approve a remedy's total, as it was seen, and set the money aside; nothing is granted before the start.

    Raises `NotAllowed` for one's own proposal or a total above one's authority and that of everybody one
    stands in for, `Conflict` when somebody has decided meanwhile or the budget is short.
    """
    reason = clean_text(reason, field="reason", longest=500, missing=_SAY_WHY)
    with money_transaction():
        remedy = take_remedy(actor, remedy_id, Capability.DECIDE_OFFER)
        approver = decider_of(actor, remedy, RemedyState.APPROVED)
        if total != remedy.total:
            raise Conflict(_("The total has changed in the meantime. Look at it again."))
        voice = voice_on(remedy, approver)
        _check_enough(voice, remedy)
        _decide(remedy, approver, Decision.APPROVED, voice, reason)
        remedy_ledger.hold_total(remedy=remedy, by=approver)
        move(remedy, RemedyState.APPROVED, actor, "budget", "held")
    return remedy


def reject_remedy(*, actor: User, remedy_id: int, reason: str) -> Remedy:
    """Reject a remedy that waits."""
    reason = clean_text(reason, field="reason", longest=500, missing=_SAY_WHY)
    with money_transaction():
        remedy = take_remedy(actor, remedy_id, Capability.DECIDE_OFFER)
        approver = decider_of(actor, remedy, RemedyState.REJECTED)
        # A no gives nothing away: one's own voice does for it, whatever it covers.
        _decide(remedy, approver, Decision.REJECTED, own_voice(remedy, approver), reason)
        move(remedy, RemedyState.REJECTED, actor)
    return remedy


def decider_of(actor: User, remedy: Remedy, wanted: RemedyState) -> User:
    """The actor as the database knows them, who may decide as far as four eyes go. Raises `NotAllowed`."""
    check_remedy_transition(remedy, wanted)
    if remedy.proposer_id == actor.pk:
        raise NotAllowed(OWN)
    if is_own_incident(actor, remedy):
        raise NotAllowed(OWN_COMPLAINT)
    return fresh(actor, Capability.DECIDE_OFFER)


def _check_enough(voice: Voice, remedy: Remedy) -> None:
    """Raise `NotAllowed` unless this authority covers the total, and what leaves the policy."""
    if voice.is_enough:
        return
    if voice.most >= remedy.total:
        raise NotAllowed(
            _("This leaves the policy, so it takes the authority of: %(role)s."),
            params={"role": Role(remedy.asked_role).label},
        )
    raise NotAllowed(
        _("Your authority is %(limit)s, and the total is %(total)s."),
        params={
            "limit": format_money(voice.most, remedy.currency),
            "total": format_money(remedy.total, remedy.currency),
        },
    )


def _decide(remedy: Remedy, approver: User, decision: Decision, voice: Voice, reason: str) -> None:
    RemedyApproval.objects.create(
        remedy=remedy,
        proposer=remedy.proposer,
        approver=approver,
        on_behalf_of=voice.on_behalf_of,
        decision=decision,
        amount=remedy.total,
        limit=voice.most,
        reason=reason,
    )
    if voice.on_behalf_of is not None:
        data = {"on_behalf_of": voice.on_behalf_of.pk}
        record(stream=remedy.stream, verb="remedy.decided_for", actor=approver, data=data)
    if decision == Decision.APPROVED:
        message = gettext_noop("The remedy of %(total)s for %(incident)s was approved.")
    else:
        message = gettext_noop("The remedy of %(total)s for %(incident)s was rejected.")
    notify(
        users=[remedy.proposer],
        message=message,
        params=told_of(remedy),
        url=remedy_path(remedy.incident.number),
        dedupe_key=f"remedy:{remedy.pk}:decided",
    )
