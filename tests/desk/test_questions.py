"""Offers that come back with a question: who finds them where, and what the pages show of rounds before."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.models import User
from accounts.states import Role
from cases.models import Case
from compensation.actions.offers import submit_offer, withdraw_offer
from compensation.actions.remedy_returning import answer_remedy, return_remedy
from compensation.actions.returning import recall_offer, return_offer
from compensation.models import Offer
from tests.compensation.chains import approve, make_route
from tests.compensation.incidents import make_customers, make_incident
from tests.compensation.incidents import propose as propose_remedy
from tests.compensation.world import World, propose
from tests.desk.reading import case_page, signed_in, text_of
from tests.factories import make_desk

pytestmark = pytest.mark.usefixtures("at_noon")


def again(actor: User, offer: Offer, answer: str = "") -> None:
    submit_offer(
        actor=actor,
        offer_id=offer.pk,
        kind=offer.kind,
        basis=offer.basis,
        amount=offer.amount,
        purpose=offer.purpose,
        reason=offer.reason,
        answer=answer,
    )


def home(user: User) -> str:
    return text_of(signed_in(user).get(reverse("desk:home")))


def inbox(user: User) -> str:
    return signed_in(user).get(reverse("desk:approvals")).content.decode()


def test_a_question_is_on_the_first_page_of_who_has_to_answer(world: World, case: Case) -> None:
    offer = propose(world.frontline, case, 500)
    assert "Answer these questions" not in home(world.frontline)

    return_offer(actor=world.supervisor, offer_id=offer.pk, question="Which dish was it?")

    page = home(world.frontline)
    assert "Which dish was it?" in page
    assert f"asked by {world.supervisor.name}" in page
    assert "Which dish" not in home(world.supervisor)
    on_case = text_of(case_page(world.frontline, case))
    assert "Answer and send again" in on_case
    assert "Propose this" not in on_case

    again(world.frontline, offer, "The soup.")
    assert "Which dish was it?" not in home(world.frontline)


def test_a_question_about_what_was_withdrawn_wants_no_answer(world: World, case: Case) -> None:
    offer = propose(world.frontline, case, 500)
    return_offer(actor=world.supervisor, offer_id=offer.pk, question="Which dish was it?")
    withdraw_offer(actor=world.frontline, offer_id=offer.pk, reason="Sorted out.")
    assert "Which dish was it?" not in home(world.frontline)


@pytest.mark.django_db
def test_a_question_about_a_remedy_is_there_until_it_is_answered() -> None:
    desk = make_desk()
    remedy = propose_remedy(desk, make_incident(desk, make_customers(2)))
    return_remedy(actor=desk.manager, remedy_id=remedy.pk, question="Why ten for everybody?")
    assert "Why ten for everybody?" in home(desk.supervisor)
    assert remedy.incident.number in home(desk.supervisor)
    assert "Why ten for everybody?" not in home(desk.manager)

    answer_remedy(actor=desk.supervisor, remedy_id=remedy.pk, answer="All lost the same.")
    assert "Why ten for everybody?" not in home(desk.supervisor)


def test_what_was_asked_and_answered_before_is_folded_away(world: World, case: Case) -> None:
    make_route(Role.SUPERVISOR, Role.MANAGER)
    offer = propose(world.frontline, case, 500)
    return_offer(actor=world.supervisor, offer_id=offer.pk, question="Which dish was it?")
    again(world.frontline, offer, "The soup.")

    page = inbox(world.supervisor)

    open_part, folded = page.split('<details class="all-steps">')
    assert "Which dish was it?" not in open_part
    assert "Not asked yet" in open_part
    folded = folded.split("</details>")[0]
    assert "1 earlier proposal" in folded
    assert "answered: The soup." in folded
    assert "Which dish was it?" in folded
    assert "Returned with a question" in folded


def test_proposals_are_numbered_by_what_was_asked_of_people(world: World, case: Case) -> None:
    make_route(Role.SUPERVISOR, Role.MANAGER)
    offer = propose(world.frontline, case, 500)
    for _time in range(2):
        recall_offer(actor=world.frontline, offer_id=offer.pk)
        again(world.frontline, offer)
    assert "proposal 1" not in inbox(world.supervisor)

    approve(world.supervisor, offer)
    recall_offer(actor=world.frontline, offer_id=offer.pk)
    again(world.frontline, offer)

    page = inbox(world.supervisor)
    assert [number for number in range(1, 9) if f"proposal {number}" in page] == [1, 2]
