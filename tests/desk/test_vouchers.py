"""Vouchers at the desk: issued on the case page, looked up, redeemed, taken back, listed and exported."""

from __future__ import annotations

import csv
import io
import re
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from cases.models import Case
from compensation.actions.offers import propose_offer
from compensation.actions.vouchers import Issued, issue_voucher
from compensation.models import Redemption, Voucher, VoucherRule
from compensation.states import VoucherStanding
from compensation.voucher_rules import grouped
from tests.factories import Desk, log_case, make_branch, make_user

REDEEM = "/desk/vouchers/redeem/"


@pytest.fixture(autouse=True)
def _no_attempts_yet() -> None:
    cache.clear()


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def granted(desk: Desk, kind: str = "voucher", case: Case | None = None) -> Any:
    return propose_offer(
        actor=desk.frontline,
        case_id=(case or log_case(desk)).pk,
        kind=kind,
        basis="goodwill",
        amount=Decimal(40),
        purpose="The late parcel",
        reason="Two days late.",
    )


def issued(desk: Desk, kind: str = "voucher", percent: Decimal | None = None) -> Issued:
    return issue_voucher(actor=desk.frontline, offer_id=granted(desk, kind).pk, percent=percent)


def ticket_in(page: str) -> str:
    found = re.search(r'name="ticket" value="([^"]+)"', page)
    assert found, page
    return found[1]


def test_the_code_is_shown_once_as_it_is_issued_and_never_again(desk: Desk) -> None:
    offer = granted(desk)
    client = client_of(desk.frontline)
    url = f"/desk/cases/{offer.case.number}/"
    assert f"/desk/offers/{offer.pk}/voucher/" in client.get(url).content.decode()
    answer = client.post(f"/desk/offers/{offer.pk}/voucher/", {"send": "on"})
    page = answer.content.decode()
    code = re.search(r'class="voucher-code"[^>]*>([0-9A-Z-]{29})<', page)
    assert code is not None
    assert answer["Cache-Control"] == "no-store, private"
    assert "<svg role=" in page
    assert "style=" not in page.split("voucher-card")[1]
    voucher = Voucher.objects.get()
    for address in (url, f"/desk/vouchers/{voucher.pk}/", "/desk/vouchers/", "/desk/vouchers/export.csv"):
        response = client.get(address)
        seen = (b"".join(response) if response.streaming else response.content).decode()
        assert voucher.last_four in seen
        assert code[1] not in seen
        assert code[1].replace("-", "") not in seen
    again = client.post(f"/desk/offers/{offer.pk}/voucher/", {})
    assert again.status_code == 422
    assert code[1] not in again.content.decode()


def test_a_code_is_looked_up_redeemed_in_part_and_receipted(desk: Desk) -> None:
    code, client = grouped(issued(desk).code), client_of(desk.colleague)
    found = client.post(REDEEM, {"code": code.lower()})
    assert found.status_code == 200
    assert "€40.00" in found.content.decode()
    assert not Redemption.objects.exists()
    sent = {"code": code, "ticket": ticket_in(found.content.decode()), "amount": "15", "reference": "B-7"}
    answers = [client.post(REDEEM, sent) for _ in range(2)]
    redemption = Redemption.objects.get()
    assert [answer["Location"] for answer in answers] == [f"/desk/vouchers/redemptions/{redemption.pk}/"] * 2
    receipt = client.get(answers[0]["Location"]).content.decode()
    assert "€15.00" in receipt
    assert "€25.00" in receipt
    assert "B-7" in receipt
    assert code not in receipt


def test_what_cannot_be_redeemed_says_why_and_keeps_what_was_typed(desk: Desk) -> None:
    voucher = issued(desk)
    client = client_of(desk.frontline)
    page = client.post(REDEEM, {"code": voucher.code}).content.decode()
    answer = client.post(REDEEM, {"code": voucher.code, "ticket": ticket_in(page), "amount": "41"})
    assert answer.status_code == 422
    assert "no more than €40.00" in answer.content.decode()
    assert 'value="41"' in answer.content.decode()
    client = client_of(desk.supervisor)
    client.post(f"/desk/vouchers/{voucher.voucher.pk}/void/", {"reason": "A mistake."})
    page = client.post(REDEEM, {"code": voucher.code}).content.decode()
    assert "This voucher is void." in page
    assert 'name="ticket"' not in page


