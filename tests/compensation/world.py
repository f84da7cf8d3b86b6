"""The small world that tests of compensation play in: one branch, its people, and cases to compensate."""

from __future__ import annotations

import datetime as dt
import itertools
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from accounts.models import Branch, Team, User
from accounts.states import Role
from cases.models import Case, Defect, RecoveryStep
from cases.states import Channel, FailureType, StepKind
from compensation.actions.offers import propose_offer
from compensation.models import Budget, BudgetMovement, Offer
from compensation.states import Movement
from customers.models import Customer

_numbers = itertools.count(1)
SHANGHAI = "Asia/Shanghai"
# Noon there, so that no test sees its day end.
NOON = dt.datetime(2026, 3, 4, 4, 0, tzinfo=dt.UTC)


@dataclass(frozen=True)
class World:
    """A branch in Shanghai that counts in yuan: frontline grants 300, supervisors 2,000, managers 30,000."""

    branch: Branch
    frontline: User
    supervisor: User
    manager: User
    admin: User


def make_branch(code: str = "harbour", *, currency: str = "CNY", time_zone: str = SHANGHAI) -> Branch:
    return Branch.objects.create(
        code=code, name_en=code.title(), name_zh=code, time_zone=time_zone, currency=currency
    )


def make_user(role: str, branch: Branch | None, **fields: Any) -> User:
    number = next(_numbers)
    user = User.objects.create_user(
        email=f"{role}{number}@staff.example",
        name=f"{Role(role).name.title()} {number}",
        role=role,
        all_branches=branch is None,
        **fields,
    )
    if branch is not None:
        user.branches.add(branch)
    return user


def make_world() -> World:
    branch = make_branch()
    return World(
        branch=branch,
        frontline=make_user(Role.FRONTLINE, branch),
        supervisor=make_user(Role.SUPERVISOR, branch),
        manager=make_user(Role.MANAGER, branch),
        admin=make_user(Role.ADMIN, None),
    )


def make_team(branch: Branch, name: str = "Front desk", *people: User) -> Team:
    team = Team.objects.create(branch=branch, name_en=name, name_zh=name)
    for user in people:
        user.team = team
        user.save(update_fields=("team",))
    return team


def make_customer(name: str = "Wei Chen") -> Customer:
    return Customer.objects.create(name=name)


def make_case(branch: Branch, **fields: Any) -> Case:
    number = next(_numbers)
    fields.setdefault("customer", None)
    if fields["customer"] is None:
        fields["customer"] = make_customer(f"Customer {number}")
    fields.setdefault("failure_type", FailureType.OUTCOME)
    fields.setdefault("defect", Defect.objects.filter(family__isnull=False).first())
    fields.setdefault("loss_amount", Decimal(420))
    fields.setdefault("currency", branch.currency)
    case = Case.objects.create(
        number=f"C-TEST-{number:05}",
        branch=branch,
        channel=Channel.PHONE,
        summary="Nuts in the dessert",
        description="There were nuts in the dessert, though I had said that I must not have any.",
        tracking_token=secrets.token_hex(16),
        **fields,
    )
    RecoveryStep.objects.bulk_create(
        RecoveryStep(case=case, kind=kind, position=position)
        for position, kind in enumerate(StepKind, start=1)
    )
    return case


def make_budget(
    branch: Branch | None, amount: int | Decimal, *, currency: str | None = None, **fields: Any
) -> Budget:
    """A budget for this and the surrounding months, with the movement that set its money aside."""
    today = dt.datetime.now(dt.UTC).date()
    if currency is None:
        currency = branch.currency if branch else "CNY"
    fields = {"starts_on": today - dt.timedelta(days=60), "ends_on": today + dt.timedelta(days=60)} | fields
    budget = Budget.objects.create(branch=branch, currency=currency, amount=Decimal(amount), **fields)
    BudgetMovement.objects.create(budget=budget, kind=Movement.ALLOT, amount=budget.amount)
    return budget


@contextmanager
def committed() -> Iterator[None]:
    """As if a transaction began and ended here: what the database checks at its end is checked."""
    with transaction.atomic():
        yield
        connection.check_constraints()


def propose(actor: User, case: Case, amount: int | str | Decimal, **fields: Any) -> Offer:
    values = {
        "kind": "refund",
        "basis": "goodwill",
        "purpose": "The spoilt dinner",
        "reason": "The allergy was on the booking.",
        **fields,
    }
    return propose_offer(actor=actor, case_id=case.pk, amount=Decimal(amount), **values)
