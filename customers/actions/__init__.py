"""Writing customers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.access import require
from accounts.models import User
from accounts.states import Capability
from audit.actions import record
from common.errors import Invalid
from common.search_text import search_document
from customers.models import ContactPoint, Customer
from customers.rules import normalise_contact
from customers.states import ContactKind, Tier


@dataclass(frozen=True, kw_only=True)
class NewCustomer:
    """What is known of a customer when first met; `region` reads phone numbers without a country code."""

    name: str
    email: str = ""
    phone: str = ""
    language: str = "en"
    tier: str = Tier.STANDARD
    preferred_contact: str = ContactKind.EMAIL
    time_zone: str = "UTC"
    region: str | None = None
    customer_since: dt.date | None = None
    contacts: list[tuple[str, str]] = field(init=False)

    def __post_init__(self) -> None:
        given = [(ContactKind.EMAIL, self.email.strip()), (ContactKind.PHONE, self.phone.strip())]
        object.__setattr__(self, "contacts", [(kind, value) for kind, value in given if value])


def create_customer(*, actor: User, new: NewCustomer) -> Customer:
    """Write a new customer with contacts.

    Raises `Invalid` without a name, without any contact, or with one that can't be right.
    """
    require(actor, Capability.LOG_CASE)
    check_customer(new)
    with transaction.atomic():
        customer = Customer.objects.create(
            name=new.name.strip(),
            tier=new.tier,
            language=new.language,
            preferred_contact=new.preferred_contact,
            time_zone=new.time_zone,
            customer_since=new.customer_since,
            search=customer_document(new.name, new.contacts),
        )
        ContactPoint.objects.bulk_create(
            ContactPoint(
                customer=customer,
                kind=kind,
                value=value,
                normalised=normalise_contact(kind, value, region=new.region),
            )
            for kind, value in new.contacts
        )
        record(stream=f"customer:{customer.pk}", verb="customer.created", actor=actor, begins=True)
    return customer


def check_customer(new: NewCustomer) -> None:
    """Raise `Invalid` at the first field that is wrong."""
    for problem in wrong_in_customer(new):
        raise problem


def wrong_in_customer(new: NewCustomer) -> Iterator[Invalid]:
    """All that is wrong with a new customer, field by field."""
    if not new.name.strip():
        yield Invalid(_("Enter the customer’s name."), field="name")
    if not new.contacts:
        yield Invalid(_("Enter a phone number or an e-mail address, so that we can answer."), field="phone")
    if new.email.strip():
        try:
            validate_email(new.email.strip())
        except ValidationError:
            yield Invalid(_("This is not an e-mail address."), field="email")
    if new.phone.strip() and sum(character.isdigit() for character in new.phone) < 5:
        yield Invalid(_("This is not a phone number."), field="phone")


def customer_document(name: str, contacts: list[tuple[str, str]]) -> object:
    """What a customer is found by."""
    return search_document([name, *(value for _kind, value in contacts)])
