"""Vouchers through the API: exactly once, whatever is sent again, and no code in what is kept."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.cache import cache

from accounts.models import User
from api.models import KeptAnswer
from compensation.actions.offers import propose_offer
from compensation.actions.vouchers import issue_voucher
from compensation.models import Redemption, Voucher
from tests.api.test_again import program
from tests.api.test_cases import problem_of
from tests.factories import Desk, log_case, make_desk
from tests.support.at_once import all_at_once

pytestmark = pytest.mark.django_db
LOOK_UP, REDEEM = "/api/v1/vouchers/look-up/", "/api/v1/vouchers/redeem/"


@pytest.fixture
def desk(db: None) -> Desk:
    cache.clear()
    return make_desk()


def code_for(desk: Desk, actor: User | None = None) -> str:
    offer = propose_offer(
        actor=actor or desk.frontline,
        case_id=log_case(desk).pk,
        kind="voucher",
        basis="goodwill",
        amount=Decimal(40),
        purpose="The late parcel",
        reason="Two days late.",
    )
    return issue_voucher(actor=desk.frontline, offer_id=offer.pk).code


def test_a_code_is_looked_up_and_redeemed_once_however_often_it_is_sent(desk: Desk) -> None:
    code, caller = code_for(desk), program(desk.frontline, "r-1")
    seen = caller.post(LOOK_UP, {"code": code}).json()
    assert (seen["standing"], seen["remaining"], seen["last_four"]) == ("valid", "40.0000", code[-4:])
    answers = [caller.post(REDEEM, {"code": code, "amount": "15"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201] * 3
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].json()["remaining_after"] == "25.0000"
    assert Redemption.objects.count() == 1
    assert code not in KeptAnswer.objects.get().body
    url = f"/api/v1/redemptions/{Redemption.objects.get().pk}/reverse/"
    assert program(desk.frontline, "b-1").post(url, {"reason": "A slip."}).status_code == 201
    assert problem_of(program(desk.frontline, "b-2").post(url, {"reason": "Again."}), 409)
    assert Voucher.objects.get().remaining == 40


def test_without_a_key_nothing_is_redeemed(desk: Desk) -> None:
    body = {"code": code_for(desk)}
    problem = problem_of(program(desk.frontline).post(REDEEM, body), 422)
    assert problem["code"] == "idempotency_key_invalid"
    assert not Redemption.objects.exists()


def test_each_refusal_has_its_own_code_for_programs(desk: Desk) -> None:
    code = code_for(desk)
    first = program(desk.frontline, "r-1").post(REDEEM, {"code": code})
    assert first.status_code == 201
    again = problem_of(program(desk.frontline, "r-2").post(REDEEM, {"code": code}), 409)
    assert again["code"] == "voucher_redeemed"
    for wrong in ("nothing", code[::-1]):
        assert (
            problem_of(program(desk.frontline).post(LOOK_UP, {"code": wrong}), 409)["code"] == "unknown_code"
        )
    assert program(desk.auditor).post(LOOK_UP, {"code": code}).status_code == 403
    caller = program(desk.colleague)
    answers = [caller.post(LOOK_UP, {"code": f"nothing {number}"}).status_code for number in range(21)]
    assert answers == [409] * 20 + [429]


@pytest.mark.django_db(transaction=True)
def test_twenty_programs_at_once_redeem_one_code_exactly_once(desk: Desk) -> None:
    code = code_for(desk)
    callers = [program(desk.frontline, f"r-{number}") for number in range(20)]
    answers = all_at_once([lambda caller=caller: caller.post(REDEEM, {"code": code}) for caller in callers])  # type: ignore[misc]
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 19
    assert Redemption.objects.count() == 1
    assert Voucher.objects.get().remaining == 0
