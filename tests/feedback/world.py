"""What tests of surveys start from: a branch with its people, and a case to resolve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from accounts.models import Branch, User
from accounts.states import Role
from cases.actions.resolve import resolve_case
from cases.models import Case, Cause
from feedback.actions.answer import submit_response
from feedback.models import Invitation, Response
from tests.factories import make_branch, make_case, make_user


@dataclass(frozen=True)
class World:
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
