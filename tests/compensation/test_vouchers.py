"""Vouchers: issued for a granted offer, kept without their code, redeemed exactly once, and cared for."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction

from accounts.models import User
from audit.models import Event
from cases.models import Case
from cases.states import StepKind
from common.errors import Conflict, DomainError, Invalid, NotAllowed
from compensation.actions.redemption import (
    NotRedeemable,
    UnknownCode,
    Wanted,
    find_voucher,
    redeem_voucher,
    reverse_redemption,
)
from compensation.actions.setbacks import claw_back_offer
from compensation.actions.voiding import void_voucher, void_voucher_of
from compensation.actions.voucher_care import (
    RuleRecord,
    open_link,
    rekey_vouchers,
    send_voucher_again,
    send_voucher_reminders,
    set_voucher_rule,
)
from compensation.actions.vouchers import Issued, issue_voucher
from compensation.models import Offer, Redemption, Voucher, VoucherLink, VoucherRule
from compensation.states import OfferState, VoucherStanding
from compensation.voucher_keys import code_of
from compensation.voucher_rules import clean_code, grouped
from customers.models import ContactPoint
from messaging.actions import send_due_messages
from messaging.models import OutboxMessage
from tests.compensation.world import (
    NOON,
    World,
    make_branch,
    make_budget,
    make_case,
    make_user,
    make_world,
    propose,
)
from tests.support.at_once import all_at_once

ADDRESS = "guest@example.com"


def granted(world: World, case: Case, amount: int = 200, kind: str = "voucher") -> Offer:
    return propose(world.frontline, case, amount, kind=kind)


def issue(world: World, case: Case, amount: int = 200, kind: str = "voucher", **fields: Any) -> Issued:
    return issue_voucher(actor=world.frontline, offer_id=granted(world, case, amount, kind).pk, **fields)


def reachable(case: Case) -> Case:
    ContactPoint.objects.create(customer=case.customer, kind="email", value=ADDRESS)
    return case


def link_in(message: OutboxMessage) -> str:
    return message.whole_text.split("/voucher/")[1].split("/")[0]


def redeem(actor: User, code: str, amount: int | None = None, **fields: Any) -> Redemption:
    wanted = Wanted(amount=None if amount is None else Decimal(amount))
    return redeem_voucher(actor=actor, code=code, wanted=wanted, **fields)


def searched_tables(needle: str) -> list[str]:
    """The tables with a row that says this anywhere, whatever the case of its letters."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(
                f'SELECT count(*) FROM "{table}" AS row WHERE strpos(lower(row::text), lower(%s)) > 0',
                [needle],
            )
            [count] = cursor.fetchone() or [0]
            if count:
                found.append(table)
    return found


# --- issuing -------------------------------------------------------------------------------


def test_issuing_fulfils_the_offer_and_finishes_the_step(world: World, case: Case) -> None:
    budget = make_budget(world.branch, 1000)
    issued = issue(world, case)
    voucher = issued.voucher
    assert (voucher.value, voucher.remaining, voucher.currency) == (200, 200, "CNY")
    assert voucher.offer.fulfilment.reference == f"…{issued.code[-4:]}"
    budget.refresh_from_db()
    assert (budget.reserved, budget.committed) == (0, 200)
    assert Offer.objects.get().state == OfferState.FULFILLED
    assert case.steps.get(kind=StepKind.COMPENSATE).state == "done"
    assert Event.objects.filter(stream=case.stream, verb="voucher.issued").count() == 1


def test_a_voucher_ends_with_the_last_day_at_its_branch(world: World, case: Case) -> None:
    voucher = issue(world, case).voucher
    # Noon on 4 March in Shanghai, and 365 days by the rule: until midnight there.
    assert voucher.expires_at == dt.datetime(2027, 3, 4, 16, 0, tzinfo=dt.UTC)
    other = issue(world, make_case(world.branch), expires_on=dt.date(2026, 3, 5)).voucher
    assert other.expires_at == dt.datetime(2026, 3, 5, 16, 0, tzinfo=dt.UTC)
    assert other.remind_at is None


@pytest.mark.parametrize("day", [dt.date(2026, 3, 4), dt.date(2020, 1, 1), dt.date(2099, 1, 1)])
def test_a_last_day_that_cannot_be_is_refused(world: World, case: Case, day: dt.date) -> None:
    with pytest.raises(Invalid):
        issue(world, case, expires_on=day)
    assert not Voucher.objects.exists()
    assert Offer.objects.get().state == OfferState.APPROVED


@pytest.mark.parametrize("percent", ["0", "-5", "100.01", "12.345", "NaN"])
def test_a_percentage_that_cannot_be_is_refused(world: World, case: Case, percent: str) -> None:
    with pytest.raises(Invalid):
        issue(world, case, kind="discount", percent=Decimal(percent))


def test_only_vouchers_and_discounts_have_codes_and_only_discounts_percentages(
    world: World, case: Case
) -> None:
    with pytest.raises(Invalid):
        issue(world, case, kind="refund")
    with pytest.raises(Invalid):
        issue(world, case, amount=100, percent=Decimal(10))


def test_an_offer_that_waits_has_no_voucher_yet_and_none_is_issued_twice(world: World, case: Case) -> None:
    waiting = granted(world, case, 1000)
    with pytest.raises(Conflict):
        issue_voucher(actor=world.frontline, offer_id=waiting.pk)
    issued = issue(world, make_case(world.branch))
    with pytest.raises(Conflict):
        issue_voucher(actor=world.frontline, offer_id=issued.voucher.offer_id)
    assert Voucher.objects.count() == 1


