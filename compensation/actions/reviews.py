"""Drawing offers for internal audit to look at, and writing down what was found."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.access import require
from accounts.models import Branch, User
from accounts.states import Capability
from audit.actions import record
from common.days import local_day
from common.errors import Conflict, Invalid, NotAllowed
from common.money import CURRENCIES
from compensation.actions.guards import check_choice, clean_text, fresh, money_transaction
from compensation.models import Review, ReviewItem, ReviewList
from compensation.review_queries import has_part, population_of, visible_lists
from compensation.review_rules import Draw, Unit, draw, fingerprint
from compensation.review_states import NEEDS_NOTE, NOTE_MISSING, Finding

MOST_DRAWN = 300
MOST_BANDS = 10
# A year of a large house; more than this is drawn by branch or by quarter.
MOST_POPULATION = 200_000
LONGEST_NOTE = 1000
LONGEST_SEED = 40
ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to draw: days are whole days of the reviewer's time zone, and `seed` "" asks for a new one."""

    purpose: str
    currency: str
    first_day: dt.date
    last_day: dt.date
    size: int
    bands: int = 4
    branch: Branch | None = None
    seed: str = ""


def draw_reviews(*, actor: User, wanted: Wanted) -> ReviewList:
    """Draw a list of what was granted in a period that is over, stratified by amount.

    Raises `Invalid` beside the field that is wrong, and when there is nothing to draw from, or too much.
    """
    with money_transaction():
        reviewer = fresh(actor, Capability.REVIEW_OFFERS)
        purpose = clean_text(wanted.purpose, field="purpose", longest=120, missing=_("Say what it is for."))
        since, until = _period(reviewer, wanted)
        branch_ids = _branches(reviewer, wanted.branch)
        _check_numbers(wanted)
        seed = wanted.seed.replace("\x00", "").strip()[:LONGEST_SEED] or secrets.token_hex(8)
        units = population_of(
            currency=wanted.currency,
            since=since,
            until=until,
            branch_ids=branch_ids,
            most=MOST_POPULATION + 1,
        )
        _check_population(units)
        drawn = draw(units, size=wanted.size, bands=wanted.bands, seed=seed)
        found = ReviewList.objects.create(
            purpose=purpose,
            currency=wanted.currency,
            branch_ids=branch_ids,
            first_day=wanted.first_day,
            last_day=wanted.last_day,
            since=since,
            until=until,
            seed=seed,
            asked_size=wanted.size,
            asked_bands=wanted.bands,
            population=len(units),
            population_total=sum((unit.amount for unit in units), Decimal(0)),
            fingerprint=fingerprint(units),
            bands=_bands_as_rows(drawn),
            drawn_by=reviewer,
        )
        _keep_items(found, drawn, units)
        record(stream=found.stream, verb="review.drawn", actor=actor, data=_as_data(found), begins=True)
    return found


def review_offer(*, actor: User, item_id: int, finding: str, note: str = "") -> Review:
    """Write down what was found about one offer of a list; again to put something right.

    Raises `ReviewItem.DoesNotExist`, and `NotAllowed` for whoever proposed it or decided on it.
    """
    finding = check_choice(finding, Finding, field="finding")
    note = note.replace("\x00", "").strip()
    if finding in NEEDS_NOTE or note:
        note = clean_text(note, field="note", longest=LONGEST_NOTE, missing=NOTE_MISSING)
    with money_transaction():
        require(actor, Capability.REVIEW_OFFERS)
        found = visible_lists(actor).select_for_update(no_key=True).filter(items=item_id).first()
        if found is None:
            raise ReviewItem.DoesNotExist
        item = ReviewItem.objects.select_related("offer").get(pk=item_id)
        if has_part(actor, item):
            raise NotAllowed(_("You had a part in this compensation, so someone else reviews it."))
        last = Review.objects.filter(item=item).order_by("-id").first()
        if last is not None and (last.finding, last.note, last.by_id) == (finding, note, actor.pk):
            raise Conflict(_("This is what you have written down already."))
        review = Review.objects.create(item=item, finding=finding, note=note, by=actor, at=timezone.now())
        data = {"offer": item.offer_id, "place": item.place, "finding": finding}
        record(stream=found.stream, verb="review.marked", actor=actor, data=data)
    return review


def _period(reviewer: User, wanted: Wanted) -> tuple[dt.datetime, dt.datetime]:
    """The moments at which the period begins and is over."""
    if wanted.last_day < wanted.first_day:
        raise Invalid(_("This day is before the first one."), field="last_day")
    if wanted.last_day >= local_day(timezone.now(), reviewer.time_zone):
        raise Invalid(
            _("The period has to be over: what is granted today would change the draw."), field="last_day"
        )
    zone = ZoneInfo(reviewer.time_zone)
    first, after = (
        dt.datetime.combine(day, dt.time(), zone) for day in (wanted.first_day, wanted.last_day + ONE_DAY)
    )
    return first, after


def _branches(reviewer: User, branch: Branch | None) -> list[int] | None:
    if branch is not None:
        require(reviewer, Capability.REVIEW_OFFERS, branch_id=branch.pk)
        return [branch.pk]
    return None if reviewer.branch_ids is None else sorted(reviewer.branch_ids)


def _check_numbers(wanted: Wanted) -> None:
    if wanted.currency not in CURRENCIES:
        raise Invalid(_("Choose one of the list."), field="currency")
    for name, value, most in (("size", wanted.size, MOST_DRAWN), ("bands", wanted.bands, MOST_BANDS)):
        if not 1 <= value <= most:
            raise Invalid(_("Choose a number from 1 to %(most)s."), field=name, params={"most": most})


def _check_population(units: list[Unit]) -> None:
    if not units:
        raise Invalid(_("Nothing was granted in this currency, branch and period."), field="first_day")
    if len(units) > MOST_POPULATION:
        raise Invalid(
            _("More than %(most)s offers were granted: choose a shorter period or one branch."),
            field="first_day",
            params={"most": MOST_POPULATION},
        )


def _bands_as_rows(drawn: Draw) -> list[dict[str, object]]:
    return [
        {
            "low": f"{band.low.normalize():f}",
            "high": f"{band.high.normalize():f}",
            "count": band.count,
            "total": f"{band.total.normalize():f}",
            "drawn": band.drawn,
        }
        for band in drawn.bands
    ]


def _keep_items(found: ReviewList, drawn: Draw, units: list[Unit]) -> None:
    amounts = {unit.key: unit.amount for unit in units}
    ReviewItem.objects.bulk_create(
        ReviewItem(list=found, offer_id=key, band=band, place=place, amount=amounts[key])
        for place, (key, band) in enumerate(drawn.drawn, start=1)
    )


def _as_data(found: ReviewList) -> dict[str, object]:
    return {
        "currency": found.currency,
        "first": found.first_day.isoformat(),
        "last": found.last_day.isoformat(),
        "seed": found.seed,
        "size": found.asked_size,
        "drawn_from": found.population,
        "fingerprint": found.fingerprint,
    }
