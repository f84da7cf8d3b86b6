"""Branches: who may open and change them, what is refused, and what the trail keeps."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from accounts.actions.branches import BranchRecord, create_branch, update_branch
from accounts.models import Branch
from audit.models import Event
from audit.queries import Verification
from common.errors import Invalid, NotAllowed
from tests.factories import Desk, make_desk

pytestmark = pytest.mark.django_db
HARBOUR = BranchRecord(code="harbour", name_en=" Harbour Shop ", time_zone="Europe/Berlin", currency="EUR")


@pytest.fixture
def desk() -> Desk:
    return make_desk()


def test_a_branch_without_a_chinese_name_shows_its_english_one(desk: Desk) -> None:
    branch = create_branch(actor=desk.admin, new=HARBOUR)
    assert (branch.name_en, branch.name_zh, branch.is_active) == ("Harbour Shop", "Harbour Shop", True)


def test_the_trail_keeps_what_was_made_and_what_was_changed(desk: Desk) -> None:
    branch = create_branch(actor=desk.admin, new=HARBOUR)
    update_branch(actor=desk.admin, branch_id=branch.pk, new=replace(HARBOUR, name_zh="海港店"))
    update_branch(actor=desk.admin, branch_id=branch.pk, new=replace(HARBOUR, name_zh="海港店"))
    made, changed = Event.objects.filter(stream=f"branch:{branch.pk}").order_by("sequence")
    assert (made.verb, made.actor, made.data["code"]) == ("branch.created", desk.admin, "harbour")
    assert (changed.verb, changed.data) == ("branch.changed", {"name_zh": ["Harbour Shop", "海港店"]})
    assert list(Verification(f"branch:{branch.pk}").breaks()) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("code", ""),
        ("code", "two words"),
        ("code", "x" * 41),
        ("name_en", "  "),
        ("name_zh", "店" * 121),
        ("time_zone", "Mars/Olympus"),
        ("time_zone", ""),
        ("currency", "XXX"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(desk: Desk, field: str, value: Any) -> None:
    before = Branch.objects.count()
    with pytest.raises(Invalid) as refused:
        create_branch(actor=desk.admin, new=replace(HARBOUR, **{field: value}))
    assert refused.value.field == field
    with pytest.raises(Invalid):
        update_branch(actor=desk.admin, branch_id=desk.branch.pk, new=replace(HARBOUR, **{field: value}))
    assert Branch.objects.count() == before
    assert not Event.objects.filter(stream__startswith="branch:").exists()


def test_a_code_belongs_to_one_branch(desk: Desk) -> None:
    create_branch(actor=desk.admin, new=HARBOUR)
    with pytest.raises(Invalid, match="already") as refused:
        create_branch(actor=desk.admin, new=HARBOUR)
    assert refused.value.field == "code"
    with pytest.raises(Invalid, match="already"):
        update_branch(actor=desk.admin, branch_id=desk.branch.pk, new=HARBOUR)


@pytest.mark.parametrize("role", ["frontline", "supervisor", "manager", "auditor"])
def test_only_an_administrator_makes_and_changes_branches(desk: Desk, role: str) -> None:
    actor = getattr(desk, role)
    with pytest.raises(NotAllowed):
        create_branch(actor=actor, new=HARBOUR)
    with pytest.raises(NotAllowed):
        update_branch(actor=actor, branch_id=desk.branch.pk, new=HARBOUR)
