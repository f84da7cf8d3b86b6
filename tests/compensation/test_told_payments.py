"""What a kind wants to be told is told with the account where the bank's word alone fulfils an offer."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from common.errors import Invalid
from compensation.actions.kinds import KindRecord, kind_values, set_kind
from compensation.actions.payment_results import confirm_payment
from compensation.actions.payments import freeze_batch, set_payee
from compensation.actions.vouchers import issue_voucher
from compensation.kind_queries import kind_setting
from compensation.models import Fulfilment, PaymentOrder
from tests.compensation.paying import IBAN, granted, payable, payer_of
from tests.compensation.world import World

ACCOUNT: dict[str, Any] = {"name": "Wei Chen", "account": IBAN, "bank": "", "text": ""}


@pytest.fixture
def tax_is_told(world: World) -> None:
    values = {**kind_values(kind_setting("refund")), "required": ["tax"]}
    set_kind(actor=world.admin, code="refund", new=KindRecord(**values))  # type: ignore[arg-type]


@pytest.mark.usefixtures("tax_is_told")
def test_what_has_to_be_told_is_told_before_the_payment_is_due(world: World) -> None:
    offer = granted(world)
    for details in (None, {}, {"tax": ""}, {"tax": "much"}):
        with pytest.raises(Invalid) as refused:
            set_payee(actor=world.frontline, offer_id=offer.pk, **ACCOUNT, details=details)
        assert refused.value.field == "tax"
    assert not PaymentOrder.objects.exists()

    order = set_payee(actor=world.frontline, offer_id=offer.pk, **ACCOUNT, details={"tax": "79.83"})
    payer = payer_of(world)
    line = freeze_batch(actor=payer, order_ids=[order.pk]).lines.get()
    confirm_payment(actor=payer, line_id=line.pk)
    assert Fulfilment.objects.get(offer=offer).details == {"tax": "79.83"}


def test_a_payment_that_is_due_stays_due_when_more_is_wanted_later(world: World) -> None:
    order, payer = payable(world), payer_of(world)
    values = {**kind_values(kind_setting("refund")), "required": ["tax"]}
    set_kind(actor=world.admin, code="refund", new=KindRecord(**values))  # type: ignore[arg-type]
    line = freeze_batch(actor=payer, order_ids=[order.pk]).lines.get()
    assert confirm_payment(actor=payer, line_id=line.pk)
    assert Fulfilment.objects.get().details == {}


@pytest.mark.usefixtures("tax_is_told")
def test_the_page_of_the_account_asks_and_keeps_it(client: Client, world: World) -> None:
    offer = granted(world)
    client.force_login(world.frontline)
    address = reverse("desk:payment_payee", args=[offer.pk])
    refused = client.post(address, ACCOUNT)
    assert refused.status_code == 422
    assert "Tax contained or withheld" in refused.content.decode()
    assert client.post(address, {**ACCOUNT, "tax": "12.50"}).status_code == 302
    assert PaymentOrder.objects.get(offer=offer).details == {"tax": "12.50"}
    assert 'value="12.50"' in client.get(address).content.decode()


def test_a_voucher_goes_out_in_the_way_that_its_kind_has(world: World) -> None:
    values = {**kind_values(kind_setting("voucher")), "methods": ["handed_over"]}
    set_kind(actor=world.admin, code="voucher", new=KindRecord(**values))  # type: ignore[arg-type]
    offer = granted(world, 100, kind="voucher")
    issue_voucher(actor=world.frontline, offer_id=offer.pk, send=False)
    assert Fulfilment.objects.get(offer=offer).method == "handed_over"
