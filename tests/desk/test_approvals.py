"""The inbox of approvals: what is shown, and to whom."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

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
from tests.compensation.world import (
    NOON,
    World,
    make_branch,
    make_budget,
    make_case,
    make_user,
    propose,
)
from tests.desk.reading import case_page, inbox, signed_in, text_of

MOST_QUERIES = 11

pytestmark = pytest.mark.usefixtures("at_noon")


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


def test_a_link_to_an_offer_opens_it_and_one_to_a_decided_offer_says_so(world: World) -> None:
    first, second = (propose(world.frontline, make_case(world.branch), 500 + n) for n in range(2))
    assert "Approve CN¥501.00" in text_of(inbox(world.supervisor, offer=second.pk))
    reject_offer(actor=world.manager, offer_id=first.pk, reason="No loss.")

    assert "does not wait any more" in text_of(inbox(world.supervisor, offer=first.pk))
    for nonsense in ("0", "x", "9" * 30, "²"):
        assert inbox(world.supervisor, offer=nonsense).status_code == 200


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
