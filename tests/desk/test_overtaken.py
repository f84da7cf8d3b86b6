"""Two people change the same thing at once: neither undoes the other unseen, and nothing typed is lost."""

from __future__ import annotations

import datetime as dt
import html
import re
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from cases.models import Case, Defect
from compensation.actions.budgets import set_budget
from sla.models import Calendar
from sla.queries import calendar_of
from tests.desk.test_case_pages import address, signed_in, words
from tests.factories import Desk, log_case, make_user

pytestmark = pytest.mark.django_db

SEEN = re.compile(r'name="seen_values"[^>]*value="([^"]*)"')


@pytest.fixture
def case(desk: Desk) -> Case:
    return log_case(desk, severity=3, failure_type="outcome")


def opened(client: Client, url: str, **query: str) -> dict[str, Any]:
    """What a form that was just opened sends along unseen."""
    return seen_in(client.get(url, query))


def seen_in(response: Any) -> dict[str, Any]:
    found = SEEN.search(response.content.decode())
    assert found, "the form tells nothing of what it was filled with"
    return {"seen_values": html.unescape(found[1])}


def classification(case: Case, **changes: object) -> dict[str, object]:
    values = {
        "failure_type": case.failure_type,
        "defect": case.defect_id or "",
        "severity": str(case.severity),
        "verified_loss": "",
        "reason": "",
    }
    return values | changes


def test_the_second_to_classify_sees_what_the_first_has_set_and_undoes_none_of_it(
    desk: Desk, case: Case
) -> None:
    first, second = signed_in(desk.frontline), signed_in(desk.colleague)
    forms = [opened(client, address(case), edit="classify") for client in (first, second)]
    url = address(case, "case_classify")
    broken = Defect.objects.get(code="below_standard")
    sent = classification(case, defect=broken.pk, severity="1", reason="a child")
    assert first.post(url, sent | forms[0]).status_code == 302

    mine = classification(case, verified_loss="12.50", severity="2", reason="angry")
    refused = second.post(url, mine | forms[1])
    assert refused.status_code == 422
    shown = words(refused)
    assert "Somebody else has set in the meantime" in shown
    assert f"Defect: {broken.label}" in shown
    assert "Severity: 1 ·" in shown
    case.refresh_from_db()
    assert (case.severity, case.verified_loss) == (1, None)

    # What I typed stays, what I left alone follows the other, and sent again it has its way.
    form = refused.context["edit_form"]
    kept = {name: form[name].value() for name in mine}
    assert kept == {name: str(value) for name, value in mine.items()} | {"defect": str(broken.pk)}
    assert second.post(url, kept | seen_in(refused)).status_code == 302
    case.refresh_from_db()
    assert (case.defect, case.severity, str(case.verified_loss)) == (broken, 2, "12.5000")


def test_two_who_set_the_same_do_not_hinder_each_other(desk: Desk, case: Case) -> None:
    clients = [signed_in(user) for user in (desk.frontline, desk.colleague)]
    forms = [opened(client, address(case), edit="classify") for client in clients]
    sent = classification(case, failure_type="process")
    for client, form in zip(clients, forms, strict=True):
        assert client.post(address(case, "case_classify"), sent | form).status_code == 302


def test_the_second_to_assign_is_told_whom_the_first_chose(desk: Desk, case: Case) -> None:
    first, second = signed_in(desk.supervisor), signed_in(desk.manager)
    forms = [opened(client, address(case), edit="assign") for client in (first, second)]
    url = address(case, "case_assign")
    assert first.post(url, {"owner": desk.colleague.pk} | forms[0]).status_code == 302
    mine = {"owner": desk.supervisor.pk}
    refused = second.post(url, mine | forms[1])
    assert refused.status_code == 422
    assert f"New owner: {desk.colleague.name}" in words(refused)
    assert refused.context["edit_form"]["owner"].value() == str(desk.supervisor.pk)
    assert second.post(url, mine | seen_in(refused)).status_code == 302
    assert Case.objects.get().owner == desk.supervisor


def take(user: User, case: Case, owner: str | None) -> str:
    data = {} if owner is None else {"owner": owner}
    return words(signed_in(user).post(address(case, "case_take"), data, follow=True))


