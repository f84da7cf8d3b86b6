"""A small world for tests: a branch with office hours, its people, and complaints logged as at the desk."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import dataclass
from typing import Any

from accounts.models import Branch, User
from accounts.states import Role
from cases.actions.log import NewCase, log_complaint
from cases.models import Case, Defect
from customers.actions import NewCustomer, create_customer
from customers.models import Customer
from sla.models import BranchCalendar, Calendar

_numbers = itertools.count(1)

# A Monday, 10:00 in UTC, where the office of these tests stands.
MONDAY = dt.datetime(2026, 3, 2, 10, 0, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Desk:
    """A branch with the seeded "office" calendar (Mon–Fri 9–18 UTC), and one person a role."""

    branch: Branch
    frontline: User
    colleague: User
    supervisor: User
    manager: User
    admin: User
    auditor: User
    finance: User


def make_branch(code: str | None = None, *, currency: str = "EUR", calendar: str = "office") -> Branch:
    code = code or f"branch-{next(_numbers)}"
    branch = Branch.objects.create(
        code=code, name_en=f"Branch {code}", name_zh=f"门店{code}", time_zone="UTC", currency=currency
    )
    BranchCalendar.objects.create(branch=branch, calendar=Calendar.objects.get(code=calendar))
    return branch


def make_user(role: str, *branches: Branch, **fields: Any) -> User:
    number = next(_numbers)
    user = User.objects.create_user(
        email=f"{role}{number}@staff.example",
        name=f"{Role(role).name.title()} {number}",
        role=role,
        all_branches=not branches,
        **fields,
    )
    user.branches.add(*branches)
    return user


def make_desk() -> Desk:
    branch = make_branch()
    return Desk(
        branch=branch,
        frontline=make_user(Role.FRONTLINE, branch),
        colleague=make_user(Role.FRONTLINE, branch),
        supervisor=make_user(Role.SUPERVISOR, branch),
        manager=make_user(Role.MANAGER),
        admin=make_user(Role.ADMIN),
        auditor=make_user(Role.AUDITOR),
        finance=make_user(Role.FINANCE),
    )


def make_customer(actor: User, **fields: Any) -> Customer:
    number = next(_numbers)
    fields = {"name": f"Customer {number}", "email": f"customer{number}@example.com"} | fields
    return create_customer(actor=actor, new=NewCustomer(**fields))


def complaint(desk: Desk, **fields: Any) -> NewCase:
    values: dict[str, Any] = {
        "customer": fields.get("customer") or make_customer(desk.frontline),
        "branch": desk.branch,
        "channel": "phone",
        "description": "The parcel came two days late, and nobody could say where it was.",
        "failure_type": "outcome",
        "defect": Defect.objects.get(code="slow"),
        "severity": 2,
    }
    return NewCase(**(values | fields))


def log_case(desk: Desk, *, actor: User | None = None, **fields: Any) -> Case:
    return log_complaint(actor=actor or desk.frontline, new=complaint(desk, **fields))
