"""What a decision needs to be made well, for a page of waiting offers, in a constant number of queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from accounts.models import User
from cases.models import Case
from compensation.models import Budget, Offer
from compensation.queries import (
    budgets_of,
    complaints_of_customers,
    grants_of_customers,
    key_of,
    like_cases,
    likes_of,
    limits_by_currency,
)
from compensation.rules import ZERO, Likes, Limit, dose_of, dose_ratio, may_decide, remedy_matches
from compensation.states import Dose


@dataclass(frozen=True, slots=True)
class Dossier:
    """One waiting offer and the facts beside it; amounts are in the offer's currency unless they say which.

    `limit` is the reader's authority and `proposer_limit` the proposer's; `granted` is what the case was
    granted before, `granted_before` what its customer was in the last 12 months; `ratio` is all compensation
    of the case, this offer included, to the loss.
    """

    offer: Offer
    limit: Limit | None
    proposer_limit: Limit | None
    granted: Decimal
    complaints_before: int
    granted_before: dict[str, Decimal]
    likes: Likes
    budget: Budget | None
    is_own: bool

    @property
    def case(self) -> Case:
        return self.offer.case

    @property
    def within(self) -> bool:
        """Whether the reader's authority covers the whole amount."""
        return may_decide(self.limit, self.offer.amount, granted=self.granted)

    @property
    def most(self) -> Decimal:
        """The most the reader may approve of this offer; zero when it is their own."""
        if self.limit is None or self.is_own:
            return ZERO
        return max(ZERO, min(self.offer.amount, self.limit.per_case - self.granted))

    @property
    def budget_short(self) -> bool:
        return self.budget is not None and self.offer.amount > self.budget.left

    @property
    def ratio(self) -> Decimal | None:
        return dose_ratio(self.granted + self.offer.amount, self.case.loss)

    @property
    def dose(self) -> Dose | None:
        return None if self.ratio is None else dose_of(self.ratio)

    @property
    def matches(self) -> bool | None:
        return remedy_matches(self.offer.kind, self.case.failure_type)


def dossiers(user: User, offers: Sequence[Offer]) -> list[Dossier]:
    """The facts for each of these offers, as this person needs them; five queries, however many offers."""
    customers = {offer.case.customer_id for offer in offers}
    complaints = complaints_of_customers(customers)
    grants = grants_of_customers(customers)
    found = like_cases(key_of(offer.case) for offer in offers)
    limits = limits_by_currency({offer.currency for offer in offers})
    budgets = budgets_of({offer.branch_id: offer.branch.time_zone for offer in offers})
    return [
        Dossier(
            offer=offer,
            limit=limits[offer.currency].get(user.role),
            proposer_limit=limits[offer.currency].get(offer.proposer.role),
            granted=grants.by_case.get(offer.case_id, ZERO),
            complaints_before=max(0, complaints.get(offer.case.customer_id, 0) - 1),
            granted_before=grants.lately.get(offer.case.customer_id, {}),
            likes=likes_of(offer.case, found),
            budget=budgets.get((offer.branch_id, offer.currency)),
            is_own=offer.proposer_id == user.pk,
        )
        for offer in offers
    ]
