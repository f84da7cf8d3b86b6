"""The people of the demo group: five with a published password, one for each role, and their colleagues."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.contrib.auth.hashers import make_password
from faker import Faker

from accounts.models import Branch, Team, User
from accounts.states import Role

PASSWORD = "amends-demo"  # noqa: S105  # published on purpose; the demo runs on one machine only
ADDRESS = "demo.example"

# Role → name, and the branches reached; an empty list means every branch.
DEMO_USERS: dict[Role, tuple[str, tuple[str, ...]]] = {
    Role.FRONTLINE: ("Fay Frontline", ("lantern-hotel", "lantern-parcel")),
    Role.SUPERVISOR: ("Sam Supervisor", ()),
    Role.MANAGER: ("Mona Manager", ()),
    Role.ADMIN: ("Ada Admin", ()),
    Role.AUDITOR: ("Otto Auditor", ()),
    Role.FINANCE: ("Fina Finance", ()),
}
FRONTLINE_PER_BRANCH = 2
# One branch is divided: who of its frontline is in which team, by place. The demo's own person is the last.
DIVIDED = "lantern-hotel"
TEAMS = (("Front desk (demo)", "前台（演示）", (0, 2)), ("Restaurant (demo)", "餐厅（演示）", (1,)))


@dataclass(frozen=True, slots=True)
class Staff:
    """Who works where: `frontline` and `supervisors` by branch code, `demo` by role."""

    demo: dict[Role, User]
    frontline: dict[str, list[User]]
    supervisors: dict[str, list[User]]

    @property
    def managers(self) -> list[User]:
        return [self.demo[Role.MANAGER]]

    def told_at(self, level: int, branch: Branch) -> list[User]:
        """Whom the second and third level of a clock is told to."""
        return self.supervisors[branch.code] if level == 2 else self.managers


def create_staff(branches: dict[str, Branch], joined_at: dt.datetime) -> Staff:
    """Write the demo's people. Colleagues have no password, so that nobody can sign in as one of them."""
    demo = _demo_users(joined_at)
    frontline: dict[str, list[User]] = {}
    supervisors: dict[str, list[User]] = {}
    for code, branch in branches.items():
        names = iter(_names(branch, FRONTLINE_PER_BRANCH + 1))
        frontline[code] = [
            _colleague(f"{code}.{place}", next(names), Role.FRONTLINE, branch, joined_at)
            for place in range(1, FRONTLINE_PER_BRANCH + 1)
        ]
        supervisors[code] = [_colleague(f"{code}.lead", next(names), Role.SUPERVISOR, branch, joined_at)]
    reaches = [
        (person, code)
        for room in (frontline, supervisors)
        for code, people in room.items()
        for person in people
    ]
    _divide(branches[DIVIDED], [*frontline[DIVIDED], demo[Role.FRONTLINE]])
    User.objects.bulk_create([*demo.values(), *(person for person, _code in reaches)])
    reaches += [(demo[role], code) for role, (_name, codes) in DEMO_USERS.items() for code in codes]
    through = User.branches.through
    through.objects.bulk_create(through(user=person, branch=branches[code]) for person, code in reaches)
    for code in DEMO_USERS[Role.FRONTLINE][1]:
        frontline[code].append(demo[Role.FRONTLINE])
    for people in supervisors.values():
        people.append(demo[Role.SUPERVISOR])
    return Staff(demo=demo, frontline=frontline, supervisors=supervisors)


def _divide(branch: Branch, people: list[User]) -> None:
    """Put a branch's frontline in teams."""
    for name_en, name_zh, places in TEAMS:
        team = Team.objects.create(branch=branch, name_en=name_en, name_zh=name_zh)
        for place in places:
            people[place].team = team


def _demo_users(joined_at: dt.datetime) -> dict[Role, User]:
    password = make_password(PASSWORD)
    return {
        role: User(
            email=f"{role}@{ADDRESS}",
            name=name,
            role=role,
            password=password,
            all_branches=not codes,
            time_zone="Europe/Berlin",
            is_demo=True,
            joined_at=joined_at,
        )
        for role, (name, codes) in DEMO_USERS.items()
    }


def _names(branch: Branch, count: int) -> list[str]:
    fake = Faker("zh_CN" if branch.currency == "CNY" else "de_DE")
    fake.seed_instance(branch.code)
    return [
        f"{fake.first_name()} {fake.last_name()}" if branch.currency == "EUR" else fake.name()
        for _ in range(count)
    ]


def _colleague(place: str, name: str, role: Role, branch: Branch, joined_at: dt.datetime) -> User:
    return User(
        email=f"{place}@{ADDRESS}",
        name=name,
        role=role,
        language="zh-hans" if branch.currency == "CNY" else "en",
        password=make_password(None),
        time_zone=branch.time_zone,
        joined_at=joined_at,
    )
