"""Offers, approvals, budgets, fulfilment, payments, policies, vouchers, remedies, and reviews."""

from compensation.models.approval_route import ApprovalRoute, ApprovalStep, Question, RouteStep
from compensation.models.budget import Budget, BudgetMovement
from compensation.models.decision_link import DecisionLink
from compensation.models.fulfilment import Fulfilment, Setback
from compensation.models.kind import KindSetting
from compensation.models.offer import Answer, Approval, Offer
from compensation.models.payment import (
    PayingAccount,
    PaymentBatch,
    PaymentDelivery,
    PaymentFile,
    PaymentLine,
    PaymentOrder,
)
from compensation.models.policy import Policy, PolicyVersion
from compensation.models.remedy import Remedy, RemedyApproval, RemedyQuestion, RemedyShare
from compensation.models.review import Review, ReviewItem, ReviewList
from compensation.models.sealed import SealingKey
from compensation.models.stock import Stock, StockMovement
from compensation.models.voucher import Redemption, Voucher, VoucherLink, VoucherRule

__all__ = [
    "Answer",
    "Approval",
    "ApprovalRoute",
    "ApprovalStep",
    "Budget",
    "BudgetMovement",
    "DecisionLink",
    "Fulfilment",
    "KindSetting",
    "Offer",
    "PayingAccount",
    "PaymentBatch",
    "PaymentDelivery",
    "PaymentFile",
    "PaymentLine",
    "PaymentOrder",
    "Policy",
    "PolicyVersion",
    "Question",
    "Redemption",
    "Remedy",
    "RemedyApproval",
    "RemedyQuestion",
    "RemedyShare",
    "Review",
    "ReviewItem",
    "ReviewList",
    "RouteStep",
    "SealingKey",
    "Setback",
    "Stock",
    "StockMovement",
    "Voucher",
    "VoucherLink",
    "VoucherRule",
]
