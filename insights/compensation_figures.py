"""The figures of compensation: which offers, decisions and cases each one counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Case as Branching
from django.db.models import (
    CharField,
    DecimalField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from cases.models import Resolution
from cases.states import Outcome
from compensation.models import Approval, BudgetMovement, Offer, Setback
from compensation.rules import DOSE_CUTS, EFFECTIVE_FROM
from compensation.states import (
    EFFECTS,
    GRANTED,
    HOLDING,
    PROMISED,
    Decision,
    Dose,
    Movement,
    OfferState,
    SetbackKind,
)
from insights.figures import FIGURES, LOSS, OF_OFFERS, Figure, Moments, Selection, Source
from insights.periods import Period

# What a list and its file show of an offer.
_SHOWN = ("proposer", "approval__approver", "fulfilment")


@dataclass(frozen=True)
class Stock(Source):
    """Rows as they stand now, whatever the period; the latest moment comes first in their list."""

    def moments(self, period: Period) -> Moments:
        return {}

    def at(self, selection: Selection, moments: Moments) -> QuerySet[Any]:
        rows = self.model._default_manager.filter(self.where, selection.of_cases(self.case))
        if selection.currency:
            rows = rows.filter(**{self.currency: selection.currency})
        return self.narrowed(rows, selection).order_by()


@dataclass(frozen=True)
class Overdue(Stock):
    """Promises whose time is up, and that are not kept yet."""

    def moments(self, period: Period) -> Moments:
        return {"end": period.now}

    def at(self, selection: Selection, moments: Moments) -> QuerySet[Any]:
        return super().at(selection, moments).filter(due_at__lt=moments["end"])


@dataclass(frozen=True)
class Due(Source):
    """Promises by the time they were due, up to now: what is due later can't have been broken yet."""

    def moments(self, period: Period) -> Moments:
        return {"start": period.start, "end": min(period.end, period.now)}


@dataclass(frozen=True)
class Compensated(Source):
    """Upheld complaints with a known loss, by their last resolution in the period, once each.

    `given` is all that the case was granted by the end of the period, in its own currency, `loss` what the
    customer lost, and `dose` the bin of the one divided by the other.
    """

    def at(self, selection: Selection, moments: Moments) -> QuerySet[Any]:
        end = moments["end"]
        # What came later than one of these can't be older than the first: so the rest is not looked through.
        later = Resolution.objects.filter(
            case=OuterRef("case"), round__gt=OuterRef("round"), at__gte=moments["start"], at__lt=end
        )
        granted = (
            Offer.objects.filter(case=OuterRef("case"), currency=OuterRef("case__currency"))
            .filter(state__in=GRANTED, decided_at__lt=end)
            .order_by()
            .values("case")
            .values_list(Sum("granted_amount"))
        )
        amount = DecimalField(max_digits=14, decimal_places=4)
        rows = super().at(selection, moments).filter(~Exists(later))
        rows = rows.annotate(given=Coalesce(Subquery(granted), Value(0), output_field=amount), loss=LOSS)
        return rows.annotate(dose=_dose())


def _dose() -> Branching:
    """`compensation.rules.dose_of` of given ÷ loss, for the database; without a division, so exactly."""
    (excess, _top), (generous, _next) = DOSE_CUTS
    return Branching(
        When(given__lte=0, then=Value(Dose.NONE.value)),
        When(given__lt=F("loss") * EFFECTIVE_FROM, then=Value(Dose.LOW.value)),
        When(given__gt=F("loss") * excess, then=Value(Dose.EXCESS.value)),
        When(given__gt=F("loss") * generous, then=Value(Dose.GENEROUS.value)),
        default=Value(Dose.EFFECTIVE.value),
        output_field=CharField(),
    )


@dataclass(frozen=True)
class OnBudget(Stock):
    """Offers whose money stands on the budget that `narrower` names; `standing` is how much of it, each."""

    def at(self, selection: Selection, moments: Moments) -> QuerySet[Any]:
        budget = dict(selection.narrower).get("budget")
        movements = BudgetMovement.objects.filter(budget=budget).order_by()
        of_offer = (
            movements.filter(offer=OuterRef("pk")).values("offer").annotate(used=Sum(_used())).values("used")
        )
        rows = super().at(selection, moments)
        rows = rows.filter(pk__in=movements.filter(offer__isnull=False).values("offer"))
        return rows.annotate(standing=Subquery(of_offer)).filter(standing__gt=0)


def used_signs() -> dict[Movement, int]:
    """Which movements add to what is used of a budget, reserved or spent, and which take from it."""
    return {kind: reserved + spent for kind, (_amount, reserved, spent) in EFFECTS.items()}


def _used() -> Branching:
    signs = used_signs()
    return Branching(
        When(kind__in=[kind for kind, sign in signs.items() if sign > 0], then=F("amount")),
        When(kind__in=[kind for kind, sign in signs.items() if sign < 0], then=-F("amount")),
        default=Value(0),
        output_field=DecimalField(max_digits=14, decimal_places=4),
    )


