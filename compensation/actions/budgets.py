"""Setting money aside for a period, changing how much and on what terms, and closing what is set."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.access import require
from accounts.models import Branch, Team, User
from accounts.states import Capability
from audit.actions import record
from common.errors import Conflict, Invalid, Values, refuse_overtaken
from common.money import check_amount
from compensation.actions.guards import clean_text, money_transaction
from compensation.models import Budget, BudgetMovement, KindSetting
from compensation.models.budget import usual_warnings
from compensation.states import Movement, ReserveAt

MOST_LEVELS = 4
MOST_WARNINGS = 6
_SAY_WHY = _("Say why.")


@dataclass(frozen=True, slots=True)
class Terms:
    """How a budget behaves: see `Budget`. `overdraft` is a share of the amount, 0.1 for a tenth."""

    parent_id: int | None = None
    reserve_at: str = ReserveAt.APPROVAL
    overdraft: Decimal = Decimal(0)
    carries_over: bool = False
    warn_at: Sequence[int] = field(default_factory=usual_warnings)


def budget_values(budget: Budget) -> Values:
    """What can be changed of a budget, as a form shows it: without the zeros that the columns add."""
    return {
        "amount": f"{budget.amount.normalize():f}",
        "parent": budget.parent_id,
        "reserve_at": str(budget.reserve_at),
        "overdraft": f"{(Decimal(budget.overdraft) * 100).normalize():f}",
        "carries_over": budget.carries_over,
        "warn_at": ", ".join(str(share) for share in budget.warn_at),
    }


def set_budget(
    *,
    actor: User,
    branch_id: int | None,
    currency: str,
    starts_on: dt.date,
    ends_on: dt.date,
    amount: Decimal,
    team_id: int | None = None,
    kind: str = "",
    name: str = "",
    terms: Terms | None = None,
) -> Budget:
    """Set a budget for a period, or change the one that has this very period.

    Of a branch (and a team of it, and a kind of compensation, "" for all), or by `name` for one that stands
    above others. Raises `Invalid` when the period runs backwards or overlaps another, or the amount is less
    than is spent already.
    """
    with money_transaction():
        branch = None
        if branch_id is not None:
            branch = Branch.objects.select_for_update(no_key=True).get(pk=branch_id)
        require(actor, Capability.CHANGE_SETTINGS, branch_id=branch_id)
        amount = check_amount(amount, currency)
        name = "" if branch else clean_text(name, field="name", longest=80, missing=_("Give it a name."))
        if kind and (branch is None or not KindSetting.objects.filter(pk=kind).exists()):
            raise Invalid(_("Choose one of the list."), field="kind")
        whose = Budget(branch=branch, team=_team(branch, team_id), name=name, kind=kind, currency=currency)
        budget = _of_period(whose, starts_on, ends_on)
        return _save(budget, actor=actor, amount=amount, terms=terms, reason="", seen=None)


def _team(branch: Branch | None, team_id: int | None) -> Team | None:
    """The team whose budget it is to be. Raises `Invalid` unless it is one of the branch and not closed."""
    if team_id is None:
        return None
    team = Team.objects.filter(pk=team_id, branch=branch, is_active=True).first() if branch else None
    if team is None:
        raise Invalid(_("Choose a team of this branch."), field="team")
    return team


def _of_period(whose: Budget, starts_on: dt.date, ends_on: dt.date) -> Budget:
    """The budget of the same owner that has this period, or `whose` with it. Raises `Invalid`, see above."""
    if ends_on < starts_on:
        raise Invalid(_("The period ends before it begins."), field="ends_on")
    same = Budget.objects.select_for_update(no_key=True, of=("self",)).filter(
        branch=whose.branch_id,
        team=whose.team_id,
        name=whose.name,
        kind=whose.kind,
        currency=whose.currency,
    )
    budget = same.filter(starts_on__lte=ends_on, ends_on__gte=starts_on).order_by("pk").first()
    if budget is None:
        whose.starts_on, whose.ends_on = starts_on, ends_on
        return whose
    if (budget.starts_on, budget.ends_on) != (starts_on, ends_on):
        raise Invalid(_("This period overlaps with another budget of the branch."), field="starts_on")
    return budget


def change_budget(
    *, actor: User, budget_id: int, amount: Decimal, terms: Terms, reason: str, seen: Values | None = None
) -> Budget:
    """Raise or lower a budget, or change its terms.

    Errors as of `set_budget`, `Conflict` when it is closed, and `Overtaken` when somebody else has changed it
    since it was as `seen` (see `budget_values`).
    """
    with money_transaction():
        budget = Budget.objects.select_for_update(no_key=True, of=("self",)).get(pk=budget_id)
        require(actor, Capability.CHANGE_SETTINGS, branch_id=budget.branch_id)
        return _save(
            budget,
            actor=actor,
            amount=check_amount(amount, budget.currency),
            terms=terms,
            reason=clean_text(reason, field="reason", longest=500, missing=_SAY_WHY),
            seen=seen,
        )


def close_budget(*, actor: User, budget_id: int, reason: str) -> Budget:
    """Let nothing more be granted from a budget, nor from those below it; what is reserved stays reserved."""
    with transaction.atomic():
        budget = Budget.objects.select_for_update(no_key=True, of=("self",)).get(pk=budget_id)
        require(actor, Capability.CHANGE_SETTINGS, branch_id=budget.branch_id)
        reason = clean_text(reason, field="reason", longest=500, missing=_SAY_WHY)
        _refuse_closed(budget)
        budget.closed_at = timezone.now()
        budget.save(update_fields=("closed_at",))
        record(stream=f"budget:{budget.pk}", verb="budget.closed", actor=actor, data={"reason": reason})
    return budget


def _save(
    budget: Budget, *, actor: User, amount: Decimal, terms: Terms | None, reason: str, seen: Values | None
) -> Budget:
    is_new, before = budget.pk is None, budget.amount if budget.pk else Decimal(0)
    if not is_new:
        _refuse_closed(budget)
        refuse_overtaken(seen, budget_values(budget))
    if amount < before and amount < budget.used:
        raise Invalid(_("More than this is reserved or spent already."), field="amount")
    budget.amount = amount
    if terms is not None:
        _apply(budget, terms)
    budget.save()
    kind = Movement.ALLOT if is_new else Movement.RAISE if amount > before else Movement.LOWER
    if amount != before:
        BudgetMovement.objects.create(
            budget=budget, kind=kind, amount=abs(amount - before), reason=reason, by=actor
        )
    record(stream=f"budget:{budget.pk}", verb="budget.set", actor=actor, data=written_down(budget, reason))
    return budget


def _refuse_closed(budget: Budget) -> None:
    if budget.closed_at is not None:
        raise Conflict(_("This budget is closed."))


def _apply(budget: Budget, terms: Terms) -> None:
    shares = sorted(set(terms.warn_at))
    if len(shares) > MOST_WARNINGS or any(not 1 <= share <= 200 for share in shares):
        raise Invalid(_("Give up to six shares between 1 and 200."), field="warn_at")
    if not 0 <= terms.overdraft <= 1:
        raise Invalid(_("Give a share between 0 and 100."), field="overdraft")
    if terms.reserve_at not in ReserveAt.values:
        raise Invalid(_("Choose one of the list."), field="reserve_at")
    if budget.amount * (1 + terms.overdraft) < budget.used:
        raise Invalid(_("More than this would allow is reserved or spent already."), field="overdraft")
    if terms.parent_id != budget.parent_id:
        _place_under(budget, terms.parent_id)
    budget.reserve_at, budget.overdraft = terms.reserve_at, terms.overdraft
    budget.carries_over, budget.warn_at = terms.carries_over, shares


def _place_under(budget: Budget, parent_id: int | None) -> None:
    """Put a budget under another; triggers hold the same, for a budget's place decides whose money it is."""
    if budget.pk and budget.movements.exclude(offer=None, remedy=None).exists():
        raise Invalid(_("It has paid for offers already, so it stays where it is."), field="parent")
    parent = Budget.objects.filter(pk=parent_id).first() if parent_id else None
    if parent_id and parent is None:
        raise Invalid(_("Choose one of the list."), field="parent")
    if parent is not None:
        if parent.currency != budget.currency:
            raise Invalid(_("It is in another currency."), field="parent")
        if parent.branch_id is not None and not _is_part_of(budget, parent):
            raise Invalid(_("It belongs to one branch alone."), field="parent")
        if parent.starts_on > budget.starts_on or parent.ends_on < budget.ends_on:
            raise Invalid(_("Its period does not cover this one."), field="parent")
        if len(parent.chain) >= MOST_LEVELS or budget.pk in {level.pk for level in parent.chain}:
            raise Invalid(_("No more than four levels stand above each other."), field="parent")
        if (
            budget.pk
            and Budget.objects.filter(parent=budget).exists()
            and len(parent.chain) + 2 > MOST_LEVELS
        ):
            raise Invalid(_("No more than four levels stand above each other."), field="parent")
    budget.parent = parent


def _is_part_of(budget: Budget, parent: Budget) -> bool:
    """Whether what a branch's own budget is for is part of what another of the branch is for."""
    return (
        budget.branch_id == parent.branch_id
        and parent.team_id in (None, budget.team_id)
        and parent.kind in ("", budget.kind)
        and (parent.team_id, parent.kind) != (budget.team_id, budget.kind)
    )


def written_down(budget: Budget, reason: str) -> dict[str, Any]:
    """A budget as the audit trail keeps it, with why it was set so."""
    return {
        "branch": budget.branch.code if budget.branch else "",
        "team": budget.team_id,
        "name": budget.name,
        "kind": str(budget.kind),
        "currency": budget.currency,
        "starts_on": budget.starts_on.isoformat(),
        "ends_on": budget.ends_on.isoformat(),
        "amount": str(budget.amount),
        "parent": budget.parent_id,
        "reserve_at": str(budget.reserve_at),
        "overdraft": str(budget.overdraft),
        "carries_over": budget.carries_over,
        "warn_at": list(budget.warn_at),
        "reason": reason,
    }
