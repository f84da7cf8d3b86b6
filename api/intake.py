"""A complaint that a program sends: who complains, and what the text suggests where nothing is said."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.access import require
from accounts.models import Branch, User
from accounts.states import Capability
from cases.actions.log import NewCase
from cases.models import Case, Defect
from cases.queries import recent_complaints
from cases.suggestion import suggest
from common.errors import Conflict
from customers.actions import NewCustomer
from customers.models import Customer
from customers.queries import customer_with_contact
from customers.states import ContactKind

# What the actions call these fields of a new customer, and where they stand in the input.
CUSTOMER_FIELDS = {name: f"customer.{name}" for name in ("name", "email", "phone")}


class NoSuchCustomer(LookupError):
    """A customer was named by an id that nobody has."""


def new_case(given: dict[str, Any]) -> NewCase:
    """The complaint record from checked input. Raises `NoSuchCustomer`."""
    branch: Branch = given["branch"]
    customer = customer_of(given, branch)
    found = suggest(
        given["description"],
        loss=given["loss_amount"],
        currency=branch.currency,
        repeat_count=recent_complaints(customer.pk) if isinstance(customer, Customer) else 0,
        tier=customer.tier,
    )
    defect = given.get("defect")
    if defect is None and found.defect:
        defect = Defect.objects.filter(code=found.defect, is_active=True).first()
    return NewCase.of(
        given,
        customer=customer,
        language=given.get("language", customer.language),
        preferred_contact=given.get("preferred_contact", customer.preferred_contact),
        failure_type=given.get("failure_type", found.failure_type or ""),
        defect=defect,
        severity=given.get("severity", found.severity),
        cues=list(found.cues),
        suggestion=found.kept,
    )


def logged_before(user: User, given: dict[str, Any]) -> Case | None:
    """The case that this very complaint of another system was logged as, None if it is new.

    Raises `NotAllowed` as logging would, and `Conflict` when the reference names another complaint.
    """
    branch: Branch = given["branch"]
    if not given["external_reference"]:
        return None
    require(user, Capability.LOG_CASE, branch_id=branch.pk)
    case = Case.objects.filter(
        external_source=given["external_source"], external_reference=given["external_reference"]
    ).first()
    if case is not None and (case.branch_id, case.description) != (branch.pk, given["description"]):
        raise Conflict(
            _("This reference belongs to a complaint that was logged before and says something else."),
            field="external_reference",
        )
    return case


def customer_of(given: dict[str, Any], branch: Branch) -> Customer | NewCustomer:
    """The customer meant, or one to be written together with the case."""
    who = given["customer"]
    if "id" in who:
        customer = Customer.objects.defer("search").filter(pk=who["id"]).first()
        if customer is None:
            raise NoSuchCustomer
        return customer
    for kind in (ContactKind.EMAIL, ContactKind.PHONE):
        if value := who.get(kind.value):
            customer = customer_with_contact(kind, value)
            if customer is not None:
                return customer
    return NewCustomer(
        name=who.get("name", ""),
        email=who.get("email", ""),
        phone=who.get("phone", ""),
        tier=who["tier"],
        language=given.get("language", "en"),
        preferred_contact=given.get("preferred_contact", ContactKind.EMAIL),
        time_zone=branch.time_zone,
    )
