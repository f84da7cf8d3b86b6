"""Lookups about payments: what is due, batches and their lines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from accounts.models import Branch, User
from accounts.states import Capability
from compensation.models import (
    Approval,
    ApprovalStep,
    KindSetting,
    Offer,
    PayingAccount,
    PaymentBatch,
    PaymentLine,
    PaymentOrder,
    RemedyApproval,
)
from compensation.payment_states import LineState
from compensation.states import TRANSITIONS, FulfilmentMethod, Need, OfferState

# The states from which an offer can be fulfilled.
PAYABLE = tuple(state for state, following in TRANSITIONS.items() if OfferState.FULFILLED in following)

# A page of what is due; the next batch takes what follows.
MOST_IN_A_BATCH = 500
BATCHES_SHOWN = 50


@dataclass
class DueGroup:
    """What is due in one branch and currency; `own` are those in which the reader has had a part."""

    branch: Branch
    currency: str
    orders: list[PaymentOrder] = field(default_factory=list)
    own: set[int] = field(default_factory=set)
    more: bool = False

    @property
    def total(self) -> Decimal:
        return sum((order.offer.standing_amount for order in self.orders), Decimal(0))

    @property
    def payable(self) -> list[PaymentOrder]:
        return [order for order in self.orders if order.pk not in self.own]


def is_payable(offer: Offer, setting: KindSetting) -> bool:
    """Whether an offer is money that may be transferred now, or once the customer has accepted it."""
    return is_transferred(setting) and offer.state in (*PAYABLE, OfferState.OFFERED)


def is_transferred(setting: KindSetting) -> bool:
    """Whether offers of a kind are payments that may go by bank transfer."""
    return setting.need == Need.PAYMENT and FulfilmentMethod.BANK_TRANSFER in setting.ways


def _transferred() -> QuerySet[KindSetting]:
    """The kinds of which `is_transferred` says yes."""
    ways = Q(methods=[]) | Q(methods__contains=[FulfilmentMethod.BANK_TRANSFER.value])
    return KindSetting.objects.filter(ways, need=Need.PAYMENT)


def due_orders() -> QuerySet[PaymentOrder]:
    """Orders of payable offers that no waiting or paid line takes care of.

    Where a kind asks the customer first, an offer is not due before they have accepted it.
    """
    asking = KindSetting.objects.filter(asks_customer=True).values("kind")
    live = PaymentLine.objects.filter(order=OuterRef("pk")).exclude(state=LineState.FAILED)
    payable = PaymentOrder.objects.filter(
        ~Exists(live), offer__state__in=PAYABLE, offer__kind__in=_transferred().values("kind")
    )
    return payable.exclude(offer__state=OfferState.APPROVED, offer__kind__in=asking)


def due_for(user: User) -> list[DueGroup]:
    """What this person may see as due, by branch and currency, the oldest first."""
    if not user.may(Capability.PAY_COMPENSATION):
        return []
    orders = due_orders()
    if user.branch_ids is not None:
        orders = orders.filter(offer__branch_id__in=user.branch_ids)
    joined = ("offer__branch", "offer__case", "entered_by")
    groups: dict[tuple[int, str], DueGroup] = {}
    found = list(
        orders.select_related(*joined)
        .defer("offer__case__search", "offer__case__description")
        .order_by("offer__branch__code", "offer__currency", "id")[: MOST_IN_A_BATCH * 2]
    )
    own = orders_with_part(user, [order.pk for order in found])
    for order in found:
        offer = order.offer
        group = groups.setdefault((offer.branch_id, offer.currency), DueGroup(offer.branch, offer.currency))
        if len(group.orders) >= MOST_IN_A_BATCH:
            group.more = True
            continue
        group.orders.append(order)
        if order.pk in own:
            group.own.add(order.pk)
    return list(groups.values())


def orders_with_part(user: User, order_ids: Iterable[int]) -> set[int]:
    """Those of these orders that this person had a part in: proposed, decided on, or entered the account.

    One of several steps counts, and so do lent authority and a decision on a remedy for many.
    """
    decided = (
        Approval.objects.filter(offer=OuterRef("offer"), approver=user),
        ApprovalStep.objects.filter(Q(decided_by=user) | Q(on_behalf_of=user), offer=OuterRef("offer")),
        RemedyApproval.objects.filter(
            Q(approver=user) | Q(on_behalf_of=user), remedy=OuterRef("offer__remedy")
        ),
    )
    part = Q(offer__proposer=user) | Q(entered_by=user)
    for decisions in decided:
        part |= Q(Exists(decisions))
    return set(PaymentOrder.objects.filter(part, pk__in=list(order_ids)).values_list("pk", flat=True))


def batches_for(user: User) -> QuerySet[PaymentBatch]:
    """The batches of this person's branches."""
    if not user.may(Capability.PAY_COMPENSATION):
        return PaymentBatch.objects.none()
    batches = PaymentBatch.objects.select_related("branch", "frozen_by")
    return batches if user.branch_ids is None else batches.filter(branch_id__in=user.branch_ids)


def batches_shown(user: User) -> list[PaymentBatch]:
    """The newest batches, each with `waiting` and `failed` counted."""
    counted = batches_for(user).annotate(
        waiting=Count("lines", filter=Q(lines__state=LineState.WAITING)),
        failed=Count("lines", filter=Q(lines__state=LineState.FAILED)),
    )
    return list(counted.order_by("-id")[:BATCHES_SHOWN])


def lines_of(batch: PaymentBatch) -> list[PaymentLine]:
    """A batch's payments with their case and, where they are handed over, the delivery."""
    joined = ("order__offer__case", "settled_by", "delivery")
    deferred = ("order__offer__case__search", "order__offer__case__description")
    return list(batch.lines.select_related(*joined).defer(*deferred).order_by("id"))


def paying_account(branch_id: int, currency: str) -> PayingAccount | None:
    """The account from which a branch pays in a currency."""
    return PayingAccount.objects.filter(branch=branch_id, currency=currency).first()
