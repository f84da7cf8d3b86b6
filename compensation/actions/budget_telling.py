"""Who is told of a budget that runs low: the managers of its branch, or those of all branches."""

from __future__ import annotations

from decimal import Decimal

from django.db.models import QuerySet
from django.utils.translation import gettext_noop

from accounts.models import User
from accounts.queries import staff_of_branch
from accounts.states import Role
from compensation.actions.telling import amount_text
from compensation.models import Budget
from compensation.paths import budget_path
from messaging.actions import notify


def tell_of_share(budget: Budget, share: int) -> None:
    """Tell managers that a share, in percent, is used: once, and again only when the amount has changed."""
    _tell(
        budget,
        gettext_noop("%(share)s%% of the budget %(budget)s (%(amount)s) is reserved or spent."),
        {"share": share},
        occasion=str(share),
        urgent=share >= 100,
    )


def tell_of_forecast(budget: Budget, expected: Decimal) -> None:
    """Tell managers once that at this pace the money will not last to the end of the period."""
    _tell(
        budget,
        gettext_noop("At this pace the budget %(budget)s (%(amount)s) comes to %(expected)s by %(until)s."),
        {"expected": amount_text(expected, budget.currency), "until": budget.ends_on.isoformat()},
        occasion="forecast",
        urgent=False,
    )


def _tell(budget: Budget, message: str, params: dict[str, object], *, occasion: str, urgent: bool) -> None:
    notify(
        users=_managers(budget),
        message=message,
        params={"budget": budget.label, "amount": amount_text(budget.amount, budget.currency)} | params,
        url=budget_path(budget.pk),
        dedupe_key=f"budget:{budget.pk}:{occasion}:{budget.amount.normalize():f}",
        urgent=urgent,
    )


def _managers(budget: Budget) -> QuerySet[User]:
    if budget.branch_id is not None:
        return staff_of_branch(budget.branch_id, role=Role.MANAGER)
    return User.objects.filter(all_branches=True, is_active=True, role=Role.MANAGER).order_by("id")
