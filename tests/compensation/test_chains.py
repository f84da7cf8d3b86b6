"""Steps of an approval: asked level by level, together within one, each by somebody else."""

from __future__ import annotations

import datetime as dt
import itertools
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from accounts.models import User
from accounts.states import Role
from audit.models import Event
from cases.models import Case
from common.errors import Conflict, Invalid, NotAllowed
from compensation.actions.approvals import reject_offer
from compensation.actions.offers import submit_offer, withdraw_offer
from compensation.actions.returning import recall_offer, return_offer
from compensation.asking import addressed_to
from compensation.models import ApprovalStep, Budget, Offer, Question
from compensation.rows import waiting_for, waiting_row
from compensation.states import OfferState, ReserveAt
from customers.models import ContactPoint
from customers.states import ContactKind
from messaging.models import Notice
from tests.compensation.chains import approve, make_route, second, states
from tests.compensation.world import NOON, World, committed, make_budget, make_case, propose


@pytest.fixture
def offer(world: World, case: Case) -> Offer:
    """1,000 that a supervisor decides on first, and then a manager."""
    make_route(Role.SUPERVISOR, Role.MANAGER, from_amount=500)
    return propose(world.frontline, case, 1000)


def submit(actor: User, offer: Offer, **fields: Any) -> Offer:
    values: dict[str, Any] = {
        "kind": offer.kind,
        "basis": offer.basis,
        "amount": offer.amount,
        "purpose": offer.purpose,
        "reason": offer.reason,
        **fields,
    }
    return submit_offer(actor=actor, offer_id=offer.pk, **values)


def test_levels_are_asked_one_after_another_and_the_last_grants(world: World, offer: Offer) -> None:
    budget = make_budget(world.branch, 5000)
    assert states(offer) == [(1, "supervisor", "open"), (2, "manager", "planned")]

    waiting = approve(world.supervisor, offer)

    assert (waiting.state, waiting.asked_role, waiting.granted_amount) == ("waiting", "manager", None)
    assert states(offer) == [(1, "supervisor", "approved"), (2, "manager", "open")]
    budget.refresh_from_db()
    assert budget.reserved == 0
    assert Notice.objects.filter(user=world.manager).count() == 1

    granted = approve(world.manager, offer)

    assert (granted.state, granted.granted_amount) == (OfferState.APPROVED, 1000)
    assert (granted.approval.approver, granted.approval.limit) == (world.manager, 30000)
    budget.refresh_from_db()
    assert budget.reserved == 1000


def test_nobody_is_told_before_it_is_their_turn(world: World, offer: Offer) -> None:
    told = Notice.objects.filter(url__endswith=f"?offer={offer.pk}").values_list("user", flat=True)
    assert list(told) == [world.supervisor.pk]

    approve(world.supervisor, offer)

    assert list(told.order_by("pk")) == [world.supervisor.pk, world.manager.pk]


def test_a_route_asks_only_from_its_amount_on_the_case(world: World, case: Case) -> None:
    make_route(Role.SUPERVISOR, Role.MANAGER, from_amount=500)
    small = propose(world.frontline, case, 400)
    assert states(small) == [(1, "supervisor", "open")]
    more = propose(world.frontline, case, 100)
    assert states(more) == [(1, "supervisor", "open"), (2, "manager", "planned")]


def test_within_ones_own_authority_nobody_is_asked(world: World, case: Case) -> None:
    make_route(Role.SUPERVISOR, Role.MANAGER)
    assert propose(world.frontline, case, 300).state == OfferState.APPROVED


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_steps_of_one_level_are_decided_in_any_order(world: World, case: Case, order: list[int]) -> None:
    make_route((Role.SUPERVISOR, Role.MANAGER, Role.MANAGER))
    people = [world.supervisor, world.manager, second(Role.MANAGER, world)]
    offer = propose(world.frontline, case, 1000)
    amounts = [900, 1000, 800]
    for place, which in enumerate(order):
        assert offer.state == OfferState.WAITING
        lowest = min([1000, *(amounts[each] for each in order[:place])])
        offer = approve(people[which], offer, min(amounts[which], lowest))
    assert (offer.state, offer.granted_amount) == (OfferState.APPROVED, 800)


