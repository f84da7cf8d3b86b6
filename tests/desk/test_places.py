"""Branches, calendars and budgets by the settings pages, and a new installation’s way to its first case."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from accounts.management.commands.create_admin import PASSWORD_VARIABLE
from accounts.models import Branch, User
from audit.models import Event
from cases.models import Case
from compensation.models import Budget
from sla.models import Calendar
from sla.queries import calendar_of
from tests.factories import Desk, log_case, make_user

pytestmark = pytest.mark.django_db
SECTION = ("calendars", "authority")


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def branch_fields(**fields: Any) -> dict[str, Any]:
    values = {
        "code": "harbour",
        "name_en": "Harbour Shop",
        "time_zone": "Europe/Berlin",
        "currency": "EUR",
        "calendar": Calendar.objects.get(code="office").pk,
        "is_active": "on",
    }
    return values | fields


def calendar_fields(**fields: Any) -> dict[str, Any]:
    values = {"name_en": "Shop hours", "time_zone": "UTC", "day_0": "09:00-17:00, 18:00-22:00"}
    return values | fields


def budget_fields(desk: Desk, **fields: Any) -> dict[str, Any]:
    today = dt.datetime.now(dt.UTC).date()
    values = {"branch": desk.branch.pk, "starts_on": today, "ends_on": today, "amount": "2000"}
    return values | fields


def test_an_administrator_opens_a_branch_and_moves_it_to_another_calendar(desk: Desk) -> None:
    client = signed_in(desk.admin)
    assert client.post(reverse("desk:branch_new"), branch_fields()).status_code == 302
    assert client.post(reverse("desk:calendar_new"), calendar_fields()).status_code == 302
    branch, shop = Branch.objects.get(code="harbour"), Calendar.objects.get(code="shop-hours")
    form = client.get(reverse("desk:branch_edit", args=[branch.pk])).context["form"]
    assert form["calendar"].value() == calendar_of(branch.pk).pk
    changed = branch_fields(calendar=shop.pk, name_zh="海港店")
    client.post(reverse("desk:branch_edit", args=[branch.pk]), changed)
    branch.refresh_from_db()
    assert (branch.name_zh, calendar_of(branch.pk)) == ("海港店", shop)
    verbs = Event.objects.filter(stream=f"branch:{branch.pk}").order_by("sequence")
    assert [event.verb for event in verbs] == [
        "branch.created", "branch.calendar_set", "branch.changed", "branch.calendar_set",
    ]  # fmt: skip
    page = client.get(reverse("desk:settings_section", args=["calendars"])).content.decode()
    assert "Harbour Shop" in page
    assert "09:00–17:00, 18:00–22:00" in page


def test_a_calendar_comes_back_as_it_was_entered(desk: Desk) -> None:
    client = signed_in(desk.admin)
    client.post(reverse("desk:calendar_new"), calendar_fields(holiday_country="CN"))
    shop = Calendar.objects.get(code="shop-hours")
    address = reverse("desk:calendar_edit", args=[shop.pk])
    form = client.get(address).context["form"]
    shown = {name: form[name].value() for name in form.fields}
    assert (shown["day_0"], shown["day_6"], shown["holiday_country"]) == (
        "09:00-17:00, 18:00-22:00", "", "CN",
    )  # fmt: skip
    assert client.post(address, shown).status_code == 302
    assert Event.objects.filter(stream=f"calendar:{shop.pk}").count() == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [("code", "a b"), ("name_en", ""), ("time_zone", "Mars/Olympus"), ("currency", "XXX"), ("calendar", "")],
)
def test_a_wrong_field_of_a_branch_is_told_beside_it(desk: Desk, field: str, value: str) -> None:
    client, branches = signed_in(desk.admin), Branch.objects.count()
    for address in (reverse("desk:branch_new"), reverse("desk:branch_edit", args=[desk.branch.pk])):
        response = client.post(address, branch_fields(**{field: value}))
        assert response.status_code == 422
        assert list(response.context["form"].errors) == [field]
    assert Branch.objects.count() == branches


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"day_0": ""}, "day_0"),
        ({"day_2": "18:00-09:00"}, "day_2"),
        ({"holiday_country": "ZZ"}, "holiday_country"),
        ({"name_en": ""}, "name_en"),
        ({"time_zone": "Nowhere"}, "time_zone"),
    ],
)
def test_a_wrong_field_of_a_calendar_is_told_beside_it(
    desk: Desk, fields: dict[str, str], field: str
) -> None:
    client, office = signed_in(desk.admin), Calendar.objects.get(code="office")
    for address in (reverse("desk:calendar_new"), reverse("desk:calendar_edit", args=[office.pk])):
        response = client.post(address, calendar_fields(**fields))
        assert response.status_code == 422
        assert list(response.context["form"].errors) == [field]
    assert Calendar.objects.get().week == office.week


def test_an_administrator_sets_a_budget_and_raises_it(desk: Desk) -> None:
    client = signed_in(desk.admin)
    assert client.post(reverse("desk:budget_new"), budget_fields(desk)).status_code == 302
    budget = Budget.objects.get()
    assert (budget.branch, budget.currency, budget.amount) == (desk.branch, "EUR", 2000)
    address = reverse("desk:budget_edit", args=[budget.pk])
    assert 'value="2000"' in client.get(address).content.decode()
    client.post(address, {"amount": "2500.50", "warn_at": "80", "reason": "A storm."})
    assert str(Budget.objects.get().amount) == "2500.5000"
    page = client.get(reverse("desk:settings_section", args=["authority"])).content.decode()
    assert reverse("desk:budget", args=[budget.pk]) in page


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"amount": "0"}, "amount"),
        ({"amount": "1.234"}, "amount"),
        ({"amount": "much"}, "amount"),
        ({"ends_on": "2001-01-01"}, "ends_on"),
        ({"starts_on": ""}, "starts_on"),
        ({"branch": "0"}, "branch"),
    ],
)
def test_a_wrong_field_of_a_budget_is_told_beside_it(desk: Desk, fields: dict[str, str], field: str) -> None:
    response = signed_in(desk.admin).post(reverse("desk:budget_new"), budget_fields(desk, **fields))
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    assert not Budget.objects.exists()


def test_a_budget_to_come_is_shown_and_one_that_is_over_is_not(desk: Desk) -> None:
    client, today = signed_in(desk.admin), dt.datetime.now(dt.UTC).date()
    for days, amount in ((40, 4040), (-40, 7070)):
        day = today + dt.timedelta(days=days)
        client.post(
            reverse("desk:budget_new"), budget_fields(desk, starts_on=day, ends_on=day, amount=amount)
        )
    client.get(reverse("desk:settings"))  # which says that they were saved, once
    page = client.get(reverse("desk:settings_section", args=["authority"])).content.decode()
    assert "4,040" in page
    assert "7,070" not in page


def test_readers_of_settings_see_no_way_to_change_them(desk: Desk) -> None:
    Budget.objects.create(
        branch=desk.branch, currency="EUR", starts_on="2020-01-01", ends_on="2099-12-31", amount=9
    )
    ways = ("/settings/branches/", "/settings/calendars/new/", "/settings/budgets/new/")
    for user, sees in ((desk.admin, True), (desk.manager, False), (desk.auditor, False)):
        pages = [
            signed_in(user).get(reverse("desk:settings_section", args=[name])).content.decode()
            for name in SECTION
        ]
        assert [any(way in page for page in pages) for way in ways] == [sees] * 3


def test_who_works_for_no_branch_is_told_whom_to_ask(desk: Desk) -> None:
    stray = make_user("frontline")
    User.objects.filter(pk=stray.pk).update(all_branches=False)
    client = signed_in(User.objects.get(pk=stray.pk))
    for name in ("desk:log", "desk:home"):
        assert "You work for no branch" in client.get(reverse(name)).content.decode()
    assert client.post(reverse("desk:log"), {"description": "Late"}).status_code == 422


def test_a_closed_branch_leaves_its_cases_on_the_first_page(desk: Desk) -> None:
    case = log_case(desk)
    Branch.objects.update(is_active=False)
    client = signed_in(desk.frontline)
    assert case.number in client.get(reverse("desk:home")).content.decode()
    assert "Ask an administrator" in client.get(reverse("desk:log")).content.decode()


def test_a_new_installation_gets_to_its_first_complaint_by_its_pages(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, "copper-lantern-river-41")
    call_command("create_admin", email="ada@desk.example", name="Ada Admin", no_input=True)
    assert "Branches and calendars" in capsys.readouterr().out

    admin = Client()
    assert admin.login(email="ada@desk.example", password="copper-lantern-river-41")
    assert reverse("desk:branch_new") in admin.get(reverse("desk:home")).content.decode()
    assert admin.post(reverse("desk:branch_new"), branch_fields()).status_code == 302
    assert reverse("desk:staff_new") in admin.get(reverse("desk:home")).content.decode()
    branch = Branch.objects.get()
    colleague = {
        "name": "Finn First",
        "email": "finn@desk.example",
        "role": "frontline",
        "branches": [branch.pk],
        "language": "en",
        "time_zone": "Europe/Berlin",
        "is_active": "on",
        "password": "violet-kettle-42",
    }
    assert admin.post(reverse("desk:staff_new"), colleague).status_code == 302
    assert reverse("desk:staff_new") not in admin.get(reverse("desk:home")).content.decode()

    finn = Client()
    assert finn.login(email="finn@desk.example", password="violet-kettle-42")
    complaint = {
        "new_name": "Cleo Customer",
        "new_email": "cleo@example.com",
        "channel": "phone",
        "branch": branch.pk,
        "description": "The parcel came two days late.",
        "failure_type": "outcome",
        "severity": "3",
        "language": "en",
        "preferred_contact": "email",
    }
    response = finn.post(reverse("desk:log"), complaint)
    assert response.status_code == 302, response.context["form"].errors
    case = Case.objects.get()
    assert (case.branch, case.currency, case.owner) == (branch, "EUR", User.objects.get(name="Finn First"))
    assert case.due_at > dt.datetime.now(dt.UTC)
