"""What follows a complaint: compensation with its decisions and movements, and the survey with its answer."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal

from accounts.models import User
from accounts.states import Role
from bench.data.lives import Life
from bench.data.sheet import json_text, moment
from bench.data.sheets import Sheets
from bench.data.world import World
from cases.states import EntryKind
from common.copying import NULL
from compensation.states import Decision, FulfilmentMethod, Movement, OfferKind, OfferState
from feedback.states import FollowUpState, InvitationState

ASKED = 0.2
WAITING = 0.035
REJECTED = 0.06
INVITED = 0.72
ANSWERED = 0.3
# Where a role would grant more than it may, someone else decides.
ASK_AFTER, DECIDE_AFTER, LANDS_AFTER = dt.timedelta(minutes=25), dt.timedelta(hours=5), dt.timedelta(hours=20)
POINTS = (1, 2, 3, 3, 4, 4, 4, 5, 5, 5)


def compensate(world: World, life: Life, sheets: Sheets, chance: random.Random) -> None:
    """Make an offer on some cases: granted alone, asked for and decided, or still waiting."""
    if life.responded_at is None:
        return
    is_open = life.resolved_at is None
    if is_open and chance.random() < WAITING:
        _ask(world, life, sheets, chance, OfferState.WAITING)
    elif chance.random() < world.offers:
        if chance.random() >= ASKED:
            _grant_alone(world, life, sheets, chance)
        elif life.responded_at + ASK_AFTER + DECIDE_AFTER < world.now:
            _ask(
                world,
                life,
                sheets,
                chance,
                OfferState.REJECTED if chance.random() < REJECTED else OfferState.APPROVED,
            )


def _grant_alone(world: World, life: Life, sheets: Sheets, chance: random.Random) -> None:
    assert life.responded_at is not None
    at = life.responded_at + dt.timedelta(minutes=5)
    if at > world.now:
        return
    currency = world.places[life.person.place].trade.currency
    amount = Decimal(chance.randint(5, int(world.limits[currency][Role.FRONTLINE])))
    said = f"{currency} {amount}"
    life.note(
        at,
        EntryKind.EVENT,
        life.owner,
        "Compensation of %(amount)s granted within own authority.",
        amount=said,
    )
    offer = _offer(world, life, sheets, OfferState.APPROVED, amount, at, alone=True)
    _deliver(world, life, sheets, offer, amount, at, life.owner)


def _ask(world: World, life: Life, sheets: Sheets, chance: random.Random, becomes: OfferState) -> None:
    assert life.responded_at is not None
    at = life.responded_at + ASK_AFTER
    if at > world.now:
        return
    currency = world.places[life.person.place].trade.currency
    limits = world.limits[currency]
    amount = Decimal(chance.randint(int(limits[Role.FRONTLINE]) + 1, int(limits[Role.SUPERVISOR])))
    said = f"{currency} {amount}"
    message = "Compensation of %(amount)s proposed; it waits for approval."
    life.note(at, EntryKind.EVENT, life.owner, message, amount=said)
    offer = _offer(world, life, sheets, becomes, amount, at, alone=False)
    if becomes == OfferState.WAITING:
        return
    decided_at, approver = at + DECIDE_AFTER, world.staff.readers[life.key % len(world.staff.readers)]
    granted = becomes == OfferState.APPROVED
    decision = Decision.APPROVED if granted else Decision.REJECTED
    sheets.approvals.add(
        *(str(offer), str(life.owner.pk), str(approver.pk), decision.value, str(amount) if granted else NULL),
        *(str(limits[Role.SUPERVISOR]), "In line with what like cases got.", decided_at.isoformat()),
    )
    life.record(decided_at, f"offer.{decision}", approver, offer=offer, asked=str(amount), currency=currency)
    message = (
        "Compensation of %(asked)s approved: %(reason)s"
        if granted
        else "Compensation of %(asked)s rejected: %(reason)s"
    )
    life.note(decided_at, EntryKind.EVENT, approver, message, asked=said, reason="As like cases.")
    if granted:
        _deliver(world, life, sheets, offer, amount, decided_at, approver)


def _offer(
    world: World,
    life: Life,
    sheets: Sheets,
    state: OfferState,
    amount: Decimal,
    at: dt.datetime,
    *,
    alone: bool,
) -> int:
    """Write the offer; one that is granted and whose case is resolved has reached the customer."""
    place = world.places[life.person.place]
    # An offer is made at most once a case, so it can bear the key of its case.
    key, granted = life.key, state == OfferState.APPROVED
    decided = None if state == OfferState.WAITING else at if alone else at + DECIDE_AFTER
    budget = world.budget_on(life.person.place, decided) if granted and decided else None
    landed = (
        granted and decided is not None and life.resolved_at is not None and decided + LANDS_AFTER < world.now
    )
    life.landed_at = decided + LANDS_AFTER if landed and decided else None
    life.undecided = state == OfferState.WAITING
    kind = OfferKind.REFUND if life.story.remedy == "refund" else OfferKind.VOUCHER
    sheets.offers.add(
        *(
            str(key),
            str(key),
            str(place.branch.pk),
            kind.value,
            str(amount),
            str(amount) if granted else NULL,
        ),
        *(place.trade.currency, "What went wrong", "Fair to the customer."),
        *(OfferState.FULFILLED.value if landed else state.value, str(life.owner.pk), at.isoformat()),
        *("t" if alone else "f", "" if alone else Role.SUPERVISOR.value),
        *(NULL if budget is None else str(budget), moment(decided)),
    )
    life.record(at, "offer.proposed", life.owner, offer=key, amount=str(amount), within_authority=alone)
    return key


def _deliver(
    world: World, life: Life, sheets: Sheets, offer: int, amount: Decimal, at: dt.datetime, by: User
) -> None:
    """Reserve the money, and commit it where it has reached the customer."""
    budget = str(world.budget_on(life.person.place, at))
    sheets.movements.add(budget, str(offer), Movement.RESERVE.value, str(amount), at.isoformat(), str(by.pk))
    if life.landed_at is None:
        return
    landed, owner = life.landed_at.isoformat(), str(life.owner.pk)
    sheets.movements.add(budget, str(offer), Movement.COMMIT.value, str(amount), landed, owner)
    method = FulfilmentMethod.BANK_TRANSFER.value
    sheets.fulfilments.add(str(offer), method, f"BT{offer:08d}", landed, owner, landed)
    life.record(life.landed_at, "offer.fulfilled", life.owner, offer=offer, method=method)
    said = f"{world.places[life.person.place].trade.currency} {amount}"
    life.note(
        life.landed_at,
        EntryKind.EVENT,
        life.owner,
        "Compensation of %(amount)s reached the customer.",
        amount=said,
    )


def ask_how_it_went(world: World, life: Life, sheets: Sheets, chance: random.Random) -> None:
    """Invite the customers of most resolved cases, of whom some answer."""
    if life.resolved_at is None or chance.random() > INVITED:
        return
    due = max(life.resolved_at, life.landed_at or life.resolved_at) + dt.timedelta(days=1)
    is_sent = due < world.now
    answered_at = due + dt.timedelta(hours=3 + life.key % 40)
    answers = is_sent and answered_at < world.now and chance.random() < ANSWERED
    state = (
        InvitationState.ANSWERED
        if answers
        else InvitationState.SENT
        if is_sent
        else InvitationState.SCHEDULED
    )
    key = str(life.key)
    sheets.invitations.add(
        *(key, key, str(world.instrument_id), f"bench-{life.key:020d}", life.person.language, state.value),
        *(
            due.isoformat(),
            moment(due if is_sent else None),
            moment(due + dt.timedelta(days=14) if is_sent else None),
        ),
    )
    if answers:
        _answer(world, life, sheets, chance, answered_at)


def _answer(world: World, life: Life, sheets: Sheets, chance: random.Random, at: dt.datetime) -> None:
    satisfaction = chance.choice(POINTS)
    points = {code: chance.choice(POINTS) for code in world.questions} | {"recovery": satisfaction}
    nps = min(10, 2 * satisfaction + chance.randint(-1, 1))
    key, given = str(life.key), at.isoformat()
    sheets.responses.add(
        *(
            key,
            key,
            key,
            json_text(points),
            str(satisfaction),
            NULL if life.before is None else str(life.before),
        ),
        *(f"{chance.randint(10, 50) / 10:.1f}", str(max(0, nps)), given, given),
    )
    life.record(at, "survey.answered", None, satisfaction=satisfaction)
    if satisfaction > 2:
        return
    life.low_score = True
    done_at = at + dt.timedelta(hours=20)
    done = done_at < world.now
    assignee = str(world.staff.readers[life.key % len(world.staff.readers)].pk)
    sheets.follow_ups.add(
        *(key, key, assignee, (FollowUpState.DONE if done else FollowUpState.OPEN).value, given),
        *(
            (at + dt.timedelta(hours=48)).isoformat(),
            moment(done_at if done else None),
            assignee if done else NULL,
        ),
        "Called, and put right." if done else "",
    )
