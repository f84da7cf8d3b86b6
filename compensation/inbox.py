"""What a decision on a waiting offer needs to be made well."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property, partial

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery, TextField, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone

from accounts.models import User
from accounts.states import Capability
from cases.models import Case
from common.prepared import prepared
from compensation.asking import lent_for_offer
from compensation.authority_queries import Held, complains, grants_on, limits_in_force, with_grants
from compensation.budget_queries import current_budget
from compensation.chain_queries import asked_amount, steps_of
from compensation.chain_rules import Planned, most_at, step_for
from compensation.models import ApprovalStep, Budget, KindSetting, Offer
from compensation.queries import grants_of_customers, key_of, like_cases, likes_of, offers_of_branches
from compensation.rules import ZERO, Likes, Limit, dose_of, dose_ratio, remedy_matches
from compensation.states import UNDECIDED_STEPS, Dose, RemedyClass, StepState
from customers.rules import normalise_contact
from customers.states import ContactKind


@dataclass(frozen=True, slots=True)
class Lent:
    """The authority of somebody for whom the reader stands in."""

    name: str
    role: str
    limit: Limit


@dataclass(frozen=True)
class Dossier:
    """One waiting offer and the facts beside it; amounts are in the offer's currency unless they say which.

    `limit` is the reader's authority, `proposer_limit` the proposer's, `approved_by` that of each who has
    approved a step, and `ranks` what the roles may decide per case; `granted` is what the case was granted
    before, `granted_before` what its customer was in the last 12 months; `ratio` is all compensation of the
    case, this offer included, to the loss.
    """

    offer: Offer
    limit: Limit | None
    proposer_limit: Limit | None
    approved_by: tuple[Limit | None, ...]
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

    @cached_property
    def asked(self) -> Decimal:
        """What is still asked for, after those who have approved a step."""
        return asked_amount(self.offer, self.steps)

    @cached_property
    def step(self) -> ApprovalStep | None:
        """The open step that the reader may approve as far as roles go, else the first that is open."""
        return self._step_of(self.reader.role, self.limit) or next(iter(self._opened), None)

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

    @cached_property
    def most(self) -> Decimal:
        """The most the reader may approve of this offer; zero when it is not theirs to approve."""
        if self.is_own or self.own_complaint:
            return ZERO
        lent = (self._most_of(each.role, each.limit) for each in self.lent)
        return max([self._most_of(self.reader.role, self.limit), *lent])

    def _most_of(self, role: str, limit: Limit | None) -> Decimal:
        """The most that somebody of this role and limit may approve at one of the open steps."""
        # What a loader lets wait has no step within the transaction, and is then asked of anybody.
        step = self._step_of(role, limit) if self.steps else Planned(1, self.offer.asked_role, binding=False)
        if step is None:
            return ZERO
        left = [each for each in self.steps if each.state in UNDECIDED_STEPS and each is not step]
        return most_at(step, limit, asked=self.asked, last=not left, before=self.approved_by)

    @cached_property
    def _opened(self) -> list[ApprovalStep]:
        return [step for step in self.steps if step.state == StepState.OPEN]

    def _step_of(self, role: str, limit: Limit | None) -> ApprovalStep | None:
        return step_for(self._opened, limit, role=role, ranks=self.ranks)

    @cached_property
    def budget_short(self) -> bool:
        """Whether no budget that pays has enough, unless the money was set aside with the proposal."""
        return self.budget is not None and self.offer.budget_id is None and self.asked > self.budget.most

    @cached_property
    def ratio(self) -> Decimal | None:
        return dose_ratio(self.granted + self.asked, self.case.loss)

    @property
    def dose(self) -> Dose | None:
        return None if self.ratio is None else dose_of(self.ratio)

    @cached_property
    def matches(self) -> bool | None:
        return remedy_matches(self.remedy_class, self.case.failure_type)


def open_offer(user: User, offer_id: int) -> Offer:
    """The offer for `dossier`. Raises `Offer.DoesNotExist` also for one of a branch that is not theirs."""
    found = None
    if user.may(Capability.SEE_CASES):
        address = normalise_contact(ContactKind.EMAIL, user.email)
        # Hardly anybody stands in for others, and to look for what they lend takes as long as the rest.
        lent = {"user_id": user.pk, "at": timezone.now()} if user.lent else {}
        found = _open.first(user.branch_ids, offer_id=offer_id, address=address, **lent)
    if found is None:
        raise Offer.DoesNotExist
    return found


@prepared
def _open(
    branch_ids: frozenset[int] | None,
    *,
    offer_id: int,
    address: str,
    user_id: int | None = None,
    at: dt.datetime | None = None,
) -> QuerySet[Offer]:
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
    offers = (
        offers_of_branches(branch_ids)
        .filter(pk=offer_id)
        .select_related("case__customer", "case__defect", "branch", "proposer")
        .defer("case__search", "case__customer__search", "case__suggestion", "case__description")
        .annotate(
            complaints=counted,
            remedy_class=Subquery(settings.values("remedy_class")),
            own_complaint=complains(OuterRef("case__customer"), address),
        )
    )
    if user_id is None or at is None:
        return offers
    lent = lent_for_offer(user_id, at).order_by("pk").values_list(written)
    return offers.annotate(lent=ArraySubquery(lent))


def dossier(user: User, offer: Offer) -> Dossier:
    """The facts for this offer of `open_offer`, as this person needs them; five queries."""
    case, branch = offer.case, offer.branch
    grants = grants_of_customers([case.customer_id])
    granted = grants.by_case.get(case.pk, ZERO)
    held = limits_in_force(offer.currency, time_zone=branch.time_zone, kind=offer.kind, basis=offer.basis)
    steps = steps_of(offer)
    whose = {step.on_behalf_of or step.decided_by for step in steps} - {None}
    counted = partial(_with_granted, case=case, granted=granted)
    return Dossier(
        offer=offer,
        limit=counted(held.of(user)),
        proposer_limit=held.of(offer.proposer),
        approved_by=tuple(counted(held.of(each)) for each in whose if each is not None),
        granted=granted,
        complaints_before=max(0, getattr(offer, "complaints", 1) - 1),
        granted_before=grants.lately.get(case.customer_id, {}),
        likes=likes_of(case, like_cases([key_of(case)])),
        budget=current_budget(branch, offer.currency, offer.kind, team_id=offer.team_id),
        is_own=offer.proposer_id == user.pk,
        lent=tuple(_lent(getattr(offer, "lent", ()), held, counted)),
        remedy_class=getattr(offer, "remedy_class", None) or RemedyClass.WORTH,
        ranks=held.ranks,
        steps=tuple(steps),
        reader=user,
        own_complaint=bool(getattr(offer, "own_complaint", False)),
    )


def _lent(
    written: Iterable[str], held: Held, counted: Callable[[Limit | None], Limit | None]
) -> Iterator[Lent]:
    for each in written:
        key, role, name = each.split(":", 2)
        limit = counted(held.of_person(int(key), role))
        if limit is not None:
            yield Lent(name, role, limit)


def _with_granted(limit: Limit | None, case: Case, granted: Decimal) -> Limit | None:
    """The limit with what it counts on the case: only one for a kind or basis asks how that is made up."""
    if limit is None:
        return None
    if limit.kind or limit.basis:
        return with_grants(limit, grants_on(case))
    return replace(limit, on_case=granted)
