"""The pages about compensation: links that open what they count, both kinds of files, and who sees what."""

from __future__ import annotations

import io
import re
from html import unescape
from xml.etree import ElementTree
from zipfile import ZipFile

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.states import Role
from insights.compensation_figures import OFFER_FIGURES
from tests.desk.insights_pages import lines, page, signed_in
from tests.factories import make_user
from tests.insights.paid_world import make_paid_world
from tests.insights.world import NOW, World

PAGES = ("insights_compensation", "insights_fairness", "insights_decisions", "insights_budgets")
COUNTED = re.compile(r'href="(/desk/insights/offers/\?[^"]+)">([\d,]+)(?: offers?| cases?)?</a>')


@pytest.fixture
def world(db: None) -> World:
    return make_paid_world(cases=180)


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_pages_stand_even_when_there_is_nothing(db: None, name: str, language: str) -> None:
    for role in (Role.SUPERVISOR, Role.MANAGER, Role.AUDITOR):
        page(signed_in(make_user(role, language=language)), reverse(f"desk:{name}"))


@pytest.mark.parametrize("name", PAGES[:3])
@pytest.mark.parametrize("query", ["?period=90d&currency=CNY", "?period=30d&currency=EUR&type=outcome"])
def test_every_number_opens_as_many_rows_as_it_says(world: World, name: str, query: str) -> None:
    client = signed_in(world.manager)
    shown = page(client, reverse(f"desk:{name}") + query)
    counted = {(unescape(link), int(number.replace(",", ""))) for link, number in COUNTED.findall(shown)}
    assert len(counted) >= 5
    for link, number in counted:
        assert len(lines(client, link.replace("offers/?", "offers.csv?"))) - 1 == number, link


def test_each_list_has_a_page(world: World) -> None:
    client = signed_in(world.manager)
    for code in OFFER_FIGURES:
        shown = page(client, f"{reverse('desk:insights_offers')}?figure={code}&period=90d&currency=CNY")
        assert str(OFFER_FIGURES[code].label) in unescape(shown)
    assert client.get(reverse("desk:insights_offers") + "?figure=none").status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "currency=XXX&kind=%00&cause=none-such&tier=steel",
        "proposer=-1&approver=99999999999999999999&agent=x&budget=0",
        "figure=on_budget",
        "figure=compensated&agent=0&loss=verified",
        "period=custom&start=2026-03-09&end=2026-03-01",
    ],
)
def test_a_crooked_address_gets_a_page_and_not_an_error(world: World, query: str) -> None:
    client = signed_in(world.manager)
    for name in (*PAGES, "insights_offers"):
        page(client, f"{reverse(f'desk:{name}')}?{query}")


def test_a_supervisor_counts_only_the_money_of_their_branches(world: World) -> None:
    client = signed_in(world.supervisor)
    address = f"{reverse('desk:insights_offers_csv')}?figure=grants&period=90d&currency=CNY"
    assert {row[4] for row in lines(client, address)[1:]} == {world.branches[1].name_en}
    everyone = lines(signed_in(world.manager), address)
    assert {row[4] for row in everyone[1:]} == {branch.name_en for branch in world.branches[1:]}


def test_a_list_says_what_it_is_narrowed_to(world: World) -> None:
    client = signed_in(world.manager)
    shown = page(client, reverse("desk:insights_decisions") + "?period=90d&currency=CNY")
    link = next(unescape(link) for link, _n in COUNTED.findall(shown) if "approver=" in link)
    name = User.objects.get(pk=re.search(r"approver=(\d+)", link)[1]).name  # type: ignore[index]
    assert f"decided by {name}" in page(client, link)


@pytest.mark.parametrize("name", [*PAGES, "insights", "insights_cases", "insights_offers"])
def test_both_files_hold_the_same(world: World, name: str) -> None:
    client = signed_in(world.manager)
    query = "?period=90d&currency=CNY"
    written = lines(client, reverse(f"desk:{name}_csv") + query)
    rows = xlsx_rows(client, reverse(f"desk:{name}_xlsx") + query)
    assert len(written) == len(rows)
    assert written[0] == rows[0]


FILES = ("vouchers", "exceptions", "audit")


@pytest.mark.parametrize("name", [*PAGES, "insights", "insights_cases", "insights_offers", *FILES])
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_no_two_columns_of_a_file_have_the_same_name(world: World, name: str, language: str) -> None:
    world.manager.language = language
    world.manager.save()
    heading = lines(signed_in(world.manager), reverse(f"desk:{name}_csv"))[0]
    assert len(heading) > 3
    assert len(set(heading)) == len(heading)


def test_amounts_have_the_decimals_of_their_currency(world: World) -> None:
    client = signed_in(world.manager)
    for query, columns in (("figure=grants", (12, 13)), ("figure=compensated", (9, 10))):
        rows = lines(client, f"{reverse('desk:insights_offers_csv')}?{query}&period=90d&currency=CNY")[1:]
        amounts = [row[column] for row in rows for column in columns]
        assert len(amounts) > 20
        assert all(re.fullmatch(r"\d+\.\d\d", amount) for amount in amounts)


def test_what_a_spreadsheet_would_run_is_text_in_both_files(world: World) -> None:
    customer = world.cases[0].customer
    customer.name = '=HYPERLINK("http://example.com")'
    customer.save()
    client = signed_in(world.manager)
    query = "?figure=opened&period=90d"
    names = {row[2] for row in lines(client, reverse("desk:insights_cases_csv") + query)[1:]}
    assert "'" + customer.name in names
    address = reverse("desk:insights_cases_xlsx") + query
    assert customer.name in {row[2] for row in xlsx_rows(client, address)[1:]}
    assert b"<f>" not in sheet_of(client, address)[0]


@pytest.mark.parametrize("name", [*PAGES, "insights_offers"])
def test_the_pages_ask_the_database_no_more_than_twenty_times(
    world: World, name: str, django_assert_max_num_queries: object
) -> None:
    client = signed_in(world.supervisor)
    with django_assert_max_num_queries(20):  # type: ignore[operator]
        page(client, reverse(f"desk:{name}") + "?period=90d")


def sheet_of(client: Client, address: str) -> tuple[bytes, list[str]]:
    """The first sheet of a file, and the texts that its cells point to (none where they hold them)."""
    with time_machine.travel(NOW, tick=False):
        response = client.get(address)
    assert response.headers["Content-Type"].endswith("spreadsheetml.sheet")
    with ZipFile(io.BytesIO(response.getvalue())) as archive:
        return archive.read("xl/worksheets/sheet1.xml"), archive.namelist()


def xlsx_rows(client: Client, address: str) -> list[list[str]]:
    """The rows of the first sheet, as texts."""
    space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    tree = ElementTree.fromstring(sheet_of(client, address)[0])  # noqa: S314  # we wrote it ourselves
    return [["".join(cell.itertext()) for cell in row.iter(f"{space}c")] for row in tree.iter(f"{space}row")]
