"""What a decision on a waiting offer needs to be made well."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, IntegerField, OuterRef, QuerySet, Subquery, TextField, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone

from accounts.models import Delegation, User
from accounts.states import Capability
from cases.models import Case
from common.prepared import prepared
from compensation.authority_queries import Held, grants_on, limits_in_force, with_grants
from compensation.budget_queries import current_budget
from compensation.chain_queries import asked_amount, steps_of
from compensation.chain_rules import may_take
from compensation.models import ApprovalStep, Budget, KindSetting, Offer
from compensation.queries import grants_of_customers, key_of, like_cases, likes_of, offers_of_branches
from compensation.rules import ZERO, Likes, Limit, dose_of, dose_ratio, remedy_matches
from compensation.states import UNDECIDED_STEPS, Dose, RemedyClass, StepState
from customers.models import ContactPoint
from customers.rules import normalise_contact
from customers.states import ContactKind


@dataclass(frozen=True, slots=True)
class Lent:
    """The authority of somebody for whom the reader stands in."""

    name: str
    role: str
    limit: Limit


@dataclass(frozen=True, slots=True)
class Dossier:
    """One waiting offer and the facts beside it; amounts are in the offer's currency unless they say which.

    `limit` is the reader's authority and `proposer_limit` the proposer's, `ranks` those of the roles;
    `granted` is what the case was granted before, `granted_before` what its customer was in the last
    12 months; `ratio` is all compensation of the case, this offer included, to the loss.
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
    ranks: Mapping[str, Decimal]
    steps: tuple[ApprovalStep, ...]
    reader: User
    own_complaint: bool = False

    @property
    def case(self) -> Case:
        return self.offer.case

    @property
    def asked(self) -> Decimal:
        """What is still asked for, after those who have approved a step."""
        return asked_amount(self.offer, self.steps)

    @property
    def step(self) -> ApprovalStep | None:
        """The open step that the reader may approve as far as roles go, else the first that is open."""
        role, opened = self.reader.role, self._opened
        mine = [step for step in opened if self._takes(step, role, self.limit)]
        return next(iter([*sorted(mine, key=lambda step: step.role != role), *opened]), None)

    @property
    def decided_before(self) -> bool:
        """Whether the reader has decided a step of this offer already."""
        return any(self.reader in (step.decided_by, step.on_behalf_of) for step in self.steps)

    @property
    def within(self) -> bool:
        """Whether the reader, or somebody they stand in for, may approve all that is asked for."""
        return self.most >= self.asked

    @property
    def in_place_of(self) -> Lent | None:
        """With whose authority the reader would approve the whole; None where their own covers it."""
        if self._most_of(self.reader.role, self.limit) >= self.asked:
            return None
        return next((x for x in self.lent if self._most_of(x.role, x.limit) >= self.asked), None)

    @property
    def most(self) -> Decimal:
        """The most the reader may approve of this offer; zero when it is not theirs to approve."""
        if self.is_own or self.own_complaint:
            return ZERO
        lent = (self._most_of(each.role, each.limit) for each in self.lent)
        return max([self._most_of(self.reader.role, self.limit), *lent])

    def _most_of(self, role: str, limit: Limit | None) -> Decimal:
        """The most that somebody of this role and limit may approve at one of the open steps."""
        room = ZERO if limit is None else max(ZERO, min(self.asked, limit.per_case - limit.on_case))
        if not self.steps:
            return room
        opened = [step for step in self._opened if self._takes(step, role, limit)]
        if any(step.binding and not self._needs_authority(step) for step in opened):
            return self.asked
        return room if opened else ZERO

    @property
    def _opened(self) -> list[ApprovalStep]:
        return [step for step in self.steps if step.state == StepState.OPEN]

    def _takes(self, step: ApprovalStep, role: str, limit: Limit | None) -> bool:
        return may_take(step.role, binding=step.binding, limit=limit, role=role, ranks=self.ranks)

    def _needs_authority(self, step: ApprovalStep) -> bool:
        """Whether this is the last step, and nobody before had the authority that the offer takes."""
        others = [each for each in self.steps if each is not step]
        if any(each.state in UNDECIDED_STEPS for each in others):
            return False
        return all(self.ranks.get(each.role, ZERO) - self.granted < self.asked for each in others)

    @property
    def budget_short(self) -> bool:
        """Whether no budget that pays has enough, unless the money was set aside with the proposal."""
        return self.budget is not None and self.offer.budget_id is None and self.asked > self.budget.most

    @property
    def ratio(self) -> Decimal | None:
        return dose_ratio(self.granted + self.asked, self.case.loss)

    @property
    def dose(self) -> Dose | None:
        return None if self.ratio is None else dose_of(self.ratio)

    @property
    def matches(self) -> bool | None:
        return remedy_matches(self.remedy_class, self.case.failure_type)


