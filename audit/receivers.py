"""Keeps a record of what lower apps publish."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.dispatch import receiver

from accounts.models import Branch, Team, User
from accounts.signals import (
    authority_changed,
    branch_changed,
    delegation_changed,
    staff_changed,
    team_changed,
)
from audit.actions import record


@receiver(staff_changed)
def record_staff_change(
    *, staff: User, verb: str, actor: User | None, data: Mapping[str, Any], **_more: Any
) -> None:
    """An account was made or changed."""
    record(stream=f"staff:{staff.pk}", verb=verb, actor=actor, data=data, begins=verb == "staff.created")


@receiver(branch_changed)
def record_branch_change(
    *, branch: Branch, verb: str, actor: User | None, data: Mapping[str, Any], **_more: Any
) -> None:
    """A branch was made or changed."""
    record(stream=f"branch:{branch.pk}", verb=verb, actor=actor, data=data, begins=verb == "branch.created")


@receiver(team_changed)
def record_team_change(
    *, team: Team, verb: str, actor: User | None, data: Mapping[str, Any], **_more: Any
) -> None:
    """A team of a branch was made or changed."""
    record(stream=f"team:{team.pk}", verb=verb, actor=actor, data=data, begins=verb == "team.created")


@receiver(authority_changed)
def record_authority_change(
    *, currency: str, verb: str, actor: User | None, data: Mapping[str, Any], **_more: Any
) -> None:
    """What roles may grant in a currency was changed."""
    record(stream=f"authority:{currency}", verb=verb, actor=actor, data=data)


@receiver(delegation_changed)
def record_delegation_change(*, verb: str, actor: User | None, data: Mapping[str, Any], **_more: Any) -> None:
    """Authority was lent or taken back."""
    record(stream="delegations", verb=verb, actor=actor, data=data)
