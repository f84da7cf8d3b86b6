"""Decisions in the inbox of approvals: what a click does, to one offer or to several like it."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from accounts.models import User
from accounts.states import Role
from cases.models import Case
from compensation.actions.approvals import approve_offer, reject_offer
from compensation.models import Offer
from compensation.paths import APPROVALS_PATH
from compensation.states import OfferState
from tests.compensation.chains import make_route
from tests.compensation.world import World, make_case, propose
from tests.desk.reading import inbox, signed_in, text_of

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

pytestmark = pytest.mark.usefixtures("at_noon")


def test_approving_grants_and_goes_on_to_the_next(world: World) -> None:
    first, second = (propose(world.frontline, make_case(world.branch), 500) for _ in range(2))

    response = signed_in(world.supervisor).post(
        reverse("desk:offer_approve", args=(first.pk,)), {"reason": "Fair.", "after": second.pk}, follow=True
    )

    assert response.redirect_chain == [(f"{APPROVALS_PATH}?offer={second.pk}", 302)]
    assert "CN¥500.00 is approved." in text_of(response)
    first.refresh_from_db()
    assert (first.state, first.granted_amount) == (OfferState.APPROVED, Decimal(500))


def test_a_lower_amount_is_granted_where_one_is_given(world: World, case: Case) -> None:
    offer = propose(world.frontline, case, 5000)

    signed_in(world.supervisor).post(
        reverse("desk:offer_approve", args=(offer.pk,)), {"amount": "1999.50", "reason": "Fair.", "after": ""}
    )

    offer.refresh_from_db()
    assert offer.granted_amount == Decimal("1999.5")


def test_rejecting_rejects(world: World, case: Case) -> None:
    offer = propose(world.frontline, case, 500)

    signed_in(world.supervisor).post(reverse("desk:offer_reject", args=(offer.pk,)), {"reason": "No loss."})

    offer.refresh_from_db()
    assert offer.state == OfferState.REJECTED


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"reason": ""}, "Give a reason."),
        ({"reason": "Fair.", "amount": "501"}, "No more than was asked for"),
        ({"reason": "Fair.", "amount": "-1"}, "above zero"),
        ({"reason": "Fair.", "amount": "many"}, "Enter a number."),
    ],
)
def test_a_refused_decision_is_shown_in_place_with_what_was_typed(
    world: World, case: Case, data: dict[str, str], words: str
) -> None:
    offer = propose(world.frontline, case, 500)

    response = signed_in(world.supervisor).post(reverse("desk:offer_approve", args=(offer.pk,)), data)

    assert response.status_code == 422
    assert words in text_of(response)
    assert all(f'value="{value}"' in response.content.decode() for value in data.values() if value)
    offer.refresh_from_db()
    assert offer.state == OfferState.WAITING


def test_a_decision_that_came_second_says_how_the_first_went(world: World, case: Case) -> None:
    offer = propose(world.frontline, case, 500)
    reject_offer(actor=world.manager, offer_id=offer.pk, reason="No loss.")

    response = signed_in(world.supervisor).post(
        reverse("desk:offer_approve", args=(offer.pk,)), {"reason": "Fair."}
    )

    assert response.status_code == 422
    assert "does not wait any more: Rejected" in text_of(response)


def test_a_decision_that_came_too_late_is_not_offered_for_the_next_offer(world: World, case: Case) -> None:
    first = propose(world.frontline, case, 400)
    propose(world.frontline, make_case(world.branch), 350)
    approve_offer(actor=world.supervisor, offer_id=first.pk, amount=Decimal(400), reason="fits")
    client = signed_in(world.supervisor)
    late = client.post(reverse("desk:offer_reject", args=[first.pk]), {"reason": "not this one"})
    assert late.status_code == 422
    assert "does not wait any more" in text_of(late)
    assert "not this one" not in late.content.decode()


def test_an_amount_that_changed_since_one_looked_is_not_approved(world: World, case: Case) -> None:
    offer = propose(world.frontline, case, 500)
    answer = signed_in(world.supervisor).post(
        reverse("desk:offer_approve", args=(offer.pk,)), {"reason": "Fair.", "seen": "400"}
    )
    assert answer.status_code == 422
    assert "asks for CN¥500.00 now" in text_of(answer)
    offer.refresh_from_db()
    assert offer.state == OfferState.WAITING


def test_decisions_are_posted(world: World, case: Case) -> None:
    offer = propose(world.frontline, case, 500)
    address = reverse("desk:offer_approve", args=(offer.pk,))
    assert signed_in(world.supervisor).put(address).status_code == 405
    opened = signed_in(world.supervisor).get(address)
    assert opened["Location"] == reverse("desk:approvals") + f"?offer={offer.pk}"
    offer.refresh_from_db()
    assert offer.state == "waiting"


def batch_of(user: User, *offers: Offer, decision: str = "approved", reason: str = "As usual.") -> Response:
    chosen = [f"{offer.pk}:{offer.amount}" for offer in offers]
    data = {"offer": chosen, "about": offers[0].pk, "decision": decision, "reason": reason}
    return signed_in(user).post(reverse("desk:offers_decide"), data, follow=True)


def test_like_offers_are_decided_on_together(world: World) -> None:
    offers = [propose(world.frontline, make_case(world.branch), 400 + n) for n in range(3)]
    opened = inbox(world.supervisor)
    assert "2 more like this" in text_of(opened)
    address = reverse("desk:offers_decide")
    assert f"{address}?offer={offers[0].pk}" in opened.content.decode()

    page = signed_in(world.supervisor).get(address, {"offer": offers[0].pk})
    assert page.content.decode().count('name="offer"') == 3
    assert page.content.decode().count('" checked>') == 1
    assert "95% of loss" in text_of(page)

    answer = batch_of(world.supervisor, *offers[:2])

    assert answer.redirect_chain == [(APPROVALS_PATH, 302)]
    assert "2 offers approved: CN¥801.00 in all." in text_of(answer)
    assert set(Offer.objects.filter(state="waiting")) == {offers[2]}


def test_a_batch_tells_of_which_offers_others_decide_next(world: World) -> None:
    make_route(Role.SUPERVISOR, Role.MANAGER)
    offers = [propose(world.frontline, make_case(world.branch), 500) for _ in range(2)]
    page = text_of(batch_of(world.supervisor, *offers))
    assert "Your step of 2 offers is approved" in page
    assert "offers approved:" not in page


def test_a_batch_asks_for_what_is_left_of_an_offer_that_was_lowered_on_its_way(world: World) -> None:
    make_route(Role.SUPERVISOR, Role.MANAGER)
    offers = [propose(world.frontline, make_case(world.branch), 500) for _ in range(2)]
    approve_offer(actor=world.supervisor, offer_id=offers[0].pk, amount=Decimal(350), reason="Less.")
    approve_offer(actor=world.supervisor, offer_id=offers[1].pk, amount=Decimal(500), reason="Fair.")
    client, address = signed_in(world.manager), reverse("desk:offers_decide")

    page = client.get(address, {"offer": offers[0].pk}).content.decode()
    chosen = re.findall(r'value="(\d+:[\d.]+)"', page)
    assert {value.partition(":")[0] for value in chosen} == {str(offer.pk) for offer in offers}
    data = {"offer": chosen, "about": offers[0].pk, "decision": "approved", "reason": "Fair."}
    answer = client.post(address, data, follow=True)

    assert "2 offers approved: CN¥850.00 in all." in text_of(answer)
    granted = Offer.objects.order_by("pk").values_list("granted_amount", flat=True)
    assert list(granted) == [350, 500]


def test_a_batch_tells_what_was_decided_and_what_not_and_why(world: World) -> None:
    offers = [propose(world.frontline, make_case(world.branch), amount) for amount in (400, 401, 5000)]
    reject_offer(actor=world.manager, offer_id=offers[1].pk, reason="No loss.")

    answer = batch_of(world.supervisor, *offers)

    assert answer.status_code == 422
    words = text_of(answer)
    assert "Not all of them were decided" in words
    assert f"{offers[0].case.number} decided" in words
    assert "the offer is now “Rejected”" in words
    assert "Your authority is CN¥2,000.00 per case" in words
    assert set(Offer.objects.filter(state="waiting")) == {offers[2]}


@pytest.mark.parametrize(("decision", "reason"), [("approved", ""), ("", "Fair."), ("maybe", "Fair.")])
def test_a_batch_that_is_refused_keeps_what_was_chosen(world: World, decision: str, reason: str) -> None:
    offers = [propose(world.frontline, make_case(world.branch), 400) for _ in range(3)]

    answer = batch_of(world.supervisor, *offers[:2], decision=decision, reason=reason)

    assert answer.status_code == 422
    assert answer.content.decode().count('" checked>') == 2
    assert Offer.objects.filter(state="waiting").count() == 3


def test_a_batch_of_nonsense_decides_nothing(world: World, case: Case) -> None:
    offer = propose(world.frontline, case, 500)
    client = signed_in(world.supervisor)
    for chosen in (["x"], ["1:x"], [f"{offer.pk}:NaN"], [":"], ["9" * 30 + ":1"], []):
        data = {"offer": chosen, "decision": "approved", "reason": "Fair.", "about": offer.pk}
        assert client.post(reverse("desk:offers_decide"), data).status_code == 422
    assert client.get(reverse("desk:offers_decide")).status_code == 302
    offer.refresh_from_db()
    assert offer.state == OfferState.WAITING
