"""The demo's incident: a sorting machine stood still, and half of those it hit have got their compensation.

Its words are there once, for readers of both languages.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from decimal import Decimal

from accounts.models import Branch, User
from accounts.states import Role
from cases.actions.affected import add_customers
from cases.actions.incidents import NewIncident, attach_case, declare_incident, exclude_customer
from cases.models import Affected, Case, Defect
from cases.states import Channel, FailureType
from compensation.actions.remedies import NewRemedy, propose_remedy
from compensation.actions.remedy_decisions import approve_remedy
from compensation.actions.remedy_run import run_next_batch
from compensation.actions.remedy_steering import pause_remedy, start_remedy
from compensation.remedy_rules import AmountRule
from compensation.states import OfferKind
from customers.models import Customer
from customers.states import Tier
from recovery.demo.life import Life
from recovery.demo.staff import Staff
from recovery.demo.trades import SPIKE_BRANCH, SPIKE_DEFECT
from sla.states import Severity

NAME = "Sorting machine stood still · 分拣机停摆 (demo)"
TOLD = (
    "The sorting machine of the depot stood still for a night. Parcels of that evening came a day late.\n"
    "分拨中心的分拣机停摆一夜，当晚的包裹都晚到了一天。"
)
WHAT_FOR = "the day that your parcel came late · 包裹晚到一天"
WHY = (
    "The delay is ours, and the same for everybody. One amount spares them asking one by one."
    " 延误责任在我们，人人相同；统一金额，免得客户逐个来要。"
)
WHY_THE_SAME = (
    "A day late is a day late, whatever each of them lost by it. 晚一天就是晚一天，不论各人损失多少。"
)
AGREED = (
    "Agreed: everybody gets the same, and good customers of long standing a little more."
    " 同意：人人一样，老客户略多一些。"
)
NOT_HIT = "Had cancelled the parcel the day before. 前一天已取消该包裹。"
STRANGER = "nobody@example.com"
AMOUNTS = (AmountRule(Decimal(12)), AmountRule(Decimal(18), tier=Tier.GOLD))
WITH_CASES, WITHOUT = 3, 20


def play(lives: Iterable[Life], customers: list[Customer], staff: Staff, chance: random.Random) -> None:
    """Declare it, list whom it hit, and let the remedy pause half-way."""
    lead, manager = staff.demo[Role.SUPERVISOR], staff.demo[Role.MANAGER]
    defect = Defect.objects.get(code=SPIKE_DEFECT)
    hit = [life.case for life in lives if life.case.branch.code == SPIKE_BRANCH and life.case.is_open]
    cases = [case for case in hit if case.defect == defect][:WITH_CASES]
    new = NewIncident(
        name=NAME,
        description=TOLD,
        branch=Branch.objects.get(code=SPIKE_BRANCH),
        channel=Channel.EMAIL,
        failure_type=FailureType.OUTCOME,
        defect=defect,
        severity=Severity.MEDIUM,
    )
    incident = declare_incident(actor=lead, new=new, case_id=cases[0].pk if cases else None)
    for case in cases[1:]:
        attach_case(actor=lead, incident_id=incident.pk, case_id=case.pk)
    _list_customers(lead, incident.pk, cases, customers, chance)
    wanted = NewRemedy(
        kind=OfferKind.COMPENSATION,
        rules=AMOUNTS,
        purpose=WHAT_FOR,
        reason=WHY,
        deviation_reason=WHY_THE_SAME,
    )
    remedy = propose_remedy(actor=lead, incident_id=incident.pk, new=wanted)
    approve_remedy(actor=manager, remedy_id=remedy.pk, total=remedy.total, reason=AGREED)
    start_remedy(actor=lead, remedy_id=remedy.pk)
    run_next_batch(limit=remedy.shares.count() // 2)
    pause_remedy(actor=lead, remedy_id=remedy.pk)


def _list_customers(
    lead: User, incident_id: int, cases: list[Case], customers: list[Customer], chance: random.Random
) -> None:
    """Everybody else whom it hit; one line names nobody, and one customer is left out."""
    known = {case.customer_id for case in cases}
    others = [customer for customer in customers if customer.pk not in known]
    chosen = chance.sample(others, min(WITHOUT, len(others)))
    lines = [f"#{customer.pk}" for customer in chosen]
    add_customers(actor=lead, incident_id=incident_id, lines=[*lines, STRANGER])
    last = Affected.objects.filter(incident=incident_id, case=None).order_by("pk").last()
    if last is not None:
        exclude_customer(actor=lead, incident_id=incident_id, affected_id=last.pk, reason=NOT_HIT)
