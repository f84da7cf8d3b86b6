"""The demo's surveys: who was asked after recovery, what they answered, and who called the unhappy ones."""

from __future__ import annotations

import datetime as dt
import random
import secrets
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings

from accounts.models import User
from cases.states import ClockState, FailureType, Outcome, StepKind
from feedback.actions.invite import ASKED_LATELY, NO_ADDRESS, REOPENED, customer_zone
from feedback.models import FollowUp, Instrument, Invitation, Response
from feedback.queries import active_instrument, questions_of
from feedback.rules import (
    FOLLOW_UP_WITHIN,
    OPEN_FOR,
    REMIND_AFTER,
    REST,
    Question,
    ask_at,
    is_low,
    level_reached,
    on_five,
    reminder_at,
    score,
)
from feedback.states import Construct, FollowUpState, InvitationState
from recovery.demo.life import Life
from recovery.demo.staff import Staff
from recovery.demo.wording import Wording
from recovery.demo.writing import write_rows

# The demo's own sending is quick, for trying out; its past was asked as an ordinary installation asks.
DELAY = dt.timedelta(days=1)
# Low scores of the last days mostly still wait for someone to call.
LATELY = dt.timedelta(days=5)
FIRST_FEW = 4
ANSWER_RATE = 0.44
COMMENT_RATE = 0.6
HOUR = 3600.0


@dataclass(slots=True)
class Resolution:
    """One time a case was resolved: when, and when it opened again, if it did."""

    life: Life
    round: int
    at: dt.datetime
    landed_at: dt.datetime | None
    owner: User
    paid: Decimal
    reopened_at: dt.datetime | None = None

    @property
    def due_at(self) -> dt.datetime:
        zone = customer_zone(self.life.case)
        return ask_at(resolved_at=self.at, landed_at=self.landed_at, delay=DELAY, zone=zone)


