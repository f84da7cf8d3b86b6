"""Answers: checked, scored, changeable until the survey closes; and a low one is followed up."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from accounts.states import Role
from audit.models import Event
from common.errors import Conflict, Invalid, NotAllowed
from feedback.actions.answer import submit_response
from feedback.actions.follow_up import finish_follow_up
from feedback.actions.send import send_due_surveys
from feedback.models import FollowUp, Invitation, Response
from feedback.queries import open_follow_ups, responses_of
from feedback.states import FollowUpState, InvitationState
from messaging.models import Notice
from tests.factories import make_user
from tests.feedback.world import World, answer, invitation_of, make_branch, make_world

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def _at_once(settings: Any) -> None:
    settings.FEEDBACK_DELAY_HOURS = 0


@pytest.fixture
def world() -> World:
    return make_world()


def asked(world: World, **fields: Any) -> Any:
    case = world.resolved(**fields)
    assert send_due_surveys() == 1
    return case


def test_answers_are_scored_beside_what_was_felt_before(world: World) -> None:
    case = asked(world, satisfaction_before=2)
    response = answer(
        case, 4, fair_result=3, promptness=5, voice=4, courtesy=5, honesty=3, recommend=9, comment="Thanks."
    )
    assert (response.satisfaction, response.satisfaction_before) == (4, 2)
    assert (response.justice, response.nps) == (Decimal("4.00"), 9)
    assert invitation_of(case).state == InvitationState.ANSWERED
    assert not FollowUp.objects.exists()


@pytest.mark.parametrize(
    ("answers", "field"),
    [({}, "recovery"), ({"recovery": 6}, "recovery"), ({"recovery": 4, "salary": 1}, "salary")],
)
def test_a_wrong_answer_is_refused_at_its_question(world: World, answers: dict[str, int], field: str) -> None:
    case = asked(world)
    with pytest.raises(Invalid) as refusal:
        submit_response(token=invitation_of(case).token, answers=answers, comment="")
    assert refusal.value.field == field
    assert not Response.objects.exists()


def test_answers_can_be_changed_until_the_survey_closes(world: World) -> None:
    with time_machine.travel(dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC), tick=False) as clock:
        case = asked(world)
        answer(case, 3)
        clock.shift(14 * DAY - dt.timedelta(seconds=1))
        answer(case, 4)
        clock.shift(1)
        with pytest.raises(Conflict):
            answer(case, 5)
    response = Response.objects.get()
    assert response.satisfaction == 4
    assert response.changed_at > response.submitted_at
    verbs = Event.objects.filter(stream=case.stream, verb__startswith="survey.").values_list(
        "verb", flat=True
    )
    assert list(verbs) == ["survey.scheduled", "survey.sent", "survey.answered", "survey.changed"]


def test_staff_answer_no_survey(world: World) -> None:
    case = asked(world)
    with pytest.raises(NotAllowed):
        submit_response(
            token=invitation_of(case).token, answers={"recovery": 5}, comment="", actor=world.supervisor
        )


def test_a_link_works_for_what_was_sent_and_for_nothing_else(world: World) -> None:
    case = world.resolved()
    with pytest.raises(Invitation.DoesNotExist):
        answer(case)
    with pytest.raises(Invitation.DoesNotExist):
        submit_response(token="guessed", answers={"recovery": 5}, comment="")


def test_a_low_score_is_followed_up_by_someone_else_within_48_hours(world: World) -> None:
    case = asked(world, owner=world.supervisor)
    other = make_user(Role.SUPERVISOR, world.branch)
    response = answer(case, 2)
    follow_up = FollowUp.objects.get(response=response)
    assert follow_up.assignee == other
    assert follow_up.due_at - follow_up.created_at == dt.timedelta(hours=48)
    case.refresh_from_db()
    assert case.low_score
    notice = Notice.objects.get()
    assert (notice.user, notice.urgent) == (other, True)
    assert case.number in notice.text
    assert list(open_follow_ups(other)) == [follow_up]


def test_the_one_with_the_fewest_open_follow_ups_gets_the_next(world: World) -> None:
    second = make_user(Role.SUPERVISOR, world.branch)
    for _ in range(4):
        answer(asked(world), 1)
    assert FollowUp.objects.filter(assignee=world.supervisor).count() == 2
    assert FollowUp.objects.filter(assignee=second).count() == 2


def test_without_a_supervisor_a_manager_follows_up(world: World) -> None:
    world.supervisor.is_active = False
    world.supervisor.save()
    answer(asked(world), 1)
    assert FollowUp.objects.get().assignee == world.manager


def test_a_follow_up_that_nobody_has_is_shown_to_those_who_assign(world: World) -> None:
    answer(asked(world), 1)
    FollowUp.objects.update(assignee=None)
    assert open_follow_ups(world.manager).count() == 1
    assert open_follow_ups(make_user(Role.SUPERVISOR, make_branch())).count() == 0
    assert open_follow_ups(world.owner).count() == 0


def test_a_better_answer_takes_back_the_flag_and_keeps_the_follow_up(world: World) -> None:
    case = asked(world)
    answer(case, 1)
    answer(case, 4)
    case.refresh_from_db()
    assert not case.low_score
    assert FollowUp.objects.get().state == FollowUpState.OPEN
    assert Notice.objects.count() == 1


def test_a_second_change_for_the_worse_opens_the_follow_up_again(world: World) -> None:
    case = asked(world)
    answer(case, 1)
    finish_follow_up(
        actor=world.supervisor, follow_up_id=FollowUp.objects.get().pk, result="Called; settled."
    )
    answer(case, 4)
    answer(case, 2)
    assert FollowUp.objects.get().state == FollowUpState.OPEN


def test_the_owner_does_not_follow_up_their_own_case(world: World) -> None:
    answer(asked(world), 1)
    follow_up = FollowUp.objects.get()
    with pytest.raises(NotAllowed):
        finish_follow_up(actor=world.owner, follow_up_id=follow_up.pk, result="All fine.")
    with pytest.raises(NotAllowed):
        finish_follow_up(
            actor=make_user(Role.SUPERVISOR, make_branch()), follow_up_id=follow_up.pk, result="All fine."
        )
    with pytest.raises(Invalid):
        finish_follow_up(actor=world.supervisor, follow_up_id=follow_up.pk, result="  ")
    done = finish_follow_up(
        actor=world.supervisor, follow_up_id=follow_up.pk, result="Refund had not arrived."
    )
    assert (done.state, done.done_by) == (FollowUpState.DONE, world.supervisor)
    with pytest.raises(Conflict):
        finish_follow_up(actor=world.supervisor, follow_up_id=follow_up.pk, result="Again.")


def test_reading_responses_takes_the_same_queries_however_many_there_are(
    world: World, django_assert_num_queries: Any
) -> None:
    case = asked(world)
    answer(case, 1)
    with django_assert_num_queries(2):
        for response in responses_of(case):
            assert response.follow_up.assignee is not None
            assert len(response.invitation.instrument.items.all()) == 9


def test_listing_follow_ups_takes_one_query(world: World, django_assert_num_queries: Any) -> None:
    for _ in range(3):
        answer(asked(world), 1)
    supervisor = world.supervisor
    assert supervisor.branch_ids is not None
    with django_assert_num_queries(1):
        for follow_up in open_follow_ups(supervisor):
            assert follow_up.case.customer.name
            assert follow_up.case.owner == world.owner
            assert follow_up.response.satisfaction == 1