def test_who_lowered_it_binds_those_who_decide_later(world: World, offer: Offer) -> None:
    approve(world.supervisor, offer, 700)
    with pytest.raises(Invalid, match="700"):
        approve(world.manager, offer, 701)
    assert approve(world.manager, offer, 700).granted_amount == 700


def test_nobody_decides_two_steps_of_an_offer(world: World, case: Case) -> None:
    make_route(Role.MANAGER, Role.MANAGER)
    with pytest.raises(Invalid, match="more people"):
        propose(world.frontline, case, 1000)
    other = second(Role.MANAGER, world)
    offer = propose(world.frontline, case, 1000)
    approve(world.manager, offer)
    with pytest.raises(NotAllowed, match="one step"):
        approve(world.manager, offer)
    assert approve(other, offer).state == OfferState.APPROVED


def test_a_step_is_for_its_role_or_for_as_much_authority(world: World, case: Case) -> None:
    make_route(Role.MANAGER)
    offer = propose(world.frontline, case, 1000)
    with pytest.raises(NotAllowed, match="Manager"):
        approve(world.supervisor, offer)
    assert approve(world.manager, offer).state == OfferState.APPROVED


def test_the_chain_ends_with_the_authority_that_the_amount_takes(world: World, case: Case) -> None:
    make_route(Role.SUPERVISOR)
    offer = propose(world.frontline, case, 5000)
    assert states(offer) == [(1, "supervisor", "open"), (2, "manager", "planned")]


def test_one_no_ends_it_whatever_others_said(world: World, offer: Offer) -> None:
    approve(world.supervisor, offer)
    rejected = reject_offer(actor=world.manager, offer_id=offer.pk, reason="No.")
    assert rejected.state == OfferState.REJECTED
    assert states(offer) == [(1, "supervisor", "approved"), (2, "manager", "rejected")]
    with pytest.raises(Conflict):
        approve(second(Role.MANAGER, world), offer)


def test_a_withdrawn_offer_asks_nobody_any_more(world: World, offer: Offer) -> None:
    withdraw_offer(actor=world.frontline, offer_id=offer.pk, reason="Sorted out.")
    assert states(offer) == [(1, "supervisor", "dropped"), (2, "manager", "dropped")]


def test_an_approver_who_lost_the_role_between_the_steps_decides_nothing(world: World, offer: Offer) -> None:
    stale = User.objects.get(pk=world.supervisor.pk)
    User.objects.filter(pk=stale.pk).update(role=Role.FRONTLINE)
    with pytest.raises(NotAllowed):
        approve(stale, offer)
    assert states(offer)[0] == (1, "supervisor", "open")


def test_it_is_addressed_to_those_whose_step_is_open(world: World, case: Case) -> None:
    make_route((Role.SUPERVISOR, Role.MANAGER), Role.MANAGER)
    other = second(Role.MANAGER, world)
    offer = propose(world.frontline, case, 1000)
    assert [addressed_to(one).count() for one in (world.supervisor, world.manager)] == [1, 1]
    approve(world.manager, offer)
    assert [addressed_to(one).count() for one in (world.supervisor, world.manager, other)] == [1, 0, 0]
    approve(world.supervisor, offer)
    assert [addressed_to(one).count() for one in (world.supervisor, world.manager, other)] == [0, 0, 1]


def test_who_is_asked_together_with_others_finds_it_among_what_asks_for_them(
    world: World, case: Case
) -> None:
    make_route((Role.SUPERVISOR, Role.MANAGER), Role.MANAGER)
    other = second(Role.MANAGER, world)
    offer = propose(world.frontline, case, 1000)

    def listed(user: User) -> list[tuple[int, bool]]:
        return [(row.pk, row.asked) for row in waiting_for(user, limit=1)]

    # The route is for yuan.
    for_supervisor = propose(world.frontline, make_case(world.branch, due_at=NOON, currency="EUR"), 200)
    assert listed(world.supervisor) == [(for_supervisor.pk, True)]
    assert listed(world.manager) == listed(other) == [(offer.pk, True)]
    row = waiting_row(world.manager, offer.pk)
    assert row is not None
    assert (row.asked, row.asked_roles) == (True, ("supervisor", "manager"))

    approve(world.supervisor, offer)
    assert [(row.pk, row.asked) for row in waiting_for(world.supervisor, limit=5)] == [
        (for_supervisor.pk, True),
        (offer.pk, False),
    ]
    assert listed(world.manager) == [(offer.pk, True)]
    approve(world.manager, offer)
    assert listed(world.manager) == [(for_supervisor.pk, False)]
    assert listed(other) == [(offer.pk, True)]


