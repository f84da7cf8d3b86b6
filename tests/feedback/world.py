"""What tests of surveys start from: a branch with its people, cases to resolve, and customers who answer."""

from __future__ import annotations

import itertools
import secrets
from dataclasses import dataclass
from typing import Any

from accounts.models import Branch, User
from accounts.states import Role
from cases.actions.resolve import resolve_case
from cases.models import Case, Cause, RecoveryStep
from cases.states import Channel, StepKind
from customers.models import ContactPoint, Customer
from customers.states import ContactKind
from feedback.actions.answer import submit_response
from feedback.models import Invitation, Response
from sla.models import BranchCalendar, Calendar
from tests.factories import make_user

_numbers = itertools.count(1)


@dataclass(frozen=True)
class World:
    """A branch in Berlin, and whose case it is."""

    branch: Branch
    owner: User
    supervisor: User
    manager: User

    def resolved(self, **fields: Any) -> Case:
        """A case of the owner's, resolved now through the real action."""
        return resolve(make_case(self.branch, **({"owner": self.owner} | fields)), self.owner)


def make_world() -> World:
    branch = make_branch()
    return World(
        branch=branch,
        owner=make_user(Role.FRONTLINE, branch),
        supervisor=make_user(Role.SUPERVISOR, branch),
        manager=make_user(Role.MANAGER, branch),
    )


def make_branch() -> Branch:
    """A branch by the clock of Berlin, open Monday to Friday, 9 to 18."""
    number = next(_numbers)
    branch = Branch.objects.create(
        code=f"berlin-{number}",
        name_en="Harbour Hotel",
        name_zh="海港酒店",
        time_zone="Europe/Berlin",
        currency="EUR",
    )
    week = {str(day): [["09:00", "18:00"]] for day in range(5)}
    calendar = Calendar.objects.create(
        code=f"berlin-{number}", name_en="Berlin", name_zh="柏林", time_zone="Europe/Berlin", week=week
    )
    BranchCalendar.objects.create(branch=branch, calendar=calendar)
    return branch


def make_customer(*, email: str | None = "", **fields: Any) -> Customer:
    """A customer with an e-mail address; with none when `email` is None."""
    number = next(_numbers)
    customer = Customer.objects.create(**({"name": f"Customer {number}"} | fields))
    if email is not None:
        address = email or f"customer{number}@example.com"
        ContactPoint.objects.create(
            customer=customer, kind=ContactKind.EMAIL, value=address, normalised=address.lower()
        )
    return customer


def make_case(branch: Branch, **fields: Any) -> Case:
    """An open case with all eight recovery steps to do, and no clocks."""
    values: dict[str, Any] = {
        "number": f"C-26-9{next(_numbers):04}",
        "branch": branch,
        "currency": branch.currency,
        "channel": Channel.PHONE,
        "summary": "Cold soup",
        "description": "The soup was cold, twice.",
        "tracking_token": secrets.token_urlsafe(18),
    }
    if "customer" not in fields:
        values["customer"] = make_customer()
    case = Case.objects.create(**(values | fields))
    RecoveryStep.objects.bulk_create(
        RecoveryStep(case=case, kind=kind, position=position) for position, kind in enumerate(StepKind)
    )
    return case


def resolve(case: Case, actor: User) -> Case:
    return resolve_case(
        actor=actor,
        case_id=case.pk,
        outcome="upheld",
        cause=Cause.objects.order_by("pk").first(),
        resolution="Told by phone.",
        reason="The steps do not matter here.",
    )


def invitation_of(case: Case) -> Invitation:
    return Invitation.objects.filter(case=case).latest("round")


def answer(case: Case, satisfaction: int = 5, comment: str = "", **others: int) -> Response:
    return submit_response(
        token=invitation_of(case).token, answers={"recovery": satisfaction, **others}, comment=comment
    )
