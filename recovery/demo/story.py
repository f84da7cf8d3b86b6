"""The course of one case in the demo: what is said and done, in order, from its facts and its fate."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from accounts.models import User
from cases.actions.log import NewCase, build_case
from cases.states import Channel, Outcome, StepKind, StepState
from cases.suggestion import suggest
from recovery.demo.life import Life
from recovery.demo.plans import Fate, Plan
from recovery.demo.remedies import Remedying
from recovery.demo.setting import Setting
from recovery.demo.surveys import Resolution
from sla.states import Metric

HOUR = 3600.0
# How far on the way a customer is asked for something that is missing.
ASKED_AT = 0.5
NEVER_SEEN = frozenset({Fate.FRESH, Fate.RESPONSE_LATE})
BY_ITSELF = frozenset({Channel.WEB, Channel.EMAIL, Channel.API})
LETTERS = frozenset({Channel.WEB, Channel.EMAIL, Channel.CHAT, Channel.SOCIAL, Channel.API})


class Story(Remedying):
    """Tells one case, from the complaint to where it stands now."""

    def __init__(self, plan: Plan, setting: Setting, owner: User) -> None:
        super().__init__(plan, setting, owner)
        self.resolutions: list[Resolution] = []

    # --- what is known at the start ----------------------------------------------------------

    def begin(self, number: str) -> Life:
        """Build the case and take it down."""
        plan = self.plan
        told = self.voice.complaint(
            trade=plan.place.trade.kind,
            defect=plan.defect,
            facts=self.facts,
            cue=plan.cue,
            remedy=plan.remedy,
        )
        self.facts |= {"title": told.summary, "title_lower": told.summary[:1].lower() + told.summary[1:]}
        new = self._new_case(told.text, told.summary)
        logger = None if plan.channel in BY_ITSELF else self.owner
        case = build_case(
            new, customer=plan.customer, number=number, received_at=plan.received_at, actor=logger
        )
        self.life = Life(case, plan.place, self.set.targets, self.set.trail, self.set.now)
        kinds = self.set.kinds[plan.failure_type]
        self.life.log(acknowledged=bool(self.set.emails[plan.customer.pk]), kinds=kinds)
        return self.life

    def _new_case(self, text: str, summary: str) -> NewCase:
        plan, branch = self.plan, self.plan.place.branch
        found = suggest(text, loss=plan.loss, currency=branch.currency, tier=plan.customer.tier)
        mood = self.chance.choices((1, 2, 3, 4), (34, 40, 20, 6))[0]
        return NewCase(
            customer=plan.customer,
            branch=branch,
            channel=plan.channel,
            description=text,
            summary=summary,
            product=plan.product.named(self.language),
            order_reference=plan.order_reference,
            occurred_on=self._occurred().date(),
            remedies_sought=[plan.remedy.value],
            loss_amount=plan.loss,
            satisfaction_before=mood if self.chance.random() < 0.8 else None,
            language=self.language,
            preferred_contact=plan.customer.preferred_contact,
            failure_type=plan.failure_type,
            defect=self.set.defects[plan.defect],
            severity=plan.severity,
            cues=list(found.cues),
            suggestion=found.kept,
        )

    # --- what happens ------------------------------------------------------------------------

    def tell(self) -> None:
        """Live the case up to its fate, or up to now."""
        plan = self.plan
        if plan.fate in NEVER_SEEN:
            self._take_over(plan.elapsed * 0.5 if self.chance.random() < 0.4 else None)
            return
        self._measure()
        self._take_over(self.answer_after * 0.6)
        self._recover()
        if plan.fate is Fate.WAITING:
            self._wait_now()
        if plan.fate in (Fate.RESOLVED, Fate.RESOLVED_TWICE, Fate.REOPENED):
            self._close()

    def _measure(self) -> None:
        """How long it takes to answer and to resolve, in business seconds."""
        plan, targets = self.plan, self.set.targets[self.plan.severity]
        resolution = targets[Metric.RESOLUTION] * 60.0
        if plan.fate in (Fate.RESOLVED, Fate.RESOLVED_TWICE):
            self.length = resolution * plan.speed
        elif plan.fate is Fate.REOPENED:
            self.length = plan.elapsed * 0.35
        else:
            self.length = max(plan.elapsed * self.chance.uniform(1.08, 1.9), 0.3 * resolution)
        answer = targets[Metric.FIRST_RESPONSE] * 60.0 * min(self.chance.lognormvariate(-1.2, 0.75), 1.6)
        self.answer_after = min(answer, 0.75 * self.length)
        if plan.elapsed:
            self.answer_after = min(self.answer_after, 0.7 * plan.elapsed)

    def _take_over(self, seconds: float | None) -> None:
        """What came in by itself belongs to nobody until someone takes it."""
        if self.life.case.owner is None and seconds is not None and self._is_past(at := self._after(seconds)):
            self.life.own(at, self.owner)

    def _recover(self) -> None:
        """Go through the steps until one lies in the future."""
        steps = (
            (0.0, self._listen),
            (0.18, self._verify),
            (0.36, self._apologise),
            (ASKED_AT, self._ask_back),
            (0.6, self._explain),
            (0.72, self._solve),
            (0.8, self._compensate),
        )
        for share, step in steps:
            moment = self._at(share)
            if not self._is_past(moment) or (self.plan.fate is Fate.WAITING and share > ASKED_AT):
                break
            step(moment)
        if self.plan.asks_approval:
            self._ask_approval()
        elif self.plan.pays_now:
            self._pay_now()

    def _listen(self, at: dt.datetime) -> None:
        self.life.finish(StepKind.ACKNOWLEDGE, at, self.owner)
        by_letter = self.plan.channel in LETTERS and self.set.emails[self.plan.customer.pk]
        if by_letter and self.chance.random() < 0.6:
            self._write(at, "listen", StepKind.LISTEN)
            return
        minutes = self.chance.randint(4, 24)
        self.life.call(at, self.owner, self._say("calls", "listen"), minutes, StepKind.LISTEN)

    def _verify(self, at: dt.datetime) -> None:
        if self.chance.random() < 0.06:
            self._skip(StepKind.VERIFY, at)
            return
        found = "agreed" if self.plan.outcome == Outcome.NOT_UPHELD else "verify"
        self.life.note(at, self.owner, self._say("notes", found, self.plan.place.trade.kind))
        self.life.finish(StepKind.VERIFY, at, self.owner)
        if found == "verify":
            self.life.verify_loss(at, self.owner)
        if self.chance.random() < 0.15:
            kind = self.chance.choice(("handover", "manager", "like"))
            self.life.note(at + dt.timedelta(minutes=4), self.owner, self._say("notes", kind))

    def _apologise(self, at: dt.datetime) -> None:
        """Own it; or, where there was no fault of ours, regret the trouble without claiming one."""
        if self.plan.outcome == Outcome.WITHDRAWN:
            self.life.hear(at, self._say("messages", "withdraw"), self.owner)
            for kind in (StepKind.APOLOGISE, StepKind.EXPLAIN, StepKind.SOLVE, StepKind.COMPENSATE):
                self._skip(kind, at, "withdrawn")
            return
        not_ours = self.plan.outcome == Outcome.NOT_UPHELD
        self._write(at, "regret" if not_ours else "apologise", StepKind.APOLOGISE)

    def _ask_back(self, at: dt.datetime) -> None:
        """Some customers are asked for a paper, which stops the clock until they send it."""
        if self.plan.outcome == Outcome.WITHDRAWN:
            return
        draw = self.chance.random()
        if draw < 0.14 and self.plan.fate is not Fate.WAITING:
            needed = self._say("needed", self.plan.place.trade.kind)
            answered = at + (self._at(0.58) - at) * self.chance.uniform(0.4, 0.9)
            if self._is_past(answered):
                self._write(at, "ask", None, needed=needed)
                self.life.wait(at, self.owner, needed)
                self.life.hear(answered, self._say("messages", "answer"), self.owner)
        elif draw < 0.3:
            self.life.hear(at, self._say("messages", "chase"), self.owner)
            update = at + (self._at(0.58) - at) * 0.5
            if self._is_past(update):
                self._write(update, "update", None)

    def _explain(self, at: dt.datetime) -> None:
        if self.plan.outcome == Outcome.WITHDRAWN:
            return
        if self.plan.outcome == Outcome.NOT_UPHELD:
            self.life.call(
                at, self.owner, self._say("calls", "agreed"), self.chance.randint(6, 18), StepKind.EXPLAIN
            )
        elif self.chance.random() < 0.05:
            self._skip(StepKind.EXPLAIN, at)
        elif self.chance.random() < 0.5:
            self.life.call(
                at, self.owner, self._say("calls", "explain"), self.chance.randint(3, 15), StepKind.EXPLAIN
            )
        else:
            self._write(at, "explain", StepKind.EXPLAIN)

    def _solve(self, at: dt.datetime) -> None:
        if self.plan.outcome == Outcome.WITHDRAWN:
            return
        if self.plan.outcome == Outcome.NOT_UPHELD:
            self._skip(StepKind.SOLVE, at, "not_upheld")
        else:
            self._write(at, "solve", StepKind.SOLVE)

    def _wait_now(self) -> None:
        """Ask for something the customer has not sent yet."""
        last = max(entry.at for entry in self.life.entries)
        at = last + (self.set.now - last) * self.chance.uniform(0.2, 0.8)
        needed = self._say("needed", self.plan.place.trade.kind)
        self._write(at, "ask", None, needed=needed)
        self.life.wait(at, self.owner, needed)

    # --- how it ends -------------------------------------------------------------------------

    def _close(self) -> None:
        at = self._at(1.0)
        if not self._is_past(at):
            return
        self._resolve(at)
        if self.plan.fate is Fate.RESOLVED:
            return
        again = self.plan.place.after(at, self.chance.uniform(2, 30) * HOUR)
        if not self._is_past(again):
            return
        self.resolutions[-1].reopened_at = again
        complaint = self._say("messages", "reopen")
        self.life.reopen(again, self.owner, complaint)
        self.life.call(
            self.plan.place.after(again, 1200),
            self.owner,
            self._say("calls", "listen"),
            self.chance.randint(5, 20),
            StepKind.LISTEN,
        )
        second = self.plan.place.after(again, self.length * self.chance.uniform(0.3, 0.8) + HOUR)
        if self.plan.fate is Fate.RESOLVED_TWICE and self._is_past(second):
            for kind in (StepKind.VERIFY, StepKind.APOLOGISE, StepKind.SOLVE):
                self.life.finish(kind, second, self.owner)
            self._resolve(second)

    def _resolve(self, at: dt.datetime) -> None:
        plan, case = self.plan, self.life.case
        open_kinds = [
            step.kind
            for step in self.life.steps
            if step.state == StepState.OPEN and step.kind != StepKind.FOLLOW_UP
        ]
        overridden = {}
        if open_kinds:
            overridden["open_steps"] = self._say("skips", "compensate")
        facts = self.facts | {"solution_cap": self.solution[:1].upper() + self.solution[1:]}
        self.life.resolve(
            at,
            self.owner,
            outcome=plan.outcome,
            cause=self.set.causes[self.cause],
            resolution=self.voice.say("resolutions", plan.outcome, facts=facts),
            overridden=overridden,
        )
        landed = case.remedy_landed_at
        paid = Decimal(1) if landed else Decimal(0)
        self.resolutions.append(Resolution(self.life, case.reopened_count + 1, at, landed, self.owner, paid))
