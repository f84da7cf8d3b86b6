"""Offers, approvals, budgets and fulfilment."""

from compensation.models.budget import Budget, BudgetMovement
from compensation.models.offer import Approval, Fulfilment, Offer

__all__ = ["Approval", "Budget", "BudgetMovement", "Fulfilment", "Offer"]
