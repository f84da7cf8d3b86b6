"""Finding customers."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Prefetch, Q, QuerySet

from common.prepared import prepared
from common.search_text import search_filter
from customers.models import ContactPoint, Customer, Order
from customers.rules import normalise_contact, normalise_phone
from customers.states import ContactKind

MOST_FOUND = 8


def with_contacts(customers: QuerySet[Customer]) -> QuerySet[Customer]:
    """The same customers with their contacts already read."""
    return customers.prefetch_related(Prefetch("contact_points", ContactPoint.objects.order_by("kind", "id")))


def contacts_of(customer_id: int) -> list[ContactPoint]:
    """How a customer can be reached."""
    return _contacts(customer_id=customer_id)


@prepared
def _contacts(*, customer_id: int) -> QuerySet[ContactPoint]:
    return ContactPoint.objects.filter(customer=customer_id).order_by("kind", "id")


def customer_by_key(key: int) -> Customer | None:
    """The customer with that key, if there is one."""
    return _customer.first(key=key)


@prepared
def _customer(*, key: int) -> QuerySet[Customer]:
    return Customer.objects.filter(pk=key).defer("search")


def find_customers(text: str, *, limit: int = MOST_FOUND, region: str | None = None) -> list[Customer]:
    """Customers by phone, e-mail, order number (from their beginning) or name, the surest matches first."""
    text = text.replace("\x00", "").strip()
    if len(text) < 2:
        return []
    found: dict[int, None] = {}
    for lookup in (_by_contact(text, region), _by_order(text), _by_name(text)):
        if lookup is not None and len(found) < limit:
            found.update(dict.fromkeys(lookup[: limit - len(found)]))
    customers = with_contacts(Customer.objects.filter(pk__in=list(found))).in_bulk()
    return [customers[key] for key in found if key in customers]


def newest_customers(*, after: int | None = None, limit: int = MOST_FOUND) -> list[Customer]:
    """Customers, the newest first, from below the id `after`."""
    rows = Customer.objects.defer("search").order_by("-id")
    if after is not None:
        rows = rows.filter(pk__lt=after)
    return list(with_contacts(rows)[:limit])


def orders_of(
    customer_id: int, *, branch_ids: Collection[int] | None, limit: int = MOST_FOUND
) -> list[Order]:
    """What a customer bought in these branches (None: in any), the newest first."""
    rows = (
        Order.objects.filter(customer_id=customer_id).select_related("branch").order_by("-ordered_at", "-id")
    )
    if branch_ids is not None:
        rows = rows.filter(branch_id__in=branch_ids)
    return list(rows[:limit])


def _by_contact(text: str, region: str | None) -> QuerySet[ContactPoint, int] | None:
    digits = "".join(character for character in text if character.isdigit())
    if "@" in text:
        match = Q(normalised__startswith=text.lower(), kind=ContactKind.EMAIL)
    elif len(digits) >= 4 and len(digits) * 2 >= len(text):
        number = normalise_phone(text, region=region)
        match = Q(normalised__startswith=number) | Q(normalised__startswith=digits)
        if not number.startswith("+"):
            match |= Q(normalised__startswith="+" + digits)
    else:
        return None
    return (
        ContactPoint.objects.filter(match).order_by("normalised", "id").values_list("customer_id", flat=True)
    )


def _by_order(text: str) -> QuerySet[Order, int] | None:
    if len(text) < 4 or " " in text:
        return None
    return (
        Order.objects.filter(reference__startswith=text.upper())
        .order_by("reference")
        .values_list("customer_id", flat=True)
    )


def _by_name(text: str) -> QuerySet[Customer, int] | None:
    match = search_filter(text)
    return (
        None if match is None else Customer.objects.filter(match).order_by("-id").values_list("pk", flat=True)
    )


def customer_with_contact(kind: str, value: str, *, region: str | None = None) -> Customer | None:
    """The customer with exactly this phone number or e-mail address; of several, the first one."""
    same = ContactPoint.objects.filter(kind=kind, normalised=normalise_contact(kind, value, region=region))
    point = same.select_related("customer").defer("customer__search").order_by("customer_id").first()
    return point.customer if point else None