WAITING = Stock(
    "waiting",
    Offer,
    "proposed_at",
    where=Q(state=OfferState.WAITING),
    currency="currency",
    narrow=OF_OFFERS,
    joined=_SHOWN,
)
OUTSTANDING = Stock(
    "outstanding",
    Offer,
    "decided_at",
    where=Q(state__in=HOLDING),
    currency="currency",
    narrow=OF_OFFERS,
    joined=_SHOWN,
)
OVERDUE = Overdue(
    "overdue",
    Offer,
    "due_at",
    where=Q(state__in=PROMISED),
    currency="currency",
    narrow=OF_OFFERS,
    joined=_SHOWN,
)
GRANTS = Source(
    "granted",
    Offer,
    "decided_at",
    where=Q(state__in=GRANTED),
    currency="currency",
    narrow=OF_OFFERS,
    joined=_SHOWN,
)
# What was clawed back later had been paid all the same: a period that is over keeps its figure.
PAID = Source(
    "paid",
    Offer,
    "fulfilment__landed_at",
    where=Q(state__in=(OfferState.FULFILLED, OfferState.CLAWED_BACK)),
    currency="currency",
    narrow=OF_OFFERS,
    joined=_SHOWN,
)
CLAWED_BACK = Source(
    "clawed_back",
    Setback,
    "at",
    case="offer__case__",
    where=Q(kind=SetbackKind.CLAWED_BACK),
    currency="offer__currency",
    narrow={name: f"offer__{path}" for name, path in OF_OFFERS.items()},
    joined=tuple(f"offer__{name}" for name in _SHOWN),
)
PROMISES = Due(
    "promises",
    Offer,
    "due_at",
    where=Q(state__in=(*PROMISED, OfferState.FULFILLED, OfferState.CLAWED_BACK)),
    currency="currency",
    narrow=OF_OFFERS,
    joined=_SHOWN,
)
DECISIONS = Source(
    "decisions",
    Approval,
    "at",
    case="offer__case__",
    currency="offer__currency",
    narrow={
        "kind": "offer__kind",
        "cause": "offer__case__cause",
        "tier": "offer__case__customer__tier",
        "proposer": "proposer",
        "approver": "approver",
    },
    joined=("offer__proposer", "offer__fulfilment", "approver"),
)
ON_BUDGET = OnBudget("on_budget", Offer, "proposed_at", currency="currency", narrow=OF_OFFERS, joined=_SHOWN)
COMPENSATED = Compensated(
    "compensated",
    Resolution,
    "at",
    where=Q(outcome__in=(Outcome.UPHELD, Outcome.PARTLY_UPHELD))
    & (Q(case__verified_loss__gt=0) | Q(case__verified_loss__isnull=True, case__loss_amount__gt=0)),
    currency="case__currency",
    facts="",
    narrow={
        "agent": "by",
        "cause": "cause",
        "tier": "case__customer__tier",
        "verified": "case__verified_loss__isnull",
    },
    joined=("by",),
)


_OFFERS = pgettext_lazy("counted", "offers")
_DECISIONS = pgettext_lazy("counted", "decisions")
_CASES = pgettext_lazy("counted", "cases")

_ALL = (
    Figure("waiting_now", _("Waiting for approval"), _OFFERS, WAITING),
    Figure("promised_now", _("Granted, not with the customer yet"), _OFFERS, OUTSTANDING),
    Figure(
        "unanswered_now", _("Offered, not answered yet"), _OFFERS, OUTSTANDING, Q(state=OfferState.OFFERED)
    ),
    Figure("failed_now", _("Did not arrive"), _OFFERS, OUTSTANDING, Q(state=OfferState.FAILED)),
    Figure("overdue_now", _("Promised, and overdue"), _OFFERS, OVERDUE),
    Figure("grants", FIGURES["granted"].label, _OFFERS, GRANTS),
    Figure("grants_alone", FIGURES["granted_alone"].label, _OFFERS, GRANTS, Q(within_authority=True)),
    Figure(
        "grants_decided", _("Granted by somebody else’s approval"), _OFFERS, GRANTS, Q(approval__isnull=False)
    ),
    Figure(
        "grants_remedy", _("Granted as the remedy of an incident"), _OFFERS, GRANTS, Q(remedy__isnull=False)
    ),
    Figure("paid", _("Compensation that reached the customer"), _OFFERS, PAID),
    Figure("clawed_back", _("Compensation clawed back"), _OFFERS, CLAWED_BACK),
    Figure("promises_due", _("Promises due"), _OFFERS, PROMISES),
    Figure(
        "promises_kept",
        _("Promises kept in time"),
        _OFFERS,
        PROMISES,
        Q(fulfilment__landed_at__lte=F("due_at")),
    ),
    Figure(
        "promises_late", _("Promises kept late"), _OFFERS, PROMISES, Q(fulfilment__landed_at__gt=F("due_at"))
    ),
    Figure("promises_open", _("Promises due and not kept"), _OFFERS, PROMISES, Q(fulfilment__isnull=True)),
    Figure("decisions", _("Decisions on offers"), _DECISIONS, DECISIONS),
    Figure("approvals", _("Offers approved"), _DECISIONS, DECISIONS, Q(decision=Decision.APPROVED)),
    Figure("rejections", _("Offers rejected"), _DECISIONS, DECISIONS, Q(decision=Decision.REJECTED)),
    Figure(
        "lowered",
        _("Offers approved for less than asked"),
        _DECISIONS,
        DECISIONS,
        Q(decision=Decision.APPROVED, amount__lt=F("offer__amount")),
    ),
    Figure("on_budget", _("Reserved or spent on a budget"), _OFFERS, ON_BUDGET),
    Figure("compensated", _("Upheld complaints with a known loss"), _CASES, COMPENSATED),
    *(
        Figure(f"dose_{dose.value}", label, _CASES, COMPENSATED, Q(dose=dose.value))
        for dose, label in (
            (Dose.NONE, _("Nothing granted for a known loss")),
            (Dose.LOW, _("Granted below 60% of the loss")),
            (Dose.EFFECTIVE, _("Granted 60–120% of the loss")),
            (Dose.GENEROUS, _("Granted 120–150% of the loss")),
            (Dose.EXCESS, _("Granted above 150% of the loss")),
        )
    ),
)

OFFER_FIGURES: dict[str, Figure] = {figure.code: figure for figure in _ALL}
