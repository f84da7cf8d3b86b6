"""Vouchers: issued for a granted offer, kept without their code, and cared for."""

from __future__ import annotations

import datetime as dt
import logging
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection

from audit.models import Event
from cases.models import Case
from cases.states import StepKind
from common.errors import Conflict, Invalid, NotAllowed
from compensation.actions.redemption import UnknownCode, find_voucher
from compensation.actions.voucher_care import (
    RuleRecord,
    open_link,
    rekey_vouchers,
    send_voucher_again,
    send_voucher_reminders,
    set_voucher_rule,
)
from compensation.actions.vouchers import Issued, issue_voucher
from compensation.models import Offer, Voucher, VoucherLink
from compensation.states import OfferState
from compensation.voucher_keys import code_of
from compensation.voucher_rules import clean_code, grouped
from messaging.actions import send_due_messages
from messaging.models import OutboxMessage
from tests.compensation.vouchers import ADDRESS, granted, issue, link_in, reachable, redeem
from tests.compensation.world import NOON, World, make_budget, make_case, make_world
from tests.support.at_once import all_at_once


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


@pytest.mark.django_db(transaction=True)
def test_two_at_once_issue_one_voucher() -> None:
    world = make_world()
    offer = granted(world, make_case(world.branch))
    results = all_at_once([lambda: issue_voucher(actor=world.frontline, offer_id=offer.pk) for _ in range(4)])
    assert sum(isinstance(result, Issued) for result in results) == 1
    assert all(isinstance(result, Issued | Conflict) for result in results)
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
