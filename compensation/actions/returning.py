"""Taking a waiting offer back to a draft: with a question by a decider, or recalled by who proposed it."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from accounts.models import User
from accounts.states import Capability
from audit.actions import record
from cases.actions.timeline import add_event
from cases.models import Case
from common.errors import NotAllowed
from compensation.actions import ledger
from compensation.actions.approvals import decider_and_steps, step_to_end
from compensation.actions.chain import decide_step
from compensation.actions.guards import check_transition, clean_text, money_transaction, take_offer
from compensation.actions.telling import amount_text, tell_of_question
from compensation.models import Offer, Question
from compensation.states import OfferState, StepState

LONGEST = 500


def return_offer(*, actor: User, offer_id: int, question: str) -> Offer:
    """Give a waiting offer back with a question: it is a draft until somebody answers and proposes it again.

    What was set aside for it is given back. Raises as `reject_offer`, and `Conflict` on a resolved case.
    """
    text = clean_text(
        question, field="question", longest=LONGEST, missing=_("Say what you would like to know.")
    )
    with money_transaction():
        case, offer = take_offer(actor, offer_id, Capability.DECIDE_OFFER, must_be_open=True)
        approver, steps = decider_and_steps(actor, case, offer, OfferState.REJECTED)
        step = step_to_end(approver, steps)
        decide_step(step, by=approver, state=StepState.RETURNED, reason=text)
        Question.objects.create(offer=offer, step=step, text=text, asked_by=approver, asked_at=timezone.now())
        _back_to_draft(offer, by=approver, reason=text)
        tell_of_question(case=case, offer=offer, by=approver)
        params = {"amount": amount_text(offer.amount, offer.currency), "question": text}
        message = gettext_noop("Compensation of %(amount)s returned with a question: %(question)s")
        add_event(case=case, actor=approver, message=message, params=params)
        data = {"offer": offer.pk, "level": step.level, "role": step.role}
        record(stream=case.stream, verb="offer.returned", actor=approver, data=data)
    return offer


def recall_offer(*, actor: User, offer_id: int) -> Offer:
    """Take one's own waiting offer back to change it: it is a draft, and what was set aside is given back.

    Raises `NotAllowed` for another's, `Conflict` when it was decided meanwhile or the case is resolved.
    """
    with money_transaction():
        case, offer = take_offer(actor, offer_id, Capability.PROPOSE_OFFER, must_be_open=True)
        check_transition(offer, OfferState.DRAFT)
        if offer.proposer_id != actor.pk:
            raise NotAllowed(_("Only the person who proposed this can recall it."))
        _back_to_draft(offer, by=actor, reason="")
        _tell(case, offer, actor)
    return offer


def answer_question(offer: Offer, *, by: User, answer: str) -> None:
    """Keep the answer to what was asked about a draft, which is being proposed again. Raises `Invalid`."""
    question = Question.objects.filter(offer=offer, answer="").order_by("-id").first()
    if question is None:
        return
    question.answer = clean_text(
        answer, field="answer", longest=LONGEST, missing=_("Answer the question first.")
    )
    question.answered_by, question.answered_at = by, timezone.now()
    question.save(update_fields=("answer", "answered_by", "answered_at"))


def _back_to_draft(offer: Offer, *, by: User, reason: str) -> None:
    """Let a waiting offer be a draft again, in its next round; the steps that nobody decided are dropped."""
    ledger.release(offer=offer, by=by, reason=reason)
    offer.state, offer.budget, offer.round = OfferState.DRAFT, None, offer.round + 1
    offer.save(update_fields=("state", "budget", "round"))


def _tell(case: Case, offer: Offer, actor: User) -> None:
    params = {"amount": amount_text(offer.amount, offer.currency)}
    message = gettext_noop("Compensation of %(amount)s recalled by who proposed it.")
    add_event(case=case, actor=actor, message=message, params=params)
    record(stream=case.stream, verb="offer.recalled", actor=actor, data={"offer": offer.pk})
