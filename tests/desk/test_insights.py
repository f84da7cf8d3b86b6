"""The insights pages: who sees what, that links open what they count, and that files are safe."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.urls import reverse

from accounts.states import Role
from insights.figures import FIGURES
from tests.desk.insights_pages import lines, page, signed_in
from tests.factories import make_user
from tests.insights.world import World, make_world

LIST_LINK = re.compile(r'href="(/desk/insights/cases/\?[^"]+)"')


@pytest.fixture
def world(db: None) -> World:
    return make_world()


@pytest.mark.parametrize("name", ["insights", "insights_csv", "insights_cases", "insights_cases_csv"])
def test_frontline_staff_do_not_see_insights(db: None, name: str) -> None:
    assert signed_in(make_user(Role.FRONTLINE)).get(reverse(f"desk:{name}")).status_code == 403


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.MANAGER, Role.ADMIN, Role.AUDITOR, Role.FINANCE])
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_everyone_else_sees_them_even_when_there_is_nothing(db: None, role: Role, language: str) -> None:
    client = signed_in(make_user(role, language=language))
    for name in ("insights", "insights_cases"):
        page(client, reverse(f"desk:{name}"))


@pytest.mark.parametrize("query", ["", "?period=7d&type=process", "?period=last_month&channel=phone"])
def test_every_link_of_the_dashboard_opens_as_many_rows_as_it_says(world: World, query: str) -> None:
    client = signed_in(world.manager)
    shown = page(client, reverse("desk:insights") + query)
    links = {unescape(link) for link in LIST_LINK.findall(shown)}
    assert {link.split("figure=")[1].split("&")[0] for link in links} <= set(FIGURES)
    counted = re.findall(r'href="(/desk/insights/cases/\?[^"]+)">([\d,]+)</a>', shown)
    assert len(counted) >= 10
    for link, number in counted:
        listed = lines(client, unescape(link).replace("cases/?", "cases.csv?"))
        assert len(listed) - 1 == int(number.replace(",", "")), link
    for link in {link.split("figure=")[1].split("&")[0]: link for link in links}.values():
        page(client, link)


def test_a_supervisor_counts_only_the_cases_of_their_branches(world: World) -> None:
    client = signed_in(world.supervisor)
    own = {branch.name_en for branch in world.branches[:2]}
    found = {row[3] for row in lines(client, reverse("desk:insights_cases_csv") + "?period=90d")[1:]}
    assert found == own


def test_a_branch_out_of_reach_is_no_choice_and_shows_nothing_more(world: World) -> None:
    client = signed_in(world.supervisor)
    query = f"?period=90d&branch={world.branches[2].code}"
    found = {row[3] for row in lines(client, reverse("desk:insights_cases_csv") + query)[1:]}
    assert world.branches[2].name_en not in found
    assert world.branches[2].name_en not in page(client, reverse("desk:insights"))


@pytest.mark.parametrize(
    "query",
    [
        "period=custom",
        "period=custom&start=2026-03-09&end=2026-03-01",
        "period=custom&start=0001-01-01&end=9999-12-31",
        "period=custom&start=nonsense&end=2026-03-01",
        "period=forever&channel=pigeon&type=x&branch=%00&currency=XXX",
        "start=2026-03-01",
        "defect=none-such&family=none-such",
        "at=n20260101-1&figure=opened",
    ],
)
def test_a_crooked_address_gets_a_page_and_not_an_error(world: World, query: str) -> None:
    client = signed_in(world.manager)
    for name in ("insights", "insights_cases"):
        page(client, f"{reverse(f'desk:{name}')}?{query}")


def test_dates_the_wrong_way_round_are_named_beside_the_field(world: World) -> None:
    query = "?period=custom&start=2026-03-09&end=2026-03-01"
    assert "This day is before the first one." in page(
        signed_in(world.manager), reverse("desk:insights") + query
    )


def test_an_unknown_figure_is_not_found(world: World) -> None:
    assert signed_in(world.manager).get(reverse("desk:insights_cases") + "?figure=none").status_code == 404


def test_a_name_that_a_spreadsheet_would_run_stays_text(world: World) -> None:
    customer = world.cases[0].customer
    customer.name = '=HYPERLINK("http://example.com")'
    customer.save()
    rows = lines(signed_in(world.manager), reverse("desk:insights_cases_csv") + "?period=90d")
    assert {row[2] for row in rows[1:]} == {"'" + customer.name}


def test_the_exported_figures_are_those_of_the_page(world: World) -> None:
    client = signed_in(world.manager)
    exported = lines(client, reverse("desk:insights_csv"))
    opened = next(row for row in exported if row[0] == "Complaints opened")
    assert f">{opened[2]}</a></b>" in page(client, reverse("desk:insights"))


@pytest.mark.parametrize("name", ["insights", "insights_cases"])
def test_the_pages_ask_the_database_no_more_than_twenty_times(
    world: World, name: str, django_assert_max_num_queries: object
) -> None:
    client = signed_in(world.supervisor)
    with django_assert_max_num_queries(20):  # type: ignore[operator]
        page(client, reverse(f"desk:{name}"))
