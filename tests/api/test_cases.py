"""The API: cases in and out under the same rules as the pages, and errors as problem documents."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from accounts.actions.tokens import create_api_token, revoke_api_tokens
from accounts.models import ApiToken, User
from audit.models import Event
from cases.models import Case, TimelineEntry
from customers.models import Customer
from messaging.models import OutboxMessage
from tests.factories import Desk, log_case, make_branch, make_customer, make_desk, make_user

pytestmark = pytest.mark.django_db
PROBLEM = "application/problem+json"
CASES = "/api/v1/cases/"


@pytest.fixture
def desk(db: None) -> Desk:
    return make_desk()


class Program:
    """A program with a key of somebody's."""

    def __init__(self, user: User | None) -> None:
        self.client = Client()
        self.headers = {}
        if user is not None:
            _token, key = create_api_token(actor=None, user=user, name="test")
            self.headers["Authorization"] = f"Bearer {key}"

    def get(self, url: str, **query: Any) -> Any:
        return self.client.get(url, query, headers=self.headers)

    def post(self, url: str, body: Any) -> Any:
        text = body if isinstance(body, str) else json.dumps(body)
        return self.client.post(url, text, content_type="application/json", headers=self.headers)


def complaint(desk: Desk, **fields: Any) -> dict[str, Any]:
    values = {
        "customer": {"name": "Ada Brandt", "email": "ada@example.com"},
        "branch": desk.branch.code,
        "description": "I waited two hours at the counter, and the clerk was rude to me.",
        "loss_amount": "12.50",
    }
    return values | fields


