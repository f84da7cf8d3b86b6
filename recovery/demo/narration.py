"""What a story of the demo is told with: its facts, its sense of time, and its words."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal

from accounts.models import User
from cases.states import FailureType, StepKind, StepState
from common.money import format_money
from recovery.demo.chance import weighted
from recovery.demo.life import Life
from recovery.demo.plans import DONE, Plan
from recovery.demo.setting import Setting, by_morning
from recovery.demo.wording import Wording, phrases
from sla.states import Severity

CAUSES = (
    ("staff", 22), ("process_rules", 20), ("management", 14), ("technical_support", 12),
    ("service_design", 10), ("third_party", 9), ("performance_measures", 5), ("customer_needs", 3),
    ("force_majeure", 2), ("not_established", 3),
)  # fmt: skip
WEEKDAYS = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "zh-hans": ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
}


# Why parcels came late in the last days.
SPIKE_CAUSE = "technical_support"


class Narration:
    """The facts of one plan, and how to say them and when.

    Business time from the first answer to the resolution is cut into shares at which things are done.
    """

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
        self.length = 0.0
        self.answer_after = 0.0

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
