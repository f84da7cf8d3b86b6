"""Two people change the same thing at once: neither undoes the other unseen, and nothing typed is lost."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from cases.models import Case, Defect
from tests.desk.test_case_pages import address, signed_in, words
from tests.factories import Desk, log_case

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
