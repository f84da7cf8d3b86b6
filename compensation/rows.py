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
    ExpressionWrapper,
    F,
    FilteredRelation,
    IntegerField,
    Q,
    QuerySet,
    Value,
)
from django.db.models.functions import Coalesce

from accounts.models import User
from accounts.states import Capability
from cases.states import ClockState
from common.prepared import prepared
from compensation.asking import (
    Reader,
    any_of,
    asked_for_remedy,
    open_to,
    reader_values,
    waiting_offers,
    waiting_remedies,
    ways_to_offers,
)
from compensation.models import Offer, Remedy
from compensation.rules import SEVERE_UP_TO, like_key


class WaitingRow(NamedTuple):
    """What waits for a decision, with what a list shows of its case: an offer, or an incident's remedy.

    `asked` says that it asks the reader, or somebody they stand in for, and is not their own; `risk_at` is
    when the first deadline behind it passes. `minutes` is the target of the clock due first. Of a remedy,
    `number` and `customer_name` are those of its incident.
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


# Without a calendar no answer is due; what waits longest then comes first.
_REMEDY_RISK = Coalesce("due_at", "proposed_at")
# Where each column after the third comes from: of an offer, and of a remedy.
_COLUMNS: Sequence[tuple[Any, Any]] = (
    ("risk_at", _REMEDY_RISK),
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
    found = _waiting(Reader.of(user), limit, **reader_values(user))
    # What asks for the reader and for whom they stand in for, too, is found twice.
    rows = {(row.is_remedy, row.pk): row for row in map(WaitingRow._make, found)}
    return sorted(rows.values(), key=lambda row: (not row.asked, row.risk_at, row.severity, row.pk))[:limit]


def waiting_row(user: User, offer_id: int) -> WaitingRow | None:
    """One of these offers; None when it does not wait, or not for this person."""
    if not user.may(Capability.DECIDE_OFFER):
        return None
    found = _waiting_offer.first(Reader.of(user), offer_id=offer_id, **reader_values(user))
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
    roles = {user.role, *user.lent_roles}
    rows = [WaitingRow._make(each) for each in like]
    rows = [each._replace(asked=not roles.isdisjoint(each.asked_roles)) for each in rows]
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
    offers = waiting_offers(branch_ids).filter(
        currency=currency, kind=kind, basis=basis, case__failure_type=failure_type
    )
    defect = Q(case__defect=None) if unnamed else Q(case__defect=defect_id)
    band = Q(case__severity__lte=SEVERE_UP_TO) if severe else Q(case__severity__gt=SEVERE_UP_TO)
    offers = offers.filter(defect, band, open_to(user_id)).order_by("risk_at", "id")
    return _offer_rows(offers, asked=False)[:limit]


@prepared
def _waiting(
    reader: Reader, limit: int, *, user_id: int, at: dt.datetime | None = None
) -> QuerySet[Any, tuple[Any, ...]]:
    """The first that ask for somebody, and the first of all others: each by an index, whatever else waits."""
    ways, impartial = ways_to_offers(reader, user_id, at), open_to(user_id)
    offers = waiting_offers(reader.branch_ids).order_by("risk_at", "id")
    remedies = waiting_remedies(reader.branch_ids).order_by(_REMEDY_RISK, "id")
    asked = asked_for_remedy(reader, user_id, at)
    first, *others = (_offer_rows(offers.filter(way, impartial), asked=True)[:limit] for way in ways)
    return first.union(
        *others,
        _offer_rows(offers.filter(~(any_of(ways) & impartial)), asked=False)[:limit],
        _remedy_rows(remedies.filter(asked), asked=True)[:limit],
        _remedy_rows(remedies.filter(~asked), asked=False)[:limit],
        all=True,
    )


@prepared
def _waiting_offer(
    reader: Reader, *, offer_id: int, user_id: int, at: dt.datetime | None = None
) -> QuerySet[Any, tuple[Any, ...]]:
    asked = any_of(ways_to_offers(reader, user_id, at)) & open_to(user_id)
    return _offer_rows(waiting_offers(reader.branch_ids).filter(pk=offer_id), asked=asked)


def _offer_rows(offers: QuerySet[Offer], *, asked: bool | Q) -> QuerySet[Any, tuple[Any, ...]]:
    running = Q(case__clocks__state=ClockState.RUNNING, case__clocks__metric=F("case__due_metric"))
    due_clock = FilteredRelation("case__clocks", condition=running)
    columns = [offer for offer, _remedy in _COLUMNS]
    said = ExpressionWrapper(asked, BooleanField()) if isinstance(asked, Q) else Value(asked)
    return offers.annotate(due_clock=due_clock).values_list("pk", Value(False), said, *columns)


def _remedy_rows(remedies: QuerySet[Remedy], *, asked: bool) -> QuerySet[Any, tuple[Any, ...]]:
    columns = [remedy for _offer, remedy in _COLUMNS]
    return remedies.values_list("pk", Value(True), Value(asked), *columns)
