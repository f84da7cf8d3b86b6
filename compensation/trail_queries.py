"""All that is kept about one offer, for the page that tells its whole story."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import User
from audit.models import Event
from compensation.models import (
    ApprovalStep,
    BudgetMovement,
    Offer,
    PaymentLine,
    PolicyVersion,
    Question,
    Redemption,
    Review,
    Setback,
)
from compensation.queries import HISTORY, MOST_LIKE_CASES, key_of, visible_offers
from compensation.rules import Likes
from compensation.states import GRANTED

_JOINED = (
    "case__customer",
    "case__branch",
    "case__defect",
    "branch",
    "proposer",
    "parent",
    "remedy__incident",
    "approval__approver",
    "answer__recorded_by",
    "fulfilment__recorded_by",
    "payment_order__entered_by",
    "voucher__branch",
    "voucher__issued_by",
)
_DEFERRED = ("case__search", "case__customer__search", "case__description", "case__suggestion")


@dataclass(frozen=True)
class Story:
    """One offer with every row that tells of it; `events` are links of chains, the oldest first."""

    offer: Offer
    steps: list[ApprovalStep]
    questions: list[Question]
    movements: list[BudgetMovement]
    setbacks: list[Setback]
    payments: list[PaymentLine]
    redemptions: list[Redemption]
    reviews: list[Review]
    versions: dict[int, PolicyVersion]
    likes: Likes
    events: list[Event]


def get_story_for(user: User, offer_id: int) -> Story:
    """Everything about an offer; eleven queries. Raises `Offer.DoesNotExist` also for another branch."""
    rows = visible_offers(user).select_related(*_JOINED).defer(*_DEFERRED)
    offer = rows.get(pk=offer_id)
    payments = list(
        PaymentLine.objects.filter(order__offer=offer).select_related("batch", "settled_by").order_by("id")
    )
    reviews = list(Review.objects.filter(item__offer=offer).select_related("item__list", "by").order_by("id"))
    voucher = getattr(offer, "voucher", None)
    redemptions = (
        list(Redemption.objects.filter(voucher=voucher).select_related("by").order_by("id"))
        if voucher
        else []
    )
    versions = PolicyVersion.objects.filter(pk__in=[each["version"] for each in offer.policy_rules])
    people = ("decided_by", "on_behalf_of")
    return Story(
        offer=offer,
        steps=list(
            ApprovalStep.objects.filter(offer=offer)
            .select_related(*people)
            .order_by("round", "level", "decided_at", "id")
        ),
        questions=list(Question.objects.filter(offer=offer).order_by("id")),
        movements=list(
            BudgetMovement.objects.filter(offer=offer).select_related("budget__branch", "by").order_by("id")
        ),
        setbacks=list(Setback.objects.filter(offer=offer).select_related("recorded_by").order_by("id")),
        payments=payments,
        redemptions=redemptions,
        reviews=reviews,
        versions={version.pk: version for version in versions.select_related("policy")},
        likes=likes_before(offer),
        events=_events(offer, payments, reviews),
    )


def likes_before(offer: Offer) -> Likes:
    """What like cases were granted in the 12 months before the offer, as far as it still stands."""
    at = offer.proposed_at
    key = offer.like_key or key_of(offer.case)
    rows = Offer.objects.filter(
        like_key=key, state__in=GRANTED, granted_amount__gt=0, decided_at__gte=at - HISTORY, decided_at__lt=at
    ).exclude(case=offer.case_id)
    amounts = rows.order_by("-decided_at").values_list("granted_amount", flat=True)[:MOST_LIKE_CASES]
    return Likes([amount for amount in amounts if amount is not None])


def _events(offer: Offer, payments: list[PaymentLine], reviews: list[Review]) -> list[Event]:
    """The links about the offer, from the chains of its case, batches, remedy and reviews."""
    streams = {offer.case.stream}
    streams |= {f"payments:{line.batch_id}" for line in payments}
    lists = {review.item.list.stream for review in reviews}
    if offer.remedy is not None:
        streams.add(offer.remedy.stream)
    rows = Event.objects.filter(stream__in=streams | lists).select_related("actor").order_by("at", "id")
    voucher = getattr(offer, "voucher", None)
    return [event for event in rows if _tells_of(event, offer, voucher.pk if voucher else None)]


def _tells_of(event: Event, offer: Offer, voucher_id: int | None) -> bool:
    kind = event.stream.partition(":")[0]
    if kind in ("payments", "remedy"):
        return True
    if event.data.get("offer") == offer.pk:
        return True
    return kind == "case" and voucher_id is not None and event.data.get("voucher") == voucher_id
