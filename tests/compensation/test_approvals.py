"""Deciding on offers: nobody their own, nobody above their authority, nothing beyond the budget."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from accounts.models import User
from accounts.states import Role
from audit.models import Event
from cases.models import Case, TimelineEntry
from cases.states import CaseState
from common.errors import Conflict, Invalid, NotAllowed
from compensation.actions.approvals import approve_offer, reject_offer
from compensation.actions.guards import money_transaction
from compensation.actions.offers import withdraw_offer
from compensation.models import Approval, ApprovalStep, Budget, BudgetMovement, Offer
from compensation.states import OfferState
from messaging.models import Notice
from tests.compensation.world import World, committed, make_branch, make_budget, make_case, make_user, propose


def approve(
    actor: User, offer: Offer, amount: int | str | Decimal | None = None, reason: str = "Fair."
) -> Offer:
    return approve_offer(
        actor=actor,
        offer_id=offer.pk,
        amount=offer.amount if amount is None else Decimal(amount),
        reason=reason,
    )


def reject(actor: User, offer: Offer) -> Offer:
    return reject_offer(actor=actor, offer_id=offer.pk, reason="No.")


@pytest.fixture
def offer(world: World, case: Case) -> Offer:
    return propose(world.frontline, case, 1000)


def test_approving_sets_the_money_aside_and_tells_the_proposer(
    world: World, case: Case, offer: Offer
) -> None:
    budget = make_budget(world.branch, 5000)

    approved = approve(world.supervisor, offer)

    assert (approved.state, approved.granted_amount, approved.budget) == (OfferState.APPROVED, 1000, budget)
    assert (approved.approval.approver, approved.approval.limit) == (world.supervisor, 2000)
    budget.refresh_from_db()
    assert budget.reserved == 1000
    notice = Notice.objects.get(user=world.frontline)
    assert notice.text == f"CN¥1,000.00 on {case.number} was approved."
    assert notice.url == f"/desk/cases/{case.number}/"
    assert Event.objects.filter(stream=case.stream, verb="offer.approved", actor=world.supervisor).exists()
    assert TimelineEntry.objects.filter(case=case, author=world.supervisor, params__reason="Fair.").exists()


def test_approving_less_sets_only_that_aside_and_says_so(world: World, case: Case, offer: Offer) -> None:
    budget = make_budget(world.branch, 800)

    approved = approve(world.supervisor, offer, "750.50", "The bill was lower.")

    assert (approved.amount, approved.granted_amount) == (1000, Decimal("750.5"))
    budget.refresh_from_db()
    assert budget.left == Decimal("49.5")
    words = Notice.objects.get(user=world.frontline).text
    assert words == f"CN¥750.50 instead of CN¥1,000.00 was approved on {case.number}."


def test_rejecting_leaves_the_budget_alone_and_tells_the_proposer(
    world: World, case: Case, offer: Offer
) -> None:
    budget = make_budget(world.branch, 5000)

    rejected = reject_offer(actor=world.supervisor, offer_id=offer.pk, reason="An apology is enough.")

    assert (rejected.state, rejected.granted_amount) == (OfferState.REJECTED, None)
    assert rejected.approval.reason == "An apology is enough."
    assert not BudgetMovement.objects.filter(budget=budget, offer__isnull=False).exists()
    assert Notice.objects.get(user=world.frontline).text == f"CN¥1,000.00 on {case.number} was rejected."


def test_every_decision_needs_a_reason(world: World, offer: Offer) -> None:
    with pytest.raises(Invalid) as refused:
        approve(world.supervisor, offer, reason="  ")
    assert refused.value.field == "reason"
    with pytest.raises(Invalid) as refused:
        reject_offer(actor=world.supervisor, offer_id=offer.pk, reason="")
    assert refused.value.field == "reason"


def test_no_more_is_approved_than_was_asked(world: World, offer: Offer) -> None:
    with pytest.raises(Invalid, match="1,000") as refused:
        approve(world.supervisor, offer, "1000.01")
    assert refused.value.field == "amount"


@pytest.mark.parametrize("amount", ["0", "-1", "0.005"])
def test_an_amount_that_cannot_be_paid_is_not_approved(world: World, offer: Offer, amount: str) -> None:
    with pytest.raises(Invalid):
        approve(world.supervisor, offer, amount)


def test_nobody_decides_on_their_own_offer(world: World, case: Case) -> None:
    own = propose(world.supervisor, case, 2500)
    for decide in (approve, reject):
        with pytest.raises(NotAllowed, match="yourself"):
            decide(world.supervisor, own)


def test_nobody_approves_above_their_authority_but_may_approve_less(world: World, case: Case) -> None:
    offer = propose(world.frontline, case, 2001)
    with pytest.raises(NotAllowed, match="2,000"):
        approve(world.supervisor, offer)
    assert approve(world.supervisor, offer, 2000).granted_amount == 2000


def test_what_a_case_was_granted_before_counts_against_the_approver(world: World, case: Case) -> None:
    first, second = propose(world.frontline, case, 1500), propose(world.frontline, case, 501)
    approve(world.supervisor, first)
    with pytest.raises(NotAllowed, match="1,500"):
        approve(world.supervisor, second)
    assert approve(world.manager, second).state == OfferState.APPROVED


@pytest.mark.parametrize("role", [Role.FRONTLINE, Role.ADMIN, Role.AUDITOR, Role.FINANCE])
def test_only_roles_that_decide_do(world: World, offer: Offer, role: Role) -> None:
    for decide in (approve, reject):
        with pytest.raises(NotAllowed):
            decide(make_user(role, world.branch), offer)


def test_nobody_decides_for_a_branch_they_do_not_work_for(offer: Offer) -> None:
    with pytest.raises(NotAllowed):
        approve(make_user(Role.SUPERVISOR, make_branch("garden")), offer)


def test_an_approver_who_lost_the_role_meanwhile_is_refused(world: World, offer: Offer) -> None:
    stale = User.objects.get(pk=world.supervisor.pk)
    User.objects.filter(pk=stale.pk).update(role=Role.FRONTLINE)
    with pytest.raises(NotAllowed):
        approve(stale, offer)


def test_a_second_decision_is_told_how_the_first_went(world: World, offer: Offer) -> None:
    approve(world.supervisor, offer)
    with pytest.raises(Conflict, match="Approved"):
        approve(world.manager, offer)
    with pytest.raises(Conflict, match="Approved"):
        reject_offer(actor=world.manager, offer_id=offer.pk, reason="No.")


def test_a_withdrawn_offer_is_not_approved(world: World, offer: Offer) -> None:
    withdraw_offer(actor=world.frontline, offer_id=offer.pk, reason="An exchange.")
    with pytest.raises(Conflict, match="Withdrawn"):
        approve(world.supervisor, offer)


def test_an_offer_on_a_resolved_case_is_not_approved_but_may_be_rejected(
    world: World, case: Case, offer: Offer
) -> None:
    Case.objects.filter(pk=case.pk).update(
        state=CaseState.RESOLVED, outcome="upheld", resolved_at=dt.datetime.now(dt.UTC)
    )
    with pytest.raises(Conflict, match="resolved"):
        approve(world.supervisor, offer)
    rejected = reject_offer(actor=world.supervisor, offer_id=offer.pk, reason="Closed.")
    assert rejected.state == OfferState.REJECTED


def test_a_short_budget_refuses_and_says_what_is_left(world: World, offer: Offer) -> None:
    budget = make_budget(world.branch, 999)
    with pytest.raises(Conflict, match="999") as refused:
        approve(world.supervisor, offer)
    assert refused.value.field == "amount"
    offer.refresh_from_db()
    budget.refresh_from_db()
    assert (offer.state, budget.reserved) == (OfferState.WAITING, 0)
    assert not Approval.objects.exists()


def test_a_refused_approval_leaves_nothing_behind(world: World, case: Case, offer: Offer) -> None:
    events, entries = Event.objects.count(), TimelineEntry.objects.count()
    with pytest.raises(NotAllowed):
        approve(make_user(Role.FRONTLINE, world.branch), offer)
    assert (Event.objects.count(), TimelineEntry.objects.count()) == (events, entries)


# --- the database by itself ----------------------------------------------------------------


def approval(offer: Offer, approver: User, **fields: object) -> Approval:
    values = {
        "offer": offer,
        "proposer": offer.proposer,
        "approver": approver,
        "decision": "approved",
        "amount": offer.amount,
        "limit": Decimal(1_000_000),
        "reason": "Because.",
        **fields,
    }
    return Approval(**values)


def test_the_database_refuses_a_decision_on_ones_own_offer(world: World, case: Case, offer: Offer) -> None:
    own = propose(world.supervisor, make_case(world.branch), 2500)
    for draft in (
        approval(own, world.supervisor, amount=Decimal(1)),
        approval(own, world.supervisor, proposer=world.frontline, amount=Decimal(1)),
        approval(own, world.supervisor, decision="rejected", amount=None),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            draft.save()


def test_the_database_refuses_an_approval_above_authority_whatever_limit_it_claims(
    world: World, case: Case
) -> None:
    offer = propose(world.frontline, case, 2001)
    for approver in (world.supervisor, world.admin, make_user(Role.FRONTLINE, world.branch)):
        with pytest.raises(IntegrityError, match="above their authority"), transaction.atomic():
            approval(offer, approver).save()


def test_the_database_counts_what_the_case_was_granted_before(world: World, case: Case) -> None:
    approve(world.supervisor, propose(world.frontline, case, 1500))
    second = propose(world.frontline, case, 501)
    with pytest.raises(IntegrityError, match="above their authority"), transaction.atomic():
        approval(second, world.supervisor).save()


def test_the_database_refuses_to_approve_more_than_was_asked(world: World, offer: Offer) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        approval(offer, world.manager, amount=offer.amount + 1).save()


def test_the_database_refuses_a_grant_that_differs_from_its_approval(world: World, offer: Offer) -> None:
    ApprovalStep.objects.filter(offer=offer).update(
        state="approved",
        decided_by=world.supervisor,
        decided_at=dt.datetime.now(dt.UTC),
        amount=Decimal(10),
        reason="Because.",
    )
    approval(offer, world.supervisor, amount=Decimal(10)).save()
    with pytest.raises(IntegrityError, match="needs an approval of that amount"), committed():
        Offer.objects.filter(pk=offer.pk).update(
            state="approved", granted_amount=Decimal(1000), decided_at=dt.datetime.now(dt.UTC)
        )


def test_the_database_refuses_to_raise_what_was_granted(world: World, offer: Offer) -> None:
    approve(world.supervisor, offer, 10)
    with pytest.raises(IntegrityError, match="needs an approval of that amount"), committed():
        Offer.objects.filter(pk=offer.pk).update(granted_amount=Decimal(999))


def test_decisions_and_movements_are_never_changed_or_removed(world: World, offer: Offer) -> None:
    make_budget(world.branch, 5000)
    approve(world.supervisor, offer)
    for model, change in ((Approval, {"reason": "Other."}), (BudgetMovement, {"amount": Decimal(1)})):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            model.objects.update(**change)
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            model.objects.all()._raw_delete("default")


def test_the_database_refuses_to_overspend(world: World) -> None:
    budget = make_budget(world.branch, 100)
    with pytest.raises(IntegrityError, match="never_overspent"), transaction.atomic():
        Budget.objects.filter(pk=budget.pk).update(reserved=60, committed=41)


def test_what_the_database_refuses_is_said_in_words(world: World, offer: Offer) -> None:
    budget = make_budget(world.branch, 100)
    with pytest.raises(NotAllowed, match="above your authority"), money_transaction():
        approval(offer, make_user(Role.FRONTLINE, world.branch)).save()
    with pytest.raises(Conflict, match="budget"), money_transaction():
        Budget.objects.filter(pk=budget.pk).update(reserved=101)
    with pytest.raises(IntegrityError), money_transaction():
        Offer.objects.filter(pk=offer.pk).update(amount=-1)
