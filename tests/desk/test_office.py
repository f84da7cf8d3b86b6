"""My work, customers, notices, the mailbox, preferences, and signing in to a demo."""

from __future__ import annotations

import datetime as dt
import html
import re
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.states import Role
from compensation.actions.approvals import approve_offer, reject_offer
from desk.views.mailbox import with_links
from feedback.models import FollowUp, Invitation
from messaging.actions import letter, notify, queue_email, send_due_messages
from messaging.models import Notice, OutboxMessage
from tests.compensation import world as money
from tests.factories import Desk, log_case, make_branch, make_customer, make_user
from tests.feedback import world as surveys

pytestmark = pytest.mark.django_db
MOST_QUERIES = 20


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def words(response: Any) -> str:
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split()))


# --- my work -------------------------------------------------------------------------------


def test_my_work_holds_my_own_open_cases_most_urgent_first(desk: Desk) -> None:
    calm, urgent = log_case(desk, severity=4), log_case(desk, severity=1)
    theirs = log_case(desk, actor=desk.colleague)
    page = signed_in(desk.frontline).get(reverse("desk:home"))
    assert [case.pk for case, _clock in page.context["rows"]] == [urgent.pk, calm.pk]
    assert theirs.number not in words(page)
    assert "Nobody" not in words(page)


def test_an_empty_day_says_what_to_do_next(desk: Desk) -> None:
    assert "Open the queue" in words(signed_in(desk.frontline).get(reverse("desk:home")))
    for reader in (desk.admin, desk.auditor):
        assert "You look on, others recover" in words(signed_in(reader).get(reverse("desk:home")))


def test_a_low_score_is_followed_up_from_my_work() -> None:
    world = surveys.make_world()
    case = world.resolved()
    surveys.answer(_sent(case), 1, "Nobody called me back.")
    follow_up = FollowUp.objects.get(case=case)
    assert follow_up.assignee is not None
    client = signed_in(follow_up.assignee)
    page = client.get(reverse("desk:home"))
    assert case.number in words(page)
    assert "Nobody called me back." in words(page)

    address = reverse("desk:follow_up_finish", args=[follow_up.pk])
    refused = client.post(address, {f"f{follow_up.pk}-result": ""})
    assert refused.status_code == 422
    assert "Write what came of it." in words(refused)
    assert signed_in(world.owner).post(address, {f"f{follow_up.pk}-result": "All fine"}).status_code == 404
    assert FollowUp.objects.get().state == "open"

    assert client.post(address, {f"f{follow_up.pk}-result": "Called: room refunded."}).status_code == 302
    done = FollowUp.objects.get()
    assert (done.state, done.result, done.done_by) == ("done", "Called: room refunded.", follow_up.assignee)
    assert case.number not in words(client.get(reverse("desk:home")))


def _sent(case: Any) -> Any:
    now = timezone.now()
    Invitation.objects.filter(case=case).update(
        state="sent", sent_at=now, closes_at=now + dt.timedelta(days=14)
    )
    return case


def test_decisions_on_my_offers_are_told() -> None:
    world = money.make_world()
    lowered = money.propose(world.frontline, money.make_case(world.branch), 800)
    refused = money.propose(world.frontline, money.make_case(world.branch), 900)
    approve_offer(actor=world.supervisor, offer_id=lowered.pk, amount=Decimal(600), reason="As in like cases")
    reject_offer(actor=world.supervisor, offer_id=refused.pk, reason="The hotel has paid already")
    shown = words(signed_in(world.frontline).get(reverse("desk:home")))
    assert "Approved for less" in shown
    assert "As in like cases" in shown
    assert "The hotel has paid already" in shown
    assert "As in like cases" not in words(signed_in(world.supervisor).get(reverse("desk:home")))


