"""A remedy of vouchers: everybody whom a mail reaches gets theirs, once, and staff see to the others."""

from __future__ import annotations

import pytest
from django.core.management import call_command

from accounts.states import Role
from compensation.actions.remedy_run import run_next_batch
from compensation.actions.remedy_steering import start_remedy
from compensation.actions.remedy_vouchers import issue_due_vouchers
from compensation.models import Offer, RemedyShare, Voucher
from compensation.states import OfferState
from compensation.tasks import issue_vouchers
from customers.models import ContactPoint
from messaging.models import OutboxMessage
from tests.compensation.incidents import approve, make_customers, make_incident, propose, running_remedy
from tests.compensation.world import make_budget
from tests.factories import Desk, make_desk
from tests.support.at_once import all_at_once


@pytest.fixture
def desk(db: None) -> Desk:
    desk = make_desk()
    make_budget(desk.branch, 5000)
    return desk


def test_everybody_gets_a_voucher_of_their_own_by_mail_and_the_offers_are_fulfilled(desk: Desk) -> None:
    running_remedy(desk, 3)
    run_next_batch()
    assert issue_vouchers() == 3
    assert issue_vouchers() == 0
    assert Voucher.objects.values("digest").distinct().count() == 3
    assert set(Offer.objects.values_list("state", flat=True)) == {OfferState.FULFILLED}
    assert OutboxMessage.objects.filter(template="voucher").count() == 3
    call_command("verify_ledger", verbosity=0)
    call_command("verify_audit", verbosity=0)


def test_whom_no_mail_reaches_is_left_for_staff(desk: Desk) -> None:
    [reached, unreached] = make_customers(2)
    ContactPoint.objects.filter(customer=unreached).delete()
    remedy = approve(desk, propose(desk, make_incident(desk, [reached, unreached])))
    start_remedy(actor=desk.supervisor, remedy_id=remedy.pk)
    run_next_batch()
    assert issue_vouchers() == 1
    assert Voucher.objects.get().offer.case.customer == reached


def test_other_kinds_and_offers_of_single_cases_are_not_touched(desk: Desk) -> None:
    remedy = approve(desk, propose(desk, make_incident(desk, make_customers(1)), kind="refund"))
    start_remedy(actor=desk.supervisor, remedy_id=remedy.pk)
    run_next_batch()
    assert Offer.objects.get().state == OfferState.APPROVED
    assert issue_vouchers() == 0


def test_what_can_not_be_issued_is_left_for_staff_and_holds_up_nobody(desk: Desk) -> None:
    running_remedy(desk, 2)
    run_next_batch()
    desk.supervisor.role = Role.AUDITOR
    desk.supervisor.save()
    assert issue_vouchers() == 2
    assert issue_vouchers() == 0
    assert set(RemedyShare.objects.values_list("problem", flat=True)) == {"refused"}
    assert not Voucher.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_sweeps_at_once_issue_each_voucher_once() -> None:
    desk = make_desk()
    make_budget(desk.branch, 5000)
    running_remedy(desk, 12)
    run_next_batch()
    all_at_once([issue_due_vouchers, issue_due_vouchers, issue_due_vouchers])
    issue_vouchers()
    assert Voucher.objects.count() == 12
    assert OutboxMessage.objects.filter(template="voucher").count() == 12
    call_command("verify_ledger", verbosity=0)
