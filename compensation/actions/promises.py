"""Keeping the promise in a granted compensation: by when it should arrive, and reminding of it."""

from __future__ import annotations

import datetime as dt
import logging

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts.models import User
from accounts.queries import staff_of_branch
from accounts.states import ESCALATES_TO
from audit.actions import record
from cases.models import Case
from cases.paths import case_path
from common.days import local_day
from compensation.actions.guards import hold_case
from compensation.actions.telling import amount_text, words_for
from compensation.kind_queries import kind_setting
from compensation.models import Offer
from compensation.policy_queries import deadlines_of
from compensation.policy_rules import Deadline, Unit
from compensation.promise_rules import end_of, end_of_day, first_level, reminder_at
from compensation.queries import due_promises
from messaging.actions import notify
from sla.days import add_business_days
from sla.models import BranchCalendar
from sla.queries import business_hours, calendar_of
from sla.rules import OutOfReachError

log = logging.getLogger(__name__)

BATCH = 50
PROMISE_FIELDS = ("due_at", "reminded_level", "next_reminder_at")

MESSAGES = {
    1: gettext_noop("%(number)s: compensation of %(amount)s should reach the customer within a day."),
    2: gettext_noop("%(number)s: compensation of %(amount)s is overdue."),
    3: gettext_noop("%(number)s: compensation of %(amount)s is long overdue."),
}


def promise(offer: Offer, case: Case, *, at: dt.datetime) -> None:
    """Promise that the offer arrives, counted from the day after `at` at the branch; not yet written.

    Where rules of policies gave offers of its kind and have deadlines, the earliest counts: what is owed by a
    day is promised by it. Else the setting of the kind does, in business days.
    """
    deadlines = deadlines_of(offer.policy_rules, offer.kind)
    if deadlines:
        offer.due_at = min(_by(deadline, case, at) for deadline in deadlines)
    else:
        offer.due_at = _in_business_days(case, at, kind_setting(offer.kind).due_days)
    level = first_level(offer.due_at, made_at=at)
    offer.reminded_level = level - 1
    offer.next_reminder_at = reminder_at(level, offer.due_at)


def end_promise(offer: Offer, *, kept_or_late: bool = False) -> None:
    """Remind of the offer no more; not yet written. `due_at` stays where it tells whether it was kept."""
    offer.next_reminder_at = None
    if not kept_or_late:
        offer.due_at = None


def _by(deadline: Deadline, case: Case, at: dt.datetime) -> dt.datetime:
    """The last moment that is in time: closing time of a business day, or the end of a calendar day."""
    if deadline.unit is Unit.BUSINESS:
        return _in_business_days(case, at, deadline.days)
    zone = case.branch.time_zone
    return end_of(deadline.due(local_day(at, zone), lambda _day: True), zone)


def _in_business_days(case: Case, at: dt.datetime, days: int) -> dt.datetime:
    try:
        return add_business_days(at, days, business_hours(calendar_of(case.branch_id)))
    except (BranchCalendar.DoesNotExist, OutOfReachError):
        # A branch without opening days still makes promises: then every day counts.
        return end_of_day(at, days, case.branch.time_zone)


def fire_due_reminders(*, now: dt.datetime | None = None, limit: int = BATCH) -> int:
    """Tell the levels that are due of up to `limit` promises; returns how many there were.

    Several sweeps may run at once: each takes cases that no other holds, and a level moves on in the same
    transaction that tells of it.
    """
    now = now or timezone.now()
    due = list(due_promises(now).values_list("pk", "case_id")[:limit])
    for offer_id, case_id in due:
        try:
            with transaction.atomic():
                case = hold_case(case_id)
                offer = due_promises(now).filter(pk=offer_id).first()
                if case is not None and offer is not None:
                    _fire(case, offer, now)
        except Exception:
            # The others must not wait for one that can't be told of; the next sweep tries it again.
            log.exception("Nobody could be reminded of offer %s", offer_id)
    return len(due)


def _fire(case: Case, offer: Offer, now: dt.datetime) -> None:
    """Only the highest level that is due is told: after an outage nobody gets three messages at once."""
    due_at = offer.due_at
    while due_at is not None and offer.next_reminder_at is not None and offer.next_reminder_at <= now:
        offer.reminded_level += 1
        offer.next_reminder_at = reminder_at(offer.reminded_level + 1, due_at)
    _tell(case, offer)
    offer.save(update_fields=("reminded_level", "next_reminder_at"))


def _tell(case: Case, offer: Offer) -> None:
    people = _recipients(case, offer)
    promised = int(offer.due_at.timestamp()) if offer.due_at else 0  # an offer can be promised again
    notify(
        users=people,
        message=words_for(offer, MESSAGES[offer.reminded_level]),
        params={"number": case.number, "amount": amount_text(offer.standing_amount, offer.currency)},
        url=case_path(case.number),
        dedupe_key=f"offer:{offer.pk}:promise:{promised}:{offer.reminded_level}",
        urgent=offer.reminded_level > 1,
    )
    record(
        stream=case.stream,
        verb="offer.reminded",
        actor=None,
        data={
            "offer": offer.pk,
            "level": offer.reminded_level,
            "told": [person.pk for person in people],
        },
    )


def _recipients(case: Case, offer: Offer) -> list[User]:
    """Who handles the case, else who proposed; then the level's role, or the next one up with somebody."""
    if offer.reminded_level == 1:
        for person in (case.owner, offer.proposer):
            if person is not None and person.is_active:
                return [person]
    for level, role in sorted(ESCALATES_TO.items()):
        if level >= offer.reminded_level and (people := list(staff_of_branch(case.branch_id, role=role))):
            return people
    return []