class Surveyor:
    """Asks after every resolution in the order in which that fell due, so that nobody is asked too often."""

    def __init__(
        self,
        chance: random.Random,
        now: dt.datetime,
        staff: Staff,
        emails: Mapping[int, str],
        voices: Mapping[str, Wording],
    ) -> None:
        instrument = active_instrument()
        assert instrument is not None, "feedback seeds a questionnaire"
        self._instrument: Instrument = instrument
        self._questions: list[Question] = questions_of(instrument)
        self._chance = chance
        self._now = now
        self._staff = staff
        self._emails = emails
        self._voices = voices
        self._asked: dict[int, dt.datetime] = {}
        self._load: Counter[int] = Counter()
        self.invitations: list[Invitation] = []
        self.responses: list[Response] = []
        self.follow_ups: list[FollowUp] = []

    def ask(self, resolutions: list[Resolution]) -> None:
        """Plan, send and answer; call after every case has been lived."""
        for resolution in sorted(resolutions, key=lambda each: each.due_at):
            invitation = self._invite(resolution)
            if invitation.state == InvitationState.SENT and self._chance.random() < ANSWER_RATE:
                self._answer(resolution, invitation)

    def write(self) -> None:
        write_rows(self.invitations)
        write_rows(self.responses)
        write_rows(self.follow_ups)

    def _invite(self, resolution: Resolution) -> Invitation:
        life, round_ = resolution.life, resolution.round
        due_at = resolution.due_at
        invitation = Invitation(
            case=life.case,
            round=round_,
            instrument=self._instrument,
            token=secrets.token_urlsafe(32),
            language=life.case.language,
            due_at=due_at,
        )
        self.invitations.append(invitation)
        life.record("survey.scheduled", resolution.at, None, lambda: {"round": round_})
        against, at = self._against(resolution), due_at
        if against == REOPENED and resolution.reopened_at is not None:
            at = resolution.reopened_at
        if at > self._now:
            return invitation
        if against:
            invitation.state, invitation.skip_reason = InvitationState.SKIPPED, against
            life.record("survey.skipped", at, None, lambda: {"round": round_, "reason": against})
            return invitation
        self._send(resolution, invitation)
        return invitation

    def _against(self, resolution: Resolution) -> str:
        customer_id = resolution.life.case.customer_id
        if resolution.reopened_at is not None and resolution.reopened_at <= resolution.due_at:
            return REOPENED
        if not self._emails[customer_id]:
            return NO_ADDRESS
        asked = self._asked.get(customer_id)
        return ASKED_LATELY if asked is not None and asked > resolution.due_at - REST else ""

    def _send(self, resolution: Resolution, invitation: Invitation) -> None:
        life, at = resolution.life, resolution.due_at
        self._asked[life.case.customer_id] = at
        invitation.state, invitation.sent_at, invitation.closes_at = InvitationState.SENT, at, at + OPEN_FOR
        remind_at = at + REMIND_AFTER
        if resolution.reopened_at is None or resolution.reopened_at > remind_at:
            invitation.reminder_due_at = remind_at if remind_at > self._now else None
        if resolution.reopened_at is None:
            life.finish(StepKind.FOLLOW_UP, at, None)
        else:
            # It was done then, and is to do once more since.
            life.record("step.done", at, None, lambda: {"step": StepKind.FOLLOW_UP.value})
        life.event(at, None, "Asked the customer whether it worked.")
        life.record("survey.sent", at, None, lambda: {"round": invitation.round})

    def _answer(self, resolution: Resolution, invitation: Invitation) -> None:
        life = resolution.life
        assert invitation.sent_at is not None
        at = invitation.sent_at + dt.timedelta(hours=min(self._chance.lognormvariate(2.1, 1.1), 24 * 12))
        ends = resolution.reopened_at or self._now
        if at > min(ends, self._now):
            return
        answers = self._points(resolution, lately=self._now - at < LATELY)
        scores = score(self._questions, answers)
        voice = self._voices[life.case.language]
        mood = "happy" if scores.satisfaction >= 4 else "middling" if scores.satisfaction == 3 else "unhappy"
        spoken = mood == "unhappy" or self._chance.random() < COMMENT_RATE
        response = Response(
            invitation=invitation,
            case=life.case,
            answers=answers,
            comment=voice.say("surveys", mood, facts={}) if spoken else "",
            satisfaction=scores.satisfaction,
            satisfaction_before=life.case.satisfaction_before,
            justice=scores.justice,
            nps=scores.nps,
            submitted_at=at,
            changed_at=at,
        )
        self.responses.append(response)
        invitation.state, invitation.reminder_due_at = InvitationState.ANSWERED, None
        life.event(
            at,
            None,
            "The customer answered the survey: satisfaction %(points)s of 5.",
            {"points": scores.satisfaction},
        )
        data = {
            "round": invitation.round,
            "answers": answers,
            "satisfaction": scores.satisfaction,
            "commented": bool(response.comment),
        }
        life.record("survey.answered", at, None, lambda: data)
        low = is_low(scores.satisfaction, settings.FEEDBACK_LOW_SCORE)
        life.case.low_score = low
        if low:
            self._follow_up(resolution, response)

    def _points(self, resolution: Resolution, *, lately: bool) -> dict[str, int]:
        """Points around one mood: a remedy that fits and keeps its time lifts it, a second failure lowers it.

        The last days, in which a failure is rising, are bad ones.
        """
        case, life = resolution.life.case, resolution.life
        mood = 3.8
        mood += 0.35 if resolution.paid else 0
        mood += 0.25 if case.failure_type == FailureType.PROCESS else 0
        mood -= 0.9 * any(clock.state == ClockState.MISSED for clock in life.clocks)
        mood -= 0.7 if case.outcome == Outcome.NOT_UPHELD else 0
        mood -= 0.5 * (resolution.round - 1)
        mood -= 1.2 * lately
        mood += self._chance.gauss(0, 1.05)
        return {
            question.code: self._point(question, mood)
            for question in self._questions
            if question.is_required or self._chance.random() < 0.9
        }

    def _point(self, question: Question, mood: float) -> int:
        spread = 0.15 if question.construct == Construct.RECOVERY else 0.55
        felt = min(max(mood + self._chance.gauss(0, spread), 1), 5)
        share = (float(on_five(Decimal(felt), 1, 5)) - 1) / 4
        points = round(question.lowest + share * (question.highest - question.lowest))
        return question.lowest + question.highest - points if question.is_reversed else points

    def _follow_up(self, resolution: Resolution, response: Response) -> None:
        life, at = resolution.life, response.submitted_at
        lately = self._now - at < LATELY
        assignee = self._reviewer(resolution, lately=lately)
        follow_up = FollowUp(
            response=response, case=life.case, assignee=assignee, created_at=at, due_at=at + FOLLOW_UP_WITHIN
        )
        self.follow_ups.append(follow_up)
        data = {"assignee": assignee.pk, "satisfaction": response.satisfaction}
        life.record("follow_up.opened", at, None, lambda: data)
        done_at = life.place.after(at, self._chance.uniform(1, 9) * HOUR)
        if done_at > self._now or (lately and self._chance.random() < 0.8):
            self._load[assignee.pk] += 1
            follow_up.level = level_reached(follow_up.due_at, self._now)
            follow_up.next_reminder_at = reminder_at(follow_up.level + 1, follow_up.due_at)
            return
        result = self._voices[life.case.language].say("surveys", "follow_up", facts={})
        follow_up.state = FollowUpState.DONE
        follow_up.done_at, follow_up.done_by, follow_up.result = done_at, assignee, result
        life.event(done_at, assignee, "Followed up the low score: %(result)s", {"result": result})
        on_time = done_at <= follow_up.due_at
        life.record("follow_up.done", done_at, assignee, lambda: {"on_time": on_time})

    def _reviewer(self, resolution: Resolution, *, lately: bool) -> User:
        """A supervisor of the branch who does not own the case; the demo's own has the latest few."""
        people = self._staff.supervisors[resolution.life.place.branch.code]
        others = [person for person in people if person.pk != resolution.owner.pk]
        if not lately:
            return self._chance.choice(others)
        return min(others, key=lambda person: self._load[person.pk] - FIRST_FEW * person.is_demo)
