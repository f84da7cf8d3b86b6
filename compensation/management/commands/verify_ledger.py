"""Prove that every budget's balances are the sums of its movements, and every offer has its movements."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import F, Q, Sum

from compensation.models import Budget, BudgetMovement, Offer, Remedy
from compensation.rules import ZERO
from compensation.states import EFFECTS, HOLDING, OF_OFFERS, Movement, OfferState, RemedyState

BALANCES = ("amount", "reserved", "committed")


def problems() -> Iterator[str]:
    """Every disagreement between budgets, movements and offers, in words."""
    yield from _balances()
    yield from _offers()
    yield from _levels()
    yield from _teams()
    yield from _carried()
    yield from _remedies()


def _balances() -> Iterator[str]:
    sums: dict[int, list[Decimal]] = {}
    moved = BudgetMovement.objects.values_list("budget", "kind").annotate(total=Sum("amount"))
    for key, kind, total in moved.order_by("budget", "kind"):
        balances = sums.setdefault(key, [ZERO, ZERO, ZERO])
        for at, effect in enumerate(EFFECTS[Movement(kind)]):
            balances[at] += effect * total
    for budget in Budget.objects.order_by("pk").iterator():
        for name, said in zip(BALANCES, sums.get(budget.pk, (ZERO, ZERO, ZERO)), strict=True):
            stands = getattr(budget, name)
            if stands != said:
                yield f"budget {budget.pk}: {name} {stands}, movements say {said:.4f}"


def _offers() -> Iterator[str]:
    """Each offer that a budget pays for has set aside, on every level, what its state says."""
    offers = Offer.objects.filter(budget__isnull=False).prefetch_related("movements").order_by("pk")
    for offer in offers.iterator(chunk_size=2000):
        now = offer.round
        held: dict[tuple[int | None, int], list[Decimal]] = {(offer.budget_id, now): [ZERO, ZERO]}
        for movement in offer.movements.all():
            balances = held.setdefault((movement.budget_id, movement.round), [ZERO, ZERO])
            _amount, to_reserved, to_committed = EFFECTS[Movement(movement.kind)]
            balances[0] += to_reserved * movement.amount
            balances[1] += to_committed * movement.amount
        for (key, round_), (reserved, committed) in held.items():
            # What was set aside for a proposal that was taken back was given back.
            if not (_agrees(offer, reserved, committed) if round_ == now else reserved == committed == 0):
                yield (
                    f"offer {offer.pk}: is {offer.state}, has {reserved:.4f} reserved"
                    f" and {committed:.4f} spent on budget {key}"
                )


def _agrees(offer: Offer, reserved: Decimal, committed: Decimal) -> bool:
    granted = offer.granted_amount or ZERO
    if offer.state == OfferState.WAITING:
        return committed == 0 and reserved in (ZERO, offer.amount)
    if offer.state in HOLDING:
        return (reserved, committed) == (granted, ZERO)
    if offer.state == OfferState.FULFILLED:
        return (reserved, committed) == (ZERO, granted)
    if offer.state == OfferState.CLAWED_BACK:
        return (reserved, committed) == (ZERO, ZERO)
    return (reserved, committed) == (ZERO, ZERO)


def _levels() -> Iterator[str]:
    """What an offer moved on its budget, it moved on exactly those that stand above."""
    chains = {
        budget.pk: frozenset(level.pk for level in budget.chain)
        for budget in Budget.objects.select_related("parent__parent__parent").order_by("pk")
    }
    moved = BudgetMovement.objects.filter(
        offer__budget__isnull=False, offer__round=F("round"), kind__in=OF_OFFERS
    )
    rows = moved.order_by("offer", "kind").values_list("offer", "kind", "offer__budget", "budget").iterator()
    for (offer, kind, budget), movements in groupby(rows, key=itemgetter(0, 1, 2)):
        levels = [level for *_rest, level in movements]
        if frozenset(levels) != chains[budget] or len(levels) != len(chains[budget]):
            yield f"offer {offer}: {kind} is not on every level above budget {budget}, and on those alone"
    strays = Offer.objects.filter(budget__isnull=True, movements__round=F("round")).distinct()
    for offer in strays.order_by("pk").iterator():
        yield f"offer {offer.pk}: has movements, but no budget"


def _teams() -> Iterator[str]:
    """A team's budget pays for what the team's own people proposed, and for nothing else."""
    others = Offer.objects.filter(budget__team__isnull=False).exclude(team=F("budget__team"))
    for offer in others.order_by("pk").iterator():
        yield f"offer {offer.pk}: is paid by budget {offer.budget_id} of a team that did not propose it"


def _carried() -> Iterator[str]:
    """What left one budget for the next arrived there, to the cent."""
    pairs = BudgetMovement.objects.filter(kind=Movement.CARRY_OUT).annotate(
        arrived=Sum(
            "counterpart__movements__amount",
            filter=Q(
                counterpart__movements__kind=Movement.CARRY_IN,
                counterpart__movements__counterpart=F("budget"),
            ),
            default=ZERO,
        )
    )
    for movement in pairs.order_by("pk").iterator():
        if movement.arrived != movement.amount:
            yield f"budget {movement.budget_id}: {movement.amount} left it, {movement.arrived:.4f} arrived"


def _remedies() -> Iterator[str]:
    """What a remedy still holds is what was held less what was passed on, and nothing once it is over."""
    remedies = Remedy.objects.filter(budget__isnull=False).annotate(
        **{
            f"sum_{kind}": Sum(
                "movements__amount",
                filter=Q(movements__kind=kind, movements__budget=F("budget")),
                default=ZERO,
            )
            for kind in (Movement.HOLD, Movement.PASS_ON)
        }
    )
    for remedy in remedies.order_by("pk").iterator():
        standing = getattr(remedy, f"sum_{Movement.HOLD}") - getattr(remedy, f"sum_{Movement.PASS_ON}")
        if remedy.held != standing:
            yield f"remedy {remedy.pk}: holds {remedy.held}, movements say {standing}"
        if remedy.held and remedy.state in (RemedyState.DONE, RemedyState.CANCELLED, RemedyState.REJECTED):
            yield f"remedy {remedy.pk}: is {remedy.state} and still holds {remedy.held}"


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
