"""Proposing one remedy for all customers of an incident."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.states import Capability
from audit.actions import record
from cases.actions.incidents import take_incident_for
from cases.models import Affected, Incident
from common.errors import Conflict, Invalid
from common.money import check_amount, format_money
from compensation.actions.guards import (
    check_choice,
    check_kind,
    clean_text,
    fresh,
    money_transaction,
)
from compensation.actions.remedy_asking import start_waiting, tell_asked
from compensation.authority_queries import deciding_limits
from compensation.kind_queries import kind_setting
from compensation.models import Remedy, RemedyShare
from compensation.remedy_policy import IncidentPolicy
from compensation.remedy_rules import AmountRule, amount_for, kept_rules
from compensation.rules import ZERO, who_decides, who_decides_beyond
from compensation.states import (
    REMEDY_GOING_ON,
    Basis,
)
from customers.states import Tier

BATCH = 5000


@dataclass(frozen=True, kw_only=True)
class NewRemedy:
    """What is proposed; amounts are per person, in the currency of the incident's branch.

    Without `rules` everybody gets what the policies in force usually give them, for the `facts` that answer
    what these ask of the incident.
    """

    kind: str
    rules: Sequence[AmountRule]
    purpose: str
    reason: str
    basis: str = Basis.GOODWILL
    tell_customers: bool = True
    facts: Mapping[str, object] | None = None
    deviation_reason: str = ""


def propose_remedy(*, actor: User, incident_id: int, new: NewRemedy) -> Remedy:
    """Propose a remedy for all who are affected and not left out; it waits for one decision on its total.

    Whoever decides is of the lowest role whose authority covers the total, and one role above that where
    somebody gets other than the policies give, which takes a `deviation_reason`. Raises `Invalid` where
    somebody would get nothing or nobody has that much authority, `Conflict` while another remedy goes on.
    """
    check_kind(new.kind)
    check_choice(new.basis, Basis, field="basis")
    _check_told(new)
    purpose = clean_text(new.purpose, field="purpose", longest=160, missing=_("Say what it is for."))
    reason = clean_text(new.reason, field="reason", longest=500, missing=_("Say why."))
    with money_transaction():
        incident = take_incident_for(actor, incident_id)
        proposer = fresh(actor, Capability.PROPOSE_OFFER)
        if Remedy.objects.filter(incident=incident, state__in=REMEDY_GOING_ON).exists():
            raise Conflict(_("Another remedy of this incident is not finished yet."))
        plan = _plan(incident, new)
        remedy = Remedy(
            incident=incident,
            kind=new.kind,
            basis=new.basis,
            purpose=purpose,
            reason=reason,
            tell_customers=new.tell_customers,
            proposer=proposer,
            asked_role=_asked_role(incident, proposer, new, plan),
            **plan.said,
        )
        start_waiting(remedy)
        _write(remedy, plan.shares, actor)
        tell_asked(remedy)
    return remedy


def _check_told(new: NewRemedy) -> None:
    """Of a kind that takes the customer's yes, they hear by the letter. Raises `Invalid`."""
    if kind_setting(new.kind).asks_customer and not new.tell_customers:
        raise Invalid(
            _("For this kind each customer is asked first, so they have to be told."), field="tell_customers"
        )


@dataclass(frozen=True, slots=True)
class _Plan:
    """Everybody's share, not yet written, their sum, and what the remedy keeps of where they are from."""

    shares: list[RemedyShare]
    total: Decimal
    leaves_policy: bool
    said: dict[str, Any]


def _plan(incident: Incident, new: NewRemedy) -> _Plan:
    currency = incident.branch.currency
    rules = [_checked(rule, currency) for rule in new.rules]
    policy = IncidentPolicy(incident, new.facts)
    if not rules and not policy.any:
        raise Invalid(_("Enter an amount."), field="amount")
    shares, leaving = _shares(policy, rules, new.kind)
    total = sum((share.amount for share in shares), ZERO)
    said = {
        "rules": kept_rules(rules),
        "policy_rules": policy.rules,
        "policy_facts": policy.answers,
        "deviation_reason": _deviation(leaving, new.deviation_reason),
        "currency": currency,
        "total": total,
    }
    return _Plan(shares, total, leaving > 0, said)


