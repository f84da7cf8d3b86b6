"""Prove that every budget's balances are the sums of its movements, and every grant has its movements."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import F, Q, Sum

from compensation.models import Budget, Offer
from compensation.rules import ZERO
from compensation.states import HOLDING, Movement, OfferState

_HELD, _GIVEN_BACK = frozenset({Movement.RESERVE}), frozenset({Movement.RESERVE, Movement.RELEASE})
EXPECTED: dict[OfferState, frozenset[Movement]] = {
    OfferState.DRAFT: frozenset(),
    OfferState.WAITING: frozenset(),
    OfferState.REJECTED: frozenset(),
    **dict.fromkeys(HOLDING, _HELD),
    OfferState.FULFILLED: frozenset({Movement.RESERVE, Movement.COMMIT}),
    OfferState.CLAWED_BACK: frozenset({Movement.RESERVE, Movement.COMMIT, Movement.CLAW_BACK}),
    OfferState.CANCELLED: _GIVEN_BACK,
    OfferState.DECLINED: _GIVEN_BACK,
    OfferState.COUNTERED: _GIVEN_BACK,
    OfferState.EXPIRED: _GIVEN_BACK,
}


def problems() -> Iterator[str]:
    """Every disagreement between budgets, movements and offers, in words."""
    yield from _balances()
    yield from _offers()


def _balances() -> Iterator[str]:
    sums = {
        str(kind): Sum("movements__amount", filter=Q(movements__kind=kind), default=ZERO) for kind in Movement
    }
    for budget in Budget.objects.annotate(
        **{f"sum_{kind}": total for kind, total in sums.items()}
    ).iterator():
        reserved, spent, released, clawed_back = (
            getattr(budget, f"sum_{kind}")
            for kind in (Movement.RESERVE, Movement.COMMIT, Movement.RELEASE, Movement.CLAW_BACK)
        )
        standing, committed = reserved - spent - released, spent - clawed_back
        if budget.reserved != standing:
            yield f"budget {budget.pk}: reserved {budget.reserved}, movements say {standing}"
        if budget.committed != committed:
            yield f"budget {budget.pk}: committed {budget.committed}, movements say {committed}"


def _offers() -> Iterator[str]:
    offers = Offer.objects.filter(budget__isnull=False).prefetch_related("movements").order_by("pk")
    for offer in offers.iterator(chunk_size=2000):
        kinds = {movement.kind for movement in offer.movements.all()}
        if kinds != EXPECTED[OfferState(offer.state)]:
            yield f"offer {offer.pk}: is {offer.state}, has movements {sorted(kinds)}"
        if any(movement.amount != offer.granted_amount for movement in offer.movements.all()):
            yield f"offer {offer.pk}: a movement is not of the amount granted"
    strays = Offer.objects.filter(movements__isnull=False).exclude(movements__budget=F("budget")).distinct()
    for offer in strays.order_by("pk").iterator():
        yield f"offer {offer.pk}: has movements of another budget"


class Command(BaseCommand):
    """`manage.py verify_ledger`: exits with an error when the books do not agree."""

    help = "Check that the balances of budgets equal the sums of their movements."

    def handle(self, *args: Any, **options: Any) -> None:
        found = list(problems())
        for line in found:
            self.stderr.write(line)
        if found:
            raise CommandError(f"{len(found)} disagreements in the ledger.")
        self.stdout.write(f"{Budget.objects.count()} budgets agree with their movements.")
