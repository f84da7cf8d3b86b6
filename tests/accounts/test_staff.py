"""Accounts of staff: who may make and change them, what is refused, and what the trail keeps."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.actions.preferences import set_preferences
from accounts.actions.staff import StaffRecord, create_staff, update_staff
from accounts.models import User
from accounts.states import Capability, Role
from audit.models import Event
from audit.queries import Verification
from common.errors import Conflict, Invalid, NotAllowed
from tests.factories import Desk, make_desk

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Desk:
    return make_desk()


def record_of(desk: Desk, **changes: Any) -> StaffRecord:
    given: dict[str, Any] = {
        "email": "new@staff.example",
        "name": "New Colleague",
        "role": Role.FRONTLINE,
        "branches": [desk.branch],
    }
    return StaffRecord(**(given | changes))


def test_new_colleague_reaches_the_branches_given_and_may_do_what_the_role_may(desk: Desk) -> None:
    user = create_staff(actor=desk.admin, new=record_of(desk), password="violet-harbour-19")
    user = User.objects.get(pk=user.pk)
    assert user.reaches(desk.branch.pk)
    assert user.may(Capability.LOG_CASE)
    assert not user.may(Capability.DECIDE_OFFER)
    assert user.check_password("violet-harbour-19")


def test_account_without_a_password_can_not_be_signed_in_to(desk: Desk) -> None:
    assert not create_staff(actor=desk.admin, new=record_of(desk)).has_usable_password()


@pytest.mark.parametrize("role", ["frontline", "supervisor", "manager", "auditor"])
def test_only_an_administrator_makes_and_changes_accounts(desk: Desk, role: str) -> None:
    actor = getattr(desk, role)
    with pytest.raises(NotAllowed):
        create_staff(actor=actor, new=record_of(desk))
    with pytest.raises(NotAllowed):
        update_staff(actor=actor, user_id=desk.colleague.pk, new=record_of(desk))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "  "),
        ("email", "no address"),
        ("role", "king"),
        ("branches", []),
        ("time_zone", "Mars/Olympus"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(desk: Desk, field: str, value: Any) -> None:
    with pytest.raises(Invalid) as refused:
        create_staff(actor=desk.admin, new=record_of(desk, **{field: value}))
    assert refused.value.field == field
    assert not User.objects.filter(name="New Colleague").exists()


def test_address_in_other_letters_is_the_same_address(desk: Desk) -> None:
    with pytest.raises(Invalid, match="already"):
        create_staff(actor=desk.admin, new=record_of(desk, email=desk.frontline.email.upper()))


def test_deactivated_colleague_may_do_nothing_and_stays_in_the_trail(desk: Desk) -> None:
    user = create_staff(actor=desk.admin, new=record_of(desk))
    update_staff(actor=desk.admin, user_id=user.pk, new=record_of(desk, is_active=False))
    user = User.objects.get(pk=user.pk)
    assert not any(user.may(capability) for capability in Capability)
    events = Event.objects.filter(stream=f"staff:{user.pk}").order_by("sequence")
    assert [event.verb for event in events] == ["staff.created", "staff.changed"]
    assert events[1].data == {"is_active": [True, False]}
    assert events[1].actor == desk.admin
    assert list(Verification(f"staff:{user.pk}").breaks()) == []


def test_trail_keeps_no_name_and_no_address(desk: Desk) -> None:
    user = create_staff(actor=desk.admin, new=record_of(desk))
    update_staff(
        actor=desk.admin,
        user_id=user.pk,
        new=record_of(desk, email="other@staff.example", name="Other Name", role=Role.SUPERVISOR),
    )
    kept = str(list(Event.objects.filter(stream=f"staff:{user.pk}").values_list("data", flat=True)))
    assert "staff.example" not in kept
    assert "Name" not in kept
    assert "supervisor" in kept


def test_administrators_do_not_shut_themselves_out(desk: Desk) -> None:
    own = record_of(desk, email=desk.admin.email, role=Role.ADMIN, all_branches=True)
    for change in ({"is_active": False}, {"role": Role.FRONTLINE}):
        with pytest.raises(Conflict):
            update_staff(
                actor=desk.admin,
                user_id=desk.admin.pk,
                new=StaffRecord(**({**vars(own), **change})),
            )


def test_everyone_sets_their_own_preferences(desk: Desk) -> None:
    set_preferences(actor=desk.auditor, language="zh-hans", theme="dark", time_zone="Asia/Shanghai")
    kept = User.objects.get(pk=desk.auditor.pk)
    assert (kept.language, kept.theme, kept.time_zone) == ("zh-hans", "dark", "Asia/Shanghai")


def test_preference_that_is_not_given_stays(desk: Desk) -> None:
    set_preferences(actor=desk.frontline, theme="dark")
    set_preferences(actor=desk.frontline, language="zh-hans")
    kept = User.objects.get(pk=desk.frontline.pk)
    assert (kept.language, kept.theme, kept.time_zone) == ("zh-hans", "dark", "UTC")


@pytest.mark.parametrize(
    ("field", "value"), [("language", "tlh"), ("theme", "pink"), ("time_zone", "../etc/passwd")]
)
def test_preference_that_does_not_exist_is_refused(desk: Desk, field: str, value: str) -> None:
    with pytest.raises(Invalid) as refused:
        set_preferences(actor=desk.frontline, **{field: value})
    assert refused.value.field == field