def problem_of(response: Any, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.content
    assert response["Content-Type"] == PROBLEM
    body: dict[str, Any] = response.json()
    assert body["status"] == status
    assert body["title"]
    return body


# --- keys ----------------------------------------------------------------------------------


def test_without_a_key_there_is_nothing_but_a_problem(desk: Desk) -> None:
    response = Program(None).get(CASES)
    assert problem_of(response, 401)["code"] == "not_authenticated"
    assert response["WWW-Authenticate"] == "Bearer"


def test_a_key_is_kept_as_a_hash_and_can_be_revoked(desk: Desk) -> None:
    program = Program(desk.frontline)
    key = program.headers["Authorization"].removeprefix("Bearer ")
    token = ApiToken.objects.get()
    assert key not in token.digest
    assert program.get(CASES).status_code == 200
    token.refresh_from_db()
    assert token.last_used_on is not None
    assert revoke_api_tokens(actor=None, user=desk.frontline, name="test") == 1
    assert problem_of(program.get(CASES), 401)["code"] == "authentication_failed"
    verbs = Event.objects.filter(stream=f"staff:{desk.frontline.pk}").values_list("verb", flat=True)
    assert list(verbs) == ["token.created", "token.revoked"]


def test_the_key_of_someone_who_left_opens_nothing(desk: Desk) -> None:
    program = Program(desk.frontline)
    User.objects.filter(pk=desk.frontline.pk).update(is_active=False)
    problem_of(program.get(CASES), 401)


def test_the_command_prints_a_key_that_works(desk: Desk, capsys: Any) -> None:
    call_command("create_api_token", desk.frontline.email, "webshop")
    key = capsys.readouterr().out.strip()
    assert Client().get(CASES, headers={"Authorization": f"Bearer {key}"}).status_code == 200
    call_command("create_api_token", desk.frontline.email, "webshop", "--revoke")
    assert Client().get(CASES, headers={"Authorization": f"Bearer {key}"}).status_code == 401
    with pytest.raises(CommandError, match="Nobody has an account"):
        call_command("create_api_token", "nobody@staff.example", "webshop")


def test_a_page_of_someone_signed_in_may_read_and_writes_only_with_a_csrf_token(desk: Desk) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(desk.frontline)
    assert client.get(CASES).status_code == 200
    problem_of(client.post(CASES, json.dumps(complaint(desk)), content_type="application/json"), 403)
    assert not Case.objects.exists()


# --- reading -------------------------------------------------------------------------------


def test_cases_are_listed_newest_first_through_cursors(desk: Desk) -> None:
    numbers = [log_case(desk).number for _ in range(5)]
    program = Program(desk.frontline)
    shown, url = [], f"{CASES}?page_size=2"
    while url:
        body = program.get(url).json()
        shown += [row["number"] for row in body["results"]]
        url = body["next"]
    assert shown == numbers[::-1]


def test_filters_narrow_the_list(desk: Desk) -> None:
    case = log_case(desk, severity=1)
    log_case(desk, severity=4)
    program = Program(desk.manager)

    def numbers(**query: Any) -> list[str]:
        return [row["number"] for row in program.get(CASES, **query).json()["results"]]

    assert numbers(severity=1) == [case.number]
    assert numbers(severity=1, branch=desk.branch.code, state="open") == [case.number]
    assert numbers(state="resolved") == []
    assert numbers(branch="nowhere") == []
    assert numbers(severity=1, received_since="2100-01-01T00:00:00Z") == []
    body = problem_of(program.get(CASES, severity=9, received_since="soon"), 422)
    assert {error["field"] for error in body["errors"]} == {"severity", "received_since"}


def test_a_case_is_read_whole(desk: Desk) -> None:
    case = log_case(desk)
    body = Program(desk.auditor).get(f"{CASES}{case.number}/").json()
    assert body["customer"]["id"] == case.customer_id
    assert body["description"] == case.description
    assert [step["kind"] for step in body["steps"]][:2] == ["acknowledge", "listen"]
    assert {clock["metric"] for clock in body["clocks"]} == {"first_response", "resolution"}
    assert body["timeline"] == []
    assert body["url"].endswith(reverse("desk:case", args=[case.number]))
    assert "search" not in body
    assert "tracking_token" not in body


def test_cases_of_other_branches_do_not_exist(desk: Desk) -> None:
    case = log_case(desk)
    stranger = Program(make_user("frontline", make_branch()))
    assert stranger.get(CASES).json()["results"] == []
    problem_of(stranger.get(f"{CASES}{case.number}/"), 404)
    problem_of(stranger.post(f"{CASES}{case.number}/notes/", {"body": "Hello"}), 404)
    assert not TimelineEntry.objects.filter(kind="note").exists()


def test_lists_and_cases_cost_the_same_however_much_there_is(
    desk: Desk, django_assert_num_queries: Any
) -> None:
    case = log_case(desk)
    program = Program(desk.frontline)
    program.get(CASES)  # the key's first use of the day is written down
    for url, count in ((CASES, 3), (f"{CASES}{case.number}/", 6), ("/api/v1/customers/?q=Customer", 6)):
        with django_assert_num_queries(count):
            program.get(url)
    for _ in range(6):
        log_case(desk)
    for url, count in ((CASES, 3), (f"{CASES}{case.number}/", 6), ("/api/v1/customers/?q=Customer", 6)):
        with django_assert_num_queries(count):
            program.get(url)


# --- writing -------------------------------------------------------------------------------


def test_a_complaint_is_logged_like_on_the_page(desk: Desk) -> None:
    response = Program(desk.frontline).post(CASES, complaint(desk))
    assert response.status_code == 201, response.content
    body = response.json()
    case = Case.objects.get(number=body["number"])
    assert response["Location"] == f"{CASES}{case.number}/"
    assert (case.channel, case.owner, str(case.loss_amount)) == ("api", desk.frontline, "12.5000")
    assert case.failure_type == "process"
    assert case.suggestion["evidence"]
    assert case.clocks.count() == 2
    assert OutboxMessage.objects.get(about=case.stream).to_address == "ada@example.com"
    assert Event.objects.filter(stream=case.stream, verb="case.logged", actor=desk.frontline).exists()


def test_a_known_customer_is_recognised_by_address_phone_or_id(desk: Desk) -> None:
    customer = make_customer(desk.frontline, name="Ada", email="ada@example.com", phone="+49 30 901820")
    program = Program(desk.frontline)
    for who in ({"email": "ADA@example.com"}, {"phone": "+4930901820"}, {"id": customer.pk}):
        assert program.post(CASES, complaint(desk, customer=who)).json()["customer"]["id"] == customer.pk
    assert Customer.objects.count() == 1


def test_what_the_caller_says_of_the_failure_stands(desk: Desk) -> None:
    given = complaint(desk, severity=4, failure_type="outcome", defect="slow", channel="web")
    body = Program(desk.frontline).post(CASES, given).json()
    assert (body["severity"], body["failure_type"], body["defect"], body["channel"]) == (
        4,
        "outcome",
        "slow",
        "web",
    )


@pytest.mark.parametrize(
    ("field", "value", "at"),
    [
        ("description", " ", "description"),
        ("branch", "nowhere", "branch"),
        ("customer", {}, "customer"),
        ("customer", {"email": "nobody"}, "customer.email"),
        ("customer", {"id": 10**9}, "customer.id"),
        ("loss_amount", "-1", "loss_amount"),
        ("loss_amount", "NaN", "loss_amount"),
        ("loss_amount", "1.234", "loss_amount"),
        ("severity", 7, "severity"),
        ("defect", "nonsense", "defect"),
        ("occurred_on", "2999-01-01", "occurred_on"),
        ("remedies_sought", ["the moon"], "remedies_sought"),
        ("language", "xx", "language"),
    ],
)
def test_wrong_input_is_named_and_nothing_is_written(desk: Desk, field: str, value: Any, at: str) -> None:
    body = problem_of(Program(desk.frontline).post(CASES, complaint(desk, **{field: value})), 422)
    assert any(error["field"].startswith(at) for error in body["errors"]), body
    assert (Case.objects.count(), Customer.objects.count()) == (0, 0)


def test_a_new_customer_needs_a_name(desk: Desk) -> None:
    given = complaint(desk, customer={"email": "new@example.com"})
    body = problem_of(Program(desk.frontline).post(CASES, given), 422)
    assert [error["field"] for error in body["errors"]] == ["customer.name"]
    assert not Customer.objects.exists()


def test_only_who_may_log_logs(desk: Desk) -> None:
    assert problem_of(Program(desk.auditor).post(CASES, complaint(desk)), 403)["code"] == "not_allowed"
    elsewhere = make_user("frontline", make_branch())
    problem_of(Program(elsewhere).post(CASES, complaint(desk)), 403)
    assert (Case.objects.count(), Customer.objects.count()) == (0, 0)


def test_a_note_is_kept_under_its_authors_name(desk: Desk) -> None:
    case = log_case(desk)
    response = Program(desk.colleague).post(
        f"{CASES}{case.number}/notes/", {"body": "The courier confirms it."}
    )
    assert response.status_code == 201
    note = case.timeline.get(kind="note")
    assert (note.body, note.author) == ("The courier confirms it.", desk.colleague)
    problem_of(Program(desk.auditor).post(f"{CASES}{case.number}/notes/", {"body": "Hm"}), 403)
    problem_of(Program(desk.colleague).post(f"{CASES}{case.number}/notes/", {"body": ""}), 422)


# --- customers, schema, problems -----------------------------------------------------------


def test_customers_are_found(desk: Desk) -> None:
    customer = make_customer(desk.frontline, name="林晓")
    log_case(desk, customer=customer)
    program = Program(desk.frontline)
    row = program.get("/api/v1/customers/", q="林晓").json()["results"][0]
    assert (row["id"], row["open_complaints"], row["complaints"]) == (customer.pk, 1, 1)
    assert problem_of(program.get("/api/v1/customers/"), 422)["errors"][0]["field"] == "q"


def test_the_schema_names_every_operation(desk: Desk) -> None:
    text = Program(desk.frontline).get("/api/v1/schema/", format="json").content.decode()
    schema = json.loads(text)
    named = {each["operationId"] for path in schema["paths"].values() for each in path.values()}
    assert named >= {"list_cases", "log_case", "read_case", "note_on_case", "find_customers"}
    assert schema["components"]["securitySchemes"]["key"] == {"type": "http", "scheme": "bearer"}


def test_broken_json_wrong_methods_and_unknown_addresses_are_problems(desk: Desk) -> None:
    program = Program(desk.frontline)
    assert problem_of(program.post(CASES, "{"), 400)["code"] == "parse_error"
    assert problem_of(program.post("/api/v1/customers/", {}), 405)["code"] == "method_not_allowed"
    assert problem_of(program.get("/api/v1/nothing/"), 404)["instance"] == "/api/v1/nothing/"
    problem_of(Program(None).get("/api/v1/nothing/"), 401)


def test_problems_speak_the_callers_language(desk: Desk) -> None:
    program = Program(desk.frontline)
    program.headers["Accept-Language"] = "zh-hans"
    body = problem_of(program.post(CASES, complaint(desk, severity=7)), 422)
    assert "不是合法选项" in body["errors"][0]["detail"]
