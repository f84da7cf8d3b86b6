"""Queue, log form and case page: what they show, to whom, at what cost, and what becomes of bad input."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from cases.actions.steps import complete_step
from cases.actions.timeline import add_event
from cases.actions.waiting import wait_for_customer
from cases.models import Case, Cause
from customers.models import Customer
from messaging.models import OutboxMessage
from tests.compensation.world import propose
from tests.factories import Desk, log_case, make_branch, make_customer, make_user

pytestmark = pytest.mark.django_db
MOST_QUERIES = 20


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def words(response: Any) -> str:
    """The words of a page."""
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split()))


def form(desk: Desk, **fields: object) -> dict[str, object]:
    values: dict[str, object] = {
        "channel": "phone",
        "branch": desk.branch.pk,
        "description": "Two hours in the queue, and then the counter closed.",
        "failure_type": "process",
        "severity": "3",
        "language": "en",
        "preferred_contact": "email",
    }
    return values | fields


@pytest.fixture
def case(desk: Desk) -> Case:
    return log_case(desk)


def address(case: Case, name: str = "case", *args: object) -> str:
    return reverse(f"desk:{name}", args=[case.number, *args])


def test_lists_link_each_case_and_show_no_markup_as_text(desk: Desk, case: Case) -> None:
    client = signed_in(desk.frontline)
    for page in ("desk:queue", "desk:home"):
        response = client.get(reverse(page))
        assert f'href="{address(case)}"' in response.content.decode()
        assert "<" not in words(response)


def test_the_queue_shows_the_most_urgent_first_and_pages_through_all(desk: Desk) -> None:
    cases = [log_case(desk, severity=number % 4 + 1) for number in range(30)]
    client = signed_in(desk.frontline)
    first = client.get(reverse("desk:queue"))
    rows = [case for case, _clock in first.context["rows"]]
    second = client.get(reverse("desk:queue"), {"after": first.context["after"]})
    rows += [case for case, _clock in second.context["rows"]]
    assert sorted(case.pk for case in rows) == sorted(case.pk for case in cases)
    assert [case.due_at for case in rows] == sorted(case.due_at for case in rows)


def test_the_queue_costs_the_same_for_one_case_and_for_a_page_full(
    desk: Desk, django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    log_case(desk)
    client = signed_in(desk.frontline)
    client.get(reverse("desk:queue"))
    with django_assert_max_num_queries(MOST_QUERIES) as few:
        client.get(reverse("desk:queue"))
    for _ in range(27):
        log_case(desk)
    with django_assert_num_queries(len(few)):
        client.get(reverse("desk:queue"))


def test_views_and_filters_narrow_the_queue(desk: Desk) -> None:
    mine, theirs = (
        log_case(desk, severity=1),
        log_case(desk, actor=desk.colleague, severity=4, failure_type="process"),
    )
    wait_for_customer(actor=desk.colleague, case_id=theirs.pk, reason="a receipt")
    client = signed_in(desk.frontline)

    def numbers(**query: Any) -> list[str]:
        return [case.number for case, _clock in client.get(reverse("desk:queue"), query).context["rows"]]

    assert numbers() == [mine.number, theirs.number]
    assert numbers(view="mine") == [mine.number]
    assert numbers(view="waiting") == [theirs.number]
    assert numbers(severity=4) == [theirs.number]
    assert numbers(failure_type="outcome") == [mine.number]
    assert numbers(branch="nonsense") == [mine.number, theirs.number]
    assert client.get(reverse("desk:queue"), {"after": "nonsense"}).status_code == 302
    assert client.get(reverse("desk:queue"), {"view": "nonsense"}).status_code == 302


def test_the_queue_holds_only_cases_of_ones_branches(desk: Desk, case: Case) -> None:
    stranger = make_user("supervisor", make_branch())
    assert case.number not in words(signed_in(stranger).get(reverse("desk:queue")))
    assert signed_in(stranger).get(address(case)).status_code == 404


def test_logging_a_returning_customers_complaint(desk: Desk) -> None:
    customer = make_customer(desk.frontline)
    response = signed_in(desk.frontline).post(reverse("desk:log"), form(desk, customer=customer.pk))
    case = Case.objects.get()
    assert response.status_code == 302
    assert response.headers["Location"].startswith(address(case))
    assert (case.customer, case.owner, case.failure_type) == (customer, desk.frontline, "process")
    assert case.suggestion["failure_type"] == "process"


def test_logging_with_a_new_customer(desk: Desk) -> None:
    data = form(
        desk, new_name="Ada Fern", new_email="ada@example.com", satisfaction_before="1", loss_amount="12.50"
    )
    assert signed_in(desk.frontline).post(reverse("desk:log"), data).status_code == 302
    case = Case.objects.get()
    assert (case.customer.name, case.satisfaction_before, case.baseline_source) == ("Ada Fern", 1, "asked")
    assert OutboxMessage.objects.get().to_address == "ada@example.com"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "customer"),
        ({"new_name": "Ada"}, "new_phone"),
        ({"new_name": "Ada", "new_email": "nowhere"}, "new_email"),
        ({"new_name": "Ada", "new_phone": "12"}, "new_phone"),
        ({"customer": "999999"}, "customer"),
        ({"new_name": "Ada", "new_email": "a@example.com", "description": ""}, "description"),
        ({"new_name": "Ada", "new_email": "a@example.com", "failure_type": ""}, "failure_type"),
        ({"new_name": "Ada", "new_email": "a@example.com", "loss_amount": "-3"}, "loss_amount"),
        ({"new_name": "Ada", "new_email": "a@example.com", "loss_amount": "1.999"}, "loss_amount"),
        ({"new_name": "Ada", "new_email": "a@example.com", "loss_amount": "many"}, "loss_amount"),
        ({"new_name": "Ada", "new_email": "a@example.com", "occurred_on": "2999-01-01"}, "occurred_on"),
        ({"new_name": "Ada", "new_email": "a@example.com", "severity": "7"}, "severity"),
    ],
)
def test_a_refused_complaint_names_the_field_and_loses_nothing(
    desk: Desk, fields: dict[str, object], field: str
) -> None:
    text = "Two hours, 王芳 <b>waited</b>."
    response = signed_in(desk.frontline).post(reverse("desk:log"), form(desk, description=text) | fields)
    assert response.status_code == 422
    assert field in response.context["form"].errors
    if fields.get("description") != "":
        assert html.escape(text) in response.content.decode()
    assert not Case.objects.exists()
    assert not Customer.objects.exists()


@pytest.mark.parametrize("typed", ["+49 30 2312", "0302312", "ada@exam", "Ada", "fern", "陈薇", "Chen"])
def test_a_customer_is_found_by_what_one_hears(desk: Desk, typed: str) -> None:
    make_customer(
        desk.frontline, name="Ada Fern 陈薇 Chen", email="ada@example.com", phone="+49 30 2312 5001"
    )
    if typed == "0302312":
        typed = "+49302312"
    found = signed_in(desk.frontline).get(reverse("desk:log_find"), {"q": typed})
    assert "Ada Fern" in words(found)


def test_the_suggestion_shows_the_words_that_led_there(desk: Desk) -> None:
    response = signed_in(desk.frontline).post(
        reverse("desk:log_suggest"),
        {"description": "甜点里有花生，孩子过敏了，<b>我要起诉</b>。", "branch": desk.branch.pk},
    )
    page = response.content.decode()
    assert "<mark>过敏</mark>" in page
    assert "<b>" not in page
    assert 'data-severity="1"' in page


@pytest.mark.parametrize("edit", ["", "assign", "classify", "resolve", "wait"])
def test_the_case_page_costs_at_most_twenty_one_queries(
    desk: Desk, case: Case, edit: str, django_assert_max_num_queries: Any
) -> None:
    for amount in (20, 120):
        propose(desk.frontline, case, amount)
    for person in (desk.frontline, desk.supervisor, desk.manager, desk.auditor):
        client = signed_in(person)
        client.get(address(case), {"edit": edit})
        with django_assert_max_num_queries(MOST_QUERIES):
            assert client.get(address(case), {"edit": edit}).status_code == 200


def test_each_kind_of_entry_can_be_written(desk: Desk, case: Case) -> None:
    client = signed_in(desk.frontline)
    for kind in ("reply", "call", "note", "message"):
        assert client.get(address(case), {"write": kind}).status_code == 200
        response = client.post(
            address(case, "case_write", kind), {"body": f"Words of a {kind}", "minutes": ""}
        )
        assert response.status_code == 302
    kinds = set(case.timeline.values_list("kind", flat=True))
    assert kinds >= {"reply", "call", "note", "message"}
    page = words(client.get(address(case)))
    assert all(f"Words of a {kind}" in page for kind in ("reply", "call", "note", "message"))


def test_an_empty_entry_is_refused_in_place(desk: Desk, case: Case) -> None:
    response = signed_in(desk.frontline).post(address(case, "case_write", "note"), {"body": " "})
    assert response.status_code == 422
    assert "Write something first." in words(response)
    assert not case.timeline.exists()


def test_solving_first_asks_and_a_second_click_confirms(desk: Desk, case: Case) -> None:
    client = signed_in(desk.frontline)
    url = address(case, "case_step", "solve", "complete")
    asked = client.post(url, {"solve-note": "sent a new one"})
    assert asked.status_code == 422
    assert "Still to do: Listen · Apologise" in words(asked)
    assert "sent a new one" in asked.content.decode()
    assert client.post(url, {"solve-note": "sent a new one", "solve-confirmed": "1"}).status_code == 302
    assert case.steps.get(kind="solve").state == "done"


def test_resolving_says_what_stands_against_it(desk: Desk, case: Case) -> None:
    client = signed_in(desk.frontline)
    assert "Steps still open" in words(client.get(address(case), {"edit": "resolve"}))
    data = {"outcome": "upheld", "cause": Cause.objects.get(code="staff").pk, "resolution": "Told by phone."}
    refused = client.post(address(case, "case_resolve"), data)
    assert refused.status_code == 422
    assert "Told by phone." in refused.content.decode()
    assert client.post(address(case, "case_resolve"), data | {"reason": "withdrawn"}).status_code == 302
    case.refresh_from_db()
    assert case.state == "resolved"
    assert client.post(address(case, "case_reopen"), {"reason": "broke again"}).status_code == 302
    case.refresh_from_db()
    assert case.state == "open"


def test_taking_waiting_assigning_and_classifying(desk: Desk, case: Case) -> None:
    client = signed_in(desk.supervisor)
    client.post(address(case, "case_take"))
    client.post(address(case, "case_assign"), {"owner": desk.colleague.pk})
    client.post(address(case, "case_wait"), {"reason": "a receipt"})
    case.refresh_from_db()
    assert (case.owner, case.state) == (desk.colleague, "waiting")
    client.post(address(case, "case_go_on"))
    data = {
        "failure_type": "process",
        "defect": "",
        "severity": "1",
        "verified_loss": "42.10",
        "reason": "a child",
    }
    assert client.post(address(case, "case_classify"), data).status_code == 302
    case.refresh_from_db()
    assert (case.failure_type, case.severity, str(case.verified_loss)) == ("process", 1, "42.1000")


def test_an_action_on_a_case_that_has_moved_on_is_told(desk: Desk, case: Case) -> None:
    complete_step(actor=desk.frontline, case_id=case.pk, kind="listen")
    client = signed_in(desk.frontline)
    response = client.post(address(case, "case_step", "listen", "skip"), {"listen-note": "no answer"})
    assert response.status_code == 422
    assert "finished already" in words(response)


def test_a_reopened_case_still_tells_how_it_was_decided_before(desk: Desk, case: Case) -> None:
    client = signed_in(desk.frontline)
    cause = Cause.objects.get(code="staff").pk
    first = {"outcome": "not_upheld", "cause": cause, "resolution": "Nothing found.", "reason": "agreed"}
    last = {"outcome": "upheld", "cause": cause, "resolution": "We were wrong.", "reason": "agreed"}
    client.post(address(case, "case_resolve"), first)
    assert words(client.get(address(case))).count("Nothing found.") == 1
    client.post(address(case, "case_reopen"), {"reason": "He sent a picture."})
    shown = words(client.get(address(case)))
    assert shown.index("Nothing found.") < shown.index("Reopened: He sent a picture.")
    client.post(address(case, "case_resolve"), last)
    shown = words(client.get(address(case)))
    parts = ("Nothing found.", "He sent a picture.", "We were wrong.")
    assert [shown.count(part) for part in parts] == [1, 1, 1]
    assert [shown.index(part) for part in parts] == sorted(shown.index(part) for part in parts)


def test_what_customers_write_is_shown_as_text(desk: Desk) -> None:
    case = log_case(desk, description="<script>alert(1)</script> & my <b>parcel</b>")
    page = signed_in(desk.frontline).get(address(case)).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_made_up_keys_bytes_and_sums_are_bad_input_and_no_failure(desk: Desk, case: Case) -> None:
    client = signed_in(desk.frontline)
    for address in (
        "/desk/cases/C%00/",
        "/desk/log/customers/?q=ab%00cd",
        "/desk/log/customer/?customer=%C2%B2&branch=%C2%B2",
        "/desk/log/?customer=" + "9" * 30,
        "/track/%00/",
        "/survey/%00/",
        "/api/v1/cases/%00/",
    ):
        assert client.get(address).status_code in (200, 404), address
    nonsense = form(desk, customer="²", branch="²", loss_amount="1e99999999")
    assert client.post(reverse("desk:log"), nonsense).status_code == 422
    assert client.post(reverse("desk:log_suggest"), nonsense).status_code == 200


def test_a_reply_does_not_complete_the_solution_before_the_customer_was_heard(desk: Desk, case: Case) -> None:
    client = signed_in(desk.frontline)
    offered = client.get(address(case)).context["write_form"].fields["completes"].choices
    assert "listen" in dict(offered)
    assert "solve" not in dict(offered)
    reply = {"body": "A new one is on its way.", "completes": "solve"}
    assert client.post(address(case, "case_write", "reply"), reply).status_code == 422
    assert not case.timeline.filter(kind="reply").exists()
    for kind in ("listen", "apologise"):
        complete_step(actor=desk.frontline, case_id=case.pk, kind=kind)
    assert client.post(address(case, "case_write", "reply"), reply).status_code == 302
    assert case.steps.get(kind="solve").state == "done"


def test_a_reply_with_a_blank_of_its_script_left_in_it_does_not_go_out(desk: Desk, case: Case) -> None:
    client = signed_in(desk.frontline)
    text = "You will hear from me by [day and time]."
    refused = client.post(address(case, "case_write", "reply"), {"body": text})
    assert refused.status_code == 422
    assert "take it out: [day and time]" in words(refused)
    assert not case.timeline.filter(kind="reply").exists()
    assert client.post(address(case, "case_write", "note"), {"body": text}).status_code == 302


def test_amounts_of_kept_messages_are_written_as_the_reader_writes_them(desk: Desk, case: Case) -> None:
    offer = {"amount": "CNY 1,450.00", "reason": "EUR is no amount"}
    add_event(case=case, actor=desk.frontline, message="%(amount)s: %(reason)s", params=offer)
    assert "CN¥1,450.00: EUR is no amount" in words(signed_in(desk.frontline).get(address(case)))


def test_an_email_that_never_arrived_is_shown_and_sent_again(desk: Desk, case: Case) -> None:
    OutboxMessage.objects.filter(about=case.stream).update(state="failed", last_error="550 no such mailbox")
    message = OutboxMessage.objects.get(about=case.stream)
    client, reader = signed_in(desk.frontline), signed_in(desk.auditor)
    again = address(case, "case_mail_retry", message.pk)
    assert "550 no such mailbox" in words(client.get(address(case)))
    assert again not in reader.get(address(case)).content.decode()
    other = log_case(desk)
    assert client.post(address(other, "case_mail_retry", message.pk)).status_code == 404
    assert client.post(again).status_code == 302
    message.refresh_from_db()
    assert message.state == "queued"
    assert "550 no such mailbox" not in words(client.get(address(case)))
    assert client.post(again).status_code == 404


def test_links_of_a_page_that_shows_a_refused_form_lead_to_pages(desk: Desk, case: Case) -> None:
    client = signed_in(desk.frontline)
    refused = client.post(address(case, "case_write", "reply"), {"body": ""})
    targets = set(re.findall(r'(?:href|hx-get)="([^"#]*\?(?:edit|write)=[^"#]*)', refused.content.decode()))
    assert len(targets) > 4
    for target in targets:
        assert (
            client.get(
                target if target.startswith("/") else address(case, "case_write", "reply") + target
            ).status_code
            == 200
        )


def test_whose_session_has_ended_signs_in_and_is_back_on_the_page(desk: Desk, case: Case) -> None:
    page, form_address = address(case), address(case, "case_write", "note")
    anyone = Client()
    posted = anyone.post(form_address, {"body": "Too late"}, headers={"Referer": f"http://testserver{page}"})
    assert posted["Location"].endswith(f"?next={page}")
    elsewhere = anyone.post(form_address, {"body": "x"}, headers={"Referer": "http://evil.example/x"})
    assert elsewhere["Location"].endswith(f"?next={reverse('desk:home')}")
    assert anyone.get(page, headers={"HX-Request": "true"})["HX-Refresh"] == "true"
