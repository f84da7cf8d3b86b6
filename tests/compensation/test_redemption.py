"""Redemption: a voucher's value is redeemed exactly once, whole or in parts, and can be taken back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, transaction

from cases.models import Case
from common.errors import Conflict, DomainError, Invalid, NotAllowed
from compensation.actions.redemption import (
    NotRedeemable,
    UnknownCode,
    Wanted,
    redeem_voucher,
    reverse_redemption,
)
from compensation.actions.setbacks import claw_back_offer
from compensation.actions.voiding import void_voucher, void_voucher_of
from compensation.actions.voucher_care import send_voucher_reminders
from compensation.models import Offer, Redemption, Voucher, VoucherRule
from compensation.states import OfferState, VoucherStanding
from compensation.voucher_rules import grouped
from messaging.models import OutboxMessage
from tests.compensation.vouchers import issue, reachable, redeem
from tests.compensation.world import NOON, World, make_branch, make_case, make_user, make_world
from tests.support.at_once import all_at_once

# --- redeeming -----------------------------------------------------------------------------


def test_parts_are_redeemed_until_nothing_is_left(world: World, case: Case) -> None:
    issued = issue(world, case)
    assert redeem(world.frontline, grouped(issued.code).lower(), 80).remaining_after == 120
    assert Voucher.objects.get().standing == VoucherStanding.PARTLY
    with pytest.raises(Invalid):
        redeem(world.frontline, issued.code, 121)
    assert redeem(world.frontline, issued.code).amount == 120
    assert Voucher.objects.get().standing == VoucherStanding.REDEEMED
    with pytest.raises(NotRedeemable, match="redeemed already"):
        redeem(world.frontline, issued.code, 1)
    assert Voucher.objects.get().remaining == 0


@pytest.mark.parametrize("amount", ["0", "-1", "0.001", "1E12", "NaN"])
def test_an_amount_that_cannot_be_is_refused(world: World, case: Case, amount: str) -> None:
    issued = issue(world, case)
    with pytest.raises(Invalid):
        redeem_voucher(actor=world.frontline, code=issued.code, wanted=Wanted(amount=Decimal(amount)))
    assert Voucher.objects.get().remaining == 200


def test_a_percentage_is_taken_off_one_bill_up_to_its_value(world: World, case: Case) -> None:
    issued = issue(world, case, kind="discount", percent=Decimal(20))
    with pytest.raises(Invalid):
        redeem(world.frontline, issued.code)
    redemption = redeem_voucher(
        actor=world.frontline, code=issued.code, wanted=Wanted(bill=Decimal("333.33"))
    )
    assert redemption.amount == Decimal("66.66")
    with pytest.raises(NotRedeemable):
        redeem_voucher(actor=world.frontline, code=issued.code, wanted=Wanted(bill=Decimal(10)))
    dear = issue(world, make_case(world.branch), kind="discount", percent=Decimal(50))
    most = redeem_voucher(actor=world.frontline, code=dear.code, wanted=Wanted(bill=Decimal(9000)))
    assert most.amount == 200


def test_the_same_ticket_redeems_once(world: World, case: Case) -> None:
    issued = issue(world, case)
    first = redeem(world.frontline, issued.code, 50, ticket="t-1")
    assert redeem(world.frontline, issued.code, 50, ticket="t-1") == first
    assert Voucher.objects.get().remaining == 150


def test_a_voucher_redeemed_at_once_lapses_after_a_part(world: World, case: Case) -> None:
    VoucherRule.objects.update(single_use=True)
    issued = issue(world, case)
    assert redeem(world.frontline, issued.code, 50).remaining_after == 150
    with pytest.raises(NotRedeemable):
        redeem(world.frontline, issued.code, 50)


def test_an_expired_and_a_void_voucher_say_so(world: World, case: Case) -> None:
    expired = issue(world, case, expires_on=dt.date(2026, 3, 5))
    void = issue(world, make_case(world.branch))
    void_voucher(actor=world.supervisor, voucher_id=void.voucher.pk, reason="Issued by mistake.")
    with pytest.raises(NotRedeemable, match="is void"):
        redeem(world.frontline, void.code)
    with (
        time_machine.travel(expired.voucher.expires_at, tick=False),
        pytest.raises(NotRedeemable, match="has expired"),
    ):
        redeem(world.frontline, expired.code)
    with time_machine.travel(expired.voucher.expires_at - dt.timedelta(seconds=1), tick=False):
        assert redeem(world.frontline, expired.code).remaining_after == 0


def test_every_code_that_is_none_gets_the_same_answer(world: World, case: Case) -> None:
    issued = issue(world, case)
    VoucherRule.objects.update(everywhere=False)
    elsewhere = make_branch("quay")
    stranger = make_user("frontline", elsewhere)
    bound = issue(world, make_case(world.branch))
    wrong = ("A" if issued.code[0] != "A" else "B") + issued.code[1:]
    told = set()
    for actor, code in [
        (world.frontline, wrong),
        (world.frontline, ""),
        (world.frontline, "x" * 5000),
        (world.frontline, "\x00'; DROP TABLE"),
        (stranger, bound.code),
    ]:
        with pytest.raises(UnknownCode) as refusal:
            redeem(actor, code, 1)
        told.add(str(refusal.value))
    assert len(told) == 1
    # This one is good at every branch.
    assert redeem(stranger, issued.code, 10).by == stranger


def test_who_holds_no_such_capability_redeems_nothing(world: World, case: Case) -> None:
    issued = issue(world, case)
    for attempt in (
        lambda: redeem(world.admin, issued.code),
        lambda: void_voucher(actor=world.frontline, voucher_id=issued.voucher.pk, reason="No."),
        lambda: redeem(world.admin, "x"),
    ):
        with pytest.raises(NotAllowed):
            attempt()


# --- taking back ---------------------------------------------------------------------------


def test_a_redemption_is_taken_back_once_with_a_reason(world: World, case: Case) -> None:
    issued = issue(world, case)
    whole = redeem(world.frontline, issued.code)
    with pytest.raises(Invalid):
        reverse_redemption(actor=world.frontline, redemption_id=whole.pk, reason=" ")
    with pytest.raises(NotAllowed):
        reverse_redemption(
            actor=make_user("frontline", world.branch), redemption_id=whole.pk, reason="A slip."
        )
    back = reverse_redemption(actor=world.supervisor, redemption_id=whole.pk, reason="The wrong guest.")
    voucher = Voucher.objects.get()
    assert (voucher.remaining, voucher.standing) == (200, VoucherStanding.VALID)
    for redemption in (whole, back):
        with pytest.raises(Conflict):
            reverse_redemption(actor=world.supervisor, redemption_id=redemption.pk, reason="Again.")
    assert redeem(world.frontline, issued.code).remaining_after == 0


def test_clawing_an_offer_back_voids_what_is_left(world: World, case: Case) -> None:
    issued = issue(world, case)
    redemption = redeem(world.frontline, issued.code, 50)
    with transaction.atomic():
        void_voucher_of(issued.voucher.offer, case=case, actor=world.supervisor, reason="Obtained by a lie.")
    assert Voucher.objects.get().standing == VoucherStanding.VOID
    reverse_redemption(actor=world.supervisor, redemption_id=redemption.pk, reason="A slip.")
    assert Voucher.objects.get().standing == VoucherStanding.VOID
    with pytest.raises(NotRedeemable):
        redeem(world.frontline, issued.code)


def test_the_action_that_claws_back_makes_the_voucher_void(world: World, case: Case) -> None:
    issued = issue(world, case)
    claw_back_offer(actor=world.supervisor, offer_id=issued.voucher.offer_id, reason="Obtained by a lie.")
    voucher = Voucher.objects.get()
    assert (voucher.standing, voucher.void_reason) == (VoucherStanding.VOID, "Obtained by a lie.")


def test_a_voucher_that_was_redeemed_is_not_clawed_back(world: World, case: Case) -> None:
    issued = issue(world, case)
    redeem(world.frontline, issued.code)
    with pytest.raises(Conflict, match="has been redeemed"):
        claw_back_offer(actor=world.supervisor, offer_id=issued.voucher.offer_id, reason="Obtained by a lie.")
    assert Offer.objects.get(pk=issued.voucher.offer_id).state == OfferState.FULFILLED


# --- the database itself -------------------------------------------------------------------


def test_the_database_refuses_what_the_actions_never_do(world: World, case: Case) -> None:
    issued = issue(world, case)
    voucher, by = issued.voucher, world.frontline
    first = redeem(by, issued.code, 150)

    def row(**fields: Any) -> Redemption:
        values = {"voucher": voucher, "amount": 10, "remaining_after": 0, "by": by, **fields}
        return Redemption.objects.create(**values)

    refused: list[Callable[[], object]] = [
        lambda: row(amount=51),
        lambda: row(amount=-5),
        lambda: row(at=voucher.expires_at),
        lambda: row(reverses=first, amount=10, reason="Part of it."),
        lambda: row(reverses=first, amount=150),
        lambda: Voucher.objects.update(remaining=200),
        lambda: Voucher.objects.update(value=500),
        lambda: Redemption.objects.filter(pk=first.pk).update(amount=1),
        first.delete,
    ]
    for attempt in refused:
        with pytest.raises(DatabaseError), transaction.atomic():
            attempt()
    voucher.refresh_from_db()
    assert (voucher.remaining, voucher.value, Redemption.objects.count()) == (50, 200, 1)


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_redeem_one_code_exactly_once() -> None:
    world = make_world()
    issued = issue(world, make_case(world.branch))
    results = all_at_once([lambda: redeem(world.frontline, issued.code) for _ in range(20)])
    done = [result for result in results if isinstance(result, Redemption)]
    refused = [result for result in results if isinstance(result, NotRedeemable)]
    assert (len(done), len(refused)) == (1, 19)
    assert Redemption.objects.count() == 1
    assert Voucher.objects.get().remaining == 0


@pytest.mark.django_db(transaction=True)
def test_parts_at_once_with_reversals_voiding_and_a_sweep_never_go_below_zero() -> None:
    world = make_world()
    issued = issue(world, reachable(make_case(world.branch)))
    first = redeem(world.frontline, issued.code, 30)
    Voucher.objects.update(remind_at=NOON)
    calls: list[Any] = [lambda: redeem(world.frontline, issued.code, 30) for _ in range(16)]
    calls.append(lambda: reverse_redemption(actor=world.supervisor, redemption_id=first.pk, reason="A slip."))
    calls += [send_voucher_reminders] * 3
    results = all_at_once(calls)
    unexpected = [
        result for result in results if isinstance(result, Exception) and not isinstance(result, DomainError)
    ]
    assert unexpected == []
    rows = list(Redemption.objects.values_list("amount", "reverses"))
    net = sum(-amount if reverses else amount for amount, reverses in rows)
    voucher = Voucher.objects.get()
    assert voucher.remaining == 200 - net >= 0
    send_voucher_reminders()
    assert OutboxMessage.objects.filter(template="voucher_reminder").count() == 1
