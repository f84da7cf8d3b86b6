"""The demo's customers: made-up names, addresses at example.com, numbers that ring nowhere."""

from __future__ import annotations

import datetime as dt
import random
import re
from dataclasses import dataclass, field

from faker import Faker

from customers.actions import customer_document
from customers.models import ContactPoint, Customer
from customers.rules import normalise_contact
from customers.states import ContactKind, Tier
from recovery.demo.chance import weighted
from recovery.demo.world import Place

CUSTOMERS_PER_CASE = 1.2
TIERS = ((Tier.STANDARD, 60), (Tier.SILVER, 22), (Tier.GOLD, 13), (Tier.PLATINUM, 5))
LATIN_NAME = re.compile(r"[^a-z]+")
SPELT_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


@dataclass(slots=True)
class Pool:
    """The customers of one branch; some complain more often than others."""

    customers: list[Customer] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)

    def draw(self, chance: random.Random) -> Customer:
        return chance.choices(self.customers, self.weights)[0]


class CustomerMaker:
    """Makes customers and their contacts from a fixed seed, and writes them all at once."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._fakes = {locale: _seeded(locale) for locale in ("en_US", "de_DE", "zh_CN")}
        self._made: list[tuple[Customer, list[tuple[str, str]]]] = []

    def pool(self, place: Place, size: int, now: dt.datetime) -> Pool:
        """Customers of a branch, not yet written."""
        pool = Pool()
        for _ in range(size):
            pool.customers.append(self._customer(place, now))
            pool.weights.append(self._chance.paretovariate(2.4))
        return pool

    def write(self) -> dict[int, str]:
        """Write everyone made so far; returns each one's e-mail address, "" for none, by primary key."""
        Customer.objects.bulk_create([customer for customer, _contacts in self._made], batch_size=1000)
        ContactPoint.objects.bulk_create(
            [
                ContactPoint(
                    customer=customer, kind=kind, value=value, normalised=normalise_contact(kind, value)
                )
                for customer, contacts in self._made
                for kind, value in contacts
            ],
            batch_size=1000,
        )
        return {
            customer.pk: next((value for kind, value in contacts if kind == ContactKind.EMAIL), "")
            for customer, contacts in self._made
        }

    def _customer(self, place: Place, now: dt.datetime) -> Customer:
        chinese = self._chance.random() < place.trade.chinese
        locale = "zh_CN" if chinese else place.trade.locale
        fake = self._fakes[locale]
        name = fake.name() if chinese else f"{fake.first_name()} {fake.last_name()}"
        contacts = self._contacts(name, locale)
        known_days = self._chance.randint(200, 2600)
        customer = Customer(
            name=name,
            tier=weighted(self._chance, TIERS),
            language="zh-hans" if chinese else "en",
            preferred_contact=contacts[-1][0] if self._chance.random() < 0.4 else contacts[0][0],
            time_zone=place.trade.time_zone,
            customer_since=(now - dt.timedelta(days=known_days)).date(),
            created_at=now - dt.timedelta(days=known_days),
            search=customer_document(name, contacts),
        )
        self._made.append((customer, contacts))
        return customer

    def _contacts(self, name: str, locale: str) -> list[tuple[str, str]]:
        number = len(self._made) + 1
        latin = LATIN_NAME.sub(".", name.lower().translate(SPELT_OUT)).strip(".") or "guest"
        email = (ContactKind.EMAIL.value, f"{latin}.{number}@example.com")
        phone = (ContactKind.PHONE.value, self._phone(locale))
        return self._chance.choices(([email, phone], [email], [phone]), (74, 20, 6))[0]

    def _phone(self, locale: str) -> str:
        """Numbers set aside for fiction where there are such, and else ones that were never given out."""
        if locale == "zh_CN":
            return f"+86 190 0000 {self._chance.randint(0, 9999):04d}"
        if locale == "de_DE":
            return f"+49 30 23125 {self._chance.randint(0, 999):03d}"
        return f"+1 202 555 01{self._chance.randint(0, 99):02d}"


def _seeded(locale: str) -> Faker:
    fake = Faker(locale)
    fake.seed_instance(20)
    return fake
