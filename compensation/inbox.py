"""What a decision on a waiting offer needs to be made well."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery, TextField, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone

from accounts.models import Delegation, User
from accounts.states import Capability
from cases.models import Case
from common.prepared import prepared
from compensation.authority_queries import limits_held
from compensation.budget_queries import current_budget
from compensation.models import Budget, KindSetting, Offer
from compensation.queries import grants_of_customers, key_of, like_cases, likes_of, offers_of_branches
from compensation.rules import ZERO, Likes, Limit, dose_of, dose_ratio, may_decide, remedy_matches
from compensation.states import Dose, RemedyClass


@dataclass(frozen=True, slots=True)
class Lent:
    """The authority of somebody for whom the reader stands in."""

    name: str
    limit: Limit


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
    lent: tuple[Lent, ...]
    remedy_class: str

    @property
    def case(self) -> Case:
        return self.offer.case

    @property
    def within(self) -> bool:
        """Whether the reader's authority, or one that was lent to them, covers the whole amount."""
        return any(may_decide(limit, self.offer.amount, granted=self.granted) for limit in self._limits)

    @property
    def in_place_of(self) -> Lent | None:
        """With whose authority the reader would approve the whole; None where their own covers it."""
        if may_decide(self.limit, self.offer.amount, granted=self.granted):
            return None
        covers = (x for x in self.lent if may_decide(x.limit, self.offer.amount, granted=self.granted))
        return next(covers, None)

    @property
    def most(self) -> Decimal:
        """The most the reader may approve of this offer; zero when it is their own."""
        if not self._limits or self.is_own:
            return ZERO
        highest = max(limit.per_case for limit in self._limits)
        return max(ZERO, min(self.offer.amount, highest - self.granted))

    @property
    def _limits(self) -> list[Limit]:
        return [*([self.limit] if self.limit else []), *(each.limit for each in self.lent)]

    @property
    def budget_short(self) -> bool:
        """Whether no budget that pays has enough, unless the money was set aside with the proposal."""
        return (
            self.budget is not None and self.offer.budget_id is None and self.offer.amount > self.budget.most
        )

    @property
    def ratio(self) -> Decimal | None:
        return dose_ratio(self.granted + self.offer.amount, self.case.loss)

    @property
    def dose(self) -> Dose | None:
        return None if self.ratio is None else dose_of(self.ratio)

    @property
    def matches(self) -> bool | None:
        return remedy_matches(self.remedy_class, self.case.failure_type)


def open_offer(user: User, offer_id: int) -> Offer:
    """The offer for `dossier`. Raises `Offer.DoesNotExist` also for one of a branch that is not theirs."""
    found = (
        _open.first(user.branch_ids, offer_id=offer_id, user_id=user.pk, on=timezone.now().date())
        if user.may(Capability.SEE_CASES)
        else None
    )
    if found is None:
        raise Offer.DoesNotExist
    return found


@prepared
def _open(branch_ids: frozenset[int] | None, *, offer_id: int, user_id: int, on: dt.date) -> QuerySet[Offer]:
    lent = Delegation.objects.filter(
        delegate=user_id, starts_on__lte=on, ends_on__gte=on, revoked_at=None, delegator__is_active=True
    ).exclude(delegator=OuterRef("proposer"))
    # One column of texts: a table of its own would be one more query for what hardly anybody has.
    written = Concat(
        Cast("delegator_id", TextField()),
        Value(":"),
        "delegator__role",
        Value(":"),
        "delegator__name",
        output_field=TextField(),
    )
    complaints = Case.objects.filter(customer=OuterRef("case__customer")).order_by().values("customer")
    settings = KindSetting.objects.filter(pk=OuterRef("kind"))
    counted = Subquery(complaints.annotate(n=Count("pk")).values("n"), output_field=IntegerField())
    return (
        offers_of_branches(branch_ids)
        .filter(pk=offer_id)
        .select_related("case__customer", "case__defect", "branch", "proposer")
        .defer("case__search", "case__customer__search", "case__suggestion", "case__description")
        .annotate(complaints=counted, remedy_class=Subquery(settings.values("remedy_class")))
        .annotate(lent=ArraySubquery(lent.order_by("pk").values_list(written)))
    )


def dossier(user: User, offer: Offer) -> Dossier:
    """The facts for this offer of `open_offer`, as this person needs them; four queries."""
    case, branch = offer.case, offer.branch
    grants = grants_of_customers([case.customer_id])
    limit_of = limits_held(offer.currency, time_zone=branch.time_zone, kind=offer.kind, basis=offer.basis)
    return Dossier(
        offer=offer,
        limit=limit_of(user.pk, user.role),
        proposer_limit=limit_of(offer.proposer.pk, offer.proposer.role),
        granted=grants.by_case.get(case.pk, ZERO),
        complaints_before=max(0, getattr(offer, "complaints", 1) - 1),
        granted_before=grants.lately.get(case.customer_id, {}),
        likes=likes_of(case, like_cases([key_of(case)])),
        budget=current_budget(branch, offer.currency, offer.kind),
        is_own=offer.proposer_id == user.pk,
        lent=tuple(_lent(getattr(offer, "lent", ()), limit_of)),
        remedy_class=getattr(offer, "remedy_class", None) or RemedyClass.WORTH,
    )


def _lent(written: Iterable[str], limit_of: Callable[[int, str], Limit | None]) -> Iterator[Lent]:
    for each in written:
        key, role, name = each.split(":", 2)
        limit = limit_of(int(key), role)
        if limit is not None:
            yield Lent(name, limit)
