"""Movements that offers make on budgets: reserved, committed at fulfilment, released, clawed back.

What an offer moves, it moves on its budget and on every budget above, all or nothing. Budgets are locked in
the order of their keys, and as late in a transaction as can be, for everybody else waits for them. Every
change of a balance is a movement, so that the sums always agree (`manage.py verify_ledger`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from cases.models import Case
from common.errors import Conflict
from common.money import format_money
from common.prepared import prepared
from common.statements import Slot, Statement
from common.writing import insert
from compensation.actions.budget_telling import tell_of_share
from compensation.budget_queries import budgets_moved, current_budget
from compensation.budget_rules import crossed, overdraws
from compensation.models import Budget, BudgetMovement, Offer
from compensation.rules import ZERO
from compensation.states import EFFECTS, Movement, ReserveAt


def reserve(
    *, case: Case, amount: Decimal, kind: str = "", team_id: int | None = None
) -> tuple[bool, Budget | None]:
    """Set money aside for a new offer from the budget of the team or the branch, and from those above it.

    (True, budget) when it is set aside, (True, None) when the branch has no budget, which means no budget
    control, and (False, budget) when there is not enough left on every level. Overdrafts are not touched.
    What costs nothing needs no budget. Write the movement down with `note_reserved` once there is an offer.
    """
    if not amount:
        return True, None
    budget = current_budget(case.branch, case.currency, kind, team_id=team_id, read="amounts")
    if budget is None:
        return True, None
    levels = lock_levels(budget)
    if any(level.closed_at is not None or overdraws(amount, left=level.left) for level in levels):
        return False, budget
    hold(levels, amount)
    return True, budget


def note_reserved(*, offer: Offer, by: User | None) -> None:
    """Write down that the offer's money was set aside."""
    if offer.budget is not None:
        _note(offer, (level.pk for level in offer.budget.chain), Movement.RESERVE, offer.standing_amount, by)


def reserve_proposed(*, case: Case, offer: Offer, by: User | None) -> None:
    """Set money aside for an offer that waits, where its budget is so set and has enough.

    Where it has not, the offer waits without, and whoever approves it is told how much there is.
    """
    budget = current_budget(case.branch, case.currency, offer.kind, team_id=offer.team_id, read="amounts")
    if budget is None or budget.reserve_at != ReserveAt.PROPOSAL:
        return
    done, budget = reserve(case=case, amount=offer.amount, kind=offer.kind, team_id=offer.team_id)
    if done:
        offer.budget = budget
        offer.save(update_fields=("budget",))
        note_reserved(offer=offer, by=by)


def needs_overdraft(*, case: Case, amount: Decimal, kind: str, team_id: int | None = None) -> bool:
    """Whether this much could be set aside only by going beyond an amount, as soft stops allow."""
    budget = current_budget(case.branch, case.currency, kind, team_id=team_id, read="amounts")
    levels = budget.chain if budget else []
    return all(amount <= level.room for level in levels) and any(
        overdraws(amount, left=level.left) for level in levels
    )


def find_budget(*, case: Case, offer: Offer) -> Decimal:
    """Set `offer.budget` to the one that pays for the offer; returns what it has set aside for it already."""
    held = standing(offer) if offer.budget_id is not None else ZERO
    if held <= 0:
        offer.budget = current_budget(
            case.branch, case.currency, offer.kind, team_id=offer.team_id, read="levels"
        )
    return held


def reserve_approved(*, offer: Offer, amount: Decimal, held: Decimal, by: User | None) -> Budget | None:
    """Set money aside for an offer that is being approved, or keep what was `held` since it was proposed.

    `find_budget` comes first. Returns the budget that this took below zero, as its soft stop allows with more
    authority. Raises `Conflict`, saying what is left and where.
    """
    if offer.budget is None:
        return None
    if held > 0:
        _reduce(offer, held - amount, by)
        return None
    levels = lock_levels(offer.budget)
    for level in levels:
        _refuse_beyond(level, amount)
    overdrawn = next((level for level in levels if overdraws(amount, left=level.left)), None)
    hold(levels, amount)
    _note(offer, (level.pk for level in levels), Movement.RESERVE, amount, by)
    return overdrawn


def standing(offer: Offer) -> Decimal:
    """What is set aside for an offer now, neither spent nor given back."""
    return budgets_moved(offer).reserved


