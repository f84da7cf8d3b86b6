"""Rows of the inbox of approvals, read flat: no instance is made of an offer and of what is joined to it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import F, FilteredRelation, Q, QuerySet

from cases.states import ClockState
from compensation.models import Offer


class WaitingRow(NamedTuple):
    """A waiting offer with what a list shows of its case; `minutes` is the target of the clock due first."""

    pk: int
    amount: Decimal
    currency: str
    kind: str
    asked_role: str
    proposed_at: dt.datetime
    proposer_id: int
    proposer_name: str
    summary: str
    severity: int
    state: str
    due_at: dt.datetime
    due_metric: str
    customer_name: str
    defect_en: str | None
    defect_zh: str | None
    minutes: int | None
    calendar_id: int | None
    calendar_changed_at: dt.datetime | None

    def defect_in(self, language: str) -> str:
        """The defect's name in a language of the product; "" for none."""
        return (self.defect_zh if language.startswith("zh") else self.defect_en) or ""


_COLUMNS = (
    *("pk", "amount", "currency", "kind", "asked_role", "proposed_at", "proposer_id", "proposer__name"),
    *("case__summary", "case__severity", "case__state", "case__due_at", "case__due_metric"),
    *("case__customer__name", "case__defect__name_en", "case__defect__name_zh"),
    *("due_clock__target_minutes", "due_clock__calendar", "due_clock__calendar__changed_at"),
)


def as_rows(offers: QuerySet[Offer]) -> QuerySet[Offer, tuple[Any, ...]]:
    """The values of `WaitingRow` of these offers, in their order."""
    running = Q(case__clocks__state=ClockState.RUNNING, case__clocks__metric=F("case__due_metric"))
    due_clock = FilteredRelation("case__clocks", condition=running)
    return offers.annotate(due_clock=due_clock).values_list(*_COLUMNS)
