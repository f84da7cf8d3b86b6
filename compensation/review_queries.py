"""Lookups of review lists: what is drawn from, the lists a person sees, and how far each has come."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from accounts.models import User
from accounts.states import Capability
from compensation.models import Approval, ApprovalStep, Offer, RemedyApproval, Review, ReviewItem, ReviewList
from compensation.review_rules import Draw, Unit, draw, fingerprint
from compensation.review_states import Finding

LISTS_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Progress:
    """How many offers a list has, and how many have each finding so far."""

    total: int
    findings: dict[str, int]

    @property
    def done(self) -> int:
        return sum(self.findings.values())

    @property
    def percent(self) -> float:
        return 100 * self.done / self.total if self.total else 0


def population_of(
    *, currency: str, since: dt.datetime, until: dt.datetime, branch_ids: list[int] | None, most: int
) -> list[Unit]:
    """What was granted in a period, whatever became of it: at most `most` offers. Read from one index."""
    rows = Offer.objects.filter(
        granted_amount__gt=0, currency=currency, decided_at__gte=since, decided_at__lt=until
    )
    if branch_ids is not None:
        rows = rows.filter(branch__in=branch_ids)
    # What was taken back of a voucher since was granted all the same.
    found = rows.order_by().values_list("pk", F("granted_amount") + F("taken_back"))[:most]
    return [Unit(key, amount) for key, amount in found if amount is not None]


def visible_lists(user: User) -> QuerySet[ReviewList]:
    """The lists of whose every branch this person may see the offers."""
    if not user.may(Capability.REVIEW_OFFERS):
        return ReviewList.objects.none()
    if user.branch_ids is None:
        return ReviewList.objects.all()
    return ReviewList.objects.filter(
        branch_ids__isnull=False, branch_ids__contained_by=sorted(user.branch_ids)
    )


def newest_lists(user: User) -> list[tuple[ReviewList, Progress]]:
    """The newest lists with how far they have come; two queries."""
    found = list(visible_lists(user).select_related("drawn_by").order_by("-id")[:LISTS_SHOWN])
    done = progress_of(found)
    return [(each, done[each.pk]) for each in found]


def progress_of(lists: list[ReviewList]) -> dict[int, Progress]:
    """How far lists have come; one query."""
    counts: dict[int, dict[str, int]] = {each.pk: {} for each in lists}
    items = ReviewItem.objects.filter(list__in=counts).order_by()
    for list_id, finding in items.values_list("list_id", _newest("finding")):
        counts[list_id][finding or ""] = counts[list_id].get(finding or "", 0) + 1
    return {
        key: Progress(sum(found.values()), {code: n for code in Finding.values if (n := found.get(code, 0))})
        for key, found in counts.items()
    }


def items_of(found: ReviewList) -> QuerySet[ReviewItem]:
    """A list's offers in their order, with what the page shows of them and of the newest review."""
    joined = ("offer__case__customer", "offer__branch", "offer__proposer", "offer__approval__approver")
    deferred = (
        "offer__case__search",
        "offer__case__customer__search",
        "offer__case__description",
        "offer__case__suggestion",
    )
    return (
        ReviewItem.objects.filter(list=found)
        .annotate(
            finding=_newest("finding"),
            note=_newest("note"),
            reviewer=_newest("by__name"),
            reviewed_at=_newest("at"),
        )
        .select_related(*joined)
        .defer(*deferred)
        .order_by("place")
    )


def _newest(field: str) -> Subquery:
    """A field of an item's newest review; None where nobody has reviewed it."""
    return Subquery(Review.objects.filter(item=OuterRef("pk")).order_by("-id").values(field)[:1])


def next_place(found: ReviewList, after: int, user: User) -> int | None:
    """The next offer that nobody has reviewed and this person may; from the top again after the last."""
    open_items = ReviewItem.objects.filter(list=found).filter(
        ~Exists(Review.objects.filter(item=OuterRef("pk"))), ~_has_part(user.pk)
    )
    places = open_items.order_by("place").values_list("place", flat=True)
    return places.filter(place__gt=after).first() or places.exclude(place=after).first()


def has_part(user: User, item: ReviewItem) -> bool:
    """Whether this person had a part in a compensation, so that they do not review it."""
    return ReviewItem.objects.filter(_has_part(user.pk), pk=item.pk).exists()


def _has_part(user_id: int) -> Q:
    """Who proposed it or decided on it, also as one of several; for a remedy's share, on the remedy."""
    decided = Approval.objects.filter(offer=OuterRef("offer"), approver=user_id)
    steps = ApprovalStep.objects.filter(
        Q(decided_by=user_id) | Q(on_behalf_of=user_id), offer=OuterRef("offer")
    )
    remedy = RemedyApproval.objects.filter(
        Q(approver=user_id) | Q(on_behalf_of=user_id) | Q(proposer=user_id), remedy=OuterRef("offer__remedy")
    )
    return Q(offer__proposer=user_id) | Q(Exists(decided)) | Q(Exists(steps)) | Q(Exists(remedy))


def drawn_again(found: ReviewList, *, most: int) -> tuple[Draw, str]:
    """The draw as it would be now with the same seed, and the fingerprint of what it is drawn from."""
    population = population_of(
        currency=found.currency,
        since=found.since,
        until=found.until,
        branch_ids=found.branch_ids,
        most=most,
    )
    drawn = draw(population, size=found.asked_size, bands=found.asked_bands, seed=found.seed)
    return drawn, fingerprint(population)


def is_reproduced(found: ReviewList, *, most: int) -> bool:
    """Whether drawing again gives the same offers in the same order from the same population."""
    drawn, mark = drawn_again(found, most=most)
    kept = list(ReviewItem.objects.filter(list=found).order_by("place").values_list(F("offer_id"), F("band")))
    return mark == found.fingerprint and drawn.drawn == kept


def reviews_of(item: ReviewItem) -> list[Review]:
    """What was found about an item so far, the newest first."""
    return list(Review.objects.filter(item=item).select_related("by").order_by("-id"))