def open_offer(user: User, offer_id: int) -> Offer:
    """The offer for `dossier`. Raises `Offer.DoesNotExist` also for one of a branch that is not theirs."""
    found = None
    if user.may(Capability.SEE_CASES):
        address = normalise_contact(ContactKind.EMAIL, user.email)
        on = timezone.now().date()
        found = _open.first(user.branch_ids, offer_id=offer_id, user_id=user.pk, on=on, address=address)
    if found is None:
        raise Offer.DoesNotExist
    return found


@prepared
def _open(
    branch_ids: frozenset[int] | None, *, offer_id: int, user_id: int, on: dt.date, address: str
) -> QuerySet[Offer]:
    own = ContactPoint.objects.filter(
        customer=OuterRef("case__customer"), kind=ContactKind.EMAIL, normalised=address
    )
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
        .annotate(
            complaints=counted,
            remedy_class=Subquery(settings.values("remedy_class")),
            own_complaint=Exists(own),
        )
        .annotate(lent=ArraySubquery(lent.order_by("pk").values_list(written)))
    )


def dossier(user: User, offer: Offer) -> Dossier:
    """The facts for this offer of `open_offer`, as this person needs them; five queries."""
    case, branch = offer.case, offer.branch
    grants = grants_of_customers([case.customer_id])
    granted = grants.by_case.get(case.pk, ZERO)
    held = limits_in_force(offer.currency, time_zone=branch.time_zone, kind=offer.kind, basis=offer.basis)
    limit = held.of(user)
    return Dossier(
        offer=offer,
        limit=_with_granted(limit, case, granted) if limit else None,
        proposer_limit=held.of(offer.proposer),
        granted=granted,
        complaints_before=max(0, getattr(offer, "complaints", 1) - 1),
        granted_before=grants.lately.get(case.customer_id, {}),
        likes=likes_of(case, like_cases([key_of(case)])),
        budget=current_budget(branch, offer.currency, offer.kind),
        is_own=offer.proposer_id == user.pk,
        lent=tuple(_lent(getattr(offer, "lent", ()), held, case, granted)),
        remedy_class=getattr(offer, "remedy_class", None) or RemedyClass.WORTH,
        ranks=held.ranks,
        steps=tuple(steps_of(offer)),
        reader=user,
        own_complaint=bool(getattr(offer, "own_complaint", False)),
    )


def _lent(written: Iterable[str], held: Held, case: Case, granted: Decimal) -> Iterator[Lent]:
    for each in written:
        key, role, name = each.split(":", 2)
        limit = held.of_person(int(key), role)
        if limit is not None:
            yield Lent(name, role, _with_granted(limit, case, granted))


def _with_granted(limit: Limit, case: Case, granted: Decimal) -> Limit:
    """The limit with what it counts on the case: only one for a kind or basis asks how that is made up."""
    if limit.kind or limit.basis:
        return with_grants(limit, grants_on(case))
    return replace(limit, on_case=granted)
