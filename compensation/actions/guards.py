"""What every action on offers checks, and how the database's own refusals are put into words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.db.models import OuterRef, QuerySet
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.access import require
from accounts.models import User
from accounts.states import Capability, Role
from cases.actions.locking import check_case_for, locked_cases
from cases.models import Case
from common.errors import Conflict, DomainError, Invalid, NotAllowed
from common.money import check_amount
from common.prepared import prepared
from compensation.authority_queries import complains, deciding_limits, grants_on, with_grants
from compensation.budget_rules import who_decides_overdraft
from compensation.kind_queries import kind_setting
from compensation.models import Budget, KindSetting, Offer
from compensation.rules import ZERO, Limit, may_become
from compensation.states import OfferState

if TYPE_CHECKING:
    from common.errors import Text

OWN = _("You proposed this yourself, so someone else decides.")
ONCE = _("You have decided on one step of this offer, so someone else decides on the next.")
OWN_COMPLAINT = _("This is your own complaint, so someone else decides.")
_ABOVE = _("This is above your authority.")
_DECIDED = _("Someone else has decided on this offer in the meantime.")
_SPENT = _("The budget does not have this much left.")
_UNDER_WAY = _("A payment of this offer is under way. First say what became of it.")
_HAD_A_PART = _("Who proposed an offer, decided on it or entered the account does not pay it.")

_REFUSALS: dict[str, tuple[type[DomainError], Text]] = {
    "compensation_nobody_approves_their_own": (NotAllowed, OWN),
    "compensation_approval_within_limit": (NotAllowed, _ABOVE),
    "compensation_grant_within_authority": (NotAllowed, _ABOVE),
    "compensation_grant_has_approval": (Conflict, _("This offer has not been approved.")),
    "compensation_budget_never_overspent": (Conflict, _SPENT),
    "compensation_budget_closed": (Conflict, _("The budget was closed, so nothing more is granted from it.")),
    "compensation_approval_offer_id_key": (Conflict, _DECIDED),
    "compensation_remedy_four_eyes": (NotAllowed, OWN),
    "compensation_remedy_within_limit": (NotAllowed, _ABOVE),
    "compensation_remedyapproval_remedy_id_key": (Conflict, _("Someone else has decided in the meantime.")),
    "compensation_remedy_one_at_a_time": (
        Conflict,
        _("Another remedy of this incident is not finished yet."),
    ),
    "compensation_movement_once_a_round": (Conflict, _DECIDED),
    "compensation_movement_spends_once": (Conflict, _DECIDED),
    "compensation_step_once_a_person": (NotAllowed, ONCE),
    "compensation_step_delegated": (NotAllowed, _("The authority was not lent for that day.")),
    "compensation_step_four_eyes": (NotAllowed, OWN),
    "compensation_step_by_its_role": (NotAllowed, _ABOVE),
    "compensation_step_is_open": (Conflict, _DECIDED),
    "compensation_own_complaint": (NotAllowed, OWN_COMPLAINT),
    "compensation_approval_ends_the_chain": (Conflict, _("Others have to decide on this offer first.")),
    "compensation_offer_moves": (Conflict, _DECIDED),
    "compensation_answer_offer_id_key": (
        Conflict,
        _("The customer's answer has been recorded in the meantime."),
    ),
    "compensation_offer_is_being_paid": (Conflict, _UNDER_WAY),
    "compensation_payment_once": (Conflict, _("One of these payments is in another batch by now.")),
    "compensation_payment_is_owed": (Conflict, _("One of these offers can’t be paid any more.")),
    "compensation_payment_four_eyes": (NotAllowed, _HAD_A_PART),
    "compensation_nobody_reviews_their_own": (
        NotAllowed,
        _("You had a part in this compensation, so someone else reviews it."),
    ),
    "compensation_fulfilment_offer_id_key": (Conflict, _("This offer has been fulfilled in the meantime.")),
}


@contextmanager
def money_transaction() -> Iterator[None]:
    """One transaction in which a refusal by a constraint or trigger becomes a sentence for the person."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        diagnosis = getattr(error.__cause__, "diag", None)
        refusal = _REFUSALS.get(getattr(diagnosis, "constraint_name", None) or "")
        if refusal is None:
            raise
        kind, message = refusal
        raise kind(message) from error


