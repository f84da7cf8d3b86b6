"""Rows of the inbox of approvals, read flat: no instance is made of an offer and of what is joined to it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    BigIntegerField,
    BooleanField,
    CharField,
    DateTimeField,
    DecimalField,
    Exists,
    ExpressionWrapper,
    F,
    FilteredRelation,
    Func,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Value,
)
from django.db.models.functions import Coalesce
from django.db.models.lookups import IsNull

from accounts.models import User
from accounts.states import Capability
from cases.states import ClockState
from common.prepared import prepared
from compensation.models import ApprovalStep, Offer, Remedy
from compensation.queries import offers_of_branches
from compensation.rules import SEVERE_UP_TO, like_key
from compensation.states import OfferState, RemedyState


class WaitingRow(NamedTuple):
    """What waits for a decision, with what a list shows of its case: an offer, or an incident's remedy.

    `asked` says that it asks for the reader's role and is not their own; `risk_at` is when the first deadline
    behind it passes. `minutes` is the target of the clock due first. Of a remedy, `number` and
    `customer_name` are those of its incident.
    """

    pk: int
    is_remedy: bool
    asked: bool
    risk_at: dt.datetime
    amount: Decimal
    currency: str
    kind: str
    basis: str
    asked_role: str
    asked_beside: Sequence[str]
    proposed_at: dt.datetime
    proposer_id: int
    proposer_name: str
    number: str
    summary: str
    severity: int
    state: str
    due_at: dt.datetime
    due_metric: str
    customer_name: str
    loss: Decimal | None
    failure_type: str
    defect_id: int | None
    defect_en: str | None
    defect_zh: str | None
    minutes: int | None
    calendar_id: int | None
    calendar_changed_at: dt.datetime | None

    def defect_in(self, language: str) -> str:
        """The defect's name in a language of the product; "" for none."""
        return (self.defect_zh if language.startswith("zh") else self.defect_en) or ""

    @property
    def asked_roles(self) -> tuple[str, ...]:
        """The roles that are asked together, the first of them first."""
        return (self.asked_role, *self.asked_beside)

    @property
    def like_key(self) -> str:
        """The name of the offers that this one may be decided together with: like cases, kind and basis."""
        like = like_key(self.failure_type, self.defect_id, self.severity, self.currency)
        return f"{like}:{self.kind}:{self.basis}"


# Where each column after the third comes from: of an offer, and of a remedy.
_COLUMNS: Sequence[tuple[Any, Any]] = (
    ("risk_at", F("proposed_at")),
    ("amount", "total"),
    ("currency", "currency"),
    ("kind", "kind"),
    ("basis", "basis"),
    ("asked_role", "asked_role"),
    ("asked_beside", Value([], ArrayField(CharField()))),
    ("proposed_at", "proposed_at"),
    ("proposer_id", "proposer_id"),
    ("proposer__name", "proposer__name"),
    ("case__number", "incident__number"),
    ("case__summary", "purpose"),
    ("case__severity", "incident__severity"),
    ("case__state", Value("")),
    ("case__due_at", F("proposed_at")),
    ("case__due_metric", Value("")),
    ("case__customer__name", "incident__name"),
    (Coalesce("case__verified_loss", "case__loss_amount"), Value(None, DecimalField())),
    ("case__failure_type", "incident__failure_type"),
    ("case__defect_id", "incident__defect_id"),
    ("case__defect__name_en", "incident__defect__name_en"),
    ("case__defect__name_zh", "incident__defect__name_zh"),
    ("due_clock__target_minutes", Value(None, IntegerField())),
    ("due_clock__calendar_id", Value(None, BigIntegerField())),
    ("due_clock__calendar__changed_at", Value(None, DateTimeField())),
)


def waiting_for(user: User, *, limit: int) -> list[WaitingRow]:
    """What waits where this person may decide: what asks for them first, then by the risk of breach."""
    if not user.may(Capability.DECIDE_OFFER):
        return []
    found = map(WaitingRow._make, _waiting(user.branch_ids, user.role, limit, user_id=user.pk))
    return sorted(found, key=lambda row: (not row.asked, row.risk_at, row.severity, row.pk))[:limit]


def waiting_row(user: User, offer_id: int) -> WaitingRow | None:
    """One of these offers; None when it does not wait, or not for this person."""
    if not user.may(Capability.DECIDE_OFFER):
        return None
    found = _waiting_offer.first(user.branch_ids, user.role, user_id=user.pk, offer_id=offer_id)
    return None if found is None else WaitingRow._make(found)


def waiting_like(user: User, row: WaitingRow, *, limit: int) -> list[WaitingRow]:
    """The waiting offers that this person may decide together with that one, which is among them."""
    like = _like(
        user.branch_ids,
        limit,
        row.defect_id is None,
        row.severity <= SEVERE_UP_TO,
        user_id=user.pk,
        currency=row.currency,
        kind=row.kind,
        basis=row.basis,
        failure_type=row.failure_type,
        **({} if row.defect_id is None else {"defect_id": row.defect_id}),
    )
    rows = [WaitingRow._make(each) for each in like]
    rows = [each._replace(asked=user.role in each.asked_roles) for each in rows]
    return rows if any(each.pk == row.pk for each in rows) else [row, *rows[: limit - 1]]


