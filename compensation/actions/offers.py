"""Proposing compensation, and taking a proposal back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from accounts.models import User
from accounts.states import Capability, Role
from audit.actions import record
from cases.actions.locking import take_case_for
from cases.models import Case
from common.errors import Invalid, NotAllowed
from common.money import format_money
from compensation.actions import ledger
from compensation.actions.chain import asked_now, open_chain
from compensation.actions.ending import end_offer
from compensation.actions.guards import (
    OWN_COMPLAINT,
    check_choice,
    check_kind,
    check_transition,
    check_worth,
    clean_text,
    fresh,
    money_transaction,
    take_offer,
)
from compensation.actions.promises import promise
from compensation.actions.returning import answer_question
from compensation.actions.telling import tell_deciders, tell_on_timeline
from compensation.authority_queries import GrantView, grant_view, limits_of_roles
from compensation.chain_queries import chain_for
from compensation.chain_rules import Planned
from compensation.models import Budget, Offer
from compensation.policy_queries import PolicyView, kept_answers, policy_view
from compensation.rules import Limit, largest_decidable, may_withdraw
from compensation.states import Basis, OfferState


@dataclass(frozen=True, slots=True)
class _Way:
    """Which way a proposal goes: granted at once, or by steps that others decide."""

    budget: Budget | None = None
    steps: tuple[Planned, ...] = ()
    route_id: int | None = None


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is proposed, as whoever proposes it has put it."""

    kind: str
    basis: str
    amount: Decimal
    purpose: str
    reason: str


@dataclass(frozen=True, slots=True)
class _Answers:
    """What was told for the policies (facts, and why an offer leaves them), and to a question about it."""

    facts: Mapping[str, object] | None
    deviation_reason: str
    to_question: str = ""


def propose_offer(
    *,
    actor: User,
    case_id: int,
    kind: str,
    basis: str,
    amount: Decimal,
    purpose: str,
    reason: str,
    facts: Mapping[str, object] | None = None,
    deviation_reason: str = "",
) -> Offer:
    """Propose compensation in the case's currency.

    Within the proposer's authority, per case and per day, it is granted at once and the money set aside.
    Above it, or where the budget is short, it waits for the lowest role whose authority covers all that
    stands on the case. Raises `Invalid` when nobody has that much authority, `Conflict` on a resolved case.
    What costs nothing, as a letter may, takes no authority, budget or policy.

    `facts` answer what the policies in force ask for. Where all that stands on the case leaves their range,
    a `deviation_reason` is needed and nobody grants alone: it waits for one role above the usual.
    """
    wanted = _read(kind=kind, basis=basis, amount=amount, purpose=purpose, reason=reason)
    with money_transaction():
        case = take_case_for(actor, case_id, Capability.PROPOSE_OFFER)
        offer = Offer(case=case, branch=case.branch, currency=case.currency)
        _propose(case, offer, wanted, _Answers(facts, deviation_reason), by=actor)
    return offer


def submit_offer(
    *,
    actor: User,
    offer_id: int,
    kind: str,
    basis: str,
    amount: Decimal,
    purpose: str,
    reason: str,
    facts: Mapping[str, object] | None = None,
    deviation_reason: str = "",
    answer: str = "",
) -> Offer:
    """Propose a draft with these values: a customer's counter-proposal, or what was returned or recalled.

    Whoever submits it is its proposer. Where it was returned with a question, the `answer` to it is needed.
    The way is that of `propose_offer`, and so are the errors.
    """
    wanted = _read(kind=kind, basis=basis, amount=amount, purpose=purpose, reason=reason)
    with money_transaction():
        case, offer = take_offer(actor, offer_id, Capability.PROPOSE_OFFER, must_be_open=True)
        check_transition(offer, OfferState.WAITING)
        told = facts if facts is not None else _told_before(case)
        _propose(case, offer, wanted, _Answers(told, deviation_reason, answer), by=actor)
    return offer


