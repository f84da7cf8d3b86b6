"""The compensation panel of a case: what it says, to whom, and what its forms do."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from accounts.states import Role
from cases.models import Case
from compensation.models import Offer
from compensation.states import OfferState
from desk.views.offer_panel import panel_context
from tests.compensation.world import (
    World,
    make_budget,
    make_case,
    make_user,
    propose,
)
from tests.desk.reading import case_page, signed_in, text_of

MOST_QUERIES = 12

pytestmark = pytest.mark.usefixtures("at_noon")


def test_the_panel_takes_seven_queries_however_many_offers(world: World, case: Case) -> None:
    for _ in range(4):
        propose(world.frontline, case, 100)
    fresh = Case.objects.select_related("customer", "branch").get(pk=case.pk)
    with CaptureQueriesContext(connection) as captured:
        context = panel_context(world.supervisor, fresh)
        assert [row.asked_role for row in context["offer_rows"]] == ["", "", "", "Supervisor"]
    assert len(captured) == 7


def test_the_panel_says_what_one_may_grant_and_who_decides_beyond(world: World, case: Case) -> None:
    make_budget(world.branch, 1000)
    page = text_of(case_page(world.frontline, case))

    assert "You may grant CN¥300.00 · CN¥1,200.00 left today" in page
    assert "Up to CN¥300.00 is approved at once. More waits for: Supervisor." in page
    assert "CN¥1,000 of CN¥1,000" in page


def test_who_may_not_propose_sees_offers_and_no_form(world: World, case: Case) -> None:
    propose(world.frontline, case, 100)
    response = case_page(make_user(Role.AUDITOR, world.branch), case)

    assert "CN¥100.00 Refund" in text_of(response)
    assert reverse("desk:offer_propose", args=(case.number,)) not in response.content.decode()


PROPOSAL = {
    "amount": "120",
    "kind": "refund",
    "basis": "goodwill",
    "purpose": "Dinner",
    "reason": "Nuts in it.",
}


def test_a_proposal_within_authority_is_granted_from_the_case_page(world: World, case: Case) -> None:
    response = signed_in(world.frontline).post(
        reverse("desk:offer_propose", args=(case.number,)), PROPOSAL, follow=True
    )

    assert "CN¥120.00 is granted." in text_of(response)
    assert Offer.objects.get(case=case).state == OfferState.APPROVED


def test_a_proposal_above_authority_waits_and_the_page_says_for_whom(world: World, case: Case) -> None:
    response = signed_in(world.frontline).post(
        reverse("desk:offer_propose", args=(case.number,)), {**PROPOSAL, "amount": "500"}, follow=True
    )

    page = text_of(response)
    assert "CN¥500.00 is proposed and waits for approval." in page
    assert "waits for: Supervisor" in page


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"amount": "0"}, "above zero"),
        ({"amount": ""}, "required"),
        ({"amount": "30001"}, "Nobody else here may approve that much"),
        ({"kind": "gold"}, "Select a valid choice"),
        ({"reason": ""}, "required"),
    ],
)
def test_a_refused_proposal_keeps_what_was_typed(
    world: World, case: Case, wrong: dict[str, str], words: str
) -> None:
    data = {**PROPOSAL, **wrong}

    response = signed_in(world.frontline).post(reverse("desk:offer_propose", args=(case.number,)), data)

    assert response.status_code == 422
    assert words in text_of(response)
    assert f'value="{data["purpose"]}"' in response.content.decode()
    assert not Offer.objects.exists()


@pytest.mark.parametrize(
    ("amount", "kind", "words"),
    [
        ("200", "refund", ["approved at once", "48% of loss"]),
        ("420", "refund", ["waits for: Supervisor", "100% of loss"]),
        ("9000", "refund", ["waits for: Manager", "2,143% of loss", "150% of the loss"]),
        ("30001", "refund", ["nobody here may approve this much"]),
        ("", "refund", ["Up to CN¥300.00 is approved at once"]),
        ("-3", "refund", ["Up to CN¥300.00 is approved at once"]),
        ("x", "nonsense", ["Up to CN¥300.00 is approved at once"]),
        ("10", "gift", ["approved at once"]),
    ],
)
def test_the_forecast_says_what_would_become_of_an_amount(
    world: World, case: Case, amount: str, kind: str, words: list[str]
) -> None:
    response = signed_in(world.frontline).get(
        reverse("desk:offer_forecast", args=(case.number,)), {"amount": amount, "kind": kind}
    )
    assert all(word in text_of(response) for word in words)


def test_the_forecast_warns_of_money_alone_for_a_failure_of_process(world: World) -> None:
    case = make_case(world.branch, failure_type="process")
    address = reverse("desk:offer_forecast", args=(case.number,))
    client = signed_in(world.frontline)
    assert "Money alone" in text_of(client.get(address, {"amount": "10", "kind": "refund"}))
    assert "Money alone" not in text_of(client.get(address, {"amount": "10", "kind": "gift"}))


def test_fulfilment_is_recorded_from_the_case_page_in_the_readers_time_zone(world: World, case: Case) -> None:
    User.objects.filter(pk=world.frontline.pk).update(time_zone="Asia/Shanghai")
    offer = propose(world.frontline, case, 100)
    local = dt.datetime.now(dt.UTC).astimezone(dt.timezone(dt.timedelta(hours=8)))

    signed_in(world.frontline).post(
        reverse("desk:offer_fulfil", args=(offer.pk,)),
        {"method": "cash", "landed_at": local.strftime("%Y-%m-%dT%H:%M"), "reference": ""},
    )

    offer.refresh_from_db()
    assert offer.state == OfferState.FULFILLED
    assert offer.fulfilment.landed_at == local.replace(second=0, microsecond=0)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"method": "bank_transfer", "landed_at": "2020-01-01T10:00", "reference": ""}, "it is the proof"),
        ({"method": "cash", "landed_at": "2020-01-01T10:00", "reference": ""}, "before the approval"),
        ({"method": "cash", "landed_at": "2999-01-01T10:00", "reference": "R-1"}, "in the future"),
        ({"method": "cash", "landed_at": "soon", "reference": "R-1"}, "Enter a valid date"),
    ],
)
def test_a_refused_fulfilment_is_shown_beside_its_fields(
    world: World, case: Case, data: dict[str, str], words: str
) -> None:
    offer = propose(world.frontline, case, 100)

    response = signed_in(world.frontline).post(reverse("desk:offer_fulfil", args=(offer.pk,)), data)

    assert response.status_code == 422
    assert words in text_of(response)
    offer.refresh_from_db()
    assert offer.state == OfferState.APPROVED


def test_withdrawing_from_the_case_page_needs_a_reason(world: World, case: Case) -> None:
    offer = propose(world.frontline, case, 100)
    address = reverse("desk:offer_withdraw", args=(offer.pk,))

    assert signed_in(world.frontline).post(address, {"reason": ""}).status_code == 422
    assert signed_in(world.frontline).post(address, {"reason": "An exchange."}).status_code == 302
    offer.refresh_from_db()
    assert offer.state == OfferState.CANCELLED
