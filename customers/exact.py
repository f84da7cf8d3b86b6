"""Finding customers by what names them exactly: a whole list of lines at once, with few queries."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from customers.models import ContactPoint, Customer, Order
from customers.rules import normalise_phone

CHUNK = 5000
_KEY = re.compile(r"#([0-9]{1,18})")


def customers_named(names: Sequence[str], *, region: str | None = None) -> dict[str, set[int]]:
    """The keys of the customers whom each name means: an e-mail address, phone or order number, or #key.

    A name that means nobody has an empty set, and one that several people share has them all. `region` reads
    phone numbers without a country code.
    """
    found: dict[str, set[int]] = {name: set() for name in names}
    unique = list(found)
    for start in range(0, len(unique), CHUNK):
        _find(unique[start : start + CHUNK], found, region)
    return found


def _find(names: Iterable[str], found: dict[str, set[int]], region: str | None) -> None:
    keys: dict[int, list[str]] = defaultdict(list)
    contacts: dict[str, list[str]] = defaultdict(list)
    orders: dict[str, list[str]] = defaultdict(list)
    for name in names:
        if key := _KEY.fullmatch(name):
            keys[int(key[1])].append(name)
        elif "@" in name:
            contacts[name.lower()].append(name)
        else:
            orders[name.upper()].append(name)
            for number in _phones(name, region):
                contacts[number].append(name)
    people = Customer.objects.filter(pk__among=list(keys)).values_list("pk", "pk")
    points = ContactPoint.objects.filter(normalised__among=list(contacts))
    bought = Order.objects.filter(reference__among=list(orders))
    _note(found, keys, people if keys else ())
    _note(found, contacts, points.values_list("normalised", "customer_id") if contacts else ())
    _note(found, orders, bought.values_list("reference", "customer_id") if orders else ())


def _phones(name: str, region: str | None) -> set[str]:
    digits = "".join(character for character in name if character.isdigit())
    if len(digits) < 5 or len(digits) * 2 < len(name):
        return set()
    return {normalise_phone(name, region=region), digits, f"+{digits}"}


def _note(
    found: dict[str, set[int]], wanted: Mapping[Any, Iterable[str]], rows: Iterable[tuple[Any, int]]
) -> None:
    for value, pk in rows:
        for name in wanted[value]:
            found[name].add(pk)
