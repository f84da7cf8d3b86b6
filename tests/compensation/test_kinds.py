"""Kinds by configuration: what is added, taken out of use, and has to be told at fulfilment."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils.translation import override

from audit.models import Event
from cases.models import Case
from common.errors import Conflict, Invalid, NotAllowed, Overtaken
from compensation.actions.budgets import set_budget
from compensation.actions.customer import record_answer
from compensation.actions.fulfilment import fulfil_offer
from compensation.actions.kinds import KindRecord, add_kind, kind_values, set_kind
from compensation.actions.offers import withdraw_offer
from compensation.actions.payments import set_payee
from compensation.actions.vouchers import issue_voucher
from compensation.kind_queries import all_kinds, kind_choices, kind_setting
from compensation.models import KindSetting, Offer, VoucherRule
from compensation.models.kind import kind_label
from compensation.states import FulfilmentMethod, Need, OfferKind, OfferState, RemedyClass
from tests.compensation.paying import IBAN
from tests.compensation.world import World, propose


def record(**fields: Any) -> KindRecord:
    values = {"name_en": "Spa day", "name_zh": "水疗日", "need": Need.BOOKING, **fields}
    return KindRecord(**values)


def fulfil(world: World, offer: Offer, **fields: Any) -> Any:
    values: dict[str, Any] = {
        "method": "booked",
        "reference": "B-1",
        "landed_at": dt.datetime.now(dt.UTC),
        "details": {},
        **fields,
    }
    return fulfil_offer(actor=world.frontline, offer_id=offer.pk, **values)


def test_a_kind_of_ones_own_is_proposed_named_and_fulfilled_as_any_other(world: World, case: Case) -> None:
    add_kind(actor=world.admin, code="spa_day", new=record(required=["provider"], asks_customer=True))

    offer = propose(world.frontline, case, 100, kind="spa_day")
    with override("zh-hans"):
        assert offer.get_kind_display() == kind_label("spa_day") == "水疗日"
    with override("en"):
        assert offer.get_kind_display() == "Spa day"
        assert ("spa_day", "Spa day") in kind_choices()
    record_answer(actor=world.frontline, offer_id=offer.pk, answer="accepted", channel="phone")
    fulfilment = fulfil(world, offer, details={"provider": " Harbour Spa ", "tax": "3", "booked_for": ""})

    assert fulfilment.details == {"provider": "Harbour Spa"}
    event = Event.objects.get(stream="offer-kind:spa_day")
    assert (event.verb, event.data["kind"], event.data["required"]) == (
        "offer_kind.added",
        "spa_day",
        ["provider"],
    )


def test_every_kind_of_the_product_has_a_row_and_goods_and_letters_are_among_them(world: World) -> None:
    kinds = {kind.kind: kind for kind in all_kinds()}
    assert list(kinds) == OfferKind.values
    assert kinds["replacement"].need == Need.SHIPMENT
    assert FulfilmentMethod.MESSAGE_SENT in kinds["letter"].ways
    regard = {code for code, kind in kinds.items() if kind.remedy_class == RemedyClass.REGARD}
    assert regard == {"gift", "letter"}


@pytest.mark.parametrize("code", ["", "x", "Spa", "1st", "spa day", "spa-day", "a" * 15, "спа", "a\nb"])
def test_a_code_that_can_not_be_one_is_refused(world: World, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        add_kind(actor=world.admin, code=code, new=record())
    assert refused.value.field == "code"


def test_what_can_not_be_is_refused_beside_its_field(world: World) -> None:
    for field, value in (
        ("name_en", "  "),
        ("name_zh", "x" * 61),
        ("need", "wishes"),
        ("remedy_class", "gold"),
        ("due_days", 0),
        ("answer_days", 367),
    ):
        with pytest.raises(Invalid) as refused:
            add_kind(actor=world.admin, code="spa_day", new=record(**{field: value}))
        assert refused.value.field == field
    with pytest.raises(Conflict):
        add_kind(actor=world.admin, code="gift", new=record())
    with pytest.raises(NotAllowed):
        add_kind(actor=world.manager, code="spa_day", new=record())
    with pytest.raises(NotAllowed):
        set_kind(actor=world.manager, code="gift", new=record())
    assert len(all_kinds()) == len(OfferKind)


def test_the_database_wants_names_of_an_own_kind_too(db: None) -> None:
    with pytest.raises(IntegrityError, match="compensation_own_kind_has_names"), transaction.atomic():
        KindSetting.objects.create(kind="nameless")


def test_ways_and_details_that_the_need_does_not_know_are_left_out(world: World) -> None:
    kind = set_kind(
        actor=world.admin,
        code="gift",
        new=record(need=Need.SHIPMENT, methods=["cash", "shipped"], required=["tax", "item"]),
    )
    assert (kind.methods, kind.required) == (["shipped"], ["item"])
    assert kind.ways == (FulfilmentMethod.SHIPPED,)
    # The product's own names are in its catalogues.
    assert (kind.label, kind.name_en) == ("Gift", "")


def test_a_kind_out_of_use_is_not_proposed_and_what_was_granted_still_arrives(
    world: World, case: Case
) -> None:
    granted = propose(world.frontline, case, 100, kind="meal")
    set_kind(actor=world.admin, code="meal", new=KindRecord(is_active=False, need=Need.RECEIPT))

    with pytest.raises(Invalid, match="not offered any more") as refused:
        propose(world.frontline, case, 100, kind="meal")
    assert refused.value.field == "kind"
    with pytest.raises(Invalid):
        propose(world.frontline, case, 100, kind="moonlight")
    assert "meal" not in dict(kind_choices())
    assert "meal" in dict(kind_choices(also="meal"))
    fulfil(world, granted, method="cash", reference="")
    granted.refresh_from_db()
    assert granted.state == OfferState.FULFILLED


def test_a_wish_for_a_kind_out_of_use_is_refused(world: World, case: Case) -> None:
    offer = propose(world.frontline, case, 100)
    set_kind(actor=world.admin, code="meal", new=KindRecord(is_active=False, need=Need.RECEIPT))
    with pytest.raises(Invalid) as refused:
        record_answer(
            actor=world.frontline,
            offer_id=offer.pk,
            answer="countered",
            channel="phone",
            amount=Decimal(50),
            kind="meal",
        )
    assert refused.value.field == "kind"


def test_nothing_is_written_when_nothing_changes_and_a_change_by_another_is_seen(world: World) -> None:
    before = kind_values(kind_setting("hotel"))
    kept = KindRecord(**before)  # type: ignore[arg-type]
    set_kind(actor=world.admin, code="hotel", new=kept, seen=before)
    assert not Event.objects.filter(stream="offer-kind:hotel").exists()

    KindSetting.objects.filter(pk="hotel").update(due_days=3)
    with pytest.raises(Overtaken) as refused:
        set_kind(actor=world.admin, code="hotel", new=kept, seen=before)
    assert refused.value.now == {"due_days": 3}


def test_a_fulfilment_tells_what_its_kind_wants_to_be_told(world: World, case: Case) -> None:
    set_kind(
        actor=world.admin,
        code="replacement",
        new=KindRecord(need=Need.SHIPMENT, methods=["shipped"], required=["item", "quantity"]),
    )
    offer = propose(world.frontline, case, 100, kind="replacement")
    for field, details in (
        ("item", {"quantity": 1}),
        ("quantity", {"item": "Lamp"}),
        ("quantity", {"item": "Lamp", "quantity": 0}),
        ("quantity", {"item": "Lamp", "quantity": "many"}),
        ("item", {"item": "L" * 121, "quantity": 1}),
    ):
        with pytest.raises(Invalid) as refused:
            fulfil(world, offer, method="shipped", reference="P-1", details=details)
        assert refused.value.field == field
    with pytest.raises(Invalid) as refused:
        fulfil(world, offer, method="cash", reference="", details={"item": "Lamp", "quantity": 1})
    assert refused.value.field == "method"

    done = fulfil(
        world,
        offer,
        method="shipped",
        reference="P-1",
        details={"item": "Lamp", "quantity": 2, "carrier": "Post"},
    )
    assert done.details == {"item": "Lamp", "quantity": "2", "carrier": "Post"}


def test_tax_and_receipts_are_amounts_of_the_offers_currency(world: World, case: Case) -> None:
    refund = propose(world.frontline, case, 100)
    for wrong in ("1.005", "-1", "much"):
        with pytest.raises(Invalid) as refused:
            fulfil(world, refund, method="cash", reference="", details={"tax": wrong})
        assert refused.value.field == "tax"
    assert fulfil(world, refund, method="cash", reference="", details={"tax": "13"}).details == {
        "tax": "13.00"
    }


def test_an_own_kind_with_a_code_is_issued_as_a_voucher_by_its_own_rule(world: World, case: Case) -> None:
    add_kind(actor=world.admin, code="gift_card", new=record(name_en="Gift card", need=Need.CODE))
    VoucherRule.objects.filter(kind="gift_card").update(validity_days=10, single_use=True)
    offer = propose(world.frontline, case, 100, kind="gift_card")

    voucher = issue_voucher(actor=world.frontline, offer_id=offer.pk).voucher

    assert voucher.single_use
    assert (voucher.expires_at - voucher.issued_at).days in (10, 11)
    with pytest.raises(Invalid, match="Nothing of this kind"):
        issue_voucher(actor=world.frontline, offer_id=propose(world.frontline, case, 10).pk)


def test_only_payments_that_may_be_transferred_get_a_payee(world: World, case: Case) -> None:
    account: dict[str, Any] = {"name": "Wei Chen", "account": IBAN, "bank": "", "text": ""}
    add_kind(actor=world.admin, code="allowance", new=record(need=Need.PAYMENT))
    add_kind(actor=world.admin, code="petty_cash", new=record(need=Need.PAYMENT, methods=["cash"]))
    transferred, cash = (
        propose(world.frontline, case, 50, kind=kind) for kind in ("allowance", "petty_cash")
    )

    assert set_payee(actor=world.frontline, offer_id=transferred.pk, **account).pk
    with pytest.raises(Conflict):
        set_payee(actor=world.frontline, offer_id=cash.pk, **account)


def test_a_budget_may_be_for_an_own_kind(world: World) -> None:
    add_kind(actor=world.admin, code="spa_day", new=record())
    year = (dt.date(2026, 1, 1), dt.date(2026, 12, 31))
    budget = set_budget(
        actor=world.admin,
        branch_id=world.branch.pk,
        currency="CNY",
        starts_on=year[0],
        ends_on=year[1],
        amount=Decimal(10),
        kind="spa_day",
    )
    assert "Spa day" in budget.label
    with pytest.raises(Invalid):
        set_budget(
            actor=world.admin,
            branch_id=world.branch.pk,
            currency="CNY",
            starts_on=year[0],
            ends_on=year[1],
            amount=Decimal(10),
            kind="moonlight",
        )


def test_what_a_kind_takes_stays_while_offers_of_it_are_on_their_way(world: World, case: Case) -> None:
    first, second = (propose(world.frontline, case, 100, kind="meal") for _ in range(2))
    asked = KindRecord(**{**kind_values(kind_setting("meal")), "need": Need.PAYMENT})  # type: ignore[arg-type]
    with pytest.raises(Conflict, match="2 offers of this kind are on their way") as refused:
        set_kind(actor=world.admin, code="meal", new=asked)
    assert refused.value.field == "need"

    fulfil(world, first, method="cash", reference="")
    with pytest.raises(Conflict, match="1 offer of this kind is on its way"):
        set_kind(actor=world.admin, code="meal", new=asked)
    withdraw_offer(actor=world.frontline, offer_id=second.pk, reason="They ate at home.")
    assert set_kind(actor=world.admin, code="meal", new=asked).need == Need.PAYMENT
