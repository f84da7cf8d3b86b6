"""Offers, approvals, budgets, fulfilment and payments."""

from compensation.models.budget import Budget, BudgetMovement
from compensation.models.kind import KindSetting
from compensation.models.offer import Answer, Approval, Fulfilment, Offer, Setback
from compensation.models.payment import (
    PayingAccount,
    PaymentBatch,
    PaymentDelivery,
    PaymentFile,
    PaymentLine,
    PaymentOrder,
)

__all__ = [
    "Answer",
    "Approval",
    "Budget",
    "BudgetMovement",
    "Fulfilment",
    "KindSetting",
    "Offer",
    "PayingAccount",
    "PaymentBatch",
    "PaymentDelivery",
    "PaymentFile",
    "PaymentLine",
    "PaymentOrder",
    "Setback",
]
