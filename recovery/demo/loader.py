"""Loads the demo: plans every case, lives it, and writes everything in bulk and in one transaction."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from decimal import Decimal
from functools import partial

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.states import Role
from audit.models import Event
from cases.actions.log import next_numbers
from cases.models import Case
from cases.states import CaseState
from compensation.models import Offer
from customers.models import Customer, Order
from recovery.demo import outage, today
from recovery.demo.answers import Answers
from recovery.demo.letters import Postman, told_of
from recovery.demo.life import Alert, Life
from recovery.demo.money import Purse
from recovery.demo.people import CUSTOMERS_PER_CASE, CustomerMaker, Pool
from recovery.demo.plans import DONE, HISTORY_DAYS, Plan, Planner
from recovery.demo.policy import HousePolicy
from recovery.demo.setting import Setting
from recovery.demo.staff import Staff, create_staff
from recovery.demo.story import NEVER_SEEN, Story
from recovery.demo.surveys import Surveyor
from recovery.demo.trades import SPIKE_BRANCH, Product
from recovery.demo.trail import Trail
from recovery.demo.wording import Wording
from recovery.demo.world import Place, create_places, targets
from recovery.demo.writing import write_rows

SEED = 20
OWNED_BY_DEMO_FRONTLINE = 10
Progress = Callable[[str], None]


@transaction.atomic
def load(*, cases: int, tell: Progress = lambda _text: None) -> dict[str, int]:
    """Write the demo with that many cases, seen from now; returns how many rows of each kind there are."""
    now = timezone.now()
    chance = random.Random(SEED)  # noqa: S311  # made-up data, the same on every machine
    tell("Opening four branches")
    places = create_places(now)
    staff = create_staff({code: place.branch for code, place in places.items()}, now - dt.timedelta(days=400))
    tell("Inventing customers")
    maker = CustomerMaker(chance)
    pools = {code: maker.pool(place, _pool_size(place, cases), now) for code, place in places.items()}
    emails = maker.write()
    wanted = targets(now.date())
    plans = Planner(chance, now, wanted, pools, places).draw(cases)
    _number_orders(plans, pools, places, chance)
    tell(f"Living {cases} cases")
    trail = Trail()
    policy = HousePolicy(trail, staff.demo[Role.MANAGER], staff.demo[Role.ADMIN], now)
    purse = Purse(trail, chance, staff, now, policy)
    answers = Answers(purse)
    setting = Setting(
        now=now,
        staff=staff,
        purse=purse,
        answers=answers,
        trail=trail,
        targets=wanted,
        emails=emails,
    )
    owners = _owners(plans, staff, chance)
    stories = [Story(plan, setting, owner) for plan, owner in zip(plans, owners, strict=True)]
    lives = _live(stories)
    tell("Asking customers how it went")
    voices = {language: Wording(language, chance) for language in ("en", "zh-hans")}
    surveyor = Surveyor(chance, now, staff, emails, voices)
    resolutions = [resolution for story in stories for resolution in story.resolutions]
    surveyor.ask(resolutions)
    tell("Writing it all down")
    counts = _write_cases(lives)
    purse.settle()
    purse.write(staff.demo[Role.ADMIN], places, dt.timedelta(days=HISTORY_DAYS), answers.write)
    surveyor.write()
    _record_alerts(lives, staff, trail)
    postman = Postman(now, emails, staff)
    _post(postman, lives, purse, surveyor)
    trail.write()
    tell("Doing what is done today")
    outage.play(lives, pools[SPIKE_BRANCH].customers, staff, chance)
    today.play(lives, staff, chance)
    counts |= {
        "audit events": Event.objects.count(),
        "offers": Offer.objects.count(),
        "surveys": len(surveyor.invitations),
        "answers": len(surveyor.responses),
    }
    return counts


def _pool_size(place: Place, cases: int) -> int:
    return max(4, round(cases * CUSTOMERS_PER_CASE * place.trade.share))


def _number_orders(
    plans: list[Plan], pools: dict[str, Pool], places: dict[str, Place], chance: random.Random
) -> None:
    """Give each case the order it is about, and some customers orders that went well."""
    orders = []
    number = 48_211
    quiet = [
        (chance.choice(pool.customers), places[code])
        for code, pool in pools.items()
        for _ in range(len(pool.customers) // 3)
    ]
    for plan in plans:
        number += chance.randint(3, 29)
        plan.order_reference = f"{plan.place.trade.order_prefix}-{plan.received_at:%y}-{number:06d}"
        ordered_at = plan.received_at - dt.timedelta(days=4, hours=chance.randint(1, 200))
        orders.append(
            _order(plan.customer, plan.place, plan.order_reference, plan.product, ordered_at, chance)
        )
    for customer, place in quiet:
        number += chance.randint(3, 29)
        product = chance.choice(place.trade.products)
        ordered_at = plans[0].received_at - dt.timedelta(days=chance.randint(5, 200))
        reference = f"{place.trade.order_prefix}-{ordered_at:%y}-{number:06d}"
        orders.append(_order(customer, place, reference, product, ordered_at, chance))
    write_rows(orders)


def _order(
    customer: Customer,
    place: Place,
    reference: str,
    product: Product,
    ordered_at: dt.datetime,
    chance: random.Random,
) -> Order:
    return Order(
        customer=customer,
        branch=place.branch,
        reference=reference,
        product=product.named(customer.language),
        amount=Decimal(chance.randint(product.low, product.high)),
        currency=place.trade.currency,
        ordered_at=ordered_at,
    )


def _owners(plans: list[Plan], staff: Staff, chance: random.Random) -> list[User]:
    """Who owns each case: of the open ones the demo's frontline user has a handful."""
    demo = staff.demo[Role.FRONTLINE]
    reach = {code for code, people in staff.frontline.items() if demo in people}
    hers = [plan for plan in plans if plan.fate not in DONE and plan.place.branch.code in reach]
    hers = [plan for plan in hers if plan.fate not in NEVER_SEEN and not plan.asks_approval]
    kept = {id(plan) for plan in chance.sample(hers, min(OWNED_BY_DEMO_FRONTLINE, len(hers)))}
    return [
        demo
        if id(plan) in kept
        else chance.choice(
            [
                person
                for person in staff.frontline[plan.place.branch.code]
                if person != demo or plan.fate in DONE
            ]
        )
        for plan in plans
    ]


