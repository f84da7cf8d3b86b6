"""Deciding on an incident's remedy in somebody's place: with their authority, and never around four eyes."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.actions.delegations import delegate_authority, revoke_delegation
from accounts.models import Delegation, User
from accounts.states import Role
from audit.models import Event
from common.errors import NotAllowed
from compensation.actions.remedies import NewRemedy, propose_remedy
from compensation.actions.remedy_decisions import approve_remedy, reject_remedy
from compensation.models import Remedy, RemedyApproval
from compensation.remedy_rules import AmountRule
from compensation.states import RemedyState
from customers.models import ContactPoint, Customer
from messaging.models import Notice
from tests.compensation.incidents import make_customers, make_incident, propose
from tests.factories import Desk, make_desk, make_user

DAY = dt.timedelta(days=1)


@pytest.fixture
def desk(db: None) -> Desk:
    return make_desk()


@pytest.fixture
def delegate(desk: Desk) -> User:
    """A supervisor beside the one who proposes: their own authority is 300, that of the manager 5,000."""
    return make_user(Role.SUPERVISOR, desk.branch)


def lend(desk: Desk, to: User, **fields: Any) -> Delegation:
    today = timezone.now().date()
    values = {
        "delegator_id": desk.manager.pk,
        "delegate_id": to.pk,
        "starts_on": today,
        "ends_on": today + 3 * DAY,
        "reason": "On leave.",
        **fields,
    }
    return delegate_authority(actor=desk.manager, **values)


def waiting(desk: Desk, customers: list[Customer] | None = None, amount: int = 500) -> Remedy:
    return propose(desk, make_incident(desk, customers or make_customers(2)), amount)


def approve(actor: User, remedy: Remedy) -> Remedy:
    return approve_remedy(actor=actor, remedy_id=remedy.pk, total=remedy.total, reason="Fair.")


def complain(customer: Customer, person: User) -> None:
    address = person.email.lower()
    ContactPoint.objects.create(customer=customer, kind="email", value=address, normalised=address)


def written(remedy: Remedy, **fields: Any) -> RemedyApproval:
    """A decision as if no action had checked it."""
    values = {
        "remedy": remedy,
        "proposer": remedy.proposer,
        "decision": "approved",
        "amount": remedy.total,
        "limit": 5000,
        "reason": "Fair.",
        **fields,
    }
    with transaction.atomic():
        return RemedyApproval.objects.create(**values)


def test_a_delegate_approves_with_the_authority_of_whom_they_stand_in_for(desk: Desk, delegate: User) -> None:
    remedy = waiting(desk)
    with pytest.raises(NotAllowed, match="Your authority"):
        approve(delegate, remedy)
    lend(desk, delegate)

    assert approve(delegate, remedy).state == RemedyState.APPROVED

    approval = RemedyApproval.objects.get()
    assert (approval.approver, approval.on_behalf_of) == (delegate, desk.manager)
    assert approval.limit == 5000
    event = Event.objects.get(verb="remedy.decided_for")
    assert (event.actor, event.data["on_behalf_of"]) == (delegate, desk.manager.pk)


def test_those_who_stand_in_are_told_of_what_waits(desk: Desk, delegate: User) -> None:
    lend(desk, delegate)
    lend(desk, desk.supervisor)
    remedy = waiting(desk)
    notices = Notice.objects.filter(dedupe_key__startswith=f"remedy:{remedy.pk}:")
    assert {notice.user for notice in notices} == {desk.manager, delegate}


def test_what_ones_own_authority_covers_is_decided_on_ones_own_behalf(desk: Desk, delegate: User) -> None:
    lend(desk, delegate)
    approve(delegate, waiting(desk, amount=100))
    assert RemedyApproval.objects.get().on_behalf_of is None


def test_a_no_is_ones_own(desk: Desk, delegate: User) -> None:
    lend(desk, delegate)
    reject_remedy(actor=delegate, remedy_id=waiting(desk).pk, reason="Too much.")
    approval = RemedyApproval.objects.get()
    assert (approval.on_behalf_of, approval.limit) == (None, 300)


def test_what_leaves_the_policy_is_decided_with_lent_authority_too(desk: Desk, delegate: User) -> None:
    remedy = waiting(desk, amount=100)
    Remedy.objects.filter(pk=remedy.pk).update(deviation_reason="The same for all.", asked_role=Role.MANAGER)
    with pytest.raises(NotAllowed, match="leaves the policy"):
        approve(delegate, remedy)
    lend(desk, delegate)
    approve(delegate, remedy)
    assert RemedyApproval.objects.get().on_behalf_of == desk.manager


def test_what_was_revoked_or_is_over_lends_nothing(desk: Desk, delegate: User) -> None:
    remedy = waiting(desk)
    today = timezone.now().date()
    lend(desk, delegate, starts_on=today + DAY)
    revoke_delegation(actor=desk.manager, delegation_id=lend(desk, delegate).pk)
    with pytest.raises(NotAllowed, match="Your authority"):
        approve(delegate, remedy)
    with pytest.raises(IntegrityError, match="has not lent"):
        written(remedy, approver=delegate, on_behalf_of=desk.manager)


def test_a_place_that_was_never_lent_is_refused_by_the_database(desk: Desk, delegate: User) -> None:
    with pytest.raises(IntegrityError, match="has not lent"):
        written(waiting(desk), approver=delegate, on_behalf_of=desk.manager)


def test_nobody_decides_that_way_on_what_either_has_proposed(desk: Desk, delegate: User) -> None:
    make_user(Role.MANAGER, desk.branch)
    lend(desk, delegate)
    new = NewRemedy(kind="voucher", rules=[AmountRule(Decimal(500))], purpose="The ferry", reason="Fair.")
    incident = make_incident(desk, make_customers(2))
    theirs = propose_remedy(actor=desk.manager, incident_id=incident.pk, new=new)
    with pytest.raises(NotAllowed, match="Your authority"):
        approve(delegate, theirs)
    with pytest.raises(IntegrityError, match="their own proposal"):
        written(theirs, approver=delegate, on_behalf_of=desk.manager)
    with pytest.raises(IntegrityError):
        written(theirs, approver=delegate, on_behalf_of=delegate)


def test_nobody_lends_authority_over_a_remedy_that_they_would_get(desk: Desk, delegate: User) -> None:
    lend(desk, delegate)
    customers = make_customers(2)
    complain(customers[0], desk.manager)
    make_user(Role.MANAGER, desk.branch)
    remedy = waiting(desk, customers)
    with pytest.raises(NotAllowed, match="Your authority"):
        approve(delegate, remedy)
    with pytest.raises(IntegrityError, match="own complaint"):
        written(remedy, approver=delegate, on_behalf_of=desk.manager)


def test_who_gets_something_decides_with_nobodys_authority(desk: Desk, delegate: User) -> None:
    lend(desk, delegate)
    customers = make_customers(2)
    complain(customers[0], delegate)
    with pytest.raises(NotAllowed, match="your own complaint"):
        approve(delegate, waiting(desk, customers))
