"""The customer's side of a voucher: one link, one device, and no code before one asks for it."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.test import Client

from compensation.actions.offers import propose_offer
from compensation.actions.voiding import void_voucher
from compensation.actions.vouchers import Issued, issue_voucher
from compensation.models import VoucherLink
from compensation.voucher_rules import grouped
from messaging.models import OutboxMessage
from tests.factories import Desk, log_case, make_desk


@pytest.fixture
def desk(db: None) -> Desk:
    cache.clear()
    return make_desk()


@pytest.fixture
def issued(desk: Desk) -> Issued:
    offer = propose_offer(
        actor=desk.frontline,
        case_id=log_case(desk).pk,
        kind="voucher",
        basis="goodwill",
        amount=Decimal(40),
        purpose="The late parcel",
        reason="Two days late.",
    )
    return issue_voucher(actor=desk.frontline, offer_id=offer.pk)


def link() -> str:
    message = OutboxMessage.objects.filter(template="voucher").latest("pk")
    found = re.search(r"/voucher/[\w-]+/", message.whole_text)
    assert found is not None
    assert found[0] in message.whole_html
    return found[0]


def test_opening_the_link_shows_nothing_until_one_asks(issued: Issued) -> None:
    client, url = Client(), link()
    for _ in range(3):
        page = client.get(url)
        assert grouped(issued.code) not in page.content.decode()
        assert page["Cache-Control"] == "no-store, private"
    assert VoucherLink.objects.get().opened_at is None
    shown = client.post(url, follow=True).content.decode()
    assert grouped(issued.code) in shown
    assert "<svg role=" in shown
    assert grouped(issued.code) in client.get(url).content.decode()


def test_another_device_sees_no_code_but_may_ask_for_a_new_link(issued: Issued) -> None:
    url = link()
    Client().post(url)
    other = Client()
    for page in (other.get(url), other.post(url, follow=True)):
        assert grouped(issued.code) not in page.content.decode()
        assert "opened before" in page.content.decode()
    assert other.post(url, {"again": "1"}).status_code == 200
    assert link() != url
    assert grouped(issued.code) in other.post(link(), follow=True).content.decode()


def test_new_links_are_sent_a_few_times_a_day_and_not_before_the_first_was_used(issued: Issued) -> None:
    url = link()
    assert Client().post(url, {"again": "1"}).status_code == 429
    Client().post(url)
    answers = [Client().post(url, {"again": "1"}).status_code for _ in range(4)]
    assert answers == [200, 200, 200, 429]
    assert OutboxMessage.objects.filter(template="voucher").count() == 4


def test_a_void_voucher_and_an_unknown_link_show_no_code(desk: Desk, issued: Issued) -> None:
    client, url = Client(), link()
    client.post(url)
    void_voucher(actor=desk.supervisor, voucher_id=issued.voucher.pk, reason="A mistake.")
    page = client.get(url).content.decode()
    assert grouped(issued.code) not in page
    assert "not valid any more" in page
    assert client.get("/voucher/unknown/").status_code == 404


def test_somebody_elses_cookie_opens_nothing(issued: Issued) -> None:
    url = link()
    Client().post(url)
    forger = Client()
    forger.cookies[f"amends_voucher_{issued.voucher.pk}"] = f"{issued.voucher.seed[:16]}:made-up"
    assert grouped(issued.code) not in forger.get(url).content.decode()