def _live(stories: list[Story]) -> list[Life]:
    """Live every case in the order of reception, which is the order of their numbers."""
    numbers: list[str] = []
    for year in sorted({story.plan.received_at.year for story in stories}):
        of_year = [story.plan for story in stories if story.plan.received_at.year == year]
        numbers += next_numbers(len(of_year), of_year[0].received_at)
    lives = []
    for story, number in zip(stories, numbers, strict=True):
        lives.append(story.begin(number))
        story.tell()
    return lives


def _write_cases(lives: list[Life]) -> dict[str, int]:
    """Write cases with all that belongs to them, in the order of time."""
    for life in lives:
        life.settle()
    Case.objects.bulk_create([life.case for life in lives], batch_size=500)
    steps = [step for life in lives for step in life.steps]
    clocks = sorted((clock for life in lives for clock in life.clocks), key=lambda clock: clock.started_at)
    entries = sorted((entry for life in lives for entry in life.entries), key=lambda entry: entry.at)
    write_rows(steps)
    write_rows(clocks)
    write_rows(entries)
    write_rows([resolution for life in lives for resolution in life.resolutions])
    still_open = sum(life.case.state != CaseState.RESOLVED for life in lives)
    return {"cases": len(lives), "open cases": still_open, "timeline entries": len(entries)}


def _record_alerts(lives: list[Life], staff: Staff, trail: Trail) -> None:
    """Leave a record of every level that has fired, as the sweep does."""
    for life in lives:
        for alert in life.alerts:
            told = told_of(alert, life, staff)
            trail.add(
                partial("clock:{0.pk}".format, alert.clock),
                "clock.escalated",
                at=alert.at,
                data=partial(_alert_data, life.case, alert, told),
            )


def _alert_data(case: Case, alert: Alert, told: list[User]) -> dict[str, object]:
    return {
        "case": case.pk,
        "clock": str(alert.clock.metric),
        "level": alert.level,
        "told": [person.pk for person in told],
    }


def _post(postman: Postman, lives: list[Life], purse: Purse, surveyor: Surveyor) -> None:
    postman.acknowledge(lives)
    postman.reply(entry for life in lives for entry in life.entries)
    postman.survey(surveyor.invitations)
    postman.tell_of_clocks(lives)
    postman.tell_of_offers(purse.offers, {life.case.pk: life for life in lives})
    postman.tell_of_promises(purse.reminders)
    postman.tell_of_follow_ups(surveyor.follow_ups)
    postman.write()