def take_offer(
    actor: User, offer_id: int, capability: Capability, *, must_be_open: bool = False
) -> tuple[Case, Offer]:
    """Lock an offer's case, and read the offer as it stands then.

    Raises `Offer.DoesNotExist`, `NotAllowed`, or `Conflict` for a resolved case where it must be open.
    """
    case = _case_of.first(offer_id=offer_id)
    if case is None:
        raise Offer.DoesNotExist
    check_case_for(actor, case, capability, must_be_open=must_be_open)
    (offer,) = _offer(offer_id=offer_id)
    return case, offer


@prepared
def _case_of(*, offer_id: int) -> QuerySet[Case]:
    # Long texts that nothing here asks for.
    return locked_cases().filter(offers=offer_id).defer("description", "suggestion", "resolution")


@prepared
def _offer(*, offer_id: int) -> QuerySet[Offer]:
    return Offer.objects.filter(pk=offer_id).select_related("proposer", "budget")


def fresh(actor: User, capability: Capability, *, lock: bool = False) -> User:
    """The actor as the database knows them now: a role taken away a moment ago counts."""
    (person,) = _person(lock, user_id=actor.pk)
    require(person, capability)
    return person


def fresh_on_case(actor: User, capability: Capability, case: Case) -> tuple[User, bool]:
    """As `fresh`, and whether it is their own complaint."""
    (person,) = _person_on_case(user_id=actor.pk, customer_id=case.customer_id)
    require(person, capability)
    return person, vars(person)["complains"]


@prepared
def _person_on_case(*, user_id: int, customer_id: int) -> QuerySet[User]:
    own = complains(customer_id, Lower(OuterRef("email")))
    return User.objects.filter(pk=user_id).annotate(complains=own)


@prepared
def _person(lock: bool, *, user_id: int) -> QuerySet[User]:
    people = User.objects.select_for_update(no_key=True) if lock else User.objects.all()
    return people.filter(pk=user_id)


def hold_case(case_id: int) -> Case | None:
    """Lock the case of an offer that a sweep has found; None while somebody else works on it."""
    cases = Case.objects.select_for_update(of=("self",), skip_locked=True).select_related("branch")
    return cases.defer("search").filter(pk=case_id).first()


def check_transition(offer: Offer, wanted: OfferState) -> None:
    """Raise `Conflict`, saying how the offer stands, unless it may go over to that state."""
    if not may_become(offer.state, wanted):
        raise Conflict(
            _("This is not possible any more: the offer is now “%(state)s”."),
            params={"state": OfferState(offer.state).label},
        )


def check_overdraft(*, limit: Limit, case: Case, offer: Offer, budget: Budget) -> None:
    """Raise `NotAllowed` unless this authority stands one level above what would do within the budget."""
    granted = grants_on(case)
    deciders = deciding_limits(
        offer.currency, branch=case.branch, without=offer.proposer, kind=offer.kind, basis=offer.basis
    )
    above = who_decides_overdraft((with_grants(each, granted) for each in deciders), offer.standing_amount)
    if above is not None and limit.per_case < above.per_case:
        raise NotAllowed(
            _("This goes beyond the budget “%(name)s”, so it has to be approved by: %(role)s."),
            field="amount",
            params={"name": budget.label, "role": Role(above.role).label},
        )


def clean_text(value: str, *, field: str, longest: int, missing: Text) -> str:
    """Text without surrounding space. Raises `Invalid` when there is none, or too much."""
    text = value.replace("\x00", "").strip()
    if not text:
        raise Invalid(missing, field=field)
    if len(text) > longest:
        raise Invalid(
            _("Please keep this to %(longest)s characters; it has %(length)s."),
            field=field,
            params={"longest": longest, "length": len(text)},
        )
    return text


def check_kind(code: str, *, field: str = "kind") -> str:
    """The code of a kind in use. Raises `Invalid`."""
    setting = KindSetting.objects.filter(pk=code).first()
    if setting is None:
        raise Invalid(_("Choose one of the list."), field=field)
    if not setting.is_active:
        raise Invalid(
            _("“%(kind)s” is not offered any more. Choose another kind."),
            field=field,
            params={"kind": setting.label},
        )
    return code


def check_worth(amount: Decimal, currency: str, kind: str) -> Decimal:
    """What an offer of this kind is worth: an amount, or zero where the kind may cost nothing.

    Raises `Invalid`, as `check_amount` does.
    """
    if amount == ZERO and kind_setting(kind).may_cost_nothing:
        return ZERO
    return check_amount(amount, currency)


def check_choice(value: str, choices: type, *, field: str) -> str:
    """One of an enumeration's values. Raises `Invalid`."""
    if value not in choices.values:  # type: ignore[attr-defined]
        raise Invalid(_("Choose one of the list."), field=field)
    return value