# --- the code is nowhere -------------------------------------------------------------------


def test_no_table_and_no_log_holds_a_code(world: World, case: Case, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    issued = issue(world, reachable(case))
    assert issued.is_sent
    send_due_messages()
    redeem(world.frontline, issued.code, 50)
    voucher = open_link(link_in(OutboxMessage.objects.get(template="voucher")))
    assert voucher is not None
    assert code_of(voucher) == issued.code
    for needle in (issued.code, grouped(issued.code), issued.code[:10], issued.code[8:20]):
        assert searched_tables(needle) == []
        assert needle.lower() not in caplog.text.lower()
    # The search itself finds what there is.
    assert "compensation_voucher" in searched_tables(voucher.seed)
    assert "messaging_outboxmessage" in searched_tables("guest@example.com")


def test_a_link_shows_the_voucher_once_and_a_new_one_can_be_sent(world: World, case: Case) -> None:
    issued = issue(world, reachable(case))
    token = link_in(OutboxMessage.objects.get(template="voucher"))
    assert searched_tables(token) == []
    assert open_link(token) == issued.voucher
    assert open_link(token) is None
    with pytest.raises(VoucherLink.DoesNotExist):
        open_link("unknown")
    send_voucher_again(actor=None, voucher_id=issued.voucher.pk)
    assert open_link(link_in(OutboxMessage.objects.latest("pk"))) == issued.voucher


def test_the_mail_is_in_the_customers_language(world: World) -> None:
    case = reachable(make_case(world.branch, language="zh-hans"))
    issue(world, case)
    message = OutboxMessage.objects.get(template="voucher")
    assert message.language == "zh-hans"
    assert message.to_address == ADDRESS


# --- keys ----------------------------------------------------------------------------------


def test_a_new_secret_key_locks_no_voucher_out(world: World, case: Case, settings: Any) -> None:
    issued = issue(world, case)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "the next one", [settings.SECRET_KEY]
    assert find_voucher(actor=world.frontline, code=issued.code) == issued.voucher
    assert rekey_vouchers() == 1
    assert rekey_vouchers() == 0
    voucher = Voucher.objects.get()
    assert code_of(voucher) == issued.code
    settings.SECRET_KEY_FALLBACKS = []
    assert redeem(world.frontline, issued.code, 50).remaining_after == 150
    assert code_of(voucher) is None


def test_without_the_key_a_code_opens_nothing(world: World, case: Case, settings: Any) -> None:
    issued = issue(world, case)
    settings.SECRET_KEY = "somebody else's"
    with pytest.raises(UnknownCode):
        find_voucher(actor=world.frontline, code=issued.code)


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


@pytest.mark.django_db(transaction=True)
def test_two_at_once_issue_one_voucher() -> None:
    world = make_world()
    offer = granted(world, make_case(world.branch))
    results = all_at_once([lambda: issue_voucher(actor=world.frontline, offer_id=offer.pk) for _ in range(4)])
    assert sum(isinstance(result, Issued) for result in results) == 1
    assert all(isinstance(result, Issued | Conflict) for result in results)
    assert Voucher.objects.count() == 1


# --- reminders and rules -------------------------------------------------------------------


def test_customers_are_reminded_once_before_the_end(world: World, case: Case) -> None:
    issued = issue(world, reachable(case))
    used = issue(world, reachable(make_case(world.branch)))
    redeem(world.frontline, used.code)
    moment = issued.voucher.expires_at - dt.timedelta(days=30)
    with time_machine.travel(moment - dt.timedelta(minutes=1), tick=False):
        assert send_voucher_reminders() == 0
    with time_machine.travel(moment, tick=False):
        assert send_voucher_reminders() == 1
        assert send_voucher_reminders() == 0
    message = OutboxMessage.objects.get(template="voucher_reminder")
    assert clean_code(issued.code) not in clean_code(message.whole_text)
    assert open_link(link_in(message)) == issued.voucher
    assert Voucher.objects.get(pk=issued.voucher.pk).reminded_at == moment


def test_a_rule_holds_for_vouchers_issued_from_then_on(world: World, case: Case) -> None:
    before = issue(world, case).voucher
    new = RuleRecord(validity_days=10, reminder_days=2, single_use=True, everywhere=False)
    set_voucher_rule(actor=world.admin, kind="voucher", new=new)
    after = issue(world, make_case(world.branch)).voucher
    assert (after.expires_at - NOON).days == 10
    assert (after.single_use, after.everywhere) == (True, False)
    before.refresh_from_db()
    assert (before.single_use, before.everywhere) == (False, True)
    assert Event.objects.filter(stream="voucher-rule:voucher", verb="voucher_rule.changed").count() == 1
    with pytest.raises(Invalid):
        set_voucher_rule(actor=world.admin, kind="voucher", new=RuleRecord(5, 5, True, True))
    with pytest.raises(NotAllowed):
        set_voucher_rule(actor=world.manager, kind="voucher", new=new)


def test_a_voucher_redeemed_at_once_lapses_after_a_part(world: World, case: Case) -> None:
    VoucherRule.objects.update(single_use=True)
    issued = issue(world, case)
    assert redeem(world.frontline, issued.code, 50).remaining_after == 150
    with pytest.raises(NotRedeemable):
        redeem(world.frontline, issued.code, 50)


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
