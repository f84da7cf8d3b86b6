"""Taking a waiting remedy back: returned with a question and sent again answered, or recalled for good."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from accounts.models import User
from accounts.states import Capability
from common.errors import NotAllowed
from compensation.actions.guards import clean_text, money_transaction
from compensation.actions.remedy_asking import ASKED_FIELDS, start_waiting, tell_asked, told_of
from compensation.actions.remedy_decisions import decider_of
from compensation.actions.remedy_steering import check_remedy_transition, move, take_remedy, too_late
from compensation.models import Remedy, RemedyQuestion
from compensation.paths import remedy_path
from compensation.states import RemedyState
from messaging.actions import notify

LONGEST = 500


def return_remedy(*, actor: User, remedy_id: int, question: str) -> Remedy:
    """Give a waiting remedy back with a question: nobody decides on it until its proposer has answered.

    Raises as `reject_remedy`: who may not decide does not ask either.
    """
    text = clean_text(
        question, field="question", longest=LONGEST, missing=_("Say what you would like to know.")
    )
    with money_transaction():
        remedy = take_remedy(actor, remedy_id, Capability.DECIDE_OFFER)
        asker = decider_of(actor, remedy, RemedyState.RETURNED)
        RemedyQuestion.objects.create(remedy=remedy, text=text, asked_by=asker)
        move(remedy, RemedyState.RETURNED, asker)
        notify(
            users=[remedy.proposer],
            message=gettext_noop("%(name)s has a question about the remedy of %(total)s for %(incident)s."),
            params={"name": asker.name, **told_of(remedy)},
            url=remedy_path(remedy.incident.number),
            dedupe_key=f"remedy:{remedy.pk}:returned:{remedy.questions.count()}",
        )
    return remedy


def answer_remedy(*, actor: User, remedy_id: int, answer: str) -> Remedy:
    """Answer the question about one's remedy and send it again as it was; the time to decide begins anew.

    Who wants to change it recalls it and proposes another. Raises `NotAllowed` for another's remedy,
    `Conflict` unless it was returned.
    """
    text = clean_text(answer, field="answer", longest=LONGEST, missing=_("Answer the question first."))
    with money_transaction():
        remedy = _own(actor, remedy_id, RemedyState.WAITING)
        question = remedy.questions.get(answer="")
        question.answer, question.answered_at = text, timezone.now()
        question.save(update_fields=("answer", "answered_at"))
        start_waiting(remedy)
        move(remedy, RemedyState.WAITING, actor, *ASKED_FIELDS)
        tell_asked(remedy)
    return remedy


def recall_remedy(*, actor: User, remedy_id: int, reason: str) -> Remedy:
    """Take one's own remedy back for good while nobody has decided on it; another may be proposed then.

    Raises `NotAllowed` for another's remedy, `Conflict` when it was decided meanwhile.
    """
    text = clean_text(reason, field="reason", longest=LONGEST, missing=_("Say why."))
    with money_transaction():
        remedy = _own(actor, remedy_id, RemedyState.CANCELLED)
        if remedy.state not in (RemedyState.WAITING, RemedyState.RETURNED):
            raise too_late(remedy)
        remedy.recall_reason, remedy.finished_at = text, timezone.now()
        move(remedy, RemedyState.CANCELLED, actor, "recall_reason", "finished_at", verb="remedy.recalled")
    return remedy


def _own(actor: User, remedy_id: int, wanted: RemedyState) -> Remedy:
    remedy = take_remedy(actor, remedy_id, Capability.PROPOSE_OFFER)
    check_remedy_transition(remedy, wanted)
    if remedy.proposer_id != actor.pk:
        raise NotAllowed(_("Only the person who proposed this can do that."))
    return remedy
