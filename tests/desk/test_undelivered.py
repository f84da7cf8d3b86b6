"""Mail that failed: administrators see it, whether or not there is a mail server, and send it again."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.states import Role
from audit.models import Event
from messaging.actions import notify
from messaging.models import OutboxMessage
from tests.desk.test_office import mail, signed_in, words
from tests.factories import Desk, log_case, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _with_a_mail_server(settings: Any) -> None:
    settings.DEMO, settings.EMAIL_CONFIGURED = False, True


@pytest.fixture
def admin(desk: Desk) -> Client:
    return signed_in(desk.admin)


def failed(key: str, **fields: Any) -> OutboxMessage:
    message = mail(key, **fields)
    OutboxMessage.objects.filter(pk=message.pk).update(
        state="failed", attempts=7, last_error="SMTPRecipientsRefused: mailbox full"
    )
    return message


def test_a_notice_to_staff_that_failed_is_seen_and_sent_again(desk: Desk, admin: Client) -> None:
    notify(
        users=[desk.supervisor], message="%(n)s waits", params={"n": 1}, url="/desk/queue/", dedupe_key="x"
    )
    OutboxMessage.objects.update(state="failed", attempts=7, last_error="ConnectionRefusedError: away")
    assert "could not be delivered: 1" in words(admin.get(reverse("desk:home")))
    page = words(admin.get(reverse("desk:undelivered")))
    assert desk.supervisor.email in page
    assert "ConnectionRefusedError: away" in page

    message = OutboxMessage.objects.get()
    response = admin.post(reverse("desk:undelivered_retry", args=[message.pk]), follow=True)
    assert "The message is sent again." in words(response)
    assert "No mail has failed" in words(response)
    message.refresh_from_db()
    assert (message.state, message.attempts) == ("queued", 0)
    again = admin.post(reverse("desk:undelivered_retry", args=[message.pk]), follow=True)
    assert "Only a message that failed can be sent again." in words(again)
    assert Event.objects.filter(verb="message.retried", actor=desk.admin).count() == 1


def test_the_page_names_the_case_and_not_the_text(desk: Desk, admin: Client) -> None:
    case = log_case(desk)
    failed("one", about=case.stream)
    page = admin.get(reverse("desk:undelivered"))
    assert reverse("desk:case", args=[case.number]) in page.content.decode()
    assert "/track/abc/" not in page.content.decode()


def test_after_an_outage_all_are_sent_again_but_those_that_nothing_can_reach(admin: Client) -> None:
    away = [failed(f"away {number}") for number in range(3)]
    nowhere = mail("nowhere", to_address="no address")
    old = failed("long ago")
    OutboxMessage.objects.filter(pk=old.pk).update(created_at=timezone.now() - dt.timedelta(days=20))
    response = admin.post(reverse("desk:undelivered_retry_all"), follow=True)
    assert "3 messages are sent again." in words(response)
    assert set(OutboxMessage.objects.filter(state="queued")) == set(away)
    assert set(OutboxMessage.objects.filter(state="failed")) == {nowhere, old}


def test_who_works_for_some_branches_neither_sees_nor_sends_mail_of_all(desk: Desk) -> None:
    message = failed("one")
    some = make_user(Role.ADMIN, desk.branch)
    client = signed_in(some)
    assert "Undelivered" not in words(client.get(reverse("desk:queue")))
    assert client.get(reverse("desk:undelivered")).status_code == 403
    assert client.post(reverse("desk:undelivered_retry_all")).status_code == 403
    assert client.post(reverse("desk:undelivered_retry", args=[message.pk])).status_code == 403
    assert OutboxMessage.objects.get(pk=message.pk).state == "failed"


def test_nothing_is_said_of_failed_mail_to_others_or_while_there_is_none(desk: Desk, admin: Client) -> None:
    assert "Undelivered" not in words(admin.get(reverse("desk:home")))
    failed("one")
    assert "Undelivered" in words(admin.get(reverse("desk:queue")))
    assert "Undelivered" not in words(signed_in(desk.manager).get(reverse("desk:home")))


def test_the_page_costs_the_same_however_much_failed(
    desk: Desk, admin: Client, django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    failed("first", about=log_case(desk).stream)
    address = reverse("desk:undelivered")
    admin.get(address)
    with django_assert_max_num_queries(8) as few:
        admin.get(address)
    for number in range(30):
        failed(f"more {number}", about=log_case(desk).stream)
    with django_assert_num_queries(len(few)):
        page = admin.get(address)
    assert len(page.context["mails"]) == 25
    rest = admin.get(address + page.context["next_url"]).context["mails"]
    assert len(rest) == 6
    assert admin.get(address, {"after": "x"}).status_code == 302
