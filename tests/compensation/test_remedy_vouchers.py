"""A remedy of vouchers: everybody whom a mail reaches gets theirs, once, and staff see to the others."""

from __future__ import annotations

from unittest.mock import Mock

import pytest
from django.core.management import call_command
from django.db import OperationalError
from django.utils import timezone

from accounts.models import User
from accounts.states import Role
from common.errors import Conflict
from compensation.actions import remedy_vouchers
from compensation.actions.fulfilment import fulfil_offer
from compensation.actions.remedy_run import run_next_batch
from compensation.actions.remedy_steering import start_remedy
from compensation.actions.remedy_vouchers import issue_due_vouchers
from compensation.actions.vouchers import Issued, issue_voucher
from compensation.models import Offer, Voucher
from compensation.remedies import progress_of
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


def test_what_can_not_be_issued_is_left_for_staff_who_are_told_until_they_have_issued_it(desk: Desk) -> None:
    remedy = running_remedy(desk, 2)
    run_next_batch()
    desk.supervisor.role = Role.AUDITOR
    desk.supervisor.save()
    assert issue_vouchers() == 0
    assert issue_vouchers() == 0
    assert not Voucher.objects.exists()
    [(reason, count)] = progress_of(remedy).failures
    assert "issue it on the case" in reason
    assert count == 2

    issue_voucher(actor=desk.frontline, offer_id=Offer.objects.order_by("pk")[0].pk)
    assert progress_of(remedy).failures == [(reason, 1)]


def test_a_fault_with_one_voucher_holds_up_no_other(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    running_remedy(desk, 3)
    run_next_batch()
    broken = Offer.objects.order_by("pk")[0].pk

    def issue(*, actor: User, offer_id: int) -> Issued:
        if offer_id == broken:
            raise RuntimeError("No such luck.")
        return issue_voucher(actor=actor, offer_id=offer_id)

    monkeypatch.setattr(remedy_vouchers, "issue_voucher", issue)
    assert issue_due_vouchers(limit=1) == 2
    assert Voucher.objects.count() == 2
    assert Offer.objects.get(pk=broken).state == OfferState.APPROVED


def test_a_fault_that_has_gone_costs_nobody_their_voucher(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    remedy = running_remedy(desk, 2)
    run_next_batch()
    with monkeypatch.context() as broken:
        broken.setattr(remedy_vouchers, "issue_voucher", Mock(side_effect=OperationalError("deadlock")))
        assert issue_vouchers() == 0
    assert progress_of(remedy).failures == []
    assert issue_vouchers() == 2


def test_a_refused_voucher_is_no_trouble_once_the_offer_has_gone_another_way(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    remedy = running_remedy(desk, 1)
    run_next_batch()
    monkeypatch.setattr(remedy_vouchers, "issue_voucher", Mock(side_effect=Conflict("Not now.")))
    assert issue_vouchers() == 0
    assert [n for _why, n in progress_of(remedy).failures] == [1]
    offer = Offer.objects.get()
    fulfil_offer(
        actor=desk.frontline,
        offer_id=offer.pk,
        method="handed_over",
        reference="at the desk",
        landed_at=timezone.now(),
    )
    progress = progress_of(remedy)
    assert (progress.failures, progress.granted) == ([], offer.granted_amount)


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
