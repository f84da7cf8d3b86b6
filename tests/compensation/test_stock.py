"""Stock: counted in, taken once as a compensation goes out, never below nothing, and back when it returns."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from audit.models import Event
from cases.models import Case
from common.errors import Conflict, Invalid, NotAllowed
from compensation.actions.fulfilment import fulfil_offer
from compensation.actions.kinds import KindRecord, kind_values, set_kind
from compensation.actions.setbacks import claw_back_offer
from compensation.actions.stock import change_stock
from compensation.kind_queries import kind_setting
from compensation.models import Offer, Stock, StockMovement
from compensation.states import OfferState
from tests.compensation.world import World, make_case, propose
from tests.support.at_once import all_at_once


@pytest.fixture
def counted(world: World) -> None:
    values: dict[str, Any] = {**kind_values(kind_setting("gift")), "counts_stock": True}
    set_kind(actor=world.admin, code="gift", new=KindRecord(**values))


def count_in(world: World, change: int, **fields: Any) -> Stock:
    values = {"low_at": 1, "reason": "A parcel came.", **fields}
    return change_stock(actor=world.admin, code="gift", branch_id=world.branch.pk, change=change, **values)


def give(world: World, case: Case, **details: object) -> Offer:
    offer = propose(world.frontline, case, 50, kind="gift")
    fulfil_offer(
        actor=world.frontline,
        offer_id=offer.pk,
        method="handed_over",
        reference="",
        landed_at=dt.datetime.now(dt.UTC),
        details=details,
    )
    return offer


def test_what_is_not_counted_is_given_out_as_before(world: World, case: Case) -> None:
    give(world, case)
    assert not Stock.objects.exists()
    with pytest.raises(Conflict, match="not counted"):
        count_in(world, 3)


@pytest.mark.usefixtures("counted")
def test_what_goes_out_is_taken_and_what_is_clawed_back_returns(world: World, case: Case) -> None:
    count_in(world, 5)
    offer = give(world, case, quantity=2)
    stock = Stock.objects.get()
    assert (stock.on_hand, stock.is_low) == (3, False)

    claw_back_offer(actor=world.supervisor, offer_id=offer.pk, reason="Sent to the wrong house.")
    stock.refresh_from_db()
    assert stock.on_hand == 5
    assert list(StockMovement.objects.values_list("change", flat=True)) == [5, -2, 2]


@pytest.mark.usefixtures("counted")
def test_what_is_not_at_hand_is_not_given_out(world: World, case: Case) -> None:
    with pytest.raises(Conflict, match="has 0 of “Gift” at hand"):
        give(world, case)
    count_in(world, 1)
    with pytest.raises(Conflict, match="has 1 of “Gift” at hand"):
        give(world, case, quantity=2)
    assert set(Offer.objects.values_list("state", flat=True)) == {OfferState.APPROVED}
    give(world, case)
    assert Stock.objects.get().on_hand == 0


@pytest.mark.django_db(transaction=True)
def test_the_last_one_is_given_out_once_at_the_same_second(world: World, case: Case, counted: None) -> None:
    count_in(world, 1)
    cases = [case, *(make_case(world.branch) for _ in range(3))]
    results = all_at_once([partial(give, world, each) for each in cases])
    assert sum(isinstance(result, Offer) for result in results) == 1
    assert sum(isinstance(result, Conflict) for result in results) == 3
    assert Stock.objects.get().on_hand == 0


@pytest.mark.usefixtures("counted")
def test_counting_needs_a_reason_a_right_and_enough_to_take_out(world: World) -> None:
    with pytest.raises(NotAllowed):
        change_stock(
            actor=world.manager, code="gift", branch_id=world.branch.pk, change=1, low_at=1, reason="So."
        )
    for fields in ({"reason": " "}, {"low_at": -1}):
        with pytest.raises(Invalid):
            count_in(world, 1, **fields)
    count_in(world, 2)
    with pytest.raises(Conflict) as refused:
        count_in(world, -3)
    assert refused.value.field == "change"
    count_in(world, -1, reason="One was broken.")
    count_in(world, 0, low_at=7, reason="")
    count_in(world, 1, low_at=None)
    stock = Stock.objects.get()
    assert (stock.on_hand, stock.low_at, stock.is_low) == (2, 7, True)
    events = Event.objects.filter(verb="offer_kind.stock").order_by("id")
    assert [event.data["change"] for event in events] == [2, -1, 0, 1]


@pytest.mark.usefixtures("counted")
def test_the_database_keeps_the_count_and_its_history(world: World) -> None:
    stock = count_in(world, 2)
    movement = StockMovement.objects.get()
    refused: list[Any] = [
        lambda: Stock.objects.filter(pk=stock.pk).update(on_hand=9),
        lambda: Stock.objects.create(kind="letter", branch=world.branch, on_hand=9),
        lambda: StockMovement.objects.create(stock=stock, change=-3, reason="Gone.", by=world.admin),
    ]
    for attempt in refused:
        with pytest.raises(IntegrityError), transaction.atomic():
            attempt()
    for attempt in (movement.delete, lambda: StockMovement.objects.update(change=1)):
        with pytest.raises(DatabaseError), transaction.atomic():
            attempt()


@pytest.mark.usefixtures("counted")
def test_the_pages_count_in_and_warn(client: Client, world: World) -> None:
    client.force_login(world.admin)
    address = reverse("desk:compensation_kind_stock", args=["gift"])
    sent = {"branch_id": world.branch.pk, "change": "2", "low_at": "3", "reason": "A parcel came."}
    assert client.post(address, {**sent, "reason": ""}).status_code == 422
    assert client.post(address, sent).status_code == 302
    assert "low" in client.get(address).content.decode()
    section = client.get(reverse("desk:settings_section", args=["kinds"])).content.decode()
    assert "2 left" in section
