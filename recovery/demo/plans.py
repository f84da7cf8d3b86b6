"""What is to happen in the demo: every case's facts, and how far each has come by now."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum, auto

from cases.states import Channel, FailureType, Outcome, Remedy
from cases.suggestion.codes import FAILURE_OF_DEFECT
from customers.models import Customer
from recovery.demo.chance import weighted
from recovery.demo.people import Pool
from recovery.demo.trades import SPIKE_BRANCH, SPIKE_DAYS, SPIKE_DEFECT, Product
from recovery.demo.world import Place, Targets
from sla.states import Metric, Severity

HISTORY_DAYS = 180
HOUR, DAY = 3600.0, 86400.0


class Fate(Enum):
    """How far a case has come."""

    RESOLVED = auto()
    RESOLVED_TWICE = auto()
    REOPENED = auto()
    FRESH = auto()
    RESPONSE_LATE = auto()
    WORKING = auto()
    SOON = auto()
    WARNED = auto()
    OVERDUE = auto()
    LONG_OVERDUE = auto()
    WAITING = auto()


DONE = frozenset({Fate.RESOLVED, Fate.RESOLVED_TWICE})
TWICE = frozenset({Fate.RESOLVED_TWICE, Fate.REOPENED})

# Shares of the open cases; what is missing to the whole is being worked on.
OPEN_FATES = {
    Fate.FRESH: 0.13,
    Fate.RESPONSE_LATE: 0.02,
    Fate.SOON: 0.06,
    Fate.WARNED: 0.08,
    Fate.OVERDUE: 0.06,
    Fate.LONG_OVERDUE: 0.02,
    Fate.WAITING: 0.14,
    Fate.REOPENED: 0.04,
}
OPEN_SHARE = 0.056
FEWEST_OPEN = 38
RESOLVED_TWICE_SHARE = 0.045
WAITING_OFFERS = 8
OFFERS_ON_THE_WAY = 4
# What most offers are about, so that a decision has like cases beside it.
APPROVAL_DEFECT = "below_standard"
SPIKE_SHARE = 0.023

SEVERITIES = ((Severity.CRITICAL, 3), (Severity.HIGH, 15), (Severity.MEDIUM, 54), (Severity.LOW, 28))
CUES = {
    Severity.CRITICAL: ("legal", "media"),
    Severity.HIGH: ("regulator", "fraud", "payment", "repeat", "repeat", "repeat"),
}
# How much of what is critical hurt someone; bad quality does, bad manners do not.
HARMFUL = 0.6
CHANNELS = (
    (Channel.PHONE, 34), (Channel.COUNTER, 17), (Channel.WEB, 17), (Channel.EMAIL, 13), (Channel.CHAT, 9),
    (Channel.SOCIAL, 6), (Channel.REGULATOR, 2), (Channel.API, 2),
)  # fmt: skip
IN_OPENING_HOURS = frozenset({Channel.PHONE, Channel.COUNTER, Channel.CHAT})
OUTCOMES = (
    (Outcome.UPHELD, 62), (Outcome.PARTLY_UPHELD, 20), (Outcome.NOT_UPHELD, 13), (Outcome.WITHDRAWN, 5),
)  # fmt: skip
REMEDIES = {
    "hotel": (Remedy.REFUND, Remedy.REFUND, Remedy.SUBSTITUTE, Remedy.COMPENSATION),
    "restaurant": (Remedy.REFUND, Remedy.REFUND, Remedy.SUBSTITUTE, Remedy.COMPENSATION),
    "courier": (Remedy.REFUND, Remedy.SUBSTITUTE, Remedy.COMPENSATION, Remedy.INFORMATION),
    "shop": (Remedy.REFUND, Remedy.EXCHANGE, Remedy.REPAIR, Remedy.REPAIR),
}
REMEDIES_OF_PROCESS = (Remedy.APOLOGY, Remedy.APOLOGY, Remedy.INFORMATION, Remedy.COMPENSATION, Remedy.GIFT)


@dataclass(slots=True)
class Plan:
    """One case to come. `elapsed` is the business time, in seconds, since it was received, for open ones."""

    place: Place
    customer: Customer
    defect: str
    severity: Severity
    channel: Channel
    fate: Fate
    product: Product
    received_at: dt.datetime
    failure_type: FailureType
    cue: str
    remedy: Remedy
    outcome: Outcome
    loss: Decimal | None
    speed: float
    elapsed: float = 0.0
    asks_approval: bool = False
    pays_now: bool = False
    is_spike: bool = False
    order_reference: str = ""
    seed: int = 0
    facts: dict[str, str] = field(default_factory=dict)


class Planner:
    """Draws plans: first the open cases, reckoned back from where they are to stand now, then the past."""

    def __init__(
        self,
        chance: random.Random,
        now: dt.datetime,
        targets: Targets,
        pools: dict[str, Pool],
        places: dict[str, Place],
    ) -> None:
        self._chance = chance
        self._now = now
        self._targets = targets
        self._pools = pools
        self._places = places
        self._shares = [place.trade.share for place in places.values()]

    def draw(self, count: int) -> list[Plan]:
        """That many plans, by the time each case was received."""
        n_open = min(count, max(FEWEST_OPEN, round(count * OPEN_SHARE)))
        plans = [self._open(fate) for fate in self._open_fates(n_open)]
        self._ask_approvals(plans)
        n_spike = round(count * SPIKE_SHARE)
        plans += [self._spike() for _ in range(n_spike)]
        plans += [self._past() for _ in range(count - n_open - n_spike)]
        plans.sort(key=lambda plan: plan.received_at)
        return plans

    def _open_fates(self, n_open: int) -> list[Fate]:
        fates = [fate for fate, share in OPEN_FATES.items() for _ in range(max(1, round(share * n_open)))]
        return fates + [Fate.WORKING] * (n_open - len(fates))

    def _ask_approvals(self, plans: list[Plan]) -> None:
        """Let some of the cases in work wait for a decision on money, and some for the money itself."""
        ready = [
            plan
            for plan in plans
            if plan.fate in (Fate.WORKING, Fate.WARNED, Fate.OVERDUE) and plan.severity != Severity.CRITICAL
        ]
        chosen = self._chance.sample(ready, min(WAITING_OFFERS + OFFERS_ON_THE_WAY, len(ready)))
        for plan in chosen[WAITING_OFFERS:]:
            plan.pays_now, plan.outcome = True, Outcome.UPHELD
        for rank, plan in enumerate(chosen[:WAITING_OFFERS]):
            plan.asks_approval = True
            plan.defect, plan.failure_type = APPROVAL_DEFECT, FailureType.OUTCOME
            plan.outcome, plan.remedy = Outcome.UPHELD, Remedy.REFUND
            # More than frontline may grant alone; the first is beyond a supervisor, too.
            share = 2.3 if rank == 0 else self._chance.uniform(0.5, 1)
            plan.loss = _rounded(plan.place.trade.loss[1] * share)

    def _open(self, fate: Fate) -> Plan:
        plan = self._draw(fate, self._place_for(fate))
        minutes = self._targets[plan.severity]
        response, resolution = (
            minutes[metric] * 60.0 for metric in (Metric.FIRST_RESPONSE, Metric.RESOLUTION)
        )
        plan.elapsed = self._elapsed(fate, response, resolution)
        if fate is Fate.FRESH and self._chance.random() < 0.5:
            plan.channel = Channel.WEB
        plan.received_at = plan.place.before(self._now, plan.elapsed)
        return plan

    def _place_for(self, fate: Fate) -> Place:
        """Any branch; what breaches within the hour has to be where it is open now."""
        places = list(self._places.values())
        if fate is Fate.SOON:
            ahead = self._now + dt.timedelta(hours=1)
            places = [place for place in places if place.between(self._now, ahead) > 0.9 * HOUR]
        return self._chance.choices(places, [place.trade.share for place in places])[0]

    def _elapsed(self, fate: Fate, response: float, resolution: float) -> float:
        draw = self._chance.uniform
        match fate:
            case Fate.FRESH:
                return draw(0.02, 0.5) * response
            case Fate.RESPONSE_LATE:
                return draw(1.05, 1.4) * response
            case Fate.SOON:
                return resolution - draw(5, 55) * 60
            case Fate.WARNED:
                return draw(0.76, 0.94) * resolution
            case Fate.OVERDUE:
                return draw(1.02, 1.4) * resolution
            case Fate.LONG_OVERDUE:
                return draw(1.55, 1.9) * resolution
            case Fate.REOPENED:
                return draw(1.2, 3.0) * resolution
            case _:
                return draw(0.12, 0.7) * resolution

    def _spike(self) -> Plan:
        """A parcel that was promised and has not come, in the last days."""
        plan = self._draw(Fate.RESOLVED, self._places[SPIKE_BRANCH], defect=SPIKE_DEFECT)
        plan.severity = self._chance.choices((Severity.HIGH, Severity.MEDIUM), (2, 5))[0]
        plan.cue = "repeat" if plan.severity == Severity.HIGH else ""
        plan.is_spike = True
        ago = self._chance.uniform(0.05, SPIKE_DAYS - 0.3) * DAY
        plan.received_at = self._arrival(plan, self._now - dt.timedelta(seconds=ago))
        return self._as_far_as_it_got(plan)

    def _past(self) -> Plan:
        twice = self._chance.random() < RESOLVED_TWICE_SHARE
        place = self._chance.choices(list(self._places.values()), self._shares)[0]
        plan = self._draw(Fate.RESOLVED_TWICE if twice else Fate.RESOLVED, place)
        minutes = self._targets[plan.severity][Metric.RESOLUTION]
        longest = minutes * 60 * plan.speed * 1.6 + (6 * HOUR if twice else 0)
        # Most of what came in lately is still open, and drawn as such.
        lately = self._now - dt.timedelta(days=self._chance.uniform(2, 9))
        latest = min(place.before(self._now, longest), lately)
        span = (latest - (self._now - dt.timedelta(days=HISTORY_DAYS))).total_seconds()
        ago = span * (1 - self._chance.betavariate(1.15, 1))
        plan.received_at = self._arrival(plan, latest - dt.timedelta(seconds=ago))
        return self._as_far_as_it_got(plan)

    def _arrival(self, plan: Plan, moment: dt.datetime) -> dt.datetime:
        """People call and come when it is open, and write when they are awake."""
        if plan.channel in IN_OPENING_HOURS:
            opened = plan.place.after(moment, 0)
            return (
                moment if opened == moment else plan.place.after(opened, self._chance.uniform(60, 4 * HOUR))
            )
        local = moment.astimezone(plan.place.zone)
        return moment - dt.timedelta(hours=8) if local.hour < 7 else moment

    def _as_far_as_it_got(self, plan: Plan) -> Plan:
        """A recent case is resolved by now if there was time for it, and else in work."""
        plan.received_at = min(plan.received_at, self._now - dt.timedelta(minutes=20))
        plan.elapsed = plan.place.between(plan.received_at, self._now)
        resolution = self._targets[plan.severity][Metric.RESOLUTION] * 60
        if plan.elapsed < 1.7 * plan.speed * resolution:
            plan.fate = Fate.WORKING if plan.elapsed > 0.1 * resolution else Fate.FRESH
        return plan

    def _draw(self, fate: Fate, place: Place, *, defect: str = "") -> Plan:
        chance, trade = self._chance, place.trade
        defect = defect or chance.choices(list(trade.defects), list(trade.defects.values()))[0]
        severity = weighted(chance, SEVERITIES)
        cue = chance.choice(CUES[severity]) if severity in CUES else ""
        if severity == Severity.CRITICAL and chance.random() < HARMFUL:
            defect, cue = "below_standard", "safety"
        failure_type = FailureType(FAILURE_OF_DEFECT[defect])
        outcome_failed = failure_type == FailureType.OUTCOME
        return Plan(
            place=place,
            customer=self._pools[trade.code].draw(chance),
            defect=defect,
            severity=severity,
            channel=weighted(chance, CHANNELS),
            fate=fate,
            product=chance.choice(trade.products),
            received_at=self._now,
            failure_type=failure_type,
            cue=cue,
            remedy=chance.choice(REMEDIES[trade.kind] if outcome_failed else REMEDIES_OF_PROCESS),
            outcome=Outcome.UPHELD if fate in TWICE else weighted(chance, OUTCOMES),
            loss=self._loss(place) if chance.random() < (0.75 if outcome_failed else 0.35) else None,
            speed=min(chance.lognormvariate(-0.75, 0.5), 1.9),
            seed=chance.getrandbits(32),
        )

    def _loss(self, place: Place) -> Decimal:
        low, high = place.trade.loss
        amount = min(low * self._chance.paretovariate(0.9), high)
        return _rounded(amount)


def _rounded(amount: float) -> Decimal:
    return Decimal(round(amount / 5) * 5 or 5).quantize(Decimal("0.01"))