@prepared
def _like(
    branch_ids: frozenset[int] | None,
    limit: int,
    unnamed: bool,
    severe: bool,
    *,
    user_id: int,
    currency: str,
    kind: str,
    basis: str,
    failure_type: str,
    defect_id: int | None = None,
) -> QuerySet[Any, tuple[Any, ...]]:
    offers = offers_of_branches(branch_ids).filter(
        state=OfferState.WAITING, currency=currency, kind=kind, basis=basis, case__failure_type=failure_type
    )
    defect = Q(case__defect=None) if unnamed else Q(case__defect=defect_id)
    band = Q(case__severity__lte=SEVERE_UP_TO) if severe else Q(case__severity__gt=SEVERE_UP_TO)
    offers = offers.filter(defect, band, ~Q(_decided(user_id))).exclude(proposer=user_id)
    return _offer_rows(offers.order_by("risk_at", "id"), asked=False)[:limit]


@prepared
def _waiting(
    branch_ids: frozenset[int] | None, role: str, limit: int, *, user_id: int
) -> QuerySet[Any, tuple[Any, ...]]:
    """The first that ask for a role, and the first of all others: each by an index, whatever else waits."""
    asked, open_to = _asked(role, user_id), _open_to(user_id)
    first, beside = Q(asked_role=role), _asked_beside(role)
    offers = _waiting_offers(branch_ids).order_by("risk_at", "id")
    remedies = _remedies(branch_ids).order_by("proposed_at", "id")
    return _offer_rows(offers.filter(first, open_to), asked=True)[:limit].union(
        _offer_rows(offers.filter(beside, open_to), asked=True)[:limit],
        _offer_rows(offers.filter(~((first | beside) & open_to)), asked=False)[:limit],
        _remedy_rows(remedies.filter(asked), asked=True)[:limit],
        _remedy_rows(remedies.filter(~asked), asked=False)[:limit],
        all=True,
    )


@prepared
def _waiting_offer(
    branch_ids: frozenset[int] | None, role: str, *, user_id: int, offer_id: int
) -> QuerySet[Any, tuple[Any, ...]]:
    asked = (Q(asked_role=role) | _asked_beside(role)) & _open_to(user_id)
    return _offer_rows(_waiting_offers(branch_ids).filter(pk=offer_id), asked=asked)


def _asked(role: str, user_id: int) -> Q:
    return Q(asked_role=role) & ~Q(proposer=user_id)


def _asked_beside(role: str) -> Q:
    """What asks for a role together with another before it; few are asked so, and have their index.

    Not by `contains`, which the planner thinks so rare that it would sort all instead of reading that index.
    """
    place = Func(F("asked_beside"), Value(role), function="array_position", output_field=IntegerField())
    return ~Q(asked_beside=[]) & Q(IsNull(place, False))


def _open_to(user_id: int) -> Q:
    """That this person has no part in an offer: neither proposed it nor decided a step of its round."""
    return ~Q(proposer=user_id) & ~Q(_decided(user_id))


def _decided(user_id: int) -> Exists:
    """That this person has decided a step of the offer's round already: others decide the next."""
    steps = ApprovalStep.objects.filter(offer=OuterRef("pk"), round=OuterRef("round"))
    return Exists(steps.filter(Q(decided_by=user_id) | Q(on_behalf_of=user_id)))


def _waiting_offers(branch_ids: frozenset[int] | None) -> QuerySet[Offer]:
    return offers_of_branches(branch_ids).filter(state=OfferState.WAITING)


def _remedies(branch_ids: frozenset[int] | None) -> QuerySet[Remedy]:
    remedies = Remedy.objects.filter(state=RemedyState.WAITING)
    return remedies if branch_ids is None else remedies.filter(incident__branch_id__in=branch_ids)


def waiting_remedies(user: User) -> QuerySet[Remedy]:
    """The remedies of incidents that ask for this person's role, and are not their own."""
    if not user.may(Capability.DECIDE_OFFER):
        return Remedy.objects.none()
    return _remedies(user.branch_ids).filter(_asked(user.role, user.pk))


def _offer_rows(offers: QuerySet[Offer], *, asked: bool | Q) -> QuerySet[Any, tuple[Any, ...]]:
    running = Q(case__clocks__state=ClockState.RUNNING, case__clocks__metric=F("case__due_metric"))
    due_clock = FilteredRelation("case__clocks", condition=running)
    columns = [offer for offer, _remedy in _COLUMNS]
    said = ExpressionWrapper(asked, BooleanField()) if isinstance(asked, Q) else Value(asked)
    return offers.annotate(due_clock=due_clock).values_list("pk", Value(False), said, *columns)


def _remedy_rows(remedies: QuerySet[Remedy], *, asked: bool) -> QuerySet[Any, tuple[Any, ...]]:
    columns = [remedy for _offer, remedy in _COLUMNS]
    return remedies.values_list("pk", Value(True), Value(asked), *columns)
