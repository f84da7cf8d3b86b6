"""The figures: which rows each one counts, written down once, for the number and for the list behind it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from django.db.models import Exists, F, Model, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from cases.models import Case, Clock, Resolution
from cases.states import ClockState, FailureType
from compensation.models import Offer
from compensation.states import GRANTED
from feedback.models import Response
from insights.periods import Period
from sla.states import Metric

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

# By their names: "start" and "end", where a source goes by both.
Moments: TypeAlias = Mapping[str, dt.datetime]

# From here on a customer counts as satisfied, on a scale from 1 to 5 (the usual top-two-box CSAT).
SATISFIED = 4


@dataclass(frozen=True)
class Selection:
    """What the reader looks at: a period, the branches they may see and chose, and narrower filters.

    `branch_ids` None means every branch; `defect_ids` None means every defect. `narrower` are pairs of a name
    and a value that some sources know how to filter by; a value of None stands for rows that have none.
    """

    period: Period
    branch_ids: frozenset[int] | None = None
    channel: str = ""
    failure_type: str = ""
    defect_ids: frozenset[int] | None = None
    currency: str = ""
    narrower: tuple[tuple[str, Any], ...] = ()

    def but(self, **changes: Any) -> Selection:
        """The same selection with some filters changed."""
        return replace(self, **changes)

    def of_cases(self, prefix: str = "") -> Q:
        """The filters on the case, seen from a row that reaches it by `prefix` ("case__")."""
        chosen: dict[str, object] = {}
        if self.branch_ids is not None:
            chosen[f"{prefix}branch_id__in"] = sorted(self.branch_ids)
        if self.channel:
            chosen[f"{prefix}channel"] = self.channel
        if self.failure_type:
            chosen[f"{prefix}failure_type"] = self.failure_type
        if self.defect_ids is not None:
            chosen[f"{prefix}defect_id__in"] = sorted(self.defect_ids)
        return Q(**chosen)


@dataclass(frozen=True)
class Source:
    """Rows that figures count, and the moment that puts a row into a period.

    `case` is the way from such a row to its case ("" for cases themselves), `currency` to its currency.
    `facts` is the way to what is filtered by, where that is not the case as it is now. `narrow` maps
    the names of narrower filters to what they filter, `joined` is what a list shows beside the case.
    """

    code: str
    model: type[Model]
    time: str
    case: str = "case__"
    where: Q = field(default_factory=Q)
    currency: str = ""
    facts: str | None = None
    narrow: Mapping[str, str] = field(default_factory=dict, hash=False)
    joined: tuple[str, ...] = ()

    def moments(self, period: Period) -> Moments:
        """The moments that the rows of a period depend on."""
        return {"start": period.start, "end": period.end}

    def at(self, selection: Selection, moments: Moments) -> QuerySet[Any]:
        """The selected rows from the one moment (included) to the other."""
        rows = self.model._default_manager.filter(
            self.where,
            selection.of_cases(self.case if self.facts is None else self.facts),
            **{f"{self.time}__gte": moments["start"], f"{self.time}__lt": moments["end"]},
        )
        if selection.currency and self.currency:
            rows = rows.filter(**{self.currency: selection.currency})
        return self.narrowed(rows, selection).order_by()

    def narrowed(self, rows: QuerySet[Any], selection: Selection) -> QuerySet[Any]:
        """These rows after the narrower filters that this source knows."""
        for name, value in selection.narrower:
            if name in self.narrow:
                rows = rows.filter(**{self.narrow[name]: value})
        return rows


RECEIVED = Source("received", Case, "received_at", case="")
RESOLVED = Source("resolved", Resolution, "at", facts="")
CLOCKS = Source("clocks", Clock, "stopped_at", where=Q(state__in=(ClockState.MET, ClockState.MISSED)))
RESPONSES = Source("responses", Response, "submitted_at")
# What is asked of offers further: their kind, whose they are, and what their case is about.
OF_OFFERS = {
    "kind": "kind",
    "cause": "case__cause",
    "tier": "case__customer__tier",
    "proposer": "proposer",
    "approver": "approval__approver",
}
OFFERS = Source(
    "offers", Offer, "decided_at", where=Q(state__in=GRANTED), currency="currency", narrow=OF_OFFERS
)


@dataclass(frozen=True, eq=False)
class Figure:
    """A number of the dashboard: the rows of a source that hold a condition. `unit` says what is counted.

    `marks` adds what the condition needs and the rows do not hold, for a period that begins at a moment.
    """

    code: str
    label: str | _StrPromise
    unit: str | _StrPromise
    source: Source
    where: Q = field(default_factory=Q)
    marks: Callable[[dt.datetime], dict[str, Any]] | None = None

    def rows(self, selection: Selection) -> QuerySet[Any]:
        """The rows that this figure counts: what the number is made of, and what its list shows."""
        return self.at(selection, self.source.moments(selection.period))

    def at(self, selection: Selection, moments: Moments) -> QuerySet[Any]:
        """The rows that this figure would count at these moments, which are as those of its source."""
        rows = self.source.at(selection, moments)
        if self.marks is not None:
            rows = rows.alias(**self.marks(moments["start"]))
        return rows.filter(self.where)


def _won_back(start: dt.datetime) -> dict[str, Exists]:
    """A satisfied answer to the survey about that resolution; one about another round says nothing about it.

    No such answer can be older than the period, which lets the database look at those since its start alone.
    """
    answer = Response.objects.filter(
        case=OuterRef("case"),
        satisfaction__gte=SATISFIED,
        submitted_at__gte=start,
        round=OuterRef("round"),
    )
    return {"won_back": Exists(answer)}


# The verified loss counts where there is one, else what the customer said.
LOSS = Coalesce("case__verified_loss", "case__loss_amount")
# An amount can be held against a loss only in the same currency, and what costs nothing is none.
KNOWN_LOSS = Q(currency=F("case__currency"), granted_amount__gt=0) & (
    Q(case__verified_loss__gt=0) | Q(case__verified_loss__isnull=True, case__loss_amount__gt=0)
)

# After a number Chinese needs a measure word, which the same nouns by themselves have not.
_COMPLAINTS = pgettext_lazy("counted", "complaints")
_RESOLUTIONS = pgettext_lazy("counted", "resolutions")
_CLOCKS = pgettext_lazy("counted", "clocks")
_ANSWERS = pgettext_lazy("counted", "answers")
_OFFERS = pgettext_lazy("counted", "offers")


def _of_clock(metric: Metric, *states: ClockState) -> Q:
    return Q(metric=metric, state__in=states) if states else Q(metric=metric)


_ALL = (
    Figure("opened", _("Complaints opened"), _COMPLAINTS, RECEIVED),
    Figure("process", _("Process failures"), _COMPLAINTS, RECEIVED, Q(failure_type=FailureType.PROCESS)),
    Figure("outcome", _("Outcome failures"), _COMPLAINTS, RECEIVED, Q(failure_type=FailureType.OUTCOME)),
    Figure("no_type", _("Failure type not set"), _COMPLAINTS, RECEIVED, Q(failure_type="")),
    Figure("classified", _("Complaints with a defect"), _COMPLAINTS, RECEIVED, Q(defect__isnull=False)),
    Figure("no_defect", _("Complaints without a defect"), _COMPLAINTS, RECEIVED, Q(defect__isnull=True)),
    Figure("resolved", _("Complaints resolved"), _RESOLUTIONS, RESOLVED),
    Figure(
        "won_back",
        _("Resolved, and the customer satisfied"),
        _RESOLUTIONS,
        RESOLVED,
        Q(won_back=True),
        _won_back,
    ),
    Figure("response_clocks", _("First responses given"), _CLOCKS, CLOCKS, _of_clock(Metric.FIRST_RESPONSE)),
    Figure(
        "response_met",
        _("First responses in time"),
        _CLOCKS,
        CLOCKS,
        _of_clock(Metric.FIRST_RESPONSE, ClockState.MET),
    ),
    Figure(
        "response_missed",
        _("First responses too late"),
        _CLOCKS,
        CLOCKS,
        _of_clock(Metric.FIRST_RESPONSE, ClockState.MISSED),
    ),
    Figure("resolution_clocks", _("Resolutions reached"), _CLOCKS, CLOCKS, _of_clock(Metric.RESOLUTION)),
    Figure(
        "resolution_met",
        _("Resolutions in time"),
        _CLOCKS,
        CLOCKS,
        _of_clock(Metric.RESOLUTION, ClockState.MET),
    ),
    Figure(
        "resolution_missed",
        _("Resolutions too late"),
        _CLOCKS,
        CLOCKS,
        _of_clock(Metric.RESOLUTION, ClockState.MISSED),
    ),
    Figure("surveyed", _("Customers who answered"), _ANSWERS, RESPONSES),
    Figure("satisfied", _("Satisfied after recovery"), _ANSWERS, RESPONSES, Q(satisfaction__gte=SATISFIED)),
    Figure(
        "not_satisfied", _("Not satisfied after recovery"), _ANSWERS, RESPONSES, Q(satisfaction__lt=SATISFIED)
    ),
    Figure(
        "paired",
        _("Satisfaction known before and after"),
        _ANSWERS,
        RESPONSES,
        Q(satisfaction_before__isnull=False),
    ),
    Figure("granted", _("Compensation granted"), _OFFERS, OFFERS),
    Figure(
        "granted_alone", _("Granted within one’s own authority"), _OFFERS, OFFERS, Q(within_authority=True)
    ),
    Figure("granted_for_loss", _("Compensation for a known loss"), _OFFERS, OFFERS, KNOWN_LOSS),
)

FIGURES: dict[str, Figure] = {figure.code: figure for figure in _ALL}
