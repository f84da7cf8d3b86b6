"""A small incident for tests: customers who were hit, and people who lead and decide."""

from __future__ import annotations

from decimal import Decimal

from cases.actions.affected import add_customers
from cases.actions.incidents import NewIncident, declare_incident
from cases.models import Incident
from compensation.actions.remedies import NewRemedy, propose_remedy
from compensation.actions.remedy_decisions import approve_remedy
from compensation.actions.remedy_steering import start_remedy
from compensation.models import Remedy
from compensation.remedy_rules import AmountRule
from customers.models import ContactPoint, Customer
from tests.factories import Desk


def make_customers(count: int, *, language: str = "en", tier: str = "standard") -> list[Customer]:
    customers = Customer.objects.bulk_create(
        Customer(name=f"Guest {n}", language=language, tier=tier) for n in range(count)
    )
    ContactPoint.objects.bulk_create(
        ContactPoint(customer=each, kind="email", value=address, normalised=address)
        for each in customers
        for address in [f"guest{each.pk}@customer.example"]
    )
    return customers


def make_incident(desk: Desk, customers: list[Customer] | None = None) -> Incident:
    incident = declare_incident(
        actor=desk.supervisor,
        new=NewIncident(
            name="The ferry did not sail", description="The 8:00 ferry was cancelled.", branch=desk.branch
        ),
    )
    if customers:
        lines = [f"#{customer.pk}" for customer in customers]
        add_customers(actor=desk.supervisor, incident_id=incident.pk, lines=lines)
    return incident


def propose(desk: Desk, incident: Incident, amount: int = 10, **fields: object) -> Remedy:
    values = {
        "kind": "voucher",
        "rules": [AmountRule(Decimal(amount))],
        "purpose": "The ferry that did not sail",
        "reason": "Everybody lost a morning.",
        **fields,
    }
    return propose_remedy(actor=desk.supervisor, incident_id=incident.pk, new=NewRemedy(**values))  # type: ignore[arg-type]


def approve(desk: Desk, remedy: Remedy) -> Remedy:
    return approve_remedy(actor=desk.manager, remedy_id=remedy.pk, total=remedy.total, reason="Fair to all.")


def running_remedy(desk: Desk, count: int, amount: int = 10) -> Remedy:
    remedy = approve(desk, propose(desk, make_incident(desk, make_customers(count)), amount))
    return start_remedy(actor=desk.supervisor, remedy_id=remedy.pk)
