"""Payments: due, frozen and written to files, and by nobody who had a part in the offer."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import json
from decimal import Decimal

import pytest
from django.db import IntegrityError, InternalError, transaction
from django.utils import timezone
from sepaxml.validation import try_valid_xml

from accounts.actions.delegations import delegate_authority
from accounts.states import Role
from audit.models import Event
from cases.models import Incident
from common.errors import Conflict, Invalid, NotAllowed
from compensation.actions.approvals import approve_offer
from compensation.actions.fulfilment import fulfil_offer
from compensation.actions.offers import withdraw_offer
from compensation.actions.payment_results import confirm_payment, fail_payment
from compensation.actions.payments import freeze_batch, set_payee, set_paying_account
from compensation.models import (
    ApprovalRoute,
    Offer,
    PaymentBatch,
    PaymentLine,
    PaymentOrder,
    Remedy,
    RemedyApproval,
    RemedyShare,
    RouteStep,
)
from compensation.payment_queries import due_for
from compensation.states import RemedyState
from tests.compensation.paying import IBAN, due, frozen, granted, payable, payer_of
from tests.compensation.world import World, make_branch, make_case, make_user, propose

pytestmark = pytest.mark.django_db


# --- whom to pay ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("account", "bank", "field"),
    [
        ("DE89 3704 0044 0532 0130 01", "", "account"),  # a digit is wrong
        ("GB82 WEST 1234 5698 7654 3", "", "account"),  # a digit is missing
        ("12", "BKCHCNBJ", "account"),
        ("6222 0210 0112 3456 789", "", "bank"),  # a number without its bank
        ("6222 0210 0112 3456 789", "BANK", "bank"),
        ("=cmd|calc", "", "account"),
    ],
)
def test_an_account_that_is_none_is_refused_beside_its_field(
    world: World, account: str, bank: str, field: str
) -> None:
    offer = granted(world)
    with pytest.raises(Invalid) as refused:
        set_payee(actor=world.frontline, offer_id=offer.pk, name="Wei", account=account, bank=bank, text="")
    assert refused.value.field == field
    assert account not in str(refused.value)
    assert not PaymentOrder.objects.exists()


def test_an_account_number_with_a_clearing_number_is_taken(world: World) -> None:
    order = set_payee(
        actor=world.frontline,
        offer_id=granted(world).pk,
        name="陈薇",
        account="6222-0210-0112-3456-789",
        bank="102100099996",
        text="Refund",
    )
    assert (order.account, order.bank, order.iban) == ("6222021001123456789", "102100099996", "")
    assert order.masked_account == "•••• 6789"


def test_no_account_is_in_the_audit_trail_or_on_the_timeline(world: World) -> None:
    order = payable(world)
    batch = frozen(world, order)
    confirm_payment(actor=payer_of(world), line_id=batch.lines.get().pk)
    said = json.dumps(list(Event.objects.values_list("data", flat=True))) + json.dumps(
        list(order.offer.case.timeline.values_list("body", "params"))
    )
    assert "0532" not in said


def test_only_granted_money_gets_an_account(world: World) -> None:
    waiting = propose(world.frontline, make_case(world.branch), 500)
    voucher = granted(world, kind="voucher")
    for offer in (waiting, voucher):
        with pytest.raises(Conflict):
            set_payee(actor=world.frontline, offer_id=offer.pk, name="Wei", account=IBAN, bank="", text="")


# --- freezing ------------------------------------------------------------------------------


def test_a_batch_has_the_totals_of_its_lines_and_takes_them_off_the_list(world: World) -> None:
    orders = [payable(world, "500.10"), payable(world, "499.90")]
    assert due(world) == {order.pk for order in orders}
    batch = frozen(world, *orders)
    assert (batch.count, batch.total, batch.currency) == (2, Decimal("1000.00"), "CNY")
    assert due(world) == set()


def test_freezing_the_same_choice_twice_makes_one_batch(world: World) -> None:
    order = payable(world)
    frozen(world, order)
    with pytest.raises(Conflict):
        frozen(world, order)
    assert PaymentBatch.objects.count() == PaymentLine.objects.count() == 1


def test_one_payment_that_is_not_due_any_more_stops_the_whole_batch(world: World) -> None:
    first, second = payable(world), payable(world)
    withdraw_offer(actor=world.frontline, offer_id=second.offer_id, reason="A mistake.")
    with pytest.raises(Conflict):
        frozen(world, first, second)
    assert due(world) == {first.pk}


def test_a_batch_is_for_one_branch_and_one_currency(world: World) -> None:
    first, second = payable(world), payable(world)
    Offer.objects.filter(pk=second.offer_id).update(currency="USD")
    with pytest.raises(Invalid):
        frozen(world, first, second)


def test_who_had_a_part_in_an_offer_does_not_pay_it(world: World) -> None:
    offer = propose(world.frontline, make_case(world.branch), 5000)
    approve_offer(actor=world.manager, offer_id=offer.pk, amount=offer.amount, reason="Fair.")
    order = set_payee(actor=world.frontline, offer_id=offer.pk, name="Wei", account=IBAN, bank="", text="")
    with pytest.raises(NotAllowed):
        freeze_batch(actor=world.manager, order_ids=[order.pk])
    batch = frozen(world, order)
    with pytest.raises(NotAllowed):
        confirm_payment(actor=world.manager, line_id=batch.lines.get().pk)
    with pytest.raises(NotAllowed):
        freeze_batch(actor=world.supervisor, order_ids=[order.pk])


def test_who_approved_one_step_of_several_or_lent_their_authority_does_not_pay_it(world: World) -> None:
    route = ApprovalRoute.objects.create(name="Two managers", currency="CNY", valid_from=dt.date(2020, 1, 1))
    RouteStep.objects.bulk_create(RouteStep(route=route, level=level, role=Role.MANAGER) for level in (1, 2))
    first, away = world.manager, make_user(Role.MANAGER, world.branch)
    delegate_authority(
        actor=away,
        delegator_id=away.pk,
        delegate_id=world.supervisor.pk,
        starts_on=dt.date(2026, 3, 4),
        ends_on=dt.date(2026, 3, 4),
        reason="On leave.",
    )
    offer = propose(world.frontline, make_case(world.branch), 5000)
    for actor in (first, world.supervisor):
        approve_offer(actor=actor, offer_id=offer.pk, amount=offer.amount, reason="Fair.")
    order = set_payee(actor=world.frontline, offer_id=offer.pk, name="Wei", account=IBAN, bank="", text="")
    line = frozen(world, order).lines.get()
    for person in (first, away):
        with pytest.raises(NotAllowed):
            confirm_payment(actor=person, line_id=line.pk)
        with pytest.raises(IntegrityError, match="does not pay"), transaction.atomic():
            PaymentLine.objects.update(state="confirmed", settled_by=person, settled_at=timezone.now())


def test_who_decided_on_a_remedy_does_not_pay_what_came_of_it(world: World) -> None:
    order = payable(world)
    incident = Incident.objects.create(
        number="I-1", name="Storm", branch=world.branch, declared_by=world.supervisor
    )
    remedy = Remedy.objects.create(
        incident=incident,
        kind="refund",
        currency="CNY",
        total=500,
        purpose="The storm",
        reason="Fair.",
        proposer=world.supervisor,
        state=RemedyState.WAITING,
        rules=[],
    )
    RemedyShare.objects.create(remedy=remedy, customer=order.offer.case.customer, amount=500)
    RemedyApproval.objects.create(
        remedy=remedy,
        proposer=world.supervisor,
        approver=world.manager,
        decision="rejected",
        amount=500,
        limit=30_000,
        reason="Fair.",
    )
    Offer.objects.filter(pk=order.offer_id).update(remedy=remedy)
    with pytest.raises(NotAllowed):
        freeze_batch(actor=world.manager, order_ids=[order.pk])


def test_the_database_holds_the_four_eyes_too(world: World) -> None:
    batch = frozen(world, payable(world))
    with pytest.raises(IntegrityError, match="does not pay"), transaction.atomic():
        batch.lines.update(state="confirmed", settled_by=world.supervisor, settled_at=timezone.now())


def test_a_stranger_to_the_branch_neither_sees_nor_freezes(world: World) -> None:
    order = payable(world)
    stranger = make_user("manager", make_branch("hill"))
    assert due_for(stranger) == []
    with pytest.raises(NotAllowed):
        freeze_batch(actor=stranger, order_ids=[order.pk])


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE compensation_paymentbatch SET total = total + 1",
        "DELETE FROM compensation_paymentbatch",
        "UPDATE compensation_paymentline SET amount = amount + 1",
        "UPDATE compensation_paymentline SET iban = 'GB33BUKB20201555555555'",
        "DELETE FROM compensation_paymentline",
        "UPDATE compensation_paymentfile SET content = ''",
    ],
)
def test_what_is_frozen_can_not_be_changed_even_by_sql(world: World, change: str) -> None:
    frozen(world, payable(world))
    from django.db import connection

    with pytest.raises((IntegrityError, InternalError)), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)


@pytest.mark.parametrize(("amount", "wrong"), [("0", 0), ("-5", 0), ("499", 1)])
def test_the_database_takes_no_payment_of_another_sum_than_was_granted(
    world: World, amount: str, wrong: int
) -> None:
    order = payable(world)
    batch = frozen(world, payable(world))
    with pytest.raises(IntegrityError), transaction.atomic():
        PaymentLine.objects.create(
            batch=batch, order=order, end_to_end_id="x", amount=Decimal(amount), name="Wei", text="x"
        )


# --- what stands still while a payment is under way ----------------------------------------


def test_an_offer_under_way_is_neither_withdrawn_nor_fulfilled_by_hand(world: World) -> None:
    order = payable(world)
    batch = frozen(world, order)
    with pytest.raises(Conflict, match="under way"):
        withdraw_offer(actor=world.frontline, offer_id=order.offer_id, reason="A mistake.")
    with pytest.raises(Conflict, match="under way"):
        fulfil_offer(
            actor=world.frontline,
            offer_id=order.offer_id,
            method="cash",
            reference="",
            landed_at=timezone.now(),
        )
    with pytest.raises(Conflict, match="under way"):
        set_payee(actor=world.frontline, offer_id=order.offer_id, name="Eve", account=IBAN, bank="", text="")
    fail_payment(actor=payer_of(world), line_id=batch.lines.get().pk, reason="Account closed")
    withdraw_offer(actor=world.frontline, offer_id=order.offer_id, reason="A mistake.")
    assert due(world) == set()


# --- files ---------------------------------------------------------------------------------


def test_the_csv_says_each_payment_and_runs_nothing(world: World) -> None:
    offer = granted(world, "500.50")
    order = set_payee(
        actor=world.frontline,
        offer_id=offer.pk,
        name="=HYPERLINK(evil)",
        account="6222021001123456789",
        bank="BKCHCNBJ",
        text="+1 refund",
    )
    batch = frozen(world, order)
    file = batch.files.get(kind="csv")
    [row] = csv.DictReader(io.StringIO(bytes(file.content).decode("utf-8-sig")))
    assert row["payee"] == "'=HYPERLINK(evil)"
    assert row["text"] == "'+1 refund"
    assert (row["amount"], row["currency"]) == ("500.50", "CNY")
    assert row["end_to_end_id"] == batch.lines.get().end_to_end_id
    assert file.sha256 == hashlib.sha256(file.content).hexdigest()


def test_without_a_paying_account_there_is_no_pain001(world: World) -> None:
    assert [file.kind for file in frozen(world, payable(world)).files.all()] == ["csv"]


@pytest.mark.parametrize("branch_account", [(IBAN, ""), ("123456789", "BKCHCNBJ")])
def test_pain001_is_valid_by_the_standards_own_schema_and_adds_up(
    world: World, branch_account: tuple[str, str]
) -> None:
    account, bank = branch_account
    set_paying_account(
        actor=world.admin,
        branch_id=world.branch.pk,
        currency="CNY",
        name="Harbour & Co",
        account=account,
        bank=bank,
    )
    number = set_payee(
        actor=world.frontline,
        offer_id=granted(world, "312.34").pk,
        name="陈薇 <b>",
        account="6222021001123456789",
        bank="102100099996",
        text="Refund & more",
    )
    batch = frozen(world, payable(world, "500"), number)
    content = bytes(batch.files.get(kind="pain001").content)
    try_valid_xml(content, "pain.001.001.09")  # raises
    text = content.decode()
    assert text.count("<CtrlSum>812.34</CtrlSum>") == text.count("<NbOfTxs>2</NbOfTxs>") == 2
    for line in batch.lines.all():
        assert f"<EndToEndId>{line.end_to_end_id}</EndToEndId>" in text
    assert "陈薇 &lt;b&gt;" in text
