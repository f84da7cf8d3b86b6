"""Requests that are sent again do nothing again, and a key that calls too often is told to wait."""

from __future__ import annotations

from typing import Any

import pytest
import redis
import time_machine
from django.core.cache import cache

from accounts.models import User
from api import idempotency
from api.models import KeptAnswer
from cases.models import Case, TimelineEntry
from customers.models import Customer
from messaging.models import OutboxMessage
from tests.api.test_cases import CASES, Program, complaint, problem_of
from tests.factories import MONDAY, Desk, log_case, make_branch, make_desk, make_user
from tests.support.at_once import all_at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(db: None) -> Desk:
    return make_desk()


def program(user: User, key: str | None = None) -> Program:
    caller = Program(user)
    if key is not None:
        caller.headers["Idempotency-Key"] = key
    return caller


# --- a key of the request ------------------------------------------------------------------


def test_the_same_request_again_gets_the_first_answer_and_makes_no_second_case(desk: Desk) -> None:
    caller = program(desk.frontline, "a-1")
    first = caller.post(CASES, complaint(desk))
    log_case(desk)
    again = caller.post(CASES, complaint(desk))
    assert (first.status_code, again.status_code) == (201, 201)
    assert (again.content, again["Location"]) == (first.content, first["Location"])
    assert again["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first
    assert Case.objects.filter(description=complaint(desk)["description"]).count() == 1
    assert OutboxMessage.objects.filter(to_address="ada@example.com").count() == 1


def test_another_request_under_the_same_key_is_refused(desk: Desk) -> None:
    caller = program(desk.frontline, "a-1")
    number = caller.post(CASES, complaint(desk)).json()["number"]
    for url, body in (
        (CASES, complaint(desk, severity=1)),
        (f"{CASES}{number}/notes/", {"body": "Something else"}),
    ):
        assert problem_of(caller.post(url, body), 422)["code"] == "idempotency_key_reused"
    assert Case.objects.count() == 1
    assert not TimelineEntry.objects.filter(kind="note").exists()


def test_a_key_is_its_owners_alone(desk: Desk) -> None:
    for user in (desk.frontline, desk.colleague):
        assert program(user, "a-1").post(CASES, complaint(desk)).status_code == 201
    assert Case.objects.count() == 2


def test_without_a_key_each_request_counts(desk: Desk) -> None:
    for _ in range(2):
        program(desk.frontline).post(CASES, complaint(desk))
    assert (Case.objects.count(), KeptAnswer.objects.count()) == (2, 0)


def test_what_was_refused_may_be_put_right_under_the_same_key(desk: Desk) -> None:
    caller = program(desk.frontline, "a-1")
    problem_of(caller.post(CASES, complaint(desk, severity=9)), 422)
    problem_of(caller.post(CASES, complaint(desk, customer={"email": "new@example.com"})), 422)
    assert not KeptAnswer.objects.exists()
    assert caller.post(CASES, complaint(desk)).status_code == 201


def test_a_crash_halfway_leaves_neither_case_nor_answer(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    caller = program(desk.frontline, "a-1")
    caller.client.raise_request_exception = False

    class Broken:
        def render(self, _data: object) -> bytes:
            raise RuntimeError("the process is gone")

    monkeypatch.setattr(idempotency, "JSONRenderer", Broken)
    assert caller.post(CASES, complaint(desk)).status_code == 500
    assert (Case.objects.count(), Customer.objects.count(), KeptAnswer.objects.count()) == (0, 0, 0)
    monkeypatch.undo()
    assert caller.post(CASES, complaint(desk)).status_code == 201


@pytest.mark.parametrize("key", ["", " ", "x" * 201, "ключ"])
def test_a_key_that_is_none_is_refused(desk: Desk, key: str) -> None:
    answer = program(desk.frontline, key).post(CASES, complaint(desk))
    assert problem_of(answer, 422)["code"] == "idempotency_key_invalid"
    assert not Case.objects.exists()


def test_a_note_is_kept_once(desk: Desk) -> None:
    case = log_case(desk)
    caller = program(desk.frontline, "n-1")
    answers = [caller.post(f"{CASES}{case.number}/notes/", {"body": "Called."}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert case.timeline.filter(kind="note").count() == 1


# --- a key of the complaint ----------------------------------------------------------------


def referring(desk: Desk, **fields: Any) -> dict[str, Any]:
    return complaint(desk, external_source="webshop", external_reference="R-7", **fields)


def test_a_complaint_of_another_system_is_logged_once(desk: Desk) -> None:
    caller = program(desk.frontline)
    first, again = caller.post(CASES, referring(desk)), caller.post(CASES, referring(desk))
    assert (first.status_code, again.status_code) == (201, 200)
    assert again["Location"] == first["Location"]
    assert first.json()["external_reference"] == "R-7"
    assert Case.objects.count() == 1


def test_a_reference_that_says_something_else_is_refused(desk: Desk) -> None:
    caller = program(desk.frontline)
    caller.post(CASES, referring(desk))
    answer = problem_of(caller.post(CASES, referring(desk, description="Another thing happened.")), 409)
    assert answer["errors"][0]["field"] == "external_reference"
    elsewhere = make_branch()
    stranger = program(make_user("frontline", elsewhere))
    problem_of(stranger.post(CASES, referring(desk, branch=elsewhere.code)), 409)
    problem_of(stranger.post(CASES, referring(desk)), 403)
    problem_of(program(desk.auditor).post(CASES, referring(desk)), 403)
    half = complaint(desk, external_reference="R-8")
    assert problem_of(caller.post(CASES, half), 422)["errors"][0]["field"] == "external_reference"
    assert Case.objects.count() == 1


# --- at the same moment --------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", ["key", "reference"])
def test_the_same_request_four_times_at_once_logs_one_case(desk: Desk, how: str) -> None:
    callers = [program(desk.frontline, "a-1" if how == "key" else None) for _ in range(4)]
    body = complaint(desk) if how == "key" else referring(desk)
    answers = all_at_once([lambda caller=caller: caller.post(CASES, body) for caller in callers])  # type: ignore[misc]
    assert sorted(answer.status_code for answer in answers) == (
        [201] * 4 if how == "key" else [200] * 3 + [201]
    )
    assert len({answer.json()["number"] for answer in answers}) == 1
    assert (Case.objects.count(), Customer.objects.count()) == (1, 1)
    assert OutboxMessage.objects.count() == 1


# --- how often -----------------------------------------------------------------------------


def test_a_key_that_calls_too_often_is_told_when_to_come_back(desk: Desk, settings: Any) -> None:
    settings.API_REQUESTS_PER_MINUTE = 2
    caller, other = program(desk.frontline), program(desk.frontline)
    with time_machine.travel(MONDAY.replace(second=18), tick=False) as clock:
        assert [caller.get(CASES).status_code for _ in range(2)] == [200, 200]
        answer = caller.get(CASES)
        assert problem_of(answer, 429)["code"] == "throttled"
        assert answer["Retry-After"] == "42"
        assert other.get(CASES).status_code == 200  # another key, of the same person
        clock.shift(42)
        assert caller.get(CASES).status_code == 200


def test_no_limit_is_no_limit(desk: Desk, settings: Any) -> None:
    settings.API_REQUESTS_PER_MINUTE = 0
    caller = program(desk.frontline)
    assert {caller.get(CASES).status_code for _ in range(5)} == {200}


def test_without_the_cache_nobody_is_counted_and_nobody_turned_away(
    desk: Desk, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.API_REQUESTS_PER_MINUTE = 1

    def away(*_args: Any, **_kwargs: Any) -> None:
        raise redis.ConnectionError("The cache is away.")

    for name in ("add", "incr"):
        monkeypatch.setattr(f"django.core.cache.backends.redis.RedisCacheClient.{name}", away)
    caller = program(desk.frontline)
    assert {caller.get(CASES).status_code for _ in range(3)} == {200}
    with pytest.raises(ValueError, match="away"):
        cache.incr("anything")