def test_my_work_costs_the_same_however_much_there_is(
    desk: Desk, django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    log_case(desk)
    client = signed_in(desk.frontline)
    client.get(reverse("desk:home"))
    with django_assert_max_num_queries(MOST_QUERIES) as few:
        client.get(reverse("desk:home"))
    for _ in range(12):
        log_case(desk)
    with django_assert_num_queries(len(few)):
        client.get(reverse("desk:home"))


# --- customers -----------------------------------------------------------------------------


def test_customers_are_listed_newest_first_and_page_by_page(desk: Desk) -> None:
    made = [make_customer(desk.frontline).pk for _ in range(27)]
    client = signed_in(desk.frontline)
    first = client.get(reverse("desk:customers"))
    second = client.get(reverse("desk:customers") + first.context["next_url"])
    shown = [row[0].pk for page in (first, second) for row in page.context["rows"]]
    assert shown == made[::-1]
    assert second.context["next_url"] == ""
    assert client.get(reverse("desk:customers"), {"after": "x"}).status_code == 302


def test_a_customer_is_found_by_phone_name_or_address(desk: Desk) -> None:
    customer = make_customer(
        desk.frontline, name="林晓 Lin", phone="+86 138 0000 4711", email="lin@example.com"
    )
    make_customer(desk.frontline)
    client = signed_in(desk.frontline)
    for text in ("+86 138 0000 47", "lin@exa", "林晓", "Lin"):
        rows = client.get(reverse("desk:customers"), {"q": text}).context["rows"]
        assert [row[0].pk for row in rows] == [customer.pk], text
    assert "Nobody is found" in words(client.get(reverse("desk:customers"), {"q": "zeppelin"}))


def test_cases_of_other_branches_are_counted_and_not_shown(desk: Desk) -> None:
    customer = make_customer(desk.frontline)
    mine = log_case(desk, customer=customer)
    elsewhere = make_branch()
    stranger = make_user(Role.FRONTLINE, elsewhere)
    theirs = log_case(desk, actor=stranger, customer=customer, branch=elsewhere)
    shown = words(signed_in(desk.frontline).get(reverse("desk:customer", args=[customer.pk])))
    assert mine.number in shown
    assert theirs.number not in shown
    assert "1 more case belongs to a branch that you do not work for" in shown
    assert theirs.number in words(signed_in(desk.manager).get(reverse("desk:customer", args=[customer.pk])))
    assert signed_in(desk.frontline).get(reverse("desk:customer", args=[10**9])).status_code == 404


def test_customer_pages_cost_the_same_however_much_there_is(
    desk: Desk, django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    customer = make_customer(desk.frontline)
    log_case(desk, customer=customer)
    client = signed_in(desk.frontline)
    addresses = [reverse("desk:customers"), reverse("desk:customer", args=[customer.pk])]
    counts = []
    for address in addresses:
        client.get(address)
        with django_assert_max_num_queries(MOST_QUERIES) as few:
            client.get(address)
        counts.append(len(few))
    for _ in range(6):
        log_case(desk, customer=customer)
        log_case(desk)
    for address, count in zip(addresses, counts, strict=True):
        with django_assert_num_queries(count):
            client.get(address)


# --- notices -------------------------------------------------------------------------------


def tell(user: User, key: str, url: str = "/desk/queue/") -> Notice:
    notify(
        users=[user], message="%(number)s waits", params={"number": key}, url=url, dedupe_key=key, email=False
    )
    return Notice.objects.latest("id")


def test_opening_a_notice_reads_it_and_goes_where_it_points(desk: Desk) -> None:
    notice, other = tell(desk.frontline, "one"), tell(desk.frontline, "two")
    client = signed_in(desk.frontline)
    assert "2 new" in words(client.get(reverse("desk:notifications")))
    address = reverse("desk:notification_open", args=[notice.pk])
    assert client.get(address)["Location"] == reverse("desk:notifications")
    assert not Notice.objects.filter(read_at__isnull=False).exists()
    assert client.post(address)["Location"] == "/desk/queue/"
    notice.refresh_from_db()
    other.refresh_from_db()
    assert notice.read_at is not None
    assert other.read_at is None
    client.post(reverse("desk:notifications_read"))
    assert not Notice.objects.filter(read_at__isnull=True).exists()


def test_a_notice_is_its_readers_alone_and_leads_nowhere_else(desk: Desk) -> None:
    notice = tell(desk.frontline, "one")
    address = reverse("desk:notification_open", args=[notice.pk])
    assert signed_in(desk.colleague).post(address).status_code == 404
    assert Notice.objects.get().read_at is None
    away = tell(desk.frontline, "two", url="https://elsewhere.example/")
    client = signed_in(desk.frontline)
    response = client.post(reverse("desk:notification_open", args=[away.pk]))
    assert response["Location"] == reverse("desk:notifications")
    assert "elsewhere.example" not in client.get(reverse("desk:notifications")).content.decode()


def test_older_notices_follow_page_by_page(desk: Desk) -> None:
    made = [tell(desk.frontline, str(number)).pk for number in range(30)]
    client = signed_in(desk.frontline)
    first = client.get(reverse("desk:notifications"))
    second = client.get(reverse("desk:notifications") + first.context["next_url"])
    assert [row.pk for page in (first, second) for row, _url in page.context["notices"]] == made[::-1]


# --- the mailbox ---------------------------------------------------------------------------


def mail(key: str = "one", **fields: Any) -> OutboxMessage:
    values = {
        "to_address": "customer@example.com",
        "to_name": "A Customer",
        "language": "en",
        "template": "reply",
        "context": {
            "text": "Sorry",
            "number": "C-26-00001",
            "tracking_token": "abc",
            "organisation": "Branch",
        },
        "dedupe_key": key,
    }
    message = queue_email(letter(**(values | fields)))
    assert message is not None
    return message


def test_in_a_demo_everybody_reads_the_mailbox_and_its_links_work(desk: Desk, settings: Any) -> None:
    settings.DEMO = True
    message = mail()
    send_due_messages()
    client = signed_in(desk.frontline)
    assert message.subject in words(client.get(reverse("desk:mailbox")))
    page = client.get(reverse("desk:mailbox_message", args=[message.pk])).content.decode()
    assert '<a href="/track/abc/" target="_blank" rel="noopener">' in page


def test_in_a_demo_one_person_answers_the_survey_from_the_mailbox(settings: Any) -> None:
    settings.DEMO = True
    world = surveys.make_world()
    invitation = surveys.invitation_of(_sent(world.resolved()))
    client = signed_in(world.owner)
    address = reverse("portal:survey", args=[invitation.token])
    assert client.get(address).status_code == 200
    assert client.post(address, {"recovery": "4"}).status_code == 302
    assert invitation.response.satisfaction == 4
    settings.DEMO = False
    assert client.get(address).status_code == 403


def test_links_written_by_another_port_work_on_ones_own_machine(settings: Any) -> None:
    text = "http://localhost:9123/survey/abc/"
    settings.LOCAL, settings.PUBLIC_URL = True, "http://127.0.0.1:8000"
    assert 'href="/survey/abc/"' in with_links(text)
    settings.LOCAL, settings.PUBLIC_URL = False, "https://amends.example"
    assert with_links(text) == text


def test_without_a_demo_the_mailbox_is_the_administrators_and_gone_with_a_mail_server(
    desk: Desk, settings: Any
) -> None:
    settings.DEMO, settings.EMAIL_CONFIGURED = False, False
    address = reverse("desk:mailbox_message", args=[mail().pk])
    assert signed_in(desk.admin).get(address).status_code == 200
    assert signed_in(desk.manager).get(address).status_code == 403
    settings.EMAIL_CONFIGURED = True
    assert signed_in(desk.admin).get(address).status_code == 404


def test_only_links_into_the_product_become_links() -> None:
    text = f"See {settings.PUBLIC_URL}/track/a?b=1&c=2. Or https://elsewhere.example/ <b>"
    shown = with_links(text)
    assert '<a href="/track/a?b=1&amp;c=2" target="_blank" rel="noopener">' in shown
    assert shown.count("<a ") == 1
    assert shown.endswith("</a>. Or https://elsewhere.example/ &lt;b&gt;")


def test_a_failed_message_is_sent_again_by_an_administrator(desk: Desk, settings: Any) -> None:
    settings.DEMO = True
    message = mail()
    OutboxMessage.objects.filter(pk=message.pk).update(state="failed", last_error="refused")
    address = reverse("desk:mailbox_retry", args=[message.pk])
    assert signed_in(desk.frontline).post(address).status_code == 403
    assert signed_in(desk.admin).post(address).status_code == 302
    message.refresh_from_db()
    assert message.state == "queued"


# --- preferences ---------------------------------------------------------------------------


def test_the_user_menu_sets_one_thing_and_goes_back(desk: Desk) -> None:
    client = signed_in(desk.frontline)
    response = client.post(
        reverse("desk:preferences"), {"language": "zh-hans", "next": "/desk/queue/?view=mine"}
    )
    assert response["Location"] == "/desk/queue/?view=mine"
    desk.frontline.refresh_from_db()
    assert desk.frontline.language == "zh-hans"
    assert 'lang="zh-hans"' in client.get(reverse("desk:queue")).content.decode()
    client.post(reverse("desk:preferences"), {"theme": "dark"})
    desk.frontline.refresh_from_db()
    assert (desk.frontline.theme, desk.frontline.language) == ("dark", "zh-hans")


@pytest.mark.parametrize(
    "address", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)", ""]
)
def test_going_back_never_leaves_the_product(desk: Desk, address: str) -> None:
    response = signed_in(desk.frontline).post(reverse("desk:preferences"), {"theme": "dark", "next": address})
    assert response["Location"] == reverse("desk:home")


def test_the_form_sets_all_of_it_and_refuses_what_is_not_there(desk: Desk) -> None:
    client = signed_in(desk.frontline)
    given = {"language": "en", "theme": "light", "time_zone": "Asia/Shanghai"}
    assert client.post(reverse("desk:preferences"), given).status_code == 302
    desk.frontline.refresh_from_db()
    assert desk.frontline.time_zone == "Asia/Shanghai"
    refused = client.post(reverse("desk:preferences"), given | {"time_zone": "Mars/Olympus"})
    assert refused.status_code == 422
    assert "time_zone" in refused.context["form"].errors
    desk.frontline.refresh_from_db()
    assert desk.frontline.time_zone == "Asia/Shanghai"
    client.post(reverse("desk:preferences"), {"language": "xx"})
    desk.frontline.refresh_from_db()
    assert desk.frontline.language == "en"


# --- the demo ------------------------------------------------------------------------------


def test_one_click_signs_in_as_each_role_of_a_demo(desk: Desk, settings: Any) -> None:
    settings.DEMO = True
    for role in Role:
        user = make_user(role, is_demo=True)
        client = Client()
        response = client.post(reverse("desk:demo_sign_in"), {"role": role})
        assert response["Location"] == reverse("desk:home")
        assert client.get(reverse("desk:home")).wsgi_request.user == user


def test_a_demo_signs_in_nobody_but_demo_users(desk: Desk, settings: Any) -> None:
    settings.DEMO = True
    client = Client()
    for role in (Role.ADMIN, "owner", ""):
        assert client.post(reverse("desk:demo_sign_in"), {"role": role})["Location"] == reverse(
            "account_login"
        )
    assert client.get(reverse("desk:home")).status_code == 302


def test_without_a_demo_there_is_no_such_door(desk: Desk) -> None:
    make_user(Role.ADMIN, is_demo=True)
    assert Client().post(reverse("desk:demo_sign_in"), {"role": Role.ADMIN}).status_code == 404


def test_the_root_leads_to_my_work_by_way_of_signing_in(client: Client) -> None:
    assert client.get("/")["Location"] == reverse("desk:home")
    assert reverse("account_login") in client.get(reverse("desk:home"))["Location"]
