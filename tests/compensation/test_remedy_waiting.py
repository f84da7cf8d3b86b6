"""A remedy that waits for its decision: who is told and when, questions back, and recalling it."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.db import IntegrityError, transaction

from accounts.actions.delegations import delegate_authority
from accounts.models import User
from accounts.states import Role
from audit.models import Event
from cases.models import Incident
from common.errors import Conflict, Invalid, NotAllowed
from compensation.actions.remedy_asking import escalate_due_remedies
from compensation.actions.remedy_returning import answer_remedy, recall_remedy, return_remedy
from compensation.actions.remedy_steering import cancel_remedy
from compensation.models import Remedy, RemedyQuestion
from compensation.states import RemedyState
from messaging.models import Notice
from sla.models import BranchCalendar
from tests.compensation.incidents import approve, make_customers, make_incident, propose
from tests.compensation.world import make_budget
from tests.factories import MONDAY, Desk, make_desk, make_user
from tests.support.at_once import all_at_once

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def desk(db: None) -> Desk:
    return make_desk()


def wait(desk: Desk, *, severity: int = 3, amount: int = 50) -> Remedy:
    with time_machine.travel(MONDAY, tick=False):
        incident = make_incident(desk, make_customers(2))
        Incident.objects.filter(pk=incident.pk).update(severity=severity)
        return propose(desk, incident, amount)


def told(level: int) -> set[User]:
    notices = Notice.objects.filter(dedupe_key__regex=rf"^remedy:\d+:\d+:{level}:")
    return {notice.user for notice in notices}


@pytest.mark.parametrize(
    ("severity", "due"),
    [(1, MONDAY + HOUR / 2), (2, MONDAY + HOUR), (3, MONDAY + 4 * HOUR), (4, MONDAY + 8 * HOUR)],
)
def test_an_answer_is_due_in_business_time_by_the_severity_of_the_incident(
    desk: Desk, severity: int, due: dt.datetime
) -> None:
    remedy = wait(desk, severity=severity)
    assert remedy.due_at == due
    assert remedy.next_alert_at is not None
    assert remedy.next_alert_at < due


def test_without_a_calendar_nothing_is_due(desk: Desk) -> None:
    BranchCalendar.objects.filter(branch=desk.branch).delete()
    remedy = wait(desk)
    assert (remedy.due_at, remedy.next_alert_at) == (None, None)
    assert escalate_due_remedies(now=MONDAY + 99 * HOUR) == 0


def test_those_asked_are_reminded_then_the_next_role_up_then_the_managers(desk: Desk) -> None:
    other = make_user(Role.SUPERVISOR, desk.branch)
    wait(desk)

    assert escalate_due_remedies(now=MONDAY + 2.9 * HOUR) == 0
    assert escalate_due_remedies(now=MONDAY + 3 * HOUR) == 1
    assert told(1) == {other}
    assert escalate_due_remedies(now=MONDAY + 3 * HOUR) == 0
    escalate_due_remedies(now=MONDAY + 4 * HOUR)
    assert told(2) == {desk.manager}
    escalate_due_remedies(now=MONDAY + 6 * HOUR)
    assert told(3) == {desk.manager}
    assert escalate_due_remedies(now=MONDAY + 99 * HOUR) == 0
    levels = (
        Event.objects.filter(verb="remedy.escalated").order_by("id").values_list("data__level", flat=True)
    )
    assert list(levels) == [1, 2, 3]


def test_after_an_outage_only_the_highest_level_is_told(desk: Desk) -> None:
    wait(desk)
    escalate_due_remedies(now=MONDAY + 99 * HOUR)
    assert (told(1), told(2), told(3)) == (set(), set(), {desk.manager})


def test_who_stands_in_is_told_and_the_proposer_never_is(desk: Desk) -> None:
    other = make_user(Role.SUPERVISOR, desk.branch)
    with time_machine.travel(MONDAY, tick=False):
        for delegate in (other, desk.supervisor):
            delegate_authority(
                actor=desk.manager,
                delegator_id=desk.manager.pk,
                delegate_id=delegate.pk,
                starts_on=MONDAY.date(),
                ends_on=MONDAY.date(),
                reason="On leave.",
            )
    wait(desk, amount=500)
    with time_machine.travel(MONDAY + 3 * HOUR, tick=False):
        escalate_due_remedies()
    assert told(1) == {desk.manager, other}


def test_what_was_decided_returned_or_recalled_calls_for_nobody(desk: Desk) -> None:
    approved, returned, recalled = (wait(desk, amount=500) for _ in range(3))
    approve(desk, approved)
    return_remedy(actor=desk.manager, remedy_id=returned.pk, question="Why so much?")
    recall_remedy(actor=desk.supervisor, remedy_id=recalled.pk, reason="A wrong amount.")
    assert escalate_due_remedies(now=MONDAY + 99 * HOUR) == 0


@pytest.mark.django_db(transaction=True)
def test_sweeps_at_once_tell_each_level_once() -> None:
    desk = make_desk()
    for _ in range(4):
        wait(desk, amount=500)
    all_at_once([lambda: escalate_due_remedies(now=MONDAY + 3 * HOUR)] * 4)
    escalate_due_remedies(now=MONDAY + 3 * HOUR)
    assert Event.objects.filter(verb="remedy.escalated").count() == 4
    assert Notice.objects.filter(dedupe_key__endswith=f":1:{desk.manager.pk}").count() == 4


def test_a_returned_remedy_comes_again_answered_and_is_decided_on_then(desk: Desk) -> None:
    make_budget(desk.branch, 5000)
    remedy = wait(desk, amount=500)
    return_remedy(actor=desk.manager, remedy_id=remedy.pk, question="Why so much?")
    assert Notice.objects.filter(user=desk.supervisor, dedupe_key__contains="returned").count() == 1
    with pytest.raises(Conflict, match="Returned with a question"):
        approve(desk, remedy)
    with pytest.raises(Conflict, match="not finished"):
        propose(desk, remedy.incident)
    with pytest.raises(Invalid, match="Answer"):
        answer_remedy(actor=desk.supervisor, remedy_id=remedy.pk, answer=" ")

    with time_machine.travel(MONDAY + 2 * HOUR, tick=False):
        again = answer_remedy(actor=desk.supervisor, remedy_id=remedy.pk, answer="All missed a flight.")

    assert (again.state, again.due_at, again.alerted_level) == (RemedyState.WAITING, MONDAY + 6 * HOUR, 0)
    assert RemedyQuestion.objects.get().answer == "All missed a flight."
    asked = Notice.objects.filter(user=desk.manager, dedupe_key__contains=":waiting:")
    assert asked.count() == 2
    assert approve(desk, remedy).state == RemedyState.APPROVED
    verbs = Event.objects.filter(stream=remedy.stream).order_by("id").values_list("verb", flat=True)
    assert list(verbs) == ["remedy.proposed", "remedy.returned", "remedy.answered", "remedy.approved"]


def test_only_who_may_decide_asks_and_only_the_proposer_answers_or_recalls(desk: Desk) -> None:
    remedy = wait(desk, amount=500)
    with pytest.raises(NotAllowed, match="someone else"):
        return_remedy(actor=desk.supervisor, remedy_id=remedy.pk, question="Why?")
    with pytest.raises(NotAllowed):
        return_remedy(actor=desk.frontline, remedy_id=remedy.pk, question="Why?")
    return_remedy(actor=desk.manager, remedy_id=remedy.pk, question="Why?")
    with pytest.raises(NotAllowed, match="Only the person who proposed"):
        answer_remedy(actor=desk.manager, remedy_id=remedy.pk, answer="Because.")
    with pytest.raises(NotAllowed, match="Only the person who proposed"):
        recall_remedy(actor=desk.manager, remedy_id=remedy.pk, reason="No.")


def test_a_question_and_its_answer_do_not_change(desk: Desk) -> None:
    remedy = wait(desk, amount=500)
    return_remedy(actor=desk.manager, remedy_id=remedy.pk, question="Why?")
    answer_remedy(actor=desk.supervisor, remedy_id=remedy.pk, answer="Because.")
    with pytest.raises(IntegrityError, match="does not change"), transaction.atomic():
        RemedyQuestion.objects.update(answer="Never mind.")


@pytest.mark.parametrize("returned", [False, True])
def test_who_proposed_a_remedy_recalls_it_with_a_reason_and_proposes_another(
    desk: Desk, returned: bool
) -> None:
    remedy = wait(desk, amount=500)
    if returned:
        return_remedy(actor=desk.manager, remedy_id=remedy.pk, question="Why?")
    with pytest.raises(Invalid):
        recall_remedy(actor=desk.supervisor, remedy_id=remedy.pk, reason="")
    recall_remedy(actor=desk.supervisor, remedy_id=remedy.pk, reason="A wrong amount.")
    remedy.refresh_from_db()
    assert (remedy.state, remedy.recall_reason) == (RemedyState.CANCELLED, "A wrong amount.")
    assert Event.objects.filter(stream=remedy.stream, verb="remedy.recalled").count() == 1
    with pytest.raises(Conflict):
        approve(desk, remedy)
    assert propose(desk, remedy.incident, 400).state == RemedyState.WAITING


def test_what_was_decided_is_not_recalled(desk: Desk) -> None:
    remedy = approve(desk, wait(desk, amount=500))
    with pytest.raises(Conflict, match="Approved"):
        recall_remedy(actor=desk.supervisor, remedy_id=remedy.pk, reason="A wrong amount.")


def test_a_returned_remedy_whose_proposer_has_left_can_be_stopped(desk: Desk) -> None:
    remedy = wait(desk, amount=500)
    return_remedy(actor=desk.manager, remedy_id=remedy.pk, question="Why?")
    User.objects.filter(pk=desk.supervisor.pk).update(is_active=False)
    cancel_remedy(actor=desk.manager, remedy_id=remedy.pk)
    remedy.refresh_from_db()
    assert remedy.state == RemedyState.CANCELLED
