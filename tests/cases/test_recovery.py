"""Steps, ownership, resolving and reopening: what is refused, what is kept, who is told."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from audit.models import Event
from cases.access import get_case_for
from cases.actions.ownership import assign_case, take_case
from cases.actions.resolve import Blocked, reopen_case, resolve_case
from cases.actions.steps import EmotionFirst, complete_step, reopen_step, skip_step
from cases.actions.timeline import add_note, send_reply
from cases.models import Case, Cause
from cases.states import StepKind
from common.errors import Conflict, Invalid, NotAllowed
from messaging.models import Notice
from tests.factories import Desk, log_case, make_branch, make_customer, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(desk: Desk) -> Case:
    return log_case(desk)


def finish_all(desk: Desk, case: Case) -> None:
    for kind in StepKind:
        if kind not in (StepKind.ACKNOWLEDGE, StepKind.FOLLOW_UP):
            complete_step(actor=desk.frontline, case_id=case.pk, kind=kind)


def resolve(desk: Desk, case: Case, **fields: Any) -> Case:
    values: dict[str, Any] = {
        "outcome": "upheld",
        "cause": Cause.objects.get(code="staff"),
        "resolution": "Told by phone.",
    }
    return resolve_case(actor=desk.frontline, case_id=case.pk, **(values | fields))


def test_emotion_comes_first(desk: Desk, case: Case) -> None:
    for kind in (StepKind.SOLVE, StepKind.COMPENSATE):
        with pytest.raises(EmotionFirst, match="Listen · Apologise"):
            complete_step(actor=desk.frontline, case_id=case.pk, kind=kind)
    complete_step(actor=desk.frontline, case_id=case.pk, kind=StepKind.SOLVE, confirmed=True)
    complete_step(actor=desk.frontline, case_id=case.pk, kind=StepKind.LISTEN)
    with pytest.raises(EmotionFirst, match="Apologise"):
        complete_step(actor=desk.frontline, case_id=case.pk, kind=StepKind.COMPENSATE)


def test_a_finished_step_says_by_whom_and_the_next_one_follows(desk: Desk, case: Case) -> None:
    step = complete_step(actor=desk.colleague, case_id=case.pk, kind=StepKind.LISTEN, note="all of it")
    assert (step.state, step.by, step.note) == ("done", desk.colleague, "all of it")
    assert step.at is not None
    case.refresh_from_db()
    assert case.next_step == StepKind.VERIFY
    reopen_step(actor=desk.frontline, case_id=case.pk, kind=StepKind.LISTEN)
    case.refresh_from_db()
    assert case.next_step == StepKind.LISTEN


def test_skipping_needs_a_reason(desk: Desk, case: Case) -> None:
    with pytest.raises(Invalid):
        skip_step(actor=desk.frontline, case_id=case.pk, kind=StepKind.COMPENSATE, reason=" ")
    step = skip_step(actor=desk.frontline, case_id=case.pk, kind=StepKind.COMPENSATE, reason="no loss")
    assert (step.state, step.note) == ("skipped", "no loss")
    with pytest.raises(Conflict):
        skip_step(actor=desk.frontline, case_id=case.pk, kind=StepKind.COMPENSATE, reason="again")


def test_a_reply_can_complete_the_step_it_belongs_to(desk: Desk, case: Case) -> None:
    complete_step(actor=desk.frontline, case_id=case.pk, kind=StepKind.LISTEN)
    send_reply(actor=desk.frontline, case_id=case.pk, body="This is our fault.", completes=StepKind.APOLOGISE)
    assert case.steps.get(kind=StepKind.APOLOGISE).state == "done"


def test_a_reply_that_solves_before_empathy_is_refused_and_not_sent(desk: Desk, case: Case) -> None:
    with pytest.raises(EmotionFirst):
        send_reply(actor=desk.frontline, case_id=case.pk, body="Here you are.", completes=StepKind.SOLVE)
    assert not case.timeline.filter(kind="reply").exists()


def test_a_reply_without_an_address_is_refused_and_not_kept(desk: Desk) -> None:
    case = log_case(desk, customer=make_customer(desk.frontline, email="", phone="+49 30 2312 5001"))
    with pytest.raises(Invalid, match="no e-mail address"):
        send_reply(actor=desk.frontline, case_id=case.pk, body="Hello")
    assert not case.timeline.filter(kind="reply").exists()


def test_open_steps_stand_against_resolving_unless_a_reason_is_recorded(desk: Desk, case: Case) -> None:
    with pytest.raises(Blocked) as refused:
        resolve(desk, case)
    assert "Listen" in str(refused.value.blockers[0])
    case.refresh_from_db()
    assert case.is_open
    resolved = resolve(desk, case, reason="the customer withdrew on the phone")
    assert resolved.resolve_reason == "the customer withdrew on the phone"


def test_resolving_with_everything_done_needs_no_reason_and_keeps_none(desk: Desk, case: Case) -> None:
    finish_all(desk, case)
    resolved = resolve(desk, case, reason="not needed")
    assert (resolved.state, resolved.outcome, resolved.resolve_reason) == ("resolved", "upheld", "")
    assert resolved.resolved_at is not None


@pytest.mark.parametrize(("fields", "field"), [({"outcome": ""}, "outcome"), ({"cause": None}, "cause")])
def test_resolving_asks_for_outcome_and_cause(
    desk: Desk, case: Case, fields: dict[str, Any], field: str
) -> None:
    finish_all(desk, case)
    with pytest.raises(Invalid) as refused:
        resolve(desk, case, **fields)
    assert refused.value.field == field


def test_a_resolved_case_takes_notes_but_no_steps_until_it_is_reopened(desk: Desk, case: Case) -> None:
    resolve(desk, case, reason="withdrawn")
    add_note(actor=desk.frontline, case_id=case.pk, body="One more thing.")
    for act in (
        lambda: complete_step(actor=desk.frontline, case_id=case.pk, kind=StepKind.LISTEN),
        lambda: send_reply(actor=desk.frontline, case_id=case.pk, body="Hello"),
        lambda: resolve(desk, case, reason="again"),
    ):
        with pytest.raises(Conflict):
            act()
    reopened = reopen_case(actor=desk.frontline, case_id=case.pk, reason="it broke again")
    assert (reopened.state, reopened.reopened_count) == ("open", 1)
    complete_step(actor=desk.frontline, case_id=case.pk, kind=StepKind.LISTEN)


def states_of(case: Case) -> dict[str, str]:
    return dict(case.steps.order_by("position").values_list("kind", "state"))


def test_a_reopened_case_is_heard_apologised_for_and_solved_once_more(desk: Desk, case: Case) -> None:
    finish_all(desk, case)
    complete_step(actor=desk.frontline, case_id=case.pk, kind=StepKind.FOLLOW_UP)
    assert resolve(desk, case).next_step == ""
    reopened = reopen_case(actor=desk.frontline, case_id=case.pk, reason="it broke again")
    again = [kind for kind, state in states_of(case).items() if state == "open"]
    assert again == ["listen", "verify", "apologise", "solve", "follow_up"]
    assert reopened.next_step == Case.objects.get().next_step == "listen"
    assert Event.objects.get(verb="case.reopened").data == {"times": 1, "steps": again}
    # Emotion first holds the second time as well, and open steps stand against resolving.
    with pytest.raises(EmotionFirst):
        complete_step(actor=desk.frontline, case_id=case.pk, kind=StepKind.SOLVE)
    with pytest.raises(Blocked):
        resolve(desk, case)
    finish_all(desk, case)
    assert Case.objects.get().next_step == "follow_up"
    assert resolve(desk, case).resolve_reason == ""


def test_what_was_noted_on_a_step_stays_on_the_timeline_when_it_is_to_do_again(
    desk: Desk, case: Case
) -> None:
    skip_step(actor=desk.colleague, case_id=case.pk, kind=StepKind.VERIFY, reason="The carrier admits it.")
    skipped_at = case.steps.get(kind=StepKind.VERIFY).at
    resolve(desk, case, reason="withdrawn")
    reopen_case(actor=desk.frontline, case_id=case.pk, reason="it broke again")
    step = case.steps.get(kind=StepKind.VERIFY)
    assert (step.state, step.by, step.at, step.note) == ("open", None, None, "")
    note = case.timeline.get(kind="note")
    assert (note.body, note.author, note.at) == ("The carrier admits it.", desk.colleague, skipped_at)


def test_the_logger_owns_a_case_until_someone_takes_it(desk: Desk, case: Case) -> None:
    assert case.owner == desk.frontline
    assert take_case(actor=desk.colleague, case_id=case.pk).owner == desk.colleague
    with pytest.raises(Conflict):
        take_case(actor=desk.colleague, case_id=case.pk)


def test_assigning_is_for_supervisors_and_tells_the_new_owner(desk: Desk, case: Case) -> None:
    with pytest.raises(NotAllowed):
        assign_case(actor=desk.frontline, case_id=case.pk, owner=desk.colleague)
    assign_case(actor=desk.supervisor, case_id=case.pk, owner=desk.colleague)
    assert case.number in Notice.objects.get(user=desk.colleague).text
    with pytest.raises(Invalid):
        assign_case(actor=desk.supervisor, case_id=case.pk, owner=make_user("frontline", make_branch()))
    with pytest.raises(Invalid):
        assign_case(actor=desk.supervisor, case_id=case.pk, owner=desk.auditor)


def test_nobody_works_on_or_sees_a_case_of_another_branch(desk: Desk, case: Case) -> None:
    stranger = make_user("supervisor", make_branch())
    with pytest.raises(Case.DoesNotExist):
        get_case_for(stranger, case.number)
    for act in (
        lambda: add_note(actor=stranger, case_id=case.pk, body="Hello"),
        lambda: take_case(actor=stranger, case_id=case.pk),
        lambda: complete_step(actor=stranger, case_id=case.pk, kind=StepKind.LISTEN),
    ):
        with pytest.raises(NotAllowed):
            act()


def test_those_who_only_look_change_nothing(desk: Desk, case: Case) -> None:
    before = Event.objects.count()
    for person in (desk.auditor, desk.admin):
        assert get_case_for(person, case.number) == case
        with pytest.raises(NotAllowed):
            add_note(actor=person, case_id=case.pk, body="Hello")
    assert Event.objects.count() == before


def test_every_act_leaves_one_link_in_the_cases_chain(desk: Desk, case: Case) -> None:
    take_case(actor=desk.colleague, case_id=case.pk)
    add_note(actor=desk.colleague, case_id=case.pk, body="My note.")
    complete_step(actor=desk.colleague, case_id=case.pk, kind=StepKind.LISTEN)
    events = list(Event.objects.filter(stream=case.stream).order_by("sequence"))
    assert [event.verb for event in events] == ["case.logged", "case.owned", "case.noted", "step.done"]
    assert [event.sequence for event in events] == [1, 2, 3, 4]
    assert all(later.previous_hash == earlier.hash for earlier, later in pairwise(events))
