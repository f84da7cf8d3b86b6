"""Who is turned away everywhere: the unknown, who has left, another branch, a form without its token."""

from __future__ import annotations

from django.test import Client
from django.urls import reverse

from accounts.states import Role
from audit.models import Event
from cases.models import Case
from compensation.models import Offer
from tests.factories import Desk, make_branch, make_user
from tests.house.addresses import STAFF
from tests.house.places import Places, visit


def test_nobody_gets_in_without_signing_in(places: Places) -> None:
    before = Event.objects.count()
    for name in STAFF:
        for response in visit(Client(), name, places):
            turned_away = response.status_code in (401, 403, 405) or (
                response.status_code == 302 and response.headers["Location"].startswith("/accounts/login/")
            )
            assert turned_away, (name, response.status_code)
    assert Event.objects.count() == before


def test_someone_who_has_left_gets_in_nowhere(desk: Desk, places: Places) -> None:
    client = Client()
    client.force_login(desk.supervisor)
    desk.supervisor.is_active = False
    desk.supervisor.save()
    for name in STAFF:
        for response in visit(client, name, places):
            assert response.status_code in (302, 401, 403, 405), (name, response.status_code)


def test_a_case_of_another_branch_is_not_there(desk: Desk, places: Places) -> None:
    stranger = make_user(Role.SUPERVISOR, make_branch())
    client = Client()
    client.force_login(stranger)
    case = Case.objects.earliest("pk")
    before = (Event.objects.count(), case.timeline.count())
    about_the_case = [
        name
        for name, arguments in places.items()
        if arguments[0] == case.number or (name.startswith("desk:offer_") and "trail" not in name)
    ]
    for name in [*about_the_case, "desk:follow_up_finish"]:
        for response in visit(client, name, places):
            if response.status_code == 302:
                # A form's address leads to its page, whatever is there: the page tells, or a list without it.
                page = client.get(response.headers["Location"])
                assert case.number not in page.content.decode(), name
            else:
                assert response.status_code in (404, 405), (name, response.status_code)
    assert (Event.objects.count(), case.timeline.count()) == before
    assert Offer.objects.earliest("pk").state == "waiting"


def test_a_form_sent_without_its_token_gets_a_page_that_says_what_to_do(desk: Desk) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(desk.frontline)
    response = client.post(reverse("desk:notifications_read"))
    assert response.status_code == 403
    assert "reload the page and try again" in response.content.decode()
