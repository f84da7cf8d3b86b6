"""Setting the money aside that a branch may spend on compensation in a period."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.access import require
from accounts.models import Branch, User
from accounts.states import Capability
from audit.actions import record
from common.errors import Invalid, Values, refuse_overtaken
from common.money import check_amount
from compensation.models import Budget


def budget_values(budget: Budget) -> Values:
    """What can be changed of a budget, as a form shows it: without the zeros that the column adds."""
    return {"amount": f"{budget.amount.normalize():f}"}


def set_budget(
    *,
    actor: User,
    branch_id: int,
    currency: str,
    starts_on: dt.date,
    ends_on: dt.date,
    amount: Decimal,
    seen: Values | None = None,
) -> Budget:
    """Set the budget of a branch for a period, or change the amount of the one that has this very period.

    Raises `Invalid` when the period runs backwards or overlaps another, or the amount is less than is spent
    already, and `Overtaken` when somebody else has changed it since it was as `seen` (see `budget_values`).
    """
    with transaction.atomic():
        branch = Branch.objects.select_for_update(no_key=True).get(pk=branch_id)
        require(actor, Capability.CHANGE_SETTINGS, branch_id=branch.pk)
        amount = check_amount(amount, currency)
        if ends_on < starts_on:
            raise Invalid(_("The period ends before it begins."), field="ends_on")
        overlapping = Budget.objects.select_for_update(no_key=True).filter(
            branch=branch, currency=currency, starts_on__lte=ends_on, ends_on__gte=starts_on
        )
        budget = next(iter(overlapping), None)
        if budget is None:
            budget = Budget(
                branch=branch, currency=currency, starts_on=starts_on, ends_on=ends_on, amount=amount
            )
        elif (budget.starts_on, budget.ends_on) != (starts_on, ends_on):
            raise Invalid(_("This period overlaps with another budget of the branch."), field="starts_on")
        elif amount < budget.reserved + budget.committed:
            raise Invalid(_("More than this is reserved or spent already."), field="amount")
        else:
            refuse_overtaken(seen, budget_values(budget))
        budget.amount = amount
        budget.save()
        record(
            stream=f"budget:{budget.pk}",
            verb="budget.set",
            actor=actor,
            data={
                "branch": branch.code,
                "currency": currency,
                "starts_on": starts_on.isoformat(),
                "ends_on": ends_on.isoformat(),
                "amount": str(amount),
            },
        )
    return budget
