"""The run of a remedy: customers are granted their shares in batches, each once, whatever stops it between.

A batch is one transaction. Shares that are due are the work list: whoever is killed leaves them due, and
whoever comes next goes on. The remedy is locked first, then its shares and the cases, so that two workers
take turns and staff can pause between two batches.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext_noop, override

from accounts.models import User
from audit.actions import event_after
from audit.models import Event
from audit.queries import newest_events
from cases.actions.open_many import open_cases
from cases.models import Affected, Case, TimelineEntry
from cases.states import EntryKind
from common.copying import copy_rows, reserve_ids, unsaved
from common.days import local_day
from common.money import format_money
from common.queue import claim, nudge
from compensation.actions import remedy_ledger
from compensation.actions.promises import promise
from compensation.actions.remedy_steering import close_run, move
from compensation.actions.telling import amount_text
from compensation.kind_queries import kind_setting
from compensation.models import Offer, Remedy, RemedyShare
from compensation.models.kind import kind_label
from compensation.promise_rules import end_of_day
from compensation.states import Need, OfferState, RemedyState, ShareProblem, ShareState
from customers.models import ContactPoint, Customer
from customers.states import ContactKind
from messaging.actions.outbox import SEND_TASK, letter
from messaging.models import OutboxMessage
from messaging.rendering import SharedContext

BATCH = 500
# For these something of the customer's may be missing: an account, a receipt, the day they want to come.
TAKES_DETAILS = frozenset({Need.PAYMENT, Need.CREDIT, Need.RECEIPT, Need.BOOKING})
_GRANTED = gettext_noop("Compensation of %(amount)s granted by the remedy of incident %(incident)s.")


@dataclass(frozen=True, slots=True)
class _Ready:
    """A share that nothing stands against, with the customer, an address, and the case if there is one."""

    share: RemedyShare
    customer: Customer
    address: str
    case: Case | None

    def asked(self, terms: _Terms) -> bool:
        """Whether the letter asks this customer whether they want it."""
        return terms.answer_by is not None and bool(self.address)


@dataclass(frozen=True, slots=True)
class _Terms:
    """What the kind of a remedy asks: `answer_by` is empty where it comes without the customer's yes."""

    due_at: dt.datetime | None
    answer_by: dt.datetime | None
    answer_day: dt.date
    takes_details: bool


def run_next_batch(*, limit: int = BATCH) -> int:
    """Grant the next shares of a remedy that runs; returns how many were dealt with, 0 when nothing is left.

    A share that the database refuses does not hold up the others: the batch is then gone through one by one,
    and the share is kept as failed, with the reason.
    """
    try:
        with transaction.atomic():
            return _next(limit)
    except IntegrityError:
        return sum(_one_by_one(limit))


def _one_by_one(limit: int) -> list[int]:
    done = []
    for _turn in range(limit):
        share_id = _first_due()
        if share_id is None:
            break
        try:
            with transaction.atomic():
                done.append(_next(1))
        except IntegrityError:
            with transaction.atomic():
                RemedyShare.objects.filter(pk=share_id, state=ShareState.DUE).update(
                    state=ShareState.FAILED, problem=ShareProblem.REFUSED, done_at=timezone.now()
                )
            done.append(1)
    return done


def _first_due() -> int | None:
    due = RemedyShare.objects.filter(state=ShareState.DUE, remedy__state=RemedyState.RUNNING)
    return due.order_by("remedy_id", "id").values_list("pk", flat=True).first()


def _next(limit: int) -> int:
    due = RemedyShare.objects.filter(remedy=OuterRef("pk"), state=ShareState.DUE)
    running = Remedy.objects.filter(Exists(due), state=RemedyState.RUNNING).order_by("id")
    joined = running.select_related("incident__branch", "incident__defect", "started_by")
    remedies = claim(joined, limit=1)
    return _run(remedies[0], limit) if remedies else 0


def _run(remedy: Remedy, limit: int) -> int:
    due = RemedyShare.objects.filter(remedy=remedy, state=ShareState.DUE)
    shares = list(due.select_for_update().order_by("id")[:limit])
    now = timezone.now()
    ready = _ready(remedy, shares, now)
    _grant(remedy, ready, now)
    if len(shares) < limit or not due.exists():
        _end(remedy)
    return len(shares)


def _end(remedy: Remedy) -> None:
    """Nothing is due any more: the run is over, or waits for staff to look at what failed."""
    if RemedyShare.objects.filter(remedy=remedy, state=ShareState.FAILED).exists():
        move(remedy, RemedyState.PAUSED, None)
    else:
        close_run(remedy, None)


