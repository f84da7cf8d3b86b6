"""Lookups about the remedies of incidents."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Case as Branching
from django.db.models import Count, F, Prefetch, Q, QuerySet, Sum, Value, When
from django.utils import timezone

from accounts.models import User
from cases.models import Incident
from common.prepared import prepared
from compensation.models import Remedy, RemedyQuestion, RemedyShare
from compensation.rules import ZERO
from compensation.states import OfferState, RemedyState, ShareProblem, ShareState

RATE_OVER = dt.timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a remedy's run is; `rate` is customers per second over the last minute of the run.

    `failures` says why customers have nothing, or not what was granted, and how many each.
    """

    counts: dict[str, int]
    granted: Decimal
    failures: list[tuple[str, int]]
    rate: float

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def left(self) -> int:
        return self.counts.get(ShareState.DUE, 0)

    @property
    def done(self) -> int:
        return self.total - self.left


def remedies_of(incident: Incident) -> list[Remedy]:
    """An incident's remedies, the newest first, with who proposed and decided, and what was asked back."""
    joined = ("proposer", "approval__approver", "approval__on_behalf_of", "started_by")
    asked = Prefetch("questions", RemedyQuestion.objects.select_related("asked_by").order_by("id"))
    found = Remedy.objects.filter(incident=incident).select_related(*joined).prefetch_related(asked)
    return list(found.order_by("-id"))


def remedy_questions_to(user: User) -> list[RemedyQuestion]:
    """What this person's remedies came back with, which they have to answer; the oldest first."""
    return _asked_back(user_id=user.pk)


@prepared
def _asked_back(*, user_id: int) -> QuerySet[RemedyQuestion]:
    asked = RemedyQuestion.objects.filter(answer="", remedy__state=RemedyState.RETURNED)
    asked = asked.filter(remedy__proposer=user_id).select_related("remedy__incident", "asked_by")
    return asked.order_by("id")


# A voucher that could not be issued is trouble until its offer has gone another way.
_TROUBLE = Branching(
    When(~Q(offer__state=OfferState.APPROVED), problem=ShareProblem.VOUCHER, then=Value("")),
    default=F("problem"),
)


def progress_of(remedy: Remedy) -> Progress:
    """How far a remedy's run is."""
    rows = (
        RemedyShare.objects.filter(remedy=remedy)
        .annotate(trouble=_TROUBLE)
        .values_list("state", "trouble")
        .annotate(n=Count("pk"), amount=Sum("amount"))
        .order_by("state", "trouble")
    )
    counts: dict[str, int] = {}
    failures, granted = [], ZERO
    for state, problem, count, amount in rows:
        counts[state] = counts.get(state, 0) + count
        if state == ShareState.GRANTED:
            granted += amount
        if problem:
            failures.append((str(ShareProblem(problem).label), count))
    return Progress(counts, granted, failures, _rate(remedy))


def _rate(remedy: Remedy) -> float:
    if remedy.started_at is None:
        return 0.0
    until = remedy.finished_at or timezone.now()
    since = max(until - RATE_OVER, remedy.started_at)
    done = RemedyShare.objects.filter(remedy=remedy, done_at__gt=since, done_at__lte=until).count()
    return done / max((until - since).total_seconds(), 1.0)
