"""Taking the customer's answers, and acting on a low score."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from accounts.models import User
from audit.actions import record
from cases.actions.flags import mark_low_score
from cases.actions.locking import lock_case
from cases.actions.timeline import add_event
from cases.models import Case
from common.errors import Conflict, Invalid, NotAllowed
from feedback.actions.follow_up import open_follow_up
from feedback.actions.invite import move_invitation
from feedback.models import Invitation, Response
from feedback.queries import invitation_by_token, questions_of
from feedback.rules import LONGEST_COMMENT, Problem, Question, is_low, problems, score
from feedback.states import InvitationState

PROBLEMS = {
    Problem.UNKNOWN: _("This question is not part of the survey."),
    Problem.MISSING: _("Please answer this question; all others may be left out."),
    Problem.OUT_OF_SCALE: _("Choose one of the points of the scale."),
}


def submit_response(
    *, token: str, answers: Mapping[str, int], comment: str, actor: User | None = None
) -> Response:
    """Keep the customer's answers, or change them until the survey closes.

    `answers` maps item codes to points; left out is not answered. `actor` is who is signed in, if anyone:
    staff answer no survey. A low score opens a follow-up and flags the case. When a customer changes a low
    answer for a better one, the flag follows their last word, and the follow-up stays: they had reason to be
    unhappy, a call tells why, and nobody gains by talking a customer into another number. The trail keeps
    both scores.

    Raises `Invitation.DoesNotExist` for an unknown token, `Conflict` once closed, `Invalid` at the item in
    error.
    """
    if actor is not None:
        raise NotAllowed(_("Staff cannot answer a survey. Sign out to answer as a customer."))
    invitation = invitation_by_token(token)
    questions = questions_of(invitation.instrument)
    _check(questions, answers, comment)
    with transaction.atomic():
        case = lock_case(invitation.case_id)
        return _write(case, invitation.pk, questions, dict(answers), comment.replace("\x00", "").strip())


def _check(questions: list[Question], answers: Mapping[str, int], comment: str) -> None:
    wrong = problems(questions, answers)
    if wrong:
        code, problem = next(iter(wrong.items()))
        raise Invalid(PROBLEMS[problem], field=code)
    if len(comment) > LONGEST_COMMENT:
        raise Invalid(
            _("This is longer than %(most)s characters."), field="comment", params={"most": LONGEST_COMMENT}
        )


def _write(
    case: Case, invitation_id: int, questions: list[Question], answers: dict[str, int], comment: str
) -> Response:
    now = timezone.now()
    invitation = Invitation.objects.select_for_update().get(pk=invitation_id)
    if invitation.closes_at is None or now >= invitation.closes_at:
        raise Conflict(_("This survey is closed."))
    move_invitation(invitation, InvitationState.ANSWERED)
    scores = score(questions, answers)
    before = Response.objects.filter(invitation=invitation).first()
    was_low = before is not None and is_low(before.satisfaction, settings.FEEDBACK_LOW_SCORE)
    response = before or Response(invitation=invitation, case=case, submitted_at=now)
    response.answers, response.comment = answers, comment
    response.satisfaction, response.satisfaction_before = scores.satisfaction, case.satisfaction_before
    response.justice, response.nps = scores.justice, scores.nps
    response.changed_at = now
    response.save()
    invitation.reminder_due_at = None
    invitation.save(update_fields=("state", "reminder_due_at"))
    _tell_the_case(case, response, is_new=before is None)
    low = is_low(scores.satisfaction, settings.FEEDBACK_LOW_SCORE)
    if invitation.round == case.reopened_count + 1 or low:
        mark_low_score(case=case, low=low)
    if low and not was_low:
        open_follow_up(case=case, response=response)
    return response


def _tell_the_case(case: Case, response: Response, *, is_new: bool) -> None:
    data = {
        "round": response.invitation.round,
        "answers": response.answers,
        "satisfaction": response.satisfaction,
        "commented": bool(response.comment),
    }
    record(stream=case.stream, verb="survey.answered" if is_new else "survey.changed", actor=None, data=data)
    add_event(
        case=case,
        actor=None,
        message=gettext_noop("The customer answered the survey: satisfaction %(points)s of 5.")
        if is_new
        else gettext_noop("The customer changed the answers: satisfaction %(points)s of 5."),
        params={"points": response.satisfaction},
    )