def commit(*, offer: Offer, by: User | None) -> None:
    """Turn what was set aside for an offer into money spent, also on a budget that is over or closed."""
    if offer.budget_id is None:
        return
    moved = budgets_moved(offer)
    if moved.reserved > 0:
        _move(offer, moved.budgets, Movement.COMMIT, moved.reserved, by)


def release(*, offer: Offer, by: User | None, reason: str = "") -> None:
    """Give back what was set aside for an offer; nothing happens when nothing is."""
    if offer.budget_id is None:
        return
    moved = budgets_moved(offer)
    if moved.reserved > 0:
        _move(offer, moved.budgets, Movement.RELEASE, moved.reserved, by, reason)


def claw_back(*, offer: Offer, by: User | None, reason: str = "", amount: Decimal | None = None) -> None:
    """Take money that was spent back into the budget it came from: all of it, or `amount`, once an offer.

    Raises `Conflict` when that is more than was spent.
    """
    if offer.budget_id is None:
        return
    moved = budgets_moved(offer)
    back = moved.committed if amount is None else amount
    if back <= 0 or back > moved.committed:
        raise Conflict(_("More than was spent cannot be taken back."), field="amount")
    _move(offer, moved.budgets, Movement.CLAW_BACK, back, by, reason)


def _reduce(offer: Offer, surplus: Decimal, by: User | None) -> None:
    if surplus > 0:
        _move(offer, budgets_moved(offer).budgets, Movement.REDUCE, surplus, by)


def _refuse_beyond(level: Budget, amount: Decimal) -> None:
    if level.closed_at is None and amount <= level.room:
        return
    params = {
        "name": level.label,
        "until": level.ends_on.isoformat(),
        "left": format_money(max(ZERO, level.room), level.currency),
    }
    if level.closed_at is not None:
        raise Conflict(
            _("The budget “%(name)s” was closed, so nothing more is granted from it."), params=params
        )
    raise Conflict(
        _(
            "The budget “%(name)s” until %(until)s has %(left)s left. "
            "Approve less, or have the budget raised."
        ),
        field="amount",
        params=params,
    )


def lock(keys: Iterable[int]) -> list[Budget]:
    """These budgets as they stand, nobody else changing them until the end of the transaction."""
    return _locked(keys=list(keys))


@prepared
def _locked(*, keys: list[int]) -> QuerySet[Budget]:
    return Budget.objects.select_for_update(no_key=True).filter(pk__among=keys).order_by("pk")


def lock_levels(budget: Budget) -> list[Budget]:
    """A budget and all above it, locked. Raises `Conflict` when it was placed elsewhere since it was read."""
    levels = lock(level.pk for level in budget.chain)
    above = {level.parent_id for level in levels if level.parent_id is not None}
    if {budget.pk, *above} != {level.pk for level in levels}:
        raise Conflict(_("Somebody else has changed this in the meantime."))
    return levels


_HOLD = Statement(
    "UPDATE compensation_budget SET reserved = reserved + %s WHERE id = ANY(%s) RETURNING id",
    (Slot("amount"), Slot("keys")),
)


def hold(levels: Sequence[Budget], amount: Decimal) -> None:
    """Set money aside on locked budgets, and tell of the shares that this crosses."""
    _HOLD.rows({"amount": amount, "keys": [level.pk for level in levels]})
    for level in levels:
        share = crossed(level.warn_at, before=level.used, after=level.used + amount, amount=level.amount)
        if share is not None:
            tell_of_share(level, share)


def _move(
    offer: Offer, keys: Sequence[int], kind: Movement, amount: Decimal, by: User | None, reason: str = ""
) -> None:
    """Change the balances of budgets that have the offer's money, and write it down."""
    if len(keys) > 1:
        lock(keys)
    _amount, reserved, committed = EFFECTS[kind]
    Budget.objects.filter(pk__in=keys).update(
        reserved=F("reserved") + reserved * amount, committed=F("committed") + committed * amount
    )
    _note(offer, keys, kind, amount, by, reason)


def _note(
    offer: Offer, keys: Iterable[int], kind: Movement, amount: Decimal, by: User | None, reason: str = ""
) -> None:
    insert(
        *(
            BudgetMovement(
                budget_id=key,
                offer=offer,
                round=offer.round,
                kind=kind,
                amount=amount,
                by=by,
                reason=reason[:500],
            )
            for key in sorted(keys)
        )
    )
