"""A random history of complaints for the tests of insights: made in bulk, and the same for the same seed."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from accounts.models import Authority, Branch, User
from accounts.states import Role
from cases.models import Case, Clock, Defect, Resolution
from cases.states import CaseState, Channel, ClockState, FailureType, Outcome
from compensation.models import Approval, Offer
from compensation.states import Decision, OfferKind, OfferState
from customers.models import Customer
from feedback.models import Instrument, Invitation, Response
from feedback.states import InvitationState
from insights.figures import Selection
from insights.periods import Period
from sla.models import Calendar
from sla.states import CASE_METRICS, Metric
from tests.factories import make_branch, make_user

NOW = dt.datetime(2026, 4, 1, 15, 30, tzinfo=dt.UTC)
ZONE = ZoneInfo("Europe/Berlin")


@dataclass(frozen=True)
class World:
    """Branches and the people who look at them."""

    branches: list[Branch]
    manager: User
    supervisor: User
    cases: list[Case]


def make_world(*, cases: int = 260, days: int = 75, seed: int = 1) -> World:
    """Complaints of the last days at three branches in two currencies, with clocks, answers and offers."""
    dice = random.Random(seed)  # noqa: S311  # repeatable on purpose
    branches = [make_branch(currency=currency) for currency in ("EUR", "CNY", "CNY")]
    manager = make_user(Role.MANAGER, time_zone=str(ZONE))
    supervisor = make_user(Role.SUPERVISOR, branches[0], branches[1], time_zone=str(ZONE))
    customer = Customer.objects.create(name="Customer")
    kinds = [*Defect.objects.filter(family__isnull=False), Defect.objects.filter(family=None).first(), None]
    made = Case.objects.bulk_create(
        _case(number, dice, days, customer, dice.choice(branches), dice.choice(kinds))
        for number in range(cases)
    )
    resolutions = _resolutions(made, dice)
    _clocks(made, dice)
    _answers(resolutions, dice)
    _offers(made, dice, manager)
    return World(branches, manager, supervisor, made)


def looking_at(*, days: int = 30, last: dt.date | None = None, **filters: object) -> Selection:
    """A selection of the days up to `last` (today), seen from `NOW`."""
    last = last or NOW.astimezone(ZONE).date()
    return Selection(Period(last - dt.timedelta(days=days - 1), last, ZONE, NOW), **filters)  # type: ignore[arg-type]


def _case(
    number: int, dice: random.Random, days: int, customer: Customer, branch: Branch, defect: Defect | None
) -> Case:
    received = NOW - dt.timedelta(seconds=dice.randrange(days * 86400))
    resolved = received + dt.timedelta(seconds=dice.randrange(12 * 86400))
    closed = resolved < NOW
    return Case(
        number=f"C-26-{900000 + number}",
        tracking_token=f"world-{number}",
        customer=customer,
        branch=branch,
        channel=dice.choice(Channel.values),
        summary="late",
        description="It came late.",
        received_at=received,
        currency=branch.currency,
        loss_amount=dice.choice([None, Decimal(0), Decimal(40), Decimal(120)]),
        verified_loss=dice.choice([None, None, Decimal(60)]),
        failure_type=dice.choice([*FailureType.values, ""]),
        defect=defect,
        state=CaseState.RESOLVED if closed else CaseState.OPEN,
        resolved_at=resolved if closed else None,
        outcome=Outcome.UPHELD if closed else "",
        reopened_count=dice.choice([0, 0, 0, 1, 2]) if closed else 0,
    )


def _resolutions(cases: list[Case], dice: random.Random) -> list[Resolution]:
    """The last resolution of each case, and the earlier ones of those that were opened again."""
    resolutions = []
    for case in cases:
        if case.resolved_at is None:
            continue
        last = Resolution.of(case, by=None)
        resolutions.append(last)
        for rounds_before in range(1, last.round):
            earlier = Resolution.of(case, by=None)
            earlier.round = last.round - rounds_before
            earlier.at = case.resolved_at - dt.timedelta(hours=rounds_before * dice.choice([20, 300]))
            # The case was said to be another failure at that time.
            earlier.failure_type = dice.choice(FailureType.values)
            resolutions.append(earlier)
    return Resolution.objects.bulk_create(resolutions)


def _clocks(cases: list[Case], dice: random.Random) -> None:
    calendar = Calendar.objects.get(code="office")
    Clock.objects.bulk_create(
        _clock(case, metric, round_number, dice, calendar)
        for case in cases
        for metric in CASE_METRICS
        # Some were reopened: a second round of the same clock counts once more.
        for round_number in range(1, dice.choice([2, 2, 2, 3]))
    )


def _clock(case: Case, metric: Metric, round_number: int, dice: random.Random, calendar: Calendar) -> Clock:
    took = dice.randrange(1, 40 * 3600)
    state = dice.choice([ClockState.MET, ClockState.MET, ClockState.MISSED, ClockState.CANCELLED])
    if case.resolved_at is None:
        state = ClockState.RUNNING
    return Clock(
        case=case,
        metric=metric,
        round=round_number,
        severity=case.severity,
        target_minutes=600,
        calendar=calendar,
        state=state,
        started_at=case.received_at,
        due_at=case.received_at + dt.timedelta(days=2),
        stopped_at=case.resolved_at,
        business_seconds=None if case.resolved_at is None else took,
        calendar_seconds=None if case.resolved_at is None else took * 3,
    )


def _answers(resolutions: list[Resolution], dice: random.Random) -> None:
    instrument = Instrument.objects.filter(is_active=True).first() or Instrument.objects.create(
        code="world", name_en="World", name_zh="世界"
    )
    answered = [resolution for resolution in resolutions if dice.random() < 0.6]
    invitations = Invitation.objects.bulk_create(
        Invitation(
            case=resolution.case,
            round=resolution.round,
            instrument=instrument,
            token=f"world-{resolution.pk}",
            language="en",
            state=InvitationState.ANSWERED,
            due_at=NOW,
            sent_at=NOW,
        )
        for resolution in answered
    )
    Response.objects.bulk_create(
        Response(
            invitation=invitation,
            case=invitation.case,
            answers={},
            satisfaction=dice.randint(1, 5),
            satisfaction_before=dice.choice([None, 1, 2, 3]),
            # Some come after the case was resolved again.
            submitted_at=resolution.at + dt.timedelta(hours=dice.choice([5, 20, 40])),
        )
        for resolution, invitation in zip(answered, invitations, strict=True)
    )


def _offers(cases: list[Case], dice: random.Random, manager: User) -> None:
    for currency in ("EUR", "CNY", "USD"):
        Authority.objects.create(
            role=Role.MANAGER,
            currency=currency,
            per_case=10**6,
            per_day=10**7,
            valid_from=dt.date(2001, 1, 1),
        )
    other = make_user(Role.MANAGER)
    offers = [
        Offer(
            case=case,
            branch=case.branch,
            kind=OfferKind.VOUCHER,
            amount=Decimal(dice.randrange(5, 90)),
            # A few are in another currency than the loss, and can't be held against it.
            currency=dice.choice([case.currency] * 5 + ["USD"]),
            purpose="the trouble",
            reason="it came late",
            proposer=manager,
        )
        for case in cases
        for _offer in range(dice.choice([0, 1, 1, 2]))
    ]
    Offer.objects.bulk_create(offers)
    Approval.objects.bulk_create(
        Approval(
            offer=offer,
            proposer=manager,
            approver=other,
            decision=Decision.APPROVED,
            amount=offer.amount,
            limit=10**6,
            reason="fair",
        )
        for offer in offers[1::2]
    )
    for number, offer in enumerate(offers):
        if number % 7 == 0:
            continue  # still waiting
        offer.state = OfferState.APPROVED
        offer.within_authority = number % 2 == 0
        offer.granted_amount = offer.amount
        offer.decided_at = min(offer.case.received_at + dt.timedelta(days=1), NOW)
    Offer.objects.bulk_update(offers, ["state", "within_authority", "granted_amount", "decided_at"])
