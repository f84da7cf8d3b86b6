"""Deciding in somebody's place: with their authority, for some days, and never around four eyes."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.actions.delegations import delegate_authority, revoke_delegation
from accounts.models import Delegation, User
from accounts.states import Role
from audit.models import Event
from cases.models import Incident
from common.errors import Conflict, Invalid, NotAllowed
from compensation.actions.approvals import approve_offer
from compensation.asking import addressed_remedies, addressed_to
from compensation.inbox import dossier, open_offer
from compensation.models import ApprovalStep, Offer, Remedy
from compensation.rows import waiting_for, waiting_row
from compensation.states import OfferState, StepState
from customers.models import ContactPoint
from customers.states import ContactKind
from messaging.models import Notice
from tests.compensation.chains import make_authority, make_route, states
from tests.compensation.world import NOON, World, make_branch, make_case, make_user, propose

TODAY = dt.date(2026, 3, 4)
DAY = dt.timedelta(days=1)


def lend(world: World, *, by: User | None = None, **fields: Any) -> Delegation:
    values = {
        "delegator_id": world.manager.pk,
        "delegate_id": world.supervisor.pk,
        "starts_on": TODAY,
        "ends_on": TODAY + 3 * DAY,
        "reason": "On leave.",
        **fields,
    }
    return delegate_authority(actor=by or world.manager, **values)


def for_manager(world: World, proposer: User | None = None) -> Offer:
    return propose(proposer or world.frontline, make_case(world.branch), 5000)


def approve(actor: User, offer: Offer) -> Offer:
    return approve_offer(actor=actor, offer_id=offer.pk, amount=offer.amount, reason="Fair.")


def test_a_delegate_decides_with_the_authority_of_whom_they_stand_in_for(world: World) -> None:
    lend(world)
    offer = for_manager(world)

    assert approve(world.supervisor, offer).state == OfferState.APPROVED

    step = ApprovalStep.objects.get(offer=offer)
    assert (step.decided_by, step.on_behalf_of) == (world.supervisor, world.manager)
    assert offer.approval.approver == world.supervisor
    assert offer.approval.limit == 30_000
    event = Event.objects.get(verb="offer.decided_for")
    assert (event.actor, event.data["on_behalf_of"]) == (world.supervisor, world.manager.pk)


def test_what_ones_own_authority_covers_is_decided_on_ones_own_behalf(world: World) -> None:
    lend(world)
    offer = propose(world.frontline, make_case(world.branch), 1000)
    approve(world.supervisor, offer)
    assert ApprovalStep.objects.get(offer=offer).on_behalf_of is None


@pytest.mark.parametrize("days", [-1, 4])
def test_it_holds_from_its_first_to_its_last_day_where_the_branch_is(world: World, days: int) -> None:
    lend(world)
    with time_machine.travel(NOON + days * DAY):
        offer = for_manager(world)
        with pytest.raises(NotAllowed):
            approve(world.supervisor, offer)


def test_what_was_revoked_holds_no_more(world: World) -> None:
    lent = lend(world)
    revoke_delegation(actor=world.manager, delegation_id=lent.pk)
    with pytest.raises(NotAllowed, match="authority"):
        approve(world.supervisor, for_manager(world))
    with pytest.raises(Conflict):
        revoke_delegation(actor=world.manager, delegation_id=lent.pk)


def test_nobody_decides_that_way_on_what_either_has_proposed(world: World) -> None:
    lend(world)
    own = for_manager(world, proposer=world.supervisor)
    with pytest.raises(NotAllowed, match="proposed this yourself"):
        approve(world.supervisor, own)
    make_user(Role.MANAGER, world.branch)
    other = make_user(Role.SUPERVISOR, world.branch)
    lend(world, by=other, delegator_id=other.pk, delegate_id=world.manager.pk)
    theirs = for_manager(world)
    Offer.objects.filter(pk=theirs.pk).update(proposer=world.manager)
    with pytest.raises(NotAllowed):
        approve(world.supervisor, theirs)


def test_who_lost_the_role_or_left_lends_nothing_any_more(world: World) -> None:
    lend(world)
    offer = for_manager(world)
    for change in ({"is_active": False}, {"role": Role.AUDITOR, "is_active": True}):
        User.objects.filter(pk=world.manager.pk).update(**change)
        with pytest.raises(NotAllowed):
            approve(world.supervisor, offer)


def test_what_was_borrowed_is_lent_no_further(world: World) -> None:
    third = make_user(Role.SUPERVISOR, world.branch)
    lend(world)
    lend(world, by=world.supervisor, delegator_id=world.supervisor.pk, delegate_id=third.pk)
    with pytest.raises(NotAllowed):
        approve(third, for_manager(world))


def test_the_database_refuses_a_place_that_was_not_lent(world: World) -> None:
    offer = for_manager(world)
    step = ApprovalStep.objects.get(offer=offer)
    wrong = {
        "state": StepState.APPROVED,
        "decided_by": world.supervisor,
        "on_behalf_of": world.manager,
        "decided_at": timezone.now(),
        "amount": Decimal(5000),
        "reason": "Fair.",
    }
    with pytest.raises(IntegrityError, match="not lent"), transaction.atomic():
        ApprovalStep.objects.filter(pk=step.pk).update(**wrong)
    lent = lend(world)
    Delegation.objects.filter(pk=lent.pk).update(revoked_at=timezone.now() - dt.timedelta(minutes=1))
    with pytest.raises(IntegrityError, match="not lent"), transaction.atomic():
        ApprovalStep.objects.filter(pk=step.pk).update(**wrong)


def test_a_delegation_is_revoked_and_never_changed(world: World) -> None:
    lent = lend(world)
    with pytest.raises(IntegrityError), transaction.atomic():
        Delegation.objects.filter(pk=lent.pk).update(ends_on=TODAY + 99 * DAY)
    revoke_delegation(actor=world.manager, delegation_id=lent.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        Delegation.objects.filter(pk=lent.pk).update(revoked_at=None)


def test_one_lends_ones_own_and_an_administrator_anybodys(world: World) -> None:
    assert lend(world, by=world.admin).created_by == world.admin
    with pytest.raises(NotAllowed, match="administrator"):
        lend(world, by=world.supervisor)
    with pytest.raises(NotAllowed):
        revoke_delegation(actor=world.supervisor, delegation_id=lend(world).pk)
    assert Event.objects.filter(stream="delegations").count() == 2


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"reason": " "}, "reason"),
        ({"reason": "x" * 201}, "reason"),
        ({"ends_on": TODAY - DAY}, "ends_on"),
        ({"starts_on": TODAY - 9 * DAY, "ends_on": TODAY - 8 * DAY}, "ends_on"),
        ({"ends_on": TODAY + 400 * DAY}, "ends_on"),
        ({"delegate_id": 0}, "delegate"),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_field(
    world: World, fields: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        lend(world, **fields)
    assert refused.value.field == field


def test_only_those_who_decide_lend_and_borrow(world: World) -> None:
    for wrong in (world.frontline, world.manager):
        with pytest.raises(Invalid):
            lend(world, delegate_id=wrong.pk)
    with pytest.raises(Invalid):
        lend(world, by=world.admin, delegator_id=world.frontline.pk)


def test_a_last_step_of_ones_own_role_can_be_approved_with_the_authority_that_is_lent(
    world: World,
) -> None:
    make_route(Role.SUPERVISOR)
    other = make_user(Role.SUPERVISOR, world.branch)
    make_authority(9000, user=other)
    offer = for_manager(world)
    assert len(states(offer)) == 1
    lend(world)

    facts = dossier(world.supervisor, open_offer(world.supervisor, offer.pk))
    assert facts.within
    assert approve(world.supervisor, offer).state == OfferState.APPROVED

    step = ApprovalStep.objects.get(offer=offer)
    assert (step.decided_by, step.on_behalf_of) == (world.supervisor, world.manager)
    assert offer.approval.limit == 30_000


def test_the_inbox_counts_no_authority_that_would_be_refused(world: World) -> None:
    lend(world)

    def most(offer: Offer) -> Decimal:
        return dossier(world.supervisor, open_offer(world.supervisor, offer.pk)).most

    offer = for_manager(world)
    assert most(offer) == 5000
    ContactPoint.objects.create(
        customer=offer.case.customer,
        kind=ContactKind.EMAIL,
        value=world.manager.email,
        normalised=world.manager.email.lower(),
    )
    assert most(offer) == 2000
    elsewhere = for_manager(world)
    world.manager.branches.set([make_branch("garden")])
    assert most(elsewhere) == 2000


def test_the_delegate_is_told_and_shown_in_whose_place_they_decide(world: World) -> None:
    lend(world)
    offer = for_manager(world)
    key = f"offer:{offer.pk}:waiting"
    told = {notice.user for notice in Notice.objects.filter(dedupe_key__startswith=key)}
    assert told == {world.manager, world.supervisor}
    facts = dossier(world.supervisor, open_offer(world.supervisor, offer.pk))
    assert facts.within
    assert facts.in_place_of is not None
    assert facts.in_place_of.name == world.manager.name
    assert facts.most == 5000


def listed(user: User) -> dict[int, bool]:
    """What the inbox lists, and whether it asks the reader; each time as if they signed in anew."""
    rows = waiting_for(User.objects.get(pk=user.pk), limit=9)
    asked = [row.asked for row in rows]
    assert asked == sorted(asked, reverse=True)
    assert len({row.pk for row in rows}) == len(rows)
    return {row.pk: row.asked for row in rows}


def counted(user: User) -> int:
    return addressed_to(User.objects.get(pk=user.pk)).count()


def test_what_waits_for_whom_one_stands_in_for_waits_for_oneself(world: World) -> None:
    other = make_user(Role.MANAGER, world.branch)
    lent, proposed_by_manager = for_manager(world), for_manager(world)
    Offer.objects.filter(pk=proposed_by_manager.pk).update(proposer=world.manager)
    own = propose(world.frontline, make_case(world.branch), 500)
    assert listed(world.supervisor) == {own.pk: True, lent.pk: False, proposed_by_manager.pk: False}
    assert counted(world.supervisor) == 1

    lend(world)

    assert listed(world.supervisor) == {own.pk: True, lent.pk: True, proposed_by_manager.pk: False}
    assert counted(world.supervisor) == 2
    row = waiting_row(User.objects.get(pk=world.supervisor.pk), lent.pk)
    assert row is not None
    assert row.asked
    lend(world, by=other, delegator_id=other.pk)
    assert counted(world.supervisor) == 3
    world.manager.branches.set([make_branch("garden")])
    Delegation.objects.filter(delegator=other).update(revoked_at=timezone.now())
    assert counted(world.supervisor) == 1


def test_who_has_decided_a_step_lends_no_say_in_the_next(world: World) -> None:
    make_route((Role.MANAGER, Role.MANAGER))
    other = make_user(Role.MANAGER, world.branch)
    offer = for_manager(world)
    lend(world)
    approve(world.manager, offer)
    assert listed(world.supervisor) == {offer.pk: False}
    lend(world, by=other, delegator_id=other.pk)
    assert listed(world.supervisor) == {offer.pk: True}


def test_what_two_ask_of_one_person_is_listed_once(world: World) -> None:
    make_route((Role.SUPERVISOR, Role.MANAGER))
    lend(world)
    offer = for_manager(world)
    assert listed(world.supervisor) == {offer.pk: True}
    assert counted(world.supervisor) == 1


def test_a_day_begins_and_ends_where_the_branch_is(world: World) -> None:
    offer = for_manager(world)
    lend(world, starts_on=TODAY + DAY, ends_on=TODAY + DAY)
    shanghai = ZoneInfo("Asia/Shanghai")
    begins = dt.datetime(2026, 3, 5, tzinfo=shanghai)

    for moment, holds in (
        (begins - dt.timedelta(minutes=1), False),
        (begins, True),
        (begins + dt.timedelta(hours=23, minutes=59), True),
        (begins + DAY, False),
    ):
        with time_machine.travel(moment, tick=False):
            facts = dossier(world.supervisor, open_offer(world.supervisor, offer.pk))
            assert (facts.in_place_of is not None, counted(world.supervisor)) == (holds, int(holds))
            assert listed(world.supervisor) == {offer.pk: holds}


def test_a_remedy_waits_for_the_delegate_as_well(world: World) -> None:
    incident = Incident.objects.create(
        number="I-TEST-1",
        branch=world.branch,
        name="Freezer",
        description="It broke.",
        declared_by=world.frontline,
    )
    Remedy.objects.create(
        incident=incident,
        kind="refund",
        rules=[],
        currency="CNY",
        total=Decimal(9000),
        purpose="For all",
        reason="It broke.",
        proposer=world.frontline,
        asked_role=Role.MANAGER,
    )

    def count() -> int:
        return addressed_remedies(User.objects.get(pk=world.supervisor.pk)).count()

    assert count() == 0
    lend(world)
    assert count() == 1
    assert list(listed(world.supervisor).values()) == [True]
