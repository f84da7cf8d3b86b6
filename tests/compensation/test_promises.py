"""The promise in a granted compensation: its due time, its reminders, and whether it was kept."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from audit.models import Event
from cases.models import Case
from compensation.actions.approvals import approve_offer
from compensation.actions.customer import offer_to_customer, record_answer
from compensation.actions.fulfilment import fulfil_offer
from compensation.actions.offers import withdraw_offer
from compensation.actions.policy import publish
from compensation.actions.promises import fire_due_reminders
from compensation.models import KindSetting, Offer, Policy, PolicyVersion
from compensation.policy_examples import between
from compensation.policy_rules import Award, Base, Deadline, Rule, Unit
from compensation.policy_text import rule_to_data
from compensation.promise_rules import promise_state
from compensation.states import PromiseState
from messaging.models import Notice
from sla.days import add_business_days
from sla.models import BranchCalendar, Calendar
from sla.rules import BusinessHours, InvalidDurationError, OutOfReachError
from tests.compensation.world import NOON, World, propose

DAY = dt.timedelta(days=1)
NINE_TO_SIX = [(dt.time(9), dt.time(18))]
OFFICE = BusinessHours(
    time_zone="Asia/Shanghai",
    week=dict.fromkeys(range(5), NINE_TO_SIX),
    holidays={dt.date(2026, 3, 9)},
    special_days={dt.date(2026, 3, 7): NINE_TO_SIX},
)


@pytest.fixture
def office(world: World) -> Calendar:
    """The branch works by office hours in Shanghai."""
    calendar = Calendar.objects.create(
        code="sh",
        name_en="Office",
        name_zh="办公",
        time_zone="Asia/Shanghai",
        week={str(day): [["09:00", "18:00"]] for day in range(5)},
        changed_at=NOON,
    )
    BranchCalendar.objects.create(branch=world.branch, calendar=calendar)
    return calendar


@pytest.mark.parametrize(
    ("days", "due"),
    [
        (1, dt.datetime(2026, 3, 5, 10, tzinfo=dt.UTC)),  # Thursday, six in the evening there
        (2, dt.datetime(2026, 3, 6, 10, tzinfo=dt.UTC)),
        (3, dt.datetime(2026, 3, 7, 10, tzinfo=dt.UTC)),  # a make-up Saturday
        (4, dt.datetime(2026, 3, 10, 10, tzinfo=dt.UTC)),  # Monday is a holiday
    ],
)
def test_business_days_end_at_closing_time_and_pass_over_closed_days(days: int, due: dt.datetime) -> None:
    assert add_business_days(NOON, days, OFFICE) == due
    # The day itself never counts, however late it is.
    assert add_business_days(dt.datetime(2026, 3, 4, 15, 59, tzinfo=dt.UTC), days, OFFICE) == due


def test_business_days_survive_a_change_of_the_clock() -> None:
    berlin = BusinessHours(time_zone="Europe/Berlin", week=dict.fromkeys(range(7), NINE_TO_SIX))
    saturday = dt.datetime(2026, 3, 28, 12, tzinfo=dt.UTC)
    assert add_business_days(saturday, 1, berlin) == dt.datetime(2026, 3, 29, 16, tzinfo=dt.UTC)
    assert add_business_days(saturday - DAY, 1, berlin) == dt.datetime(2026, 3, 28, 17, tzinfo=dt.UTC)


def test_business_days_refuse_what_cannot_be() -> None:
    with pytest.raises(InvalidDurationError):
        add_business_days(NOON, 0, OFFICE)
    once = BusinessHours(
        time_zone="UTC", week={}, special_days={dt.date(2026, 3, 5): [(dt.time(9), dt.time(10))]}
    )
    assert add_business_days(NOON, 1, once) == dt.datetime(2026, 3, 5, 10, tzinfo=dt.UTC)
    with pytest.raises(OutOfReachError):
        add_business_days(NOON, 2, once)


@pytest.mark.usefixtures("office")
def test_a_grant_is_promised_in_the_business_days_of_its_kind(world: World, case: Case) -> None:
    KindSetting.objects.filter(pk="refund").update(due_days=3)
    assert propose(world.frontline, case, 100).due_at == dt.datetime(2026, 3, 9, 10, tzinfo=dt.UTC)
    waiting = propose(world.frontline, case, 1000)
    assert waiting.due_at is None
    approved = approve_offer(actor=world.supervisor, offer_id=waiting.pk, amount=waiting.amount, reason="So.")
    assert approved.due_at == dt.datetime(2026, 3, 9, 10, tzinfo=dt.UTC)


def test_a_branch_without_a_calendar_promises_in_calendar_days(world: World, case: Case) -> None:
    offer = propose(world.frontline, case, 100)
    assert offer.due_at == dt.datetime(2026, 3, 9, 15, 59, 59, tzinfo=dt.UTC)


def in_force(world: World, *deadlines: tuple[str, Deadline | None]) -> None:
    """A policy for each kind, which gives up to 400 within its deadline."""
    for number, (kind, deadline) in enumerate(deadlines, start=1):
        rule = Rule(
            name_en="All",
            name_zh="全部",
            conditions=(),
            award=Award(Base.FIXED, (between("0", "100", "400"),), currency="CNY"),
            kinds=(kind,),
            deadline=deadline,
        )
        policy = Policy.objects.create(code=f"own-{number}", name_en="Own", name_zh="自定")
        draft = PolicyVersion.objects.create(policy=policy, number=1, rules=[rule_to_data(rule)])
        publish(actor=world.admin, version_id=draft.pk, effective_from=NOON.date(), note="First.")


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize(
    ("deadlines", "due"),
    [
        # Six days on the calendar, whatever is open: Tuesday's last second there.
        ([Deadline(6, Unit.CALENDAR)], dt.datetime(2026, 3, 10, 15, 59, 59, tzinfo=dt.UTC)),
        ([Deadline(2, Unit.BUSINESS)], dt.datetime(2026, 3, 6, 10, tzinfo=dt.UTC)),
        # The earliest counts, however it is counted.
        (
            [Deadline(2, Unit.BUSINESS), Deadline(1, Unit.CALENDAR)],
            dt.datetime(2026, 3, 5, 15, 59, 59, tzinfo=dt.UTC),
        ),
        # Without one, and later than the kind's own: the policy's word counts all the same.
        ([None], dt.datetime(2026, 3, 9, 10, tzinfo=dt.UTC)),
        ([Deadline(9, Unit.BUSINESS)], dt.datetime(2026, 3, 17, 10, tzinfo=dt.UTC)),
    ],
)
def test_a_grant_is_promised_by_the_deadline_of_the_policy(
    world: World, case: Case, deadlines: list[Deadline | None], due: dt.datetime
) -> None:
    KindSetting.objects.filter(pk="refund").update(due_days=3)
    in_force(world, *(("refund", deadline) for deadline in deadlines))
    assert propose(world.frontline, case, 100).due_at == due


@pytest.mark.usefixtures("office")
def test_the_deadline_of_another_kind_binds_nobody(world: World, case: Case) -> None:
    KindSetting.objects.filter(pk="refund").update(due_days=3)
    in_force(world, ("refund", None), ("voucher", Deadline(1, Unit.CALENDAR)))
    assert propose(world.frontline, case, 100).due_at == dt.datetime(2026, 3, 9, 10, tzinfo=dt.UTC)


@pytest.mark.usefixtures("office")
def test_the_policys_deadline_counts_from_an_approval_and_from_a_yes(world: World, case: Case) -> None:
    in_force(world, ("refund", Deadline(6, Unit.CALENDAR)))
    waiting = propose(world.frontline, case, 400)
    with time_machine.travel(NOON + DAY):
        granted = approve_offer(
            actor=world.supervisor, offer_id=waiting.pk, amount=waiting.amount, reason="So."
        )
        assert granted.due_at == dt.datetime(2026, 3, 11, 15, 59, 59, tzinfo=dt.UTC)
    with time_machine.travel(NOON + 3 * DAY):
        record_answer(actor=world.frontline, offer_id=granted.pk, answer="accepted", channel="email")
    granted.refresh_from_db()
    assert granted.due_at == dt.datetime(2026, 3, 13, 15, 59, 59, tzinfo=dt.UTC)


@pytest.mark.usefixtures("office")
def test_the_promise_counts_from_the_customers_yes(world: World, case: Case) -> None:
    offer = propose(world.frontline, case, 100)
    assert offer_to_customer(actor=world.frontline, offer_id=offer.pk).due_at is None
    with time_machine.travel(NOON + 7 * DAY):
        record_answer(actor=world.frontline, offer_id=offer.pk, answer="accepted", channel="email")
    offer.refresh_from_db()
    assert offer.due_at == dt.datetime(2026, 3, 18, 10, tzinfo=dt.UTC)


def reminded(offer: Offer) -> list[tuple[int, list[int]]]:
    events = Event.objects.filter(verb="offer.reminded", data__offer=offer.pk).order_by("id")
    return [(event.data["level"], event.data["told"]) for event in events]


def test_each_level_is_reminded_once(world: World, case: Case) -> None:
    offer = propose(world.frontline, case, 100)
    assert offer.due_at is not None
    assert fire_due_reminders() == 0
    for moment in (offer.due_at - DAY, offer.due_at, offer.due_at + 2 * DAY, offer.due_at + 9 * DAY):
        with time_machine.travel(moment + dt.timedelta(minutes=1)):
            fire_due_reminders()
            fire_due_reminders()
    assert reminded(offer) == [(1, [world.frontline.pk]), (2, [world.supervisor.pk]), (3, [world.manager.pk])]
    assert Notice.objects.filter(url__contains=case.number).count() == 3


def test_after_an_outage_only_the_highest_level_is_told(world: World, case: Case) -> None:
    offer = propose(world.frontline, case, 100)
    with time_machine.travel(NOON + 30 * DAY):
        fire_due_reminders()
    assert [level for level, _told in reminded(offer)] == [3]


@pytest.mark.parametrize("ending", ["fulfilled", "withdrawn", "offered"])
def test_nobody_is_reminded_of_what_is_no_promise_any_more(world: World, case: Case, ending: str) -> None:
    offer = propose(world.frontline, case, 100)
    if ending == "fulfilled":
        fulfil_offer(
            actor=world.frontline,
            offer_id=offer.pk,
            method="cash",
            reference="",
            landed_at=dt.datetime.now(dt.UTC),
        )
    elif ending == "withdrawn":
        withdraw_offer(actor=world.frontline, offer_id=offer.pk, reason="So.")
    else:
        offer_to_customer(actor=world.frontline, offer_id=offer.pk)
    with time_machine.travel(NOON + 30 * DAY):
        assert fire_due_reminders() == 0


def test_a_promise_is_open_overdue_kept_or_late() -> None:
    due = NOON
    assert promise_state(None, None, now=NOON) is None
    assert promise_state(due, None, now=due) == PromiseState.OPEN
    assert promise_state(due, None, now=due + DAY) == PromiseState.OVERDUE
    assert promise_state(due, due, now=due + DAY) == PromiseState.KEPT
    assert promise_state(due, due + DAY, now=due + 2 * DAY) == PromiseState.LATE
