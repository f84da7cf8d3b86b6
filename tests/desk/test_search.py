"""Search: one box finds cases and customers, in both languages, and shows where."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from customers.models import Customer
from desk.highlight import excerpt, highlight
from tests.factories import Desk, log_case, make_branch, make_customer, make_user

pytestmark = pytest.mark.django_db
MOST_QUERIES = 20


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def words(response: Any) -> str:
    return html.unescape(" ".join(re.sub(r"<[^>]+>", "", response.content.decode()).split()))


def found(client: Client, text: str, **query: str) -> list[str]:
    response = client.get(reverse("desk:search"), {"q": text, **query})
    assert response.status_code == 200
    return [hit.case.number for hit in response.context["hits"]]


def test_a_case_number_leads_straight_to_the_case(desk: Desk) -> None:
    case = log_case(desk)
    for text in (case.number, case.number.lower(), f"  {case.number} ", case.number.replace("C", "Ｃ")):
        response = signed_in(desk.frontline).get(reverse("desk:search"), {"q": text})
        assert response.status_code == 302
        assert response["Location"] == reverse("desk:case", args=[case.number])


def test_the_number_of_a_case_elsewhere_tells_nothing(desk: Desk) -> None:
    case = log_case(desk)
    stranger = make_user("frontline", make_branch())
    assert found(signed_in(stranger), case.number) == []


def test_two_chinese_characters_find_a_complaint(desk: Desk) -> None:
    case = log_case(desk, description="我在柜台等候了两个小时，没有人理我。", language="zh-hans")
    log_case(desk, description="房间没有打扫。", language="zh-hans")
    client = signed_in(desk.frontline)
    assert found(client, "等候") == [case.number]
    response = client.get(reverse("desk:search"), {"q": "等候"})
    assert "<mark>等候</mark>" in response.content.decode()


def test_every_word_must_be_found_and_the_newest_comes_first(desk: Desk) -> None:
    first = log_case(desk, description="The suitcase came back broken.")
    second = log_case(desk, description="My suitcase is lost.")
    client = signed_in(desk.frontline)
    assert found(client, "suitcase") == [second.number, first.number]
    assert found(client, "suitcase broken") == [first.number]
    assert found(client, "suitcase umbrella") == []


def test_customers_are_found_by_phone_beside_their_cases(desk: Desk) -> None:
    customer = make_customer(desk.frontline, name="Ada Brandt", phone="+49 30 901820")
    case = log_case(desk, customer=customer)
    client = signed_in(desk.frontline)
    assert found(client, "Brandt") == [case.number]
    by_phone = client.get(reverse("desk:search"), {"q": "+49 30 9018"})
    assert [each.pk for each in by_phone.context["customers"]] == [customer.pk]


def test_older_results_follow_without_a_gap(desk: Desk) -> None:
    customer = make_customer(desk.frontline, name="Rosa Lind")
    numbers = [log_case(desk, customer=customer).number for _ in range(28)]
    client = signed_in(desk.frontline)
    first = client.get(reverse("desk:search"), {"q": "Lind"})
    second = client.get(reverse("desk:search") + first.context["next_url"])
    shown = [hit.case.number for page in (first, second) for hit in page.context["hits"]]
    assert shown == numbers[::-1]


def test_what_nobody_wrote_finds_nothing_and_says_what_to_try(desk: Desk) -> None:
    client = signed_in(desk.frontline)
    assert "Nothing is found" in words(client.get(reverse("desk:search"), {"q": "zeppelin"}))
    assert "What are you looking for?" in words(client.get(reverse("desk:search")))
    for nonsense in ("'", "&|!", "\x00", "a" * 5000, "%", "：，。"):
        assert client.get(reverse("desk:search"), {"q": nonsense}).status_code == 200
    assert client.get(reverse("desk:search"), {"q": "a", "after": "x"}).status_code == 302
    assert client.get(reverse("desk:search"), {"q": "a", "after": "9" * 40}).status_code == 302


def test_search_costs_the_same_for_one_result_and_for_a_page_full(
    desk: Desk, django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    log_case(desk, description="A flat tyre.")
    client = signed_in(desk.frontline)
    client.get(reverse("desk:search"), {"q": "tyre"})
    with django_assert_max_num_queries(MOST_QUERIES) as few:
        client.get(reverse("desk:search"), {"q": "tyre"})
    for _ in range(30):
        log_case(desk, description="A flat tyre.")
    with django_assert_num_queries(len(few)):
        client.get(reverse("desk:search"), {"q": "tyre"})


def test_marks_escape_the_text_and_join_what_touches() -> None:
    assert highlight("<b>Late</b> parcel", "late b") == (
        "&lt;<mark>b</mark>&gt;<mark>Late</mark>&lt;/<mark>b</mark>&gt; parcel"
    )
    assert highlight("退款退款单", "退款单") == "<mark>退款退款单</mark>"
    assert highlight("Band and sand", "an") == "Band <mark>an</mark>d sand"
    assert highlight("nothing here", "") == "nothing here"


def test_an_excerpt_starts_and_ends_at_words() -> None:
    text = "word " * 60 + "needle " + "tail " * 60
    shown = str(excerpt(text, "needle"))
    assert shown.startswith("…word ")
    assert shown.endswith("tail…")
    assert "<mark>needle</mark>" in shown
    assert excerpt(text, "absent") == ""


def test_deleted_markup_in_names_is_shown_as_text(desk: Desk) -> None:
    customer = make_customer(desk.frontline, name="<script>alert(1)</script> Kern")
    log_case(desk, customer=customer)
    body = signed_in(desk.frontline).get(reverse("desk:search"), {"q": "Kern"}).content.decode()
    assert "<script>alert" not in body
    assert Customer.objects.filter(name__contains="<script>").exists()
