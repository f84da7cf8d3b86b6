"""The course of one case in the demo: what is said and done, in order, from its facts and its fate."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Mapping
from decimal import Decimal
from zoneinfo import ZoneInfo

from accounts.models import User
from accounts.states import Role
from cases.actions.log import NewCase, build_case
from cases.models import Cause, Defect
from cases.queries import playbook_steps
from cases.states import Channel, FailureType, Outcome, StepKind, StepState
from cases.suggestion import suggest
from common.money import format_money
from compensation.models import Offer
from compensation.states import Basis, OfferKind, OfferState
from recovery.demo.life import Life
from recovery.demo.money import CENT, Purse
from recovery.demo.plans import DONE, Fate, Plan, weighted
from recovery.demo.staff import Staff
from recovery.demo.surveys import Resolution
from recovery.demo.trail import Trail
from recovery.demo.wording import Wording, phrases
from recovery.demo.world import Targets
from sla.states import Metric, Severity

HOUR = 3600.0
# How far on the way a customer is asked for something that is missing.
ASKED_AT = 0.5
NEVER_SEEN = frozenset({Fate.FRESH, Fate.RESPONSE_LATE})
BY_ITSELF = frozenset({Channel.WEB, Channel.EMAIL, Channel.API})
LETTERS = frozenset({Channel.WEB, Channel.EMAIL, Channel.CHAT, Channel.SOCIAL, Channel.API})
KINDS = {
    FailureType.OUTCOME: (OfferKind.REFUND, OfferKind.REFUND, OfferKind.COMPENSATION, OfferKind.VOUCHER),
    FailureType.PROCESS: (OfferKind.VOUCHER, OfferKind.GIFT, OfferKind.POINTS, OfferKind.VOUCHER),
}
CAUSES = (
    ("staff", 22), ("process_rules", 20), ("management", 14), ("technical_support", 12), ("service_design", 10),
    ("third_party", 9), ("performance_measures", 5), ("customer_needs", 3), ("force_majeure", 2),
    ("not_established", 3),
)  # fmt: skip
WEEKDAYS = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "zh-hans": ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
}


# Why parcels came late in the last days.
SPIKE_CAUSE = "technical_support"
EVENING, MORNING, DAY_BEGINS = dt.time(22, 30), dt.time(7, 30), dt.time(6, 45)


def by_morning(moment: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """The same moment by day; what lies in the night is drawn together before the morning, in the same order."""
    local = moment.astimezone(zone)
    if MORNING <= local.time() < EVENING:
        return moment
    day = local.date() + dt.timedelta(days=1 if local.time() >= EVENING else 0)
    ends = dt.datetime.combine(day, MORNING, zone)
    night = ends - dt.datetime.combine(day - dt.timedelta(days=1), EVENING, zone)
    squeezed = ends - dt.datetime.combine(day, DAY_BEGINS, zone)
    return (ends - squeezed * ((ends - local) / night)).astimezone(dt.UTC)


class Setting:
    """What all stories share: people, money, words and rows that were seeded."""

    def __init__(
        self,
        *,
        now: dt.datetime,
        staff: Staff,
        purse: Purse,
        trail: Trail,
        targets: Targets,
        emails: Mapping[int, str],
    ) -> None:
        self.now = now
        self.staff = staff
        self.purse = purse
        self.trail = trail
        self.targets = targets
        self.emails = emails
        self.defects = {defect.code: defect for defect in Defect.objects.filter(family__isnull=False)}
        self.causes = {cause.code: cause for cause in Cause.objects.all()}
        self.kinds = {failure_type: playbook_steps(failure_type) for failure_type in FailureType}


class Story:
    """Tells one case. Business time from reception to resolution is cut into shares at which things are done."""

    def __init__(self, plan: Plan, setting: Setting, owner: User) -> None:
        self.plan = plan
        self.set = setting
        self.owner = owner
        self.chance = random.Random(plan.seed)  # noqa: S311  # made-up data
        self.language = plan.customer.language
        self.voice = Wording(self.language, self.chance)
        self.cause = SPIKE_CAUSE if plan.is_spike else weighted(self.chance, CAUSES)
        self.facts = self._facts()
        self.solution = self._solution()
        self.life: Life
        self.resolutions: list[Resolution] = []
        self.length = 0.0
        self.answer_after = 0.0

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

    def _solution(self) -> str:
        """What is done about it, the same wherever it is told."""
        known = phrases(self.language)["solutions"]
        if self.plan.failure_type == FailureType.PROCESS:
            return self.voice.say("solutions", "any", self.plan.defect, facts=self.facts)
        trade = self.plan.place.trade.kind
        remedy = self.plan.remedy if self.plan.remedy in known[trade] else "refund"
        return self.voice.say("solutions", trade, remedy, facts=self.facts)

    def _occurred(self) -> dt.datetime:
        local = self.plan.received_at.astimezone(self.plan.place.zone)
        return local - dt.timedelta(days=self.plan.seed % 4)

    def _facts(self) -> dict[str, str]:
        plan, draw = self.plan, self.chance.randint
        price = plan.loss or Decimal(draw(plan.product.low, plan.product.high))
        occurred = self._occurred()
        return {
            "room": f"{draw(2, 12)}{draw(1, 24):02d}",
            "table": str(draw(1, 28)),
            "parcel": plan.order_reference,
            "order": plan.order_reference,
            "product": plan.product.named(self.language),
            "day": WEEKDAYS[self.language][occurred.weekday()],
            "due": WEEKDAYS[self.language][(occurred.weekday() + draw(1, 2)) % 7],
            "time": f"{draw(17, 20)}:{self.chance.choice(('00', '15', '30', '45'))}",
            "minutes": str(self.chance.choice((20, 25, 30, 35, 40, 45, 50, 60, 70))),
            "days": str(draw(3, 12)),
            "times": str(draw(3, 6)),
            "amount": format_money(price, plan.place.trade.currency, language=self.language, whole=True),
            "agent": self.owner.name,
            "customer": plan.customer.name,
        }

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

    def _at(self, share: float) -> dt.datetime:
        """The moment at that share of the way from the first answer to the resolution."""
        return self._after(self.answer_after + share * (self.length - self.answer_after))

    def _after(self, seconds: float) -> dt.datetime:
        """A moment in business time; where it is always open, what can wait waits for the morning."""
        moment = self.plan.place.after(self.plan.received_at, seconds)
        can_wait = self.plan.fate in DONE and self.plan.severity > Severity.HIGH
        return by_morning(moment, self.plan.place.zone) if can_wait else moment

    def _is_past(self, moment: dt.datetime) -> bool:
        return moment <= self.set.now - dt.timedelta(seconds=90)

    def _take_over(self, seconds: float | None) -> None:
        """What came in by itself belongs to nobody until someone takes it."""
        if self.life.case.owner is None and seconds is not None:
            self.life.own(self._after(seconds), self.owner)

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

    def _compensate(self, at: dt.datetime) -> None:
        if self.plan.asks_approval:
            return
        if not self._pays():
            self._skip(StepKind.COMPENSATE, at)
            return
        offer = self._propose(at, self._amount())
        if offer.state == OfferState.WAITING:
            self._decide(offer)
        if offer.state == OfferState.APPROVED:
            self._land(offer)

    def _pays(self) -> bool:
        if self.plan.outcome in (Outcome.NOT_UPHELD, Outcome.WITHDRAWN):
            return False
        return self.chance.random() < (0.85 if self.plan.failure_type == FailureType.OUTCOME else 0.3)

    def _amount(self) -> Decimal:
        """A share of the loss as policy has it, or a small gesture where nothing was lost."""
        low, high = self.plan.place.trade.loss
        if self.plan.loss is None:
            return Decimal(round(self.chance.uniform(low, low * 2.2) / 5) * 5).quantize(CENT)
        share = Decimal(min(max(self.chance.gauss(0.95, 0.22), 0.4), 1.6))
        return max(Decimal(5), (self.plan.loss * share / 5).to_integral_value() * 5).quantize(CENT)

    def _propose(self, at: dt.datetime, amount: Decimal) -> Offer:
        lost = self.plan.loss is not None
        kind = self.chance.choice(KINDS[self.plan.failure_type])
        return self.set.purse.propose(
            self.life,
            at,
            self.owner,
            kind=kind,
            basis=Basis.LIABILITY if lost and kind == OfferKind.REFUND else Basis.GOODWILL,
            amount=amount,
            purpose=self._say("offers", "purpose_loss" if lost else "purpose_time"),
            reason=self._say("offers", "reason"),
        )

    def _decide(self, offer: Offer) -> None:
        at = self._at(self.chance.uniform(0.83, 0.88))
        if not self._is_past(at):
            return
        approver = self._approver(offer)
        draw = self.chance.random()
        if draw < 0.14:
            self.set.purse.decide(
                self.life, offer, at, approver, amount=None, reason=self._say("offers", "reject")
            )
            self._skip(StepKind.COMPENSATE, at)
        elif draw < 0.26:
            lower = max(Decimal(5), (offer.amount * Decimal("0.7") / 5).to_integral_value() * 5).quantize(
                CENT
            )
            self.set.purse.decide(
                self.life, offer, at, approver, amount=lower, reason=self._say("offers", "lower")
            )
        else:
            reason = self._say("offers", "approve")
            self.set.purse.decide(self.life, offer, at, approver, amount=offer.amount, reason=reason)

    def _approver(self, offer: Offer) -> User:
        staff = self.set.staff
        people = (
            staff.managers
            if offer.asked_role == Role.MANAGER
            else staff.supervisors[self.plan.place.branch.code]
        )
        return self.chance.choice([person for person in people if person.pk != offer.proposer.pk])

    def _land(self, offer: Offer) -> None:
        at = self._at(self.chance.uniform(0.9, 0.97))
        if self.chance.random() < 0.05 and self._is_past(at):
            self.set.purse.withdraw(self.life, offer, at, self.owner, self._say("offers", "cancel"))
            self._skip(StepKind.COMPENSATE, at)
        elif self._is_past(at):
            self.set.purse.fulfil(self.life, offer, at, self.owner)
            self.life.finish(StepKind.COMPENSATE, at, None)

    def _ask_approval(self) -> None:
        """Propose what the owner may not grant alone, lately, so that it waits for a decision now."""
        assert self.plan.loss is not None
        amount = (
            self.plan.loss * Decimal(self.chance.choice(("0.85", "0.95", "1", "1.05"))) / 5
        ).to_integral_value() * 5
        last = max(entry.at for entry in self.life.entries)
        ago = min(self.chance.uniform(0.05, 0.8) * (self.set.now - last).total_seconds(), 20 * HOUR)
        self._propose(self.set.now - dt.timedelta(seconds=max(ago, 60)), amount.quantize(CENT))

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
        )
        second = self.plan.place.after(again, self.length * self.chance.uniform(0.3, 0.8) + HOUR)
        if self.plan.fate is Fate.RESOLVED_TWICE and self._is_past(second):
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

    # --- words -------------------------------------------------------------------------------

    def _say(self, *path: str, **more: str) -> str:
        facts = self.facts | more
        if "cause" not in facts:
            cause = self.voice.say("causes", self.cause, facts=facts)
            facts["cause"] = cause[:1].upper() + cause[1:]
        return self.voice.say(*path, facts=facts)

    def _write(self, at: dt.datetime, phrase: str, completes: StepKind | None, **more: str) -> None:
        """Answer by e-mail, or by phone where there is no address."""
        words = {
            "apology": self._say("apologies", self.plan.defect),
            "solution": self.solution,
            "solution_plan": self._say("plans", self.plan.place.trade.kind),
        }
        body = self._say("replies", phrase, **words, **more)
        if self.set.emails[self.plan.customer.pk]:
            self.life.reply(at, self.owner, body, completes)
            return
        told = body.partition("\n\n")[2].rpartition("\n\n")[0] or body
        self.life.call(at, self.owner, told, self.chance.randint(2, 9), completes)

    def _skip(self, kind: StepKind, at: dt.datetime, reason: str = "") -> None:
        self.life.finish(kind, at, self.owner, self._say("skips", reason or kind), StepState.SKIPPED)