def test_nobody_takes_a_case_away_that_somebody_else_has_just_taken(desk: Desk, case: Case) -> None:
    seen = str(desk.frontline.pk)
    assert f'name="owner" value="{seen}"' in signed_in(desk.colleague).get(address(case)).content.decode()
    assert "This case is yours now." in take(desk.colleague, case, seen)
    told = take(desk.supervisor, case, seen)
    assert f"In the meantime this case became that of {desk.colleague.name}." in told
    assert Case.objects.get().owner == desk.colleague
    # Whoever sees that and still takes it, takes it.
    assert "This case is yours now." in take(desk.supervisor, case, str(desk.colleague.pk))


@pytest.mark.parametrize("seen", ["", "nonsense", "[1]", '{"severity": [1]}'])
def test_a_form_that_tells_nonsense_fails_in_no_other_way_than_a_form(
    desk: Desk, case: Case, seen: str
) -> None:
    sent = classification(case, failure_type="process") | {"seen_values": seen}
    assert signed_in(desk.frontline).post(address(case, "case_classify"), sent).status_code in (302, 422)


def changed_by_two(
    desk: Desk, url: str, fields: dict[str, Any], first: dict[str, Any], second: dict[str, Any]
) -> Any:
    """Two administrators open a form; what the second gets who sends it after the first."""
    clients = [signed_in(desk.admin), signed_in(make_user("admin"))]
    seen = [opened(client, url) for client in clients]
    assert clients[0].post(url, fields | first | seen[0]).status_code == 302
    refused = clients[1].post(url, fields | second | seen[1])
    assert refused.status_code == 422
    assert "Somebody else has set in the meantime" in words(refused)
    # Sent again as the page shows it now, it is saved.
    form = refused.context["form"]
    again = {name: form[name].value() for name in form.fields}
    again = {name: value for name, value in again.items() if value not in (None, False)}
    assert clients[1].post(url, again).status_code == 302
    return refused


def test_an_account_that_was_shut_is_not_opened_again_by_who_only_mends_its_name(desk: Desk) -> None:
    person = desk.colleague
    fields = {
        "name": person.name,
        "email": person.email,
        "role": person.role,
        "branches": [desk.branch.pk],
        "language": "en",
        "time_zone": "UTC",
    }
    url = reverse("desk:staff_edit", args=[person.pk])
    refused = changed_by_two(desk, url, fields, {}, {"is_active": "on", "name": "Ada Fern"})
    assert "May sign in: no" in words(refused)
    person.refresh_from_db()
    assert (person.is_active, person.name, list(person.branches.all())) == (False, "Ada Fern", [desk.branch])


def test_a_branch_and_its_calendar_are_not_put_back_unseen(desk: Desk) -> None:
    branch = desk.branch
    office = Calendar.objects.get(code="office")
    shop = Calendar.objects.create(code="shop", name_en="Shop hours", name_zh="店", week=office.week)
    fields = {
        "code": branch.code,
        "name_en": branch.name_en,
        "name_zh": branch.name_zh,
        "time_zone": "UTC",
        "currency": "EUR",
        "calendar": office.pk,
        "is_active": "on",
    }
    url = reverse("desk:branch_edit", args=[branch.pk])
    refused = changed_by_two(desk, url, fields, {"calendar": shop.pk}, {"name_en": "Harbour"})
    assert f"Calendar: {shop.label}" in words(refused)
    branch.refresh_from_db()
    assert (branch.name_en, calendar_of(branch.pk)) == ("Harbour", shop)


def test_opening_hours_are_not_put_back_unseen(desk: Desk) -> None:
    office = Calendar.objects.get(code="office")
    url = reverse("desk:calendar_edit", args=[office.pk])
    form = signed_in(desk.admin).get(url).context["form"]
    fields = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    refused = changed_by_two(desk, url, fields, {"day_5": "10:00-12:00"}, {"name_en": "Office hours"})
    assert "Saturday: 10:00-12:00" in words(refused)
    office.refresh_from_db()
    assert (office.name_en, office.week["5"]) == ("Office hours", [["10:00", "12:00"]])


def test_a_budget_is_not_set_without_seeing_what_it_has_become(desk: Desk) -> None:
    today = dt.datetime.now(dt.UTC).date()
    budget = set_budget(
        actor=desk.admin,
        branch_id=desk.branch.pk,
        currency="EUR",
        starts_on=today,
        ends_on=today,
        amount=Decimal(1000),
    )
    url = reverse("desk:budget_edit", args=[budget.pk])
    refused = changed_by_two(
        desk, url, {"reason": "A storm.", "warn_at": "80, 100"}, {"amount": "2000"}, {"amount": "1500"}
    )
    assert "Amount: 2000" in words(refused)
    budget.refresh_from_db()
    assert budget.amount == 1500
