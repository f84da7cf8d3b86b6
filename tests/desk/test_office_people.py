"""Accounts of staff: who may make and change them, what is refused, and what the audit trail keeps."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.states import Role
from audit.models import Event
from tests.factories import Desk, make_branch, make_user

pytestmark = pytest.mark.django_db
SECTIONS = (
    "people", "calendars", "targets", "authority", "taxonomy", "playbooks", "scripts", "questionnaire",
)  # fmt: skip


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def account(desk: Desk, **fields: Any) -> dict[str, Any]:
    values = {
        "name": "Nora Neu",
        "email": "Nora@Staff.Example",
        "role": Role.FRONTLINE,
        "branches": [desk.branch.pk],
        "language": "zh-hans",
        "time_zone": "Asia/Shanghai",
        "is_active": "on",
    }
    return values | fields


def test_an_administrator_makes_an_account_that_signs_in(desk: Desk) -> None:
    response = signed_in(desk.admin).post(
        reverse("desk:staff_new"), account(desk, password="violet-kettle-42")
    )
    assert response.status_code == 302
    user = User.objects.get(email="nora@staff.example")
    assert user.branch_ids == frozenset({desk.branch.pk})
    assert (user.language, user.time_zone, user.is_active) == ("zh-hans", "Asia/Shanghai", True)
    assert user.check_password("violet-kettle-42")
    event = Event.objects.get(stream=f"staff:{user.pk}")
    assert (event.verb, event.actor) == ("staff.created", desk.admin)
    assert event.data == {"role": "frontline", "branches": [desk.branch.code], "is_active": True}


def test_an_account_without_a_password_opens_to_nobody_yet(desk: Desk) -> None:
    signed_in(desk.admin).post(reverse("desk:staff_new"), account(desk))
    assert not User.objects.get(email="nora@staff.example").has_usable_password()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("email", "nobody"),
        ("role", "owner"),
        ("branches", []),
        ("time_zone", "Mars/Olympus"),
        ("language", "fr"),
        ("password", "12345"),
    ],
)
def test_a_wrong_field_is_told_beside_it_and_nothing_is_written(desk: Desk, field: str, value: Any) -> None:
    people, events = User.objects.count(), Event.objects.count()
    response = signed_in(desk.admin).post(reverse("desk:staff_new"), account(desk, **{field: value}))
    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert (User.objects.count(), Event.objects.count()) == (people, events)


def test_an_address_belongs_to_one_account_however_it_is_written(desk: Desk) -> None:
    taken = account(desk, email=desk.frontline.email.upper())
    response = signed_in(desk.admin).post(reverse("desk:staff_new"), taken)
    assert "email" in response.context["form"].errors


def test_changing_role_and_branches_is_kept_without_names(desk: Desk) -> None:
    other = make_branch()
    given = account(
        desk, name="New Name", email=desk.frontline.email, role=Role.SUPERVISOR, branches=[other.pk]
    )
    signed_in(desk.admin).post(reverse("desk:staff_edit", args=[desk.frontline.pk]), given)
    changed = User.objects.get(pk=desk.frontline.pk)
    assert (changed.name, changed.role, changed.branch_ids) == (
        "New Name",
        "supervisor",
        frozenset({other.pk}),
    )
    event = Event.objects.get(stream=f"staff:{changed.pk}", verb="staff.changed")
    assert event.data == {"role": ["frontline", "supervisor"], "branches": [[desk.branch.code], [other.code]]}


def test_an_inactive_account_loses_its_open_session(desk: Desk) -> None:
    client = signed_in(desk.frontline)
    assert client.get(reverse("desk:home")).status_code == 200
    given = account(desk, email=desk.frontline.email)
    del given["is_active"]
    signed_in(desk.admin).post(reverse("desk:staff_edit", args=[desk.frontline.pk]), given)
    assert client.get(reverse("desk:home")).status_code == 302


@pytest.mark.parametrize("change", [{"role": Role.AUDITOR}, {"is_active": ""}])
def test_administrators_cannot_shut_themselves_out(desk: Desk, change: dict[str, Any]) -> None:
    given = account(desk, email=desk.admin.email, role=Role.ADMIN) | change
    if not given["is_active"]:
        del given["is_active"]
    response = signed_in(desk.admin).post(reverse("desk:staff_edit", args=[desk.admin.pk]), given)
    assert response.status_code == 422
    desk.admin.refresh_from_db()
    assert (desk.admin.role, desk.admin.is_active) == (Role.ADMIN, True)


def test_who_reads_settings_may_not_change_them(desk: Desk) -> None:
    for reader in (desk.manager, desk.auditor):
        client = signed_in(reader)
        for section in SECTIONS:
            assert client.get(reverse("desk:settings_section", args=[section])).status_code == 200
        assert client.get(reverse("desk:staff_new")).status_code == 403
        assert (
            client.post(reverse("desk:staff_edit", args=[desk.frontline.pk]), account(desk)).status_code
            == 403
        )
    for outsider in (desk.frontline, desk.supervisor):
        assert signed_in(outsider).get(reverse("desk:settings")).status_code == 403
    assert signed_in(desk.admin).get(reverse("desk:settings_section", args=["nonsense"])).status_code == 404


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_section_shows_the_policies_in_force(desk: Desk, language: str) -> None:
    User.objects.filter(pk=desk.admin.pk).update(language=language)
    client = signed_in(desk.admin)
    shown = {
        section: client.get(reverse("desk:settings_section", args=[section])).content.decode()
        for section in SECTIONS
    }
    assert desk.frontline.email in shown["people"]
    assert "09:00–18:00" in shown["calendars"]
    assert "服务态度" in shown["taxonomy"]
    assert "Attitude" in shown["taxonomy"]


def test_people_cost_the_same_however_many_there_are(
    desk: Desk, django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    client = signed_in(desk.admin)
    client.get(reverse("desk:settings"))
    with django_assert_max_num_queries(20) as few:
        client.get(reverse("desk:settings"))
    for _ in range(12):
        make_user("frontline", desk.branch)
    with django_assert_num_queries(len(few)):
        client.get(reverse("desk:settings"))
