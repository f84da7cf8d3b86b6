"""The survey page: answered on a phone without an account or a script, and closed to everyone else."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from feedback.actions.send import send_due_surveys
from feedback.models import FollowUp, Invitation, Response
from feedback.seed import ITEMS
from tests.feedback.world import World, answer, invitation_of, make_world

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def _at_once(settings: Any) -> None:
    settings.FEEDBACK_DELAY_HOURS = 0


@pytest.fixture
def world() -> World:
    return make_world()


def asked(world: World, **fields: Any) -> Invitation:
    case = world.resolved(**fields)
    assert send_due_surveys() == 1
    return invitation_of(case)


def address(invitation: Invitation) -> str:
    return reverse("portal:survey", args=[invitation.token])


def test_the_page_asks_every_question_in_the_customers_language(client: Client, world: World) -> None:
    english, chinese = asked(world), asked(world, language="zh-hans")
    page = client.get(address(english)).content.decode()
    assert all(entry.english.text in page for entry in ITEMS)
    assert 'lang="en"' in page
    assert "Harbour Hotel" in page
    page = client.get(address(chinese)).content.decode()
    assert all(entry.chinese.text in page for entry in ITEMS)
    assert 'lang="zh-hans"' in page
    assert "海港酒店" in page


def test_the_visitor_may_switch_language(client: Client, world: World) -> None:
    invitation = asked(world, language="zh-hans")
    client.post(reverse("set_language"), {"language": "en", "next": address(invitation)})
    assert ITEMS[0].english.text in client.get(address(invitation)).content.decode()


def test_answers_arrive_and_are_thanked_for(client: Client, world: World) -> None:
    invitation = asked(world)
    reply = client.post(address(invitation), {"recovery": "4", "recommend": "0", "comment": "Fine now."})
    assert reply.status_code == 302
    page = client.get(reply["Location"])
    assert page.status_code == 200
    assert "Thank you" in page.content.decode()
    response = Response.objects.get()
    assert (response.answers, response.nps, response.comment) == (
        {"recovery": 4, "recommend": 0},
        0,
        "Fine now.",
    )


def test_what_was_answered_is_there_to_be_changed(client: Client, world: World) -> None:
    invitation = asked(world)
    client.post(address(invitation), {"recovery": "4", "voice": "2", "comment": "Fine now."})
    page = client.get(address(invitation)).content.decode()
    assert page.count("checked") == 2
    assert "Fine now." in page
    client.post(address(invitation), {"recovery": "5", "comment": ""})
    assert Response.objects.get().answers == {"recovery": 5}


def test_the_link_in_the_mail_carries_the_first_answer_and_saves_nothing(
    client: Client, world: World
) -> None:
    invitation = asked(world)
    page = client.get(address(invitation), {"first": "5"}).content.decode()
    assert page.count("checked") == 1
    for nonsense in ("99", "-1", "x", "²"):
        assert client.get(address(invitation), {"first": nonsense}).status_code == 200
    assert not Response.objects.exists()


def test_only_the_first_question_must_be_answered(client: Client, world: World) -> None:
    invitation = asked(world)
    reply = client.post(address(invitation), {"fair_result": "3", "comment": "Kept."})
    assert reply.status_code == 422
    page = reply.content.decode()
    assert "Please answer this question" in page
    assert "Kept." in page
    assert not Response.objects.exists()


@pytest.mark.parametrize("points", ["0", "6", "x", "1.5", "-1"])
def test_points_off_the_scale_are_refused(client: Client, world: World, points: str) -> None:
    invitation = asked(world)
    assert client.post(address(invitation), {"recovery": points}).status_code == 422
    assert not Response.objects.exists()


def test_a_low_score_says_who_will_call(client: Client, world: World) -> None:
    invitation = asked(world)
    page = client.post(address(invitation), {"recovery": "1"}, follow=True).content.decode()
    assert "48 hours" in page
    assert FollowUp.objects.get().assignee == world.supervisor


def test_a_closed_survey_says_so_and_takes_nothing(client: Client, world: World) -> None:
    with time_machine.travel(dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC), tick=False) as clock:
        invitation = asked(world)
        clock.shift(14 * DAY)
        for reply in (client.get(address(invitation)), client.post(address(invitation), {"recovery": "5"})):
            assert reply.status_code == 410
            assert "This survey is closed" in reply.content.decode()
    assert not Response.objects.exists()


def test_every_token_that_opens_nothing_gets_the_same_page(client: Client, world: World) -> None:
    unsent = invitation_of(world.resolved())
    pages = [
        client.get(reverse(name, args=[token]))
        for token in ("guessed", unsent.token, "x" * 500)
        for name in ("portal:survey", "portal:survey_thanks", "portal:track")
    ]
    assert {page.status_code for page in pages} == {404}
    for page in pages:
        assert "This link leads nowhere" in page.content.decode()
        assert unsent.case.number not in page.content.decode()


def test_signed_in_staff_are_refused_with_a_way_out(client: Client, world: World) -> None:
    invitation = asked(world)
    client.force_login(world.owner)
    for reply in (client.get(address(invitation)), client.post(address(invitation), {"recovery": "5"})):
        assert reply.status_code == 403
        assert "Sign out and open it as a customer" in reply.content.decode()
    assert not Response.objects.exists()


def test_pages_behind_a_token_leave_no_trace(client: Client, world: World) -> None:
    invitation = asked(world)
    for url in (address(invitation), reverse("portal:track", args=[invitation.case.tracking_token])):
        reply = client.get(url)
        assert "no-store" in reply["Cache-Control"]
        assert "noindex" in reply["X-Robots-Tag"]
        assert reply["Referrer-Policy"] == "same-origin"


def test_the_form_is_guarded_against_other_sites(world: World) -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.post(address(asked(world)), {"recovery": "5"}).status_code == 403


def test_changing_answers_over_and_over_is_slowed_down(client: Client, world: World) -> None:
    invitation = asked(world)
    codes = [client.post(address(invitation), {"recovery": "5"}).status_code for _ in range(21)]
    assert codes == [302] * 20 + [429]


def test_thanks_come_after_answers_only(client: Client, world: World) -> None:
    invitation = asked(world)
    reply = client.get(reverse("portal:survey_thanks", args=[invitation.token]))
    assert (reply.status_code, reply["Location"]) == (302, address(invitation))


def test_showing_the_survey_takes_two_queries_and_answering_it_few(
    client: Client, world: World, django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    invitation = asked(world)
    with django_assert_num_queries(2):
        client.get(address(invitation))
    with django_assert_max_num_queries(18):
        client.post(address(invitation), {"recovery": "5"})
    answer(invitation.case, 4)
    with django_assert_num_queries(2):
        client.get(address(invitation))