# --- questions and recalling ---------------------------------------------------------------


def test_who_has_decided_a_step_is_not_asked_again_by_the_inbox(world: World, case: Case) -> None:
    make_route((Role.MANAGER, Role.MANAGER))
    other = second(Role.MANAGER, world)
    offer = propose(world.frontline, case, 5000)
    approve(world.manager, offer)

    assert [(row.pk, row.asked) for row in waiting_for(world.manager, limit=5)] == [(offer.pk, False)]
    assert [(row.pk, row.asked) for row in waiting_for(other, limit=5)] == [(offer.pk, True)]
    row = waiting_row(world.manager, offer.pk)
    assert row is not None
    assert not row.asked


def test_a_question_sends_it_back_and_its_answer_sends_it_on(world: World, offer: Offer) -> None:
    Budget.objects.update(reserve_at=ReserveAt.PROPOSAL)
    returned = return_offer(actor=world.supervisor, offer_id=offer.pk, question="Which dish was it?")
    assert returned.state == OfferState.DRAFT
    assert states(offer) == [(1, "supervisor", "returned"), (2, "manager", "dropped")]
    assert Notice.objects.filter(user=world.frontline, url__contains=offer.case.number).exists()

    with pytest.raises(Invalid) as refused:
        submit(world.frontline, offer)
    assert refused.value.field == "answer"
    again = submit(world.frontline, offer, answer="The soup.", amount=Decimal(900))

    assert (again.state, again.round) == (OfferState.WAITING, 2)
    assert again.amount == 900
    assert states(offer, 2) == [(1, "supervisor", "open"), (2, "manager", "planned")]
    question = Question.objects.get(offer=offer)
    assert (question.text, question.answer, question.answered_by) == (
        "Which dish was it?",
        "The soup.",
        world.frontline,
    )
    approve(world.supervisor, again)
    assert approve(world.manager, again).granted_amount == 900


def test_money_reserved_at_the_proposal_is_given_back_and_reserved_anew(world: World, case: Case) -> None:
    budget = make_budget(world.branch, 5000, reserve_at=ReserveAt.PROPOSAL)
    offer = propose(world.frontline, case, 1000)
    for amount in (800, 600):
        budget.refresh_from_db()
        assert budget.reserved == offer.amount
        recall_offer(actor=world.frontline, offer_id=offer.pk)
        budget.refresh_from_db()
        assert budget.reserved == 0
        offer = submit(world.frontline, offer, amount=Decimal(amount))
    approve(world.supervisor, offer)
    budget.refresh_from_db()
    assert [budget.reserved, budget.left] == [600, 4400]


def test_only_the_proposer_recalls_and_only_while_it_waits(world: World, offer: Offer) -> None:
    with pytest.raises(NotAllowed):
        recall_offer(actor=world.supervisor, offer_id=offer.pk)
    recall_offer(actor=world.frontline, offer_id=offer.pk)
    with pytest.raises(Conflict):
        recall_offer(actor=world.frontline, offer_id=offer.pk)
    assert Event.objects.filter(stream=offer.case.stream, verb="offer.recalled").count() == 1


def test_a_question_needs_words_and_four_eyes(world: World, offer: Offer, case: Case) -> None:
    with pytest.raises(Invalid):
        return_offer(actor=world.supervisor, offer_id=offer.pk, question=" ")
    second(Role.SUPERVISOR, world)
    own = propose(world.supervisor, make_case(world.branch), 2500)
    with pytest.raises(NotAllowed):
        return_offer(actor=world.supervisor, offer_id=own.pk, question="Why?")


def test_whoever_proposes_it_again_does_not_decide_on_it(world: World, offer: Offer) -> None:
    second(Role.SUPERVISOR, world)
    return_offer(actor=world.manager, offer_id=offer.pk, question="Why so much?")
    again = submit(world.supervisor, offer, answer="It was the second time.", amount=Decimal(2100))
    with pytest.raises(NotAllowed, match="yourself"):
        approve(world.supervisor, again)


# --- one's own complaint -------------------------------------------------------------------


def complain(user: User, case: Case) -> None:
    ContactPoint.objects.create(
        customer=case.customer, kind=ContactKind.EMAIL, value=user.email.upper(), normalised=user.email
    )