def test_a_percentage_asks_for_the_bill(desk: Desk) -> None:
    voucher = issued(desk, "discount", Decimal(20))
    client = client_of(desk.frontline)
    page = client.post(REDEEM, {"code": voucher.code}).content.decode()
    assert 'name="bill"' in page
    assert 'name="amount"' not in page
    client.post(REDEEM, {"code": voucher.code, "ticket": ticket_in(page), "bill": "60"})
    assert Redemption.objects.get().amount == 12


def test_wrong_codes_are_answered_alike_and_too_many_make_one_wait(desk: Desk) -> None:
    code, client = issued(desk).code, client_of(desk.frontline)
    wrong = ("A" if code[0] != "A" else "B") + code[1:]
    for number in range(20):
        answer = client.post(REDEEM, {"code": wrong if number % 2 else f"nothing {number}"})
        assert answer.status_code == 422
        assert "No voucher has this code." in answer.content.decode()
    assert client.post(REDEEM, {"code": code}).status_code == 429
    assert client_of(desk.colleague).post(REDEEM, {"code": code}).status_code == 200


def test_a_redemption_is_taken_back_on_the_vouchers_page(desk: Desk) -> None:
    voucher, client = issued(desk), client_of(desk.frontline)
    page = client.post(REDEEM, {"code": voucher.code}).content.decode()
    client.post(REDEEM, {"code": voucher.code, "ticket": ticket_in(page), "amount": "40"})
    url = f"/desk/vouchers/{voucher.voucher.pk}/"
    back = f"{url}redemptions/{Redemption.objects.get().pk}/take-back/"
    assert back not in client_of(desk.colleague).get(url).content.decode()
    assert client.post(back, {"reason": ""}).status_code == 422
    assert client.post(back, {"reason": "The wrong guest."}).status_code == 302
    assert Voucher.objects.get().standing == VoucherStanding.VALID
    assert "The wrong guest." in client.get(url).content.decode()


def test_the_list_and_its_file_hold_what_the_filter_asks_for_in_ones_own_branches(desk: Desk) -> None:
    first, second = issued(desk).voucher, issued(desk).voucher
    client = client_of(desk.supervisor)
    client.post(f"/desk/vouchers/{second.pk}/void/", {"reason": "=A mistake."})
    for query, pks in (
        ({}, {first.pk, second.pk}),
        ({"standing": "void"}, {second.pk}),
        ({"standing": "valid"}, {first.pk}),
        ({"standing": "expired"}, set()),
        ({"text": first.offer.case.number.lower()}, {first.pk}),
    ):
        page = client.get("/desk/vouchers/", query).content.decode()
        assert {pk for pk in (first.pk, second.pk) if f'"/desk/vouchers/{pk}/"' in page} == pks
        body = b"".join(client.get("/desk/vouchers/export.csv", query)).decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(body)))[1:]
        assert {int(row[0]) for row in rows} == pks
    whole = b"".join(client.get("/desk/vouchers/export.csv")).decode()
    assert "'=A mistake." in body or "'=A mistake." in whole
    stranger = client_of(make_user("supervisor", make_branch()))
    assert f"/desk/vouchers/{first.pk}/" not in stranger.get("/desk/vouchers/").content.decode()
    assert stranger.get(f"/desk/vouchers/{first.pk}/").status_code == 404
    assert stranger.get("/desk/vouchers/?after=x").status_code == 302
    assert stranger.get("/desk/vouchers/?standing=none").status_code == 422


def test_the_rule_of_a_kind_is_changed_in_the_settings(desk: Desk) -> None:
    client = client_of(desk.admin)
    assert "/desk/settings/vouchers/discount/" in client.get("/desk/settings/vouchers/").content.decode()
    url = "/desk/settings/vouchers/voucher/"
    assert client.post(url, {"validity_days": "30", "reminder_days": "30"}).status_code == 422
    sent = {"validity_days": "30", "reminder_days": "7", "single_use": "on"}
    assert client.post(url, sent).status_code == 302
    rule = VoucherRule.objects.get(kind="voucher")
    assert (rule.validity_days, rule.reminder_days, rule.single_use, rule.everywhere) == (30, 7, True, False)
