"""Rows of lists of cases, read flat: no instance is made of a case and of what is joined to it."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

from django.db.models import F, FilteredRelation, Q, QuerySet

from cases.models import Case
from cases.states import ClockState, Cue


class CaseRow(NamedTuple):
    """What a row shows of a case; `minutes` is the target of the running clock that is due first, if any."""

    pk: int
    number: str
    state: str
    summary: str
    product: str
    order_reference: str
    external_reference: str
    received_at: dt.datetime
    language: str
    failure_type: str
    severity: int
    cues: list[str]
    due_at: dt.datetime
    due_metric: str
    next_step: str
    low_score: bool
    reopened_count: int
    customer_name: str
    customer_tier: str
    owner_name: str | None
    branch_en: str
    branch_zh: str
    defect_en: str | None
    defect_zh: str | None
    minutes: int | None
    calendar_id: int | None
    calendar_changed_at: dt.datetime | None

    @property
    def cue_labels(self) -> list[str]:
        return [str(Cue(cue).label) for cue in self.cues if cue in Cue.values]

    def branch_in(self, language: str) -> str:
        """The branch's name in a language of the product."""
        return self.branch_zh if language.startswith("zh") else self.branch_en

    def defect_in(self, language: str) -> str:
        """The defect's name in a language of the product; "" for none."""
        return (self.defect_zh if language.startswith("zh") else self.defect_en) or ""


_COLUMNS = (
    *("pk", "number", "state", "summary", "product", "order_reference", "external_reference", "received_at"),
    *("language", "failure_type", "severity", "cues", "due_at", "due_metric", "next_step", "low_score"),
    *("reopened_count", "customer__name", "customer__tier", "owner__name"),
    *("branch__name_en", "branch__name_zh", "defect__name_en", "defect__name_zh"),
    *("due_clock__target_minutes", "due_clock__calendar", "due_clock__calendar__changed_at"),
)


def as_rows(cases: QuerySet[Case]) -> QuerySet[Case, tuple[Any, ...]]:
    """The values of `CaseRow` of these cases, in their order."""
    # `due_at` and `due_metric` repeat on the case what its earliest running clock says.
    running = Q(clocks__state=ClockState.RUNNING, clocks__metric=F("due_metric"))
    due_clock = FilteredRelation("clocks", condition=running)
    return cases.annotate(due_clock=due_clock).values_list(*_COLUMNS)
