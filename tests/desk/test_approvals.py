"""The inbox of approvals: what is shown, to whom, and what a click does."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from accounts.states import Role
from cases.actions.incidents import NewIncident, declare_incident
from cases.models import Case, Clock
from cases.paths import case_path
from compensation.actions.approvals import approve_offer, reject_offer
from compensation.actions.remedies import NewRemedy, propose_remedy
from compensation.models import Offer
from compensation.paths import APPROVALS_PATH, remedy_path
from compensation.remedy_rules import AmountRule
from compensation.states import OfferState
from sla.models import BranchCalendar, Calendar
from tests.compensation.chains import make_route
from tests.compensation.world import (
    NOON,
    World,
    make_branch,
    make_budget,
    make_case,
    make_user,
    make_world,
    propose,
)
from tests.desk.reading import case_page, signed_in, text_of

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

MOST_QUERIES = 11


@pytest.fixture(autouse=True)
def _at_noon() -> Iterator[None]:
    with time_machine.travel(NOON):
        yield


@pytest.fixture
def world(db: None) -> World:
    return make_world()


@pytest.fixture
def case(world: World) -> Case:
    return make_case(world.branch)


def inbox(user: User, **query: str | int) -> Response:
    return signed_in(user).get(reverse("desk:approvals"), query)


def test_the_addresses_that_notices_carry_lead_to_the_pages() -> None:
    assert reverse("desk:approvals") == APPROVALS_PATH
    assert reverse("desk:case", args=("C-1",)) == case_path("C-1")


def test_the_inbox_shows_everything_a_decision_needs(world: World) -> None:
    make_budget(world.branch, 40_000)
    for amount in (300, 450, 600):
        like = propose(world.frontline, make_case(world.branch), amount)
        if like.state == OfferState.WAITING:
            approve_offer(actor=world.supervisor, offer_id=like.pk, amount=Decimal(amount), reason="Fair.")
    customer = make_case(world.branch).customer
    offer = propose(world.frontline, make_case(world.branch, customer=customer, severity=3), 500)

    page = text_of(inbox(world.supervisor))

    assert "1 waits for you" in page
    assert f"CN¥500.00 Refund · {customer.name}" in page
    assert "119% of loss" in page
    assert "3, median CN¥450, CN¥300–CN¥600" in page
    assert "1 complaint before" in page
    assert f"{world.frontline.name}" in page
    assert "may grant CN¥300" in page
    assert "CN¥2,000 per case" in page
    assert "CN¥38,650 of CN¥40,000" in page
    assert "The allergy was on the booking." in page
    assert "Approve CN¥500.00" in page
    assert offer.case.number in page


def test_what_breaches_first_comes_first_and_then_the_gravest(world: World) -> None:
    due = NOON + dt.timedelta(hours=2)
    cases = [make_case(world.branch, severity=4), make_case(world.branch, severity=4, due_at=due)]
    cases.append(make_case(world.branch, severity=1))
    for case in cases:
        propose(world.frontline, case, 500)

    page = text_of(inbox(world.supervisor))

    places = [page.index(cases[index].customer.name) for index in (1, 2, 0)]
    assert places == sorted(places)


def test_what_others_must_decide_is_shown_with_for_whom_and_without_approve(world: World, case: Case) -> None:
    propose(world.frontline, case, 5000)

    page = text_of(inbox(world.supervisor))

    assert "above your authority; it waits for: Manager" in page
    assert "Approve CN¥5,000.00" not in page
    assert "Lower…" in page


def test_ones_own_proposal_is_shown_with_why_one_does_not_decide(world: World, case: Case) -> None:
    offer = propose(world.supervisor, case, 5000)

    response = inbox(world.supervisor)

    assert "You proposed this yourself, so someone else decides." in text_of(response)
    assert reverse("desk:offer_approve", args=(offer.pk,)) not in response.content.decode()
    assert "0 wait for you" in text_of(response)


def test_offers_of_other_branches_are_neither_shown_nor_decided(world: World, case: Case) -> None:
    offer = propose(world.frontline, case, 500)
    stranger = make_user(Role.SUPERVISOR, make_branch("garden"))

    assert "Nothing waits for approval" in text_of(inbox(stranger))
    for name in ("desk:offer_approve", "desk:offer_reject"):
        assert signed_in(stranger).post(reverse(name, args=(offer.pk,)), {"reason": "x"}).status_code == 404


@pytest.mark.parametrize(
    ("role", "status"),
    [
        (Role.FRONTLINE, 403),
        (Role.SUPERVISOR, 200),
        (Role.MANAGER, 200),
        (Role.ADMIN, 403),
        (Role.AUDITOR, 403),
        (Role.FINANCE, 403),
    ],
)
def test_only_those_who_decide_get_into_the_inbox(world: World, case: Case, role: Role, status: int) -> None:
    user = make_user(role, world.branch)
    offer = propose(world.frontline, case, 500)
    assert inbox(user).status_code == status
    if status == 403:
        for name in ("desk:offer_approve", "desk:offer_reject"):
            response = signed_in(user).post(reverse(name, args=(offer.pk,)), {"reason": "x"})
            assert response.status_code == 403
    offer.refresh_from_db()
    assert offer.state == OfferState.WAITING


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


def test_a_link_to_an_offer_opens_it_and_one_to_a_decided_offer_says_so(world: World) -> None:
    first, second = (propose(world.frontline, make_case(world.branch), 500 + n) for n in range(2))
    assert "Approve CN¥501.00" in text_of(inbox(world.supervisor, offer=second.pk))
    reject_offer(actor=world.manager, offer_id=first.pk, reason="No loss.")

    assert "does not wait any more" in text_of(inbox(world.supervisor, offer=first.pk))
    for nonsense in ("0", "x", "9" * 30, "²"):
        assert inbox(world.supervisor, offer=nonsense).status_code == 200


def test_decisions_are_posted(world: World, case: Case) -> None:
    offer = propose(world.frontline, case, 500)
    address = reverse("desk:offer_approve", args=(offer.pk,))
    assert signed_in(world.supervisor).put(address).status_code == 405
    opened = signed_in(world.supervisor).get(address)
    assert opened["Location"] == reverse("desk:approvals") + f"?offer={offer.pk}"
    offer.refresh_from_db()
    assert offer.state == "waiting"


def test_the_inbox_costs_the_same_for_many_offers_as_for_two(world: World) -> None:
    make_budget(world.branch, 100_000)
    client = signed_in(world.supervisor)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(reverse("desk:approvals")).status_code == 200
        return len(captured)

    for _ in range(2):
        propose(world.frontline, make_case(world.branch), 500)
    few = queries()
    for _ in range(30):
        last = propose(world.frontline, make_case(world.branch), 500)

    assert queries() == few
    assert few <= MOST_QUERIES
    assert "More are waiting" in text_of(client.get(reverse("desk:approvals")))
    opened = inbox(world.supervisor, offer=last.pk)
    assert reverse("desk:offer_approve", args=(last.pk,)) in opened.content.decode()


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


def test_an_amount_that_changed_since_one_looked_is_not_approved(world: World, case: Case) -> None:
    offer = propose(world.frontline, case, 500)
    answer = signed_in(world.supervisor).post(
        reverse("desk:offer_approve", args=(offer.pk,)), {"reason": "Fair.", "seen": "400"}
    )
    assert answer.status_code == 422
    assert "asks for CN¥500.00 now" in text_of(answer)
    offer.refresh_from_db()
    assert offer.state == OfferState.WAITING


def test_a_remedy_that_waits_stands_among_the_offers(world: World, case: Case) -> None:
    new = NewIncident(name="No ferry", description="It did not sail.", branch=world.branch)
    incident = declare_incident(actor=world.manager, new=new, case_id=case.pk)
    terms = NewRemedy(
        kind="refund", rules=[AmountRule(Decimal(900))], purpose="The crossing", reason="It is owed."
    )
    remedy = propose_remedy(actor=world.manager, incident_id=incident.pk, new=terms)
    assert remedy.asked_role == Role.SUPERVISOR

    alone = inbox(world.supervisor)
    propose(world.frontline, make_case(world.branch), 500)
    beside = inbox(world.supervisor)

    for page in (alone, beside):
        assert "CN¥900.00 Refund · No ferry" in text_of(page)
        assert remedy_path(incident.number) in page.content.decode()
    assert "1 waits for you" in text_of(alone)
    assert "2 wait for you" in text_of(beside)
    assert "your own proposal" in text_of(inbox(world.manager))


def test_in_chinese_too_the_pages_render(world: World, case: Case) -> None:
    propose(world.frontline, case, 500)
    User.objects.update(language="zh-hans")
    assert inbox(world.supervisor).status_code == 200
    assert case_page(world.frontline, case).status_code == 200


def test_a_decision_that_came_too_late_is_not_offered_for_the_next_offer(world: World, case: Case) -> None:
    first = propose(world.frontline, case, 400)
    propose(world.frontline, make_case(world.branch), 350)
    approve_offer(actor=world.supervisor, offer_id=first.pk, amount=Decimal(400), reason="fits")
    client = signed_in(world.supervisor)
    late = client.post(reverse("desk:offer_reject", args=[first.pk]), {"reason": "not this one"})
    assert late.status_code == 422
    assert "does not wait any more" in text_of(late)
    assert "not this one" not in late.content.decode()


def test_the_policys_range_and_why_an_offer_leaves_it_are_shown(world: World, case: Case) -> None:
    offer = propose(world.frontline, case, 500)
    Offer.objects.filter(pk=offer.pk).update(policy_low=100, policy_high=600)
    assert "Policy CN¥100–CN¥600, inside" in text_of(inbox(world.supervisor))
    Offer.objects.filter(pk=offer.pk).update(policy_high=300, deviation_reason="A child was hurt.")
    assert "CN¥100–CN¥300, outside: A child was hurt." in text_of(inbox(world.supervisor))


def test_an_answer_that_is_due_before_the_cases_clocks_is_what_counts_down(world: World, case: Case) -> None:
    office = Calendar.objects.get(code="office")
    BranchCalendar.objects.create(branch=world.branch, calendar=office)
    Clock.objects.create(
        case=case,
        metric="resolution",
        severity=case.severity,
        target_minutes=1440,
        calendar=office,
        started_at=NOON,
        due_at=NOON + dt.timedelta(days=3),
    )
    Case.objects.filter(pk=case.pk).update(due_at=NOON + dt.timedelta(days=3), due_metric="resolution")
    with time_machine.travel(NOON + dt.timedelta(hours=6)):
        propose(world.frontline, case, 500)
        assert "Approval decision" in text_of(inbox(world.supervisor))
    Case.objects.filter(pk=case.pk).update(due_at=NOON)
    assert "Resolution" in text_of(inbox(world.supervisor))