def _ready(remedy: Remedy, shares: Sequence[RemedyShare], now: dt.datetime) -> list[_Ready]:
    """The shares that can be granted; of the others is written down why not."""
    customer_ids = [share.customer_id for share in shares]
    rows = Affected.objects.filter(incident=remedy.incident_id, customer__among=customer_ids)
    affected = {row.customer_id: row for row in rows.select_for_update(no_key=True)}
    locked = (
        Case.objects.filter(pk__among=[row.case_id for row in affected.values() if row.case_id])
        .select_for_update(no_key=True)
        .defer("search", "description", "suggestion")
        .order_by("pk")
    )
    cases = {case.pk: case for case in locked}
    customers = Customer.objects.defer("search").in_bulk(customer_ids)
    addresses = _addresses(customer_ids) if remedy.tell_customers else {}
    ready, refused = [], []
    for share in shares:
        row = affected.get(share.customer_id)
        case = cases.get(row.case_id or 0) if row else None
        share.problem = _problem(remedy, row, case)
        if share.problem:
            share.state = ShareState.LEFT_OUT if share.problem == ShareProblem.EXCLUDED else ShareState.FAILED
            share.done_at = now
            refused.append(share)
        else:
            address = addresses.get(share.customer_id, "")
            ready.append(_Ready(share, customers[share.customer_id], address, case))
    RemedyShare.objects.bulk_update(refused, ("state", "problem", "done_at"))
    return ready


def _problem(remedy: Remedy, row: Affected | None, case: Case | None) -> str:
    if row is None or row.excluded_because:
        return ShareProblem.EXCLUDED
    if case is not None and not case.is_open:
        return ShareProblem.RESOLVED
    if case is not None and case.currency != remedy.currency:
        return ShareProblem.CURRENCY
    return ""


def _addresses(customer_ids: list[int]) -> dict[int, str]:
    """The first e-mail address of each customer."""
    points = ContactPoint.objects.filter(customer__among=customer_ids, kind=ContactKind.EMAIL)
    rows = points.order_by("customer_id", "-id").values_list("customer_id", "value")
    return dict(rows)


def _grant(remedy: Remedy, ready: Sequence[_Ready], now: dt.datetime) -> None:
    """Write the offers with all that belongs to them, and open the cases that are missing."""
    if not ready:
        return
    actor = remedy.started_by
    assert actor is not None, "a run has a starter, by a constraint"
    strangers = [(each.customer, bool(each.address)) for each in ready if each.case is None]
    opened = open_cases(incident=remedy.incident, customers=strangers, actor=actor, at=now)
    fresh = iter(opened.cases)
    cases = [each.case or next(fresh) for each in ready]
    known = [each.case.stream for each in ready if each.case is not None]
    last = newest_events(known) | {event.stream: event for event in opened.events}
    terms = _terms(remedy, now)
    offers = _offers(remedy, ready, cases, terms, now)
    params = {"amount": "", "incident": remedy.incident.number}
    pairs = list(zip(offers, cases, strict=True))
    copy_rows(
        opened.cases,
        [*opened.timeline, *(_entry(offer, case, params, actor, now) for offer, case in pairs)],
        opened.steps,
        opened.clocks,
        offers,
        [*opened.events, *(_event(remedy, offer, case, last, actor, now) for offer, case in pairs)],
        _letters(remedy, ready, cases, terms),
        remedy_ledger.pass_on(remedy=remedy, offers=offers, by=actor),
    )
    remedy.save(update_fields=("held",))
    _note_done(remedy, ready, cases, offers, now)
    if remedy.tell_customers:
        nudge(SEND_TASK)


def _terms(remedy: Remedy, now: dt.datetime) -> _Terms:
    """What the kind asks of everybody.

    All cases are of one branch, so that one day is promised to all: the earliest that a policy wants for
    anybody. Nobody is reminded of each of them: a run leaves as many as there are customers.
    """
    branch, setting = remedy.incident.branch, kind_setting(remedy.kind)
    pattern = Offer(kind=remedy.kind, policy_rules=remedy.policy_rules)
    promise(pattern, Case(branch=branch), at=now)
    return _Terms(
        due_at=pattern.due_at,
        answer_by=end_of_day(now, setting.answer_days, branch.time_zone) if setting.asks_customer else None,
        answer_day=local_day(now, branch.time_zone) + dt.timedelta(days=setting.answer_days),
        takes_details=setting.need in TAKES_DETAILS,
    )