def withdraw_offer(*, actor: User, offer_id: int, reason: str) -> Offer:
    """Take an offer back before it is fulfilled; money set aside for it returns to the budget.

    The proposer may, and for a granted offer anyone who may decide on offers, for people leave. What the
    customer has accepted only the latter take back, and a draft anyone who may propose.
    """
    reason = clean_text(reason, field="reason", longest=500, missing=_("Say why."))
    with money_transaction():
        case, offer = take_offer(actor, offer_id, Capability.PROPOSE_OFFER)
        if not may_withdraw(
            offer.state, own=offer.proposer_id == actor.pk, decides=actor.may(Capability.DECIDE_OFFER)
        ):
            check_transition(offer, OfferState.CANCELLED)
            raise NotAllowed(_WHO_WITHDRAWS[offer.state == OfferState.ACCEPTED])
        end_offer(case, offer, OfferState.CANCELLED, by=actor, reason=reason)
        message = gettext_noop("Compensation of %(amount)s withdrawn: %(reason)s")
        tell_on_timeline(case=case, offer=offer, actor=actor, message=message, params={"reason": reason})
        record(stream=case.stream, verb="offer.withdrawn", actor=actor, data={"offer": offer.pk})
    return offer


_WHO_WITHDRAWS = {
    False: _("Only the person who proposed this can withdraw it."),
    True: _("The customer has accepted this. Only someone who decides on offers can withdraw it."),
}


def _read(*, kind: str, basis: str, amount: Decimal, purpose: str, reason: str) -> _Wanted:
    """What is proposed, checked as far as no case is needed for it. Raises `Invalid`."""
    return _Wanted(
        kind=check_kind(kind),
        basis=check_choice(basis, Basis, field="basis"),
        amount=amount,
        purpose=clean_text(purpose, field="purpose", longest=160, missing=_("Say what it is for.")),
        reason=clean_text(reason, field="reason", longest=500, missing=_("Say why.")),
    )


def _propose(case: Case, offer: Offer, wanted: _Wanted, answers: _Answers, *, by: User) -> None:
    """Make the offer what is proposed, hold it against policies and authority, and send it on its way."""
    offer.amount = check_worth(wanted.amount, offer.currency, wanted.kind)
    offer.kind, offer.basis = wanted.kind, wanted.basis
    offer.purpose, offer.reason = wanted.purpose, wanted.reason
    offer.proposer = fresh(by, Capability.PROPOSE_OFFER, lock=True)
    offer.team = offer.proposer.team_in(case.branch_id)
    if offer.pk is not None:
        answer_question(offer, by=offer.proposer, answer=answers.to_question)
    policy = policy_view(case, answers.facts)
    view = grant_view(offer.proposer, case, kind=offer.kind, basis=offer.basis)
    offer.deviation_reason = _check_policy(policy, view, offer, answers.deviation_reason)
    _keep_policy(offer, policy)
    _send_on(case, offer, _way(case, view, offer, leaves=bool(offer.deviation_reason)))
    _write_down(case, offer, by)


def _send_on(case: Case, offer: Offer, way: _Way) -> None:
    """Write the offer as its way says: granted and promised at once, or waiting for others."""
    alone = not way.steps
    offer.proposed_at = timezone.now()
    offer.state = OfferState.APPROVED if alone else OfferState.WAITING
    offer.within_authority, offer.budget, offer.route_id = alone, way.budget, way.route_id
    offer.asked_role = way.steps[0].role if way.steps else ""
    if alone:
        offer.granted_amount, offer.decided_at = offer.amount, offer.proposed_at
        promise(offer, case, at=offer.proposed_at)
    offer.save()
    if way.steps:
        steps = open_chain(offer, way.steps)
        ledger.reserve_proposed(case=case, offer=offer, by=offer.proposer)
        tell_deciders(case=case, offer=offer, steps=asked_now(steps))


def _told_before(case: Case) -> dict[str, object]:
    """What was answered for the policies when the case had its last offer."""
    told = Offer.objects.filter(case=case).exclude(policy_facts={}).order_by("-id")
    return told.values_list("policy_facts", flat=True).first() or {}


