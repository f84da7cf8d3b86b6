"""Offers, approvals, budgets and fulfilment."""

from compensation.models.budget import Budget, BudgetMovement
from compensation.models.kind import KindSetting
from compensation.models.offer import Answer, Approval, Fulfilment, Offer, Setback

__all__ = [
    "Answer",
    "Approval",
    "Budget",
    "BudgetMovement",
    "Fulfilment",
    "KindSetting",
    "Offer",
    "Setback",
]
