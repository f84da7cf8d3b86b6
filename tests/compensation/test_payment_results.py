"""What became of payments: confirmed or failed by hand, by the bank's file or by the payment system."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import User
from common.errors import Conflict, Invalid
from compensation.actions.payment_results import (
    confirm_payment,
    fail_payment,
    import_results,
    settle_by_callback,
)
from compensation.actions.payments import freeze_batch
from compensation.models import Fulfilment
from compensation.payment_states import LineState
from compensation.states import OfferState
from tests.compensation.paying import SECRET, due, frozen, payable, payer_of
from tests.compensation.world import World, committed

pytestmark = pytest.mark.django_db


def test_a_confirmed_payment_fulfils_its_offer_once(world: World) -> None:
    order = payable(world)
    line = frozen(world, order).lines.get()
    payer = payer_of(world)
    assert confirm_payment(actor=payer, line_id=line.pk, reference="BANK-1")
    assert not confirm_payment(actor=payer, line_id=line.pk, reference="BANK-1")
    fulfilment = Fulfilment.objects.get()
    assert (fulfilment.method, fulfilment.reference, fulfilment.recorded_by) == (
        "bank_transfer",
        "BANK-1",
        payer,
    )
    order.offer.refresh_from_db()
    assert order.offer.state == OfferState.FULFILLED
    with pytest.raises(Conflict):
        fail_payment(actor=payer, line_id=line.pk, reason="Returned")


def test_a_failed_payment_says_why_and_can_go_into_a_new_batch(world: World) -> None:
    order = payable(world)
    line = frozen(world, order).lines.get()
    payer = payer_of(world)
    with pytest.raises(Invalid):
        fail_payment(actor=payer, line_id=line.pk, reason="  ")
    assert fail_payment(actor=payer, line_id=line.pk, reason="Account closed")
    assert not fail_payment(actor=payer, line_id=line.pk, reason="Account closed")
    again = frozen(world, order).lines.get()
    assert again.end_to_end_id != line.end_to_end_id
    with pytest.raises(Conflict):
        confirm_payment(actor=payer, line_id=line.pk)  # what failed stays failed
    assert confirm_payment(actor=payer, line_id=again.pk)
    assert Fulfilment.objects.count() == 1


def csv_of(*rows: str) -> bytes:
    return "\r\n".join(["end_to_end_id,status,reference,reason,amount", *rows]).encode()


def test_the_banks_result_is_taken_over_line_by_line_and_twice_does_nothing_more(world: World) -> None:
    batch = frozen(world, *(payable(world) for _ in range(4)))
    paid, failed, pending, odd = batch.lines.all()
    content = csv_of(
        f"{paid.end_to_end_id},ACSC,B-1,,500.00",
        f"{failed.end_to_end_id},RJCT,,AC04 closed account,",
        f"{pending.end_to_end_id},PDNG,,,",
        f"{odd.end_to_end_id},ACSC,,,499.00",
        "UNKNOWN,ACSC,,,",
    )
    payer = payer_of(world)
    done = import_results(actor=payer, batch_id=batch.pk, content=content)
    assert (done.paid, done.failed, done.pending, done.known, len(done.problems)) == (1, 1, 1, 0, 2)
    states = [line.state for line in batch.lines.all()]
    assert states == [LineState.CONFIRMED, LineState.FAILED, LineState.WAITING, LineState.WAITING]
    assert batch.lines.all()[1].reason == "AC04 closed account"

    again = import_results(actor=payer, batch_id=batch.pk, content=content)
    assert (again.paid, again.failed, again.known) == (0, 0, 2)
    assert Fulfilment.objects.count() == 1
    assert due(world) == {failed.order_id}


PAIN002 = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"><CstmrPmtStsRpt>
<OrgnlPmtInfAndSts><TxInfAndSts><OrgnlEndToEndId>{paid}</OrgnlEndToEndId><TxSts>ACSC</TxSts>
<AcctSvcrRef>B-7</AcctSvcrRef></TxInfAndSts>
<TxInfAndSts><OrgnlEndToEndId>{failed}</OrgnlEndToEndId><TxSts>RJCT</TxSts>
<StsRsnInf><Rsn><Cd>AC04</Cd></Rsn><AddtlInf>closed account</AddtlInf></StsRsnInf>
</TxInfAndSts></OrgnlPmtInfAndSts>
</CstmrPmtStsRpt></Document>"""


def test_pain002_is_read_as_well(world: World) -> None:
    batch = frozen(world, payable(world), payable(world))
    paid, failed = batch.lines.all()
    content = PAIN002.format(paid=paid.end_to_end_id, failed=failed.end_to_end_id).encode()
    done = import_results(actor=payer_of(world), batch_id=batch.pk, content=content)
    assert (done.paid, done.failed, done.problems) == (1, 1, [])
    paid, failed = batch.lines.all()
    assert (paid.reference, failed.reason) == ("B-7", "AC04 closed account")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"status\nACSC",
        csv_of("X,MAYBE,,,"),
        csv_of("X,ACSC,,,many"),
        b"\xff\xfe\x00",
        b"<Document/>",
        b"<Document",
        b'<!DOCTYPE x [<!ENTITY a "b">]><Document/>',
    ],
)
def test_a_file_that_can_not_be_read_changes_nothing(world: World, content: bytes) -> None:
    batch = frozen(world, payable(world))
    with pytest.raises(Invalid) as refused:
        import_results(actor=payer_of(world), batch_id=batch.pk, content=content)
    assert refused.value.field == "file"
    assert batch.lines.get().state == LineState.WAITING


@pytest.mark.parametrize("paid", [True, False])
def test_the_payment_system_is_heard_also_when_who_froze_the_batch_has_left(
    world: World, settings: Any, paid: bool
) -> None:
    settings.PAYMENT_WEBHOOK_URL, settings.PAYMENT_WEBHOOK_SECRET = "https://pay.example/", SECRET
    payer = payer_of(world)
    order = payable(world)
    with committed():
        freeze_batch(actor=payer, order_ids=[order.pk], channel="webhook")
    line = order.lines.get()
    User.objects.filter(pk=payer.pk).update(is_active=False)

    settled = settle_by_callback(end_to_end_id=line.end_to_end_id, paid=paid, reason="Closed.")

    assert settled.state == (LineState.CONFIRMED if paid else LineState.FAILED)
    order.offer.refresh_from_db()
    assert order.offer.state == (OfferState.FULFILLED if paid else OfferState.FAILED)