def _check_policy(policy: PolicyView, view: GrantView, offer: Offer, reason: str) -> str:
    """Why the offer leaves the policy, "" where it does not. Raises `Invalid` for want of a reason.

    What costs nothing changes nothing of what the case was given.
    """
    if not offer.amount or not policy.leaves(view.on_case + offer.amount, offer.kind):
        return ""
    missing = _("This leaves what the policy gives. Say why.")
    if policy.open_facts:
        missing = _("The policy can't tell without an answer to each question. Answer them, or say why not.")
    return clean_text(reason, field="deviation_reason", longest=500, missing=missing)


def _keep_policy(offer: Offer, policy: PolicyView) -> None:
    """Keep on the offer what the policies give, by which rules, and what was answered."""
    amounts = policy.amounts
    offer.policy_low = amounts.minimum if amounts else None
    offer.policy_high = amounts.maximum if amounts else None
    offer.policy_rules = policy.as_rows()
    offer.policy_facts = kept_answers(policy)


def _way(case: Case, view: GrantView, offer: Offer, *, leaves: bool) -> _Way:
    if view.own_complaint and not offer.amount:
        # There is no amount that somebody else could decide on.
        raise NotAllowed(OWN_COMPLAINT)
    if not leaves and offer.amount <= view.may_grant:
        reserved, budget = ledger.reserve(
            case=case, amount=offer.amount, kind=offer.kind, team_id=offer.team_id
        )
        if reserved:
            return _Way(budget=budget)
    needed = _needed(case, view, offer, leaves=leaves)
    chain = chain_for(
        case, view, offer.amount, kind=offer.kind, basis=offer.basis, needed=needed, leaves=leaves
    )
    if not chain.manned:
        raise Invalid(
            _("The approval route “%(name)s” asks more people than there are here. Ask an administrator."),
            field="amount",
            params={"name": chain.route.name if chain.route else Role(needed.role).label},
        )
    return _Way(steps=chain.steps, route_id=chain.route.key if chain.route else None)


def _needed(case: Case, view: GrantView, offer: Offer, *, leaves: bool) -> Limit:
    """The authority that this takes. Raises `Invalid` when nobody has that much."""
    overdraws = ledger.needs_overdraft(case=case, amount=offer.amount, kind=offer.kind, team_id=offer.team_id)
    needed = view.needs(offer.amount, leaves=leaves, overdraws=overdraws)
    if needed is not None:
        return needed
    limits = limits_of_roles(case.currency, time_zone=case.branch.time_zone)
    most = largest_decidable(view.deciders)
    if most > 0:
        raise Invalid(
            _("Nobody else here may approve that much. At most %(most)s can still be approved on this case."),
            field="amount",
            params={"most": format_money(most, case.currency)},
        )
    if not limits:
        raise Invalid(
            _("No role may grant anything in %(currency)s yet. Ask an administrator to set the authority."),
            field="amount",
            params={"currency": case.currency},
        )
    message = _("Nobody else in this branch may approve more on this case. Ask an administrator.")
    raise Invalid(message, field="amount")


def _write_down(case: Case, offer: Offer, actor: User) -> None:
    data = {
        "offer": offer.pk,
        "kind": offer.kind,
        "basis": offer.basis,
        "amount": str(offer.amount),
        "currency": offer.currency,
        "within_authority": offer.within_authority,
        "asked_role": offer.asked_role,
        "round": offer.round,
        "leaves_policy": bool(offer.deviation_reason),
    }
    record(stream=case.stream, verb="offer.proposed", actor=actor, data=data)
    if offer.within_authority:
        ledger.note_reserved(offer=offer, by=actor)
        message = gettext_noop("Compensation of %(amount)s granted within own authority.")
    else:
        message = gettext_noop("Compensation of %(amount)s proposed; it waits for approval.")
    tell_on_timeline(case=case, offer=offer, actor=actor, message=message, amount=offer.amount)