def test_nobody_grants_or_decides_on_their_own_complaint(world: World, case: Case) -> None:
    complain(world.frontline, case)
    assert propose(world.frontline, case, 100).state == OfferState.WAITING
    complain(world.supervisor, case)
    offer = propose(world.frontline, case, 100)
    with pytest.raises(NotAllowed, match="own complaint"):
        approve(world.supervisor, offer)
    with pytest.raises(NotAllowed, match="own complaint"):
        reject_offer(actor=world.supervisor, offer_id=offer.pk, reason="No.")
    with pytest.raises(NotAllowed, match="own complaint"):
        return_offer(actor=world.supervisor, offer_id=offer.pk, question="Why?")
    assert approve(world.manager, offer).state == OfferState.APPROVED


def test_where_all_who_decide_have_complained_it_is_refused(world: World, case: Case) -> None:
    complain(world.supervisor, case)
    complain(world.manager, case)
    with pytest.raises(Invalid):
        propose(world.frontline, case, 1000)


# --- the database by itself ----------------------------------------------------------------


def decide(step: ApprovalStep, by: User, **fields: object) -> int:
    values = {
        "state": "approved",
        "amount": Decimal(1000),
        "decided_by": by,
        "reason": "Because.",
        "decided_at": dt.datetime.now(dt.UTC),
        **fields,
    }
    return ApprovalStep.objects.filter(pk=step.pk).update(**values)


def refused(step: ApprovalStep, by: User, name: str, **fields: object) -> None:
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        decide(step, by, **fields)
    assert error.value.__cause__.diag.constraint_name == name  # type: ignore[union-attr]


def test_the_database_holds_four_eyes_at_each_step(world: World, offer: Offer, case: Case) -> None:
    first, last = ApprovalStep.objects.filter(offer=offer)
    refused(first, world.frontline, "compensation_step_four_eyes")
    refused(first, world.manager, "compensation_step_four_eyes", on_behalf_of=world.frontline)
    refused(first, second(Role.FRONTLINE, world), "compensation_step_by_its_role")
    refused(last, world.manager, "compensation_step_is_open")
    refused(first, world.supervisor, "compensation_step_by_its_role", amount=Decimal(1001))
    decide(first, world.supervisor)
    ApprovalStep.objects.filter(pk=last.pk).update(state="open", opened_at=dt.datetime.now(dt.UTC))
    refused(last, world.supervisor, "compensation_step_once_a_person")
    refused(last, world.manager, "compensation_step_once_a_person", on_behalf_of=world.supervisor)
    complain(world.manager, case)
    refused(last, world.manager, "compensation_own_complaint")


def test_the_database_grants_nothing_before_the_last_step(world: World, offer: Offer) -> None:
    decide(ApprovalStep.objects.filter(offer=offer)[0], world.supervisor)
    with pytest.raises(IntegrityError, match="needs an approval"), committed():
        Offer.objects.filter(pk=offer.pk).update(
            state="approved", granted_amount=Decimal(1000), decided_at=dt.datetime.now(dt.UTC)
        )


def test_what_was_decided_and_asked_stays(world: World, offer: Offer) -> None:
    approve(world.supervisor, offer)
    return_offer(actor=world.manager, offer_id=offer.pk, question="Why?")
    submit(world.frontline, offer, answer="Because.")
    with pytest.raises(DatabaseError), transaction.atomic():
        ApprovalStep.objects.filter(decided_by=world.supervisor).update(reason="Other.")
    with pytest.raises(DatabaseError), transaction.atomic():
        Question.objects.update(answer="Other.")
    for rows in (ApprovalStep.objects.all(), Question.objects.all()):
        with pytest.raises(DatabaseError), transaction.atomic():
            rows._raw_delete("default")


def test_what_a_loader_lets_wait_has_a_step_of_the_role_it_asks(world: World, case: Case) -> None:
    with committed():
        loaded = Offer.objects.create(
            case=case,
            branch=world.branch,
            kind="refund",
            amount=Decimal(100),
            currency="CNY",
            purpose="Dinner",
            reason="Nuts",
            proposer=world.frontline,
            asked_role=Role.SUPERVISOR,
        )
    assert states(loaded) == [(1, "supervisor", "open")]
    assert approve(world.supervisor, loaded).state == OfferState.APPROVED
