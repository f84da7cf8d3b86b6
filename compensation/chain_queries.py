"""Lookups of approval routes, of the steps of waiting offers, and of questions that are open."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal

from django.db.models import F, Min, QuerySet
from django.utils import timezone

from accounts.models import User
from cases.models import Case
from common.days import local_day
from common.prepared import prepared
from common.statements import Slot, Statement
from compensation.authority_queries import GrantView
from compensation.chain_rules import Chain, Route, chain_of, route_for
from compensation.models import ApprovalRoute, ApprovalStep, Offer, Question
from compensation.rules import Limit
from compensation.states import OfferState

_ROUTES = Statement(
    """
    SELECT r.id, r.name, r.kind, r.basis, r.from_amount, r.only_beyond_policy, r.branch_id IS NOT NULL,
        s.level, s.role
    FROM compensation_approvalroute r JOIN compensation_routestep s ON s.route_id = r.id
    WHERE r.currency = %s AND (r.branch_id IS NULL OR r.branch_id = %s)
        AND r.kind IN ('', %s) AND r.basis IN ('', %s)
        AND r.valid_from <= %s AND (r.valid_to IS NULL OR r.valid_to >= %s)
    ORDER BY r.id, s.level, s.id
    """,
    (Slot("currency"), Slot("branch"), Slot("kind"), Slot("basis"), Slot("on"), Slot("on")),
)


def routes_in_force(currency: str, *, branch_id: int, on: dt.date, kind: str, basis: str) -> list[Route]:
    """The routes that offers of this kind and basis could take on a day, which is the branch's."""
    found: dict[int, Route] = {}
    values = {"currency": currency, "branch": branch_id, "kind": kind, "basis": basis, "on": on}
    for key, name, of_kind, on_basis, amount, beyond, of_branch, level, role in _ROUTES.rows(values):
        steps = (*(found[key].steps if key in found else ()), (level, role))
        found[key] = Route(key, name, of_kind, on_basis, amount, beyond, steps, of_branch)
    return list(found.values())


def chain_for(
    case: Case,
    view: GrantView,
    amount: Decimal,
    *,
    kind: str,
    basis: str,
    needed: Limit,
    leaves: bool,
) -> Chain:
    """Who would be asked about an offer that nobody grants alone; `needed` is the authority it takes."""
    on = local_day(timezone.now(), case.branch.time_zone)
    routes = routes_in_force(case.currency, branch_id=case.branch_id, on=on, kind=kind, basis=basis)
    route = route_for(routes, total=view.on_case + amount, leaves=leaves)
    return chain_of(
        route, needed=needed, amount=amount, binding=leaves, deciders=view.deciders, ranks=view.ranks
    )


def steps_of(offer: Offer) -> list[ApprovalStep]:
    """The steps of an offer's current round in order, with who decided them."""
    return [step for step in _steps(offer_id=offer.pk) if step.round == offer.round]


@prepared
def _steps(*, offer_id: int) -> QuerySet[ApprovalStep]:
    steps = ApprovalStep.objects.filter(offer=offer_id).select_related("decided_by", "on_behalf_of")
    return steps.order_by("round", "level", "id")


def asked_amount(offer: Offer, steps: Iterable[ApprovalStep]) -> Decimal:
    """What is still asked for: the offer's amount, or the least that was approved of it so far."""
    return min([offer.amount, *(step.amount for step in steps if step.amount is not None)])


def lowered_amounts(offers: Iterable[int]) -> dict[int, Decimal]:
    """Of the offers with these keys that ask for less by now than they began with: how much."""
    steps = ApprovalStep.objects.filter(offer__in=offers, round=F("offer__round"), amount__isnull=False)
    lowest = steps.order_by().values("offer").annotate(lowest=Min("amount"))
    return {row["offer"]: row["lowest"] for row in lowest.filter(lowest__lt=F("offer__amount"))}


def chains_of(offers: Iterable[Offer]) -> dict[int, list[ApprovalStep]]:
    """All steps of these offers, of every round; no query where no offer has more than one of them."""
    keys = [offer.pk for offer in offers if offer.route_id or offer.round > 1]
    found: dict[int, list[ApprovalStep]] = {}
    if keys:
        steps = ApprovalStep.objects.filter(offer__in=keys).select_related("decided_by", "on_behalf_of")
        for step in steps.order_by("round", "level", "id"):
            found.setdefault(step.offer_id, []).append(step)
    return found


def questions_of(offers: Iterable[Offer]) -> dict[int, list[Question]]:
    """What was asked back about these offers, the oldest first; no query for offers of one round."""
    keys = [offer.pk for offer in offers if offer.round > 1]
    found: dict[int, list[Question]] = {}
    if not keys:
        return found
    rows = Question.objects.filter(offer__in=keys).select_related("asked_by", "answered_by")
    for question in rows.order_by("id"):
        found.setdefault(question.offer_id, []).append(question)
    return found


def questions_to(user: User, *, limit: int = 20) -> list[Question]:
    """What this person's offers came back with, which they have to answer; the oldest first."""
    return _asked_back(limit, user_id=user.pk)


@prepared
def _asked_back(limit: int, *, user_id: int) -> QuerySet[Question]:
    asked = Question.objects.filter(answer="", offer__state=OfferState.DRAFT, offer__proposer=user_id)
    asked = asked.select_related("offer__case__customer", "asked_by")
    return asked.defer(
        "offer__case__search", "offer__case__customer__search", "offer__case__description"
    ).order_by("id")[:limit]


def routes() -> QuerySet[ApprovalRoute]:
    """All routes, of each currency the newest first."""
    return (
        ApprovalRoute.objects.select_related("branch")
        .prefetch_related("steps")
        .order_by("currency", "-valid_from", "-id")
    )