def _offers(
    remedy: Remedy, ready: Sequence[_Ready], cases: Sequence[Case], terms: _Terms, now: dt.datetime
) -> list[Offer]:
    """The offers: granted, or where the kind asks the customer, made to whom the letter reaches.

    To whom no letter goes, staff make the offer as to any other customer.
    """
    keys = reserve_ids(Offer, len(ready))
    return [
        Offer(
            pk=key,
            case_id=case.pk,
            branch_id=case.branch_id,
            kind=remedy.kind,
            basis=remedy.basis,
            amount=each.share.amount,
            granted_amount=each.share.amount,
            currency=remedy.currency,
            purpose=remedy.purpose,
            reason=remedy.reason,
            state=OfferState.OFFERED if each.asked(terms) else OfferState.APPROVED,
            proposer_id=remedy.proposer_id,
            proposed_at=remedy.proposed_at,
            budget_id=remedy.budget_id,
            decided_at=now,
            remedy_id=remedy.pk,
            due_at=None if each.asked(terms) else terms.due_at,
            offered_at=now if each.asked(terms) else None,
            expires_at=terms.answer_by if each.asked(terms) else None,
        )
        for key, each, case in zip(keys, ready, cases, strict=True)
    ]


def _entry(offer: Offer, case: Case, params: dict[str, str], actor: User, now: dt.datetime) -> TimelineEntry:
    return unsaved(
        TimelineEntry,
        case_id=case.pk,
        kind=EntryKind.EVENT,
        author_id=actor.pk,
        body=_GRANTED,
        params=params | {"amount": amount_text(offer.amount, offer.currency)},
        at=now,
    )


def _event(
    remedy: Remedy, offer: Offer, case: Case, last: dict[str, Event], actor: User, now: dt.datetime
) -> Event:
    return event_after(
        last.get(case.stream),
        stream=case.stream,
        verb="offer.granted_by_remedy",
        actor=actor,
        data={
            **({"expires_at": offer.expires_at.isoformat()} if offer.expires_at else {}),
            "offer": offer.pk,
            "kind": offer.kind,
            "basis": offer.basis,
            "amount": str(offer.amount),
            "currency": offer.currency,
            "remedy": remedy.pk,
            "incident": remedy.incident.number,
        },
        at=now,
    )


def _letters(
    remedy: Remedy, ready: Sequence[_Ready], cases: Sequence[Case], terms: _Terms
) -> list[OutboxMessage]:
    branch = remedy.incident.branch
    kinds = {language: _kind_in(language, remedy.kind) for language, _name in settings.LANGUAGES}
    written = []
    for each, case in zip(ready, cases, strict=True):
        if not each.address:
            continue
        language = each.customer.language
        common = {
            "kind": kinds[language],
            "purpose": remedy.purpose,
            "answer_day": terms.answer_day if terms.answer_by else None,
            "takes_details": terms.takes_details,
            "organisation": branch.name_in(language),
        }
        own = {
            "amount": format_money(each.share.amount, remedy.currency, language=language),
            "customer_name": each.customer.name,
            "number": case.number,
            "tracking_token": case.tracking_token,
        }
        written.append(
            letter(
                to_address=each.address,
                to_name=each.customer.name,
                language=language,
                template="remedy",
                context=SharedContext(common, own),
                dedupe_key=f"remedy:{remedy.pk}:{each.customer.pk}",
                about=case.stream,
            )
        )
    return written


def _kind_in(language: str, kind: str) -> str:
    with override(language):
        return kind_label(kind)


def _note_done(
    remedy: Remedy, ready: Sequence[_Ready], cases: Sequence[Case], offers: Sequence[Offer], now: dt.datetime
) -> None:
    """Write down who has got theirs, and which case it is on: two statements for the whole batch."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE compensation_remedyshare s SET state = 'granted', done_at = %s, offer_id = d.offer"
            " FROM unnest(%s::bigint[], %s::bigint[]) AS d (share, offer) WHERE s.id = d.share",
            [now, [each.share.pk for each in ready], [offer.pk for offer in offers]],
        )
        new = [(each.customer.pk, case.pk) for each, case in zip(ready, cases, strict=True) if not each.case]
        cursor.execute(
            "UPDATE cases_affected a SET case_id = d.opened"
            " FROM unnest(%s::bigint[], %s::bigint[]) AS d (customer, opened)"
            " WHERE a.incident_id = %s AND a.customer_id = d.customer",
            [[customer for customer, _case in new], [case for _customer, case in new], remedy.incident_id],
        )
