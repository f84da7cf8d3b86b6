"""Steps that nobody answers: by when an answer is due, and who is told, once a level."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from accounts.actions.delegations import delegate_authority
from accounts.models import User
from accounts.states import Role
from audit.models import Event
from cases.models import Case
from compensation.actions.approvals import reject_offer
from compensation.actions.escalation import escalate_due_steps
from compensation.models import ApprovalStep, Offer
from compensation.rows import waiting_row
from messaging.models import Notice
from sla.models import BranchCalendar, Calendar
from tests.compensation.world import World, make_case, make_user, propose
from tests.support.at_once import all_at_once

# A Wednesday, at noon in London, where the office hours of the calendar are those of the wall.
NOON = dt.datetime(2026, 3, 4, 12, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def office(world: World) -> World:
    BranchCalendar.objects.create(branch=world.branch, calendar=Calendar.objects.get(code="office"))
    return world


def wait(world: World, severity: int = 3, amount: int = 500) -> Offer:
    with time_machine.travel(NOON, tick=False):
        return propose(world.frontline, make_case(world.branch, severity=severity), amount)


def told(offer: Offer, level: int) -> set[User]:
    step = ApprovalStep.objects.get(offer=offer)
    prefix = f"offer:{offer.pk}:step:{step.pk}:{level}:"
    return {notice.user for notice in Notice.objects.filter(dedupe_key__startswith=prefix)}


@pytest.mark.parametrize(
    ("severity", "due"),
    [
        (1, NOON + dt.timedelta(minutes=30)),
        (2, NOON + HOUR),
        (3, NOON + 4 * HOUR),
        # Eight hours: six are left of the day, and two more after the next opening at nine.
        (4, dt.datetime(2026, 3, 5, 11, 0, tzinfo=dt.UTC)),
    ],
)
def test_an_answer_is_due_in_business_time_by_the_severity(
    office: World, severity: int, due: dt.datetime
) -> None:
    step = ApprovalStep.objects.get(offer=wait(office, severity))
    assert step.due_at == due
    assert step.next_alert_at is not None
    assert step.next_alert_at < due


def test_without_a_calendar_nothing_is_due(world: World) -> None:
    step = ApprovalStep.objects.get(offer=wait(world))
    assert (step.due_at, step.next_alert_at) == (None, None)
    assert escalate_due_steps(now=NOON + 99 * HOUR) == 0


def test_those_asked_are_reminded_then_the_next_role_up_then_the_managers(office: World) -> None:
    offer = wait(office)

    assert escalate_due_steps(now=NOON + 2.9 * HOUR) == 0
    assert escalate_due_steps(now=NOON + 3 * HOUR) == 1
    assert told(offer, 1) == {office.supervisor}
    assert escalate_due_steps(now=NOON + 3 * HOUR) == 0
    escalate_due_steps(now=NOON + 4 * HOUR)
    assert told(offer, 2) == {office.manager}
    escalate_due_steps(now=NOON + 6 * HOUR)
    assert told(offer, 3) == {office.manager}
    assert escalate_due_steps(now=NOON + 99 * HOUR) == 0
    levels = Event.objects.filter(verb="offer.escalated").order_by("id").values_list("data__level", flat=True)
    assert list(levels) == [1, 2, 3]


def test_after_an_outage_only_the_highest_level_is_told(office: World) -> None:
    offer = wait(office)
    escalate_due_steps(now=NOON + 99 * HOUR)
    assert (told(offer, 1), told(offer, 2), told(offer, 3)) == (set(), set(), {office.manager})


def test_where_nobody_holds_the_role_any_more_the_next_one_up_is_told(office: World) -> None:
    offer = wait(office)
    User.objects.filter(pk=office.supervisor.pk).update(is_active=False)
    escalate_due_steps(now=NOON + 3 * HOUR)
    assert told(offer, 1) == {office.manager}


def test_who_stands_in_for_those_asked_is_told_as_well(office: World) -> None:
    offer = wait(office, amount=5000)
    deputy = make_user(Role.SUPERVISOR, office.branch)
    with time_machine.travel(NOON + 3 * HOUR, tick=False):
        today = NOON.date()
        delegate_authority(
            actor=office.manager,
            delegator_id=office.manager.pk,
            delegate_id=deputy.pk,
            starts_on=today,
            ends_on=today,
            reason="On leave.",
        )
        escalate_due_steps()
    assert told(offer, 1) == {office.manager, deputy}


def test_the_proposer_is_never_called_upon(office: World) -> None:
    other = make_user(Role.MANAGER, office.branch)
    with time_machine.travel(NOON, tick=False):
        offer = propose(office.supervisor, make_case(office.branch), 5000)
    Offer.objects.filter(pk=offer.pk).update(proposer=other)
    escalate_due_steps(now=NOON + 99 * HOUR)
    assert told(offer, 3) == {office.manager}


def test_what_was_decided_calls_for_nobody(office: World) -> None:
    offer = wait(office)
    with time_machine.travel(NOON + HOUR):
        reject_offer(actor=office.supervisor, offer_id=offer.pk, reason="No loss.")
    assert escalate_due_steps(now=NOON + 99 * HOUR) == 0


def test_an_offer_is_at_risk_by_the_answer_it_waits_for_or_by_its_case(office: World) -> None:
    offer = wait(office)

    def risk() -> dt.datetime:
        row = waiting_row(office.supervisor, offer.pk)
        assert row is not None
        return row.risk_at

    assert risk() == NOON + 4 * HOUR
    Case.objects.filter(pk=offer.case_id).update(due_at=NOON + HOUR)
    assert risk() == NOON + HOUR
    Case.objects.filter(pk=offer.case_id).update(due_at=NOON + 9 * HOUR)
    assert risk() == NOON + 4 * HOUR


@pytest.mark.django_db(transaction=True)
def test_sweeps_at_once_tell_each_level_once(office: World) -> None:
    offers = [wait(office) for _ in range(6)]
    all_at_once([lambda: escalate_due_steps(now=NOON + 3 * HOUR)] * 4)
    escalate_due_steps(now=NOON + 3 * HOUR)
    assert [told(offer, 1) for offer in offers] == [{office.supervisor}] * 6
    assert Event.objects.filter(verb="offer.escalated").count() == 6
