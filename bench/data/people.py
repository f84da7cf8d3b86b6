"""Customers and staff by number: whoever needs one knows all about it from its key alone."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property

from django.contrib.auth.hashers import make_password
from faker import Faker

from accounts.models import User
from accounts.states import Role
from common.search_text import tokens
from recovery.demo.world import Place

NAMES_PER_LANGUAGE = 300
FRONTLINE_PER_BRANCH = 10
READERS = 8
PASSWORD = "measured-by-nobody-else"
ADDRESS = "bench.example"
TIERS = ("standard",) * 12 + ("silver",) * 4 + ("gold",) * 3 + ("platinum",)


@dataclass(frozen=True, slots=True)
class Person:
    """A customer as a case needs one."""

    key: int
    place: int
    language: str
    name: str
    email: str
    phone: str
    tier: str
    lexemes: str


class Customers:
    """The customers of the whole group; customer `key` is always the same."""

    def __init__(self, places: list[Place], count: int) -> None:
        self.places = places
        self.count = count
        # A hundred seats, given to the branches by their share of cases.
        self._seats = [at for at, place in enumerate(places) for _ in range(round(place.trade.share * 100))]

    @cached_property
    def _names(self) -> dict[str, tuple[list[str], list[str]]]:
        found = {}
        for language, locale in (("en", "en_US"), ("zh-hans", "zh_CN")):
            fake = Faker(locale)
            fake.seed_instance(20)
            first = [fake.first_name() for _ in range(NAMES_PER_LANGUAGE)]
            found[language] = (first, [fake.last_name() for _ in range(NAMES_PER_LANGUAGE)])
        return found

    def person(self, key: int) -> Person:
        """The customer with that key, from 1 on."""
        scattered = key * 2_654_435_761 % 2**32
        at = self._seats[scattered % len(self._seats)]
        place = self.places[at]
        chinese = (scattered >> 8) % 100 < place.trade.chinese * 100
        language = "zh-hans" if chinese else "en"
        first, last = self._names[language]
        given, family = first[scattered % len(first)], last[(scattered >> 12) % len(last)]
        name = family + given if chinese else f"{given} {family}"
        email = f"customer.{key}@example.com"
        return Person(
            key=key,
            place=at,
            language=language,
            name=name,
            email=email,
            phone=f"+8619000{key:06d}" if chinese else f"+4930231{key:06d}",
            tier=TIERS[(scattered >> 4) % len(TIERS)],
            lexemes=lexemes(name),
        )


def lexemes(text: str) -> str:
    """A text's tokens as PostgreSQL reads them in a `tsvector`, which drops repeats."""
    return "".join(f" '{token}'" for token in tokens(text))


@dataclass(frozen=True, slots=True)
class Staff:
    """Who works where: frontline by place, and those who may decide anywhere."""

    frontline: list[list[User]]
    readers: list[User]
    manager: User


def create_staff(places: list[Place], joined_at: dt.datetime) -> Staff:
    """Write the staff. All have one password, which opens this data alone."""
    password = make_password(PASSWORD)

    def person(address: str, role: Role, *, everywhere: bool) -> User:
        return User(
            email=f"{address}@{ADDRESS}",
            name=address.replace(".", " ").title(),
            role=role,
            password=password,
            all_branches=everywhere,
            joined_at=joined_at,
        )

    frontline = [
        [
            person(f"{place.branch.code}.{n}", Role.FRONTLINE, everywhere=False)
            for n in range(1, FRONTLINE_PER_BRANCH + 1)
        ]
        for place in places
    ]
    readers = [person(f"supervisor.{n}", Role.SUPERVISOR, everywhere=True) for n in range(1, READERS + 1)]
    manager = person("manager", Role.MANAGER, everywhere=True)
    User.objects.bulk_create([*(user for room in frontline for user in room), *readers, manager])
    through = User.branches.through
    through.objects.bulk_create(
        through(user=user, branch=place.branch)
        for place, room in zip(places, frontline, strict=True)
        for user in room
    )
    return Staff(frontline, readers, manager)