def _write(remedy: Remedy, shares: list[RemedyShare], actor: User) -> None:
    remedy.save()
    for share in shares:
        share.remedy = remedy
    RemedyShare.objects.bulk_create(shares, batch_size=BATCH)
    data = {
        "incident": remedy.incident.number,
        "total": str(remedy.total),
        "currency": remedy.currency,
        "count": len(shares),
        "leaves_policy": bool(remedy.deviation_reason),
    }
    record(stream=remedy.stream, verb="remedy.proposed", actor=actor, data=data, begins=True)


def _checked(rule: AmountRule, currency: str) -> AmountRule:
    if rule.tier and rule.tier not in Tier.values:
        raise Invalid(_("Choose one of the list."), field="tier")
    if rule.loss_from is not None and rule.loss_from != 0:
        check_amount(rule.loss_from, currency, field="loss_from")
    return AmountRule(check_amount(rule.amount, currency), rule.tier, rule.loss_from)


def _shares(policy: IncidentPolicy, rules: Sequence[AmountRule], kind: str) -> tuple[list[RemedyShare], int]:
    """Everybody's share, not yet written, and how many of them leave what the policies give."""
    rows = Affected.objects.filter(incident=policy.incident, excluded_because="").order_by("pk")
    people = rows.values_list("customer_id", "customer__tier", "loss")
    before = policy.complaints_before()
    shares, without, leaving = [], 0, 0
    for customer_id, tier, loss in people:
        view = policy.view(tier, loss, None if before is None else before.get(customer_id, 0))
        if rules:
            amount = amount_for(rules, tier=tier, loss=loss)
        else:
            amount = view.amounts.usual if view.amounts and not view.open_facts else None
        if not amount:
            without += 1
            continue
        leaving += view.leaves(amount, kind)
        shares.append(RemedyShare(customer_id=customer_id, amount=amount))
    if without:
        raise Invalid(_GETS_NOTHING if rules else _NOT_GIVEN, field="amount", params={"count": without})
    if not shares:
        raise Invalid(_("Nobody is affected yet. Add customers first."))
    return shares, leaving


_GETS_NOTHING = _("Some customers would get nothing. Enter an amount for everybody, or leave them out.")


_NOT_GIVEN = _(
    "The policy gives nothing to %(count)s of these customers, or can't tell. Answer what it asks and record"
    " their losses, enter amounts, or leave them out."
)


def _deviation(leaving: int, reason: str) -> str:
    """Why the remedy leaves the policies, "" where it does not. Raises `Invalid` for want of a reason."""
    if not leaving:
        return ""
    missing = _("For %(count)s customers this leaves what the policy gives. Say why.")
    if not reason.strip():
        raise Invalid(missing, field="deviation_reason", params={"count": leaving})
    return clean_text(reason, field="deviation_reason", longest=500, missing=missing)


def _asked_role(incident: Incident, proposer: User, new: NewRemedy, plan: _Plan) -> str:
    deciders = deciding_limits(
        incident.branch.currency, branch=incident.branch, without=proposer, kind=new.kind, basis=new.basis
    )
    role = who_decides(deciders, plan.total)
    if role is not None and plan.leaves_policy:
        usual = max(limit.per_case for limit in deciders if limit.role == role)
        role = who_decides_beyond(deciders, plan.total, above=usual)
    if role is None:
        most = max((limit.per_case for limit in deciders), default=ZERO)
        raise Invalid(
            _("The total is %(total)s, and nobody else here may approve more than %(most)s."),
            field="amount",
            params={
                "total": format_money(plan.total, incident.branch.currency),
                "most": format_money(most, incident.branch.currency),
            },
        )
    return role
