"""Administrators who change accounts at the same moment: one of them stays, and no address is taken twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from accounts.actions import staff
from accounts.actions.staff import StaffRecord, create_staff, update_staff
from accounts.models import User
from accounts.states import Role
from audit.models import Event
from common.errors import Invalid, NotAllowed
from tests.factories import make_user
from tests.support.at_once import all_at_once

pytestmark = pytest.mark.django_db(transaction=True)


def changed(user: User, **changes: Any) -> StaffRecord:
    given: dict[str, Any] = {
        "email": user.email,
        "name": user.name,
        "role": user.role,
        "all_branches": True,
    }
    return StaffRecord(**(given | changes))


def changing(actor: User, user: User, **changes: Any) -> Callable[[], object]:
    return lambda: update_staff(actor=actor, user_id=user.pk, new=changed(user, **changes))


@pytest.mark.parametrize("how", [{"is_active": False}, {"role": Role.AUDITOR}])
def test_two_administrators_cannot_shut_each_other_out(how: dict[str, Any]) -> None:
    ada, bea = make_user(Role.ADMIN), make_user(Role.ADMIN)
    results = all_at_once([changing(ada, bea, **how), changing(bea, ada, **how)])
    assert {type(result) for result in results} == {NotAllowed, User}
    assert User.objects.filter(role=Role.ADMIN, is_active=True).count() == 1
    assert Event.objects.filter(verb="staff.changed").count() == 1


def test_in_a_ring_of_administrators_somebody_stays() -> None:
    people = [make_user(Role.ADMIN) for _ in range(4)]
    ring = zip(people, people[1:] + people[:1], strict=True)
    all_at_once([changing(actor, user, is_active=False) for actor, user in ring])
    assert User.objects.filter(role=Role.ADMIN, is_active=True).exists()


def test_who_lost_the_right_meanwhile_makes_no_account_any_more() -> None:
    ada, bea = make_user(Role.ADMIN), make_user(Role.ADMIN)
    update_staff(actor=ada, user_id=bea.pk, new=changed(bea, is_active=False))
    assert bea.is_active  # what the request of a page still holds
    with pytest.raises(NotAllowed):
        create_staff(actor=bea, new=changed(bea, email="friend@staff.example", role=Role.ADMIN))


def test_an_address_taken_at_the_same_moment_is_named_at_its_field(monkeypatch: pytest.MonkeyPatch) -> None:
    ada = make_user(Role.ADMIN)
    monkeypatch.setattr(
        staff, "check_staff", lambda *_args, **_kwargs: None
    )  # both looked before either wrote
    new = changed(ada, email="twice@staff.example", role=Role.FRONTLINE)
    results = all_at_once([lambda: create_staff(actor=ada, new=new) for _ in range(2)])
    refusals = [result for result in results if isinstance(result, Invalid)]
    assert [refusal.field for refusal in refusals] == ["email"]
    assert User.objects.filter(email="twice@staff.example").count() == 1
