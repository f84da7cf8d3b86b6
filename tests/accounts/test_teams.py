"""Teams of branches: what they are called, who is in them, and that closing leaves nobody behind."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from accounts.actions.staff import StaffRecord, staff_values, update_staff
from accounts.actions.teams import TeamRecord, create_team, team_values, update_team
from accounts.models import Team, User
from accounts.states import Role
from audit.models import Event
from common.errors import Conflict, Invalid, NotAllowed, Overtaken
from tests.factories import Desk, make_branch, make_desk, make_user
from tests.support.at_once import all_at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(db: None) -> Desk:
    return make_desk()


def make_team(desk: Desk, name: str = "Front desk") -> Team:
    return create_team(actor=desk.admin, branch_id=desk.branch.pk, new=TeamRecord(name_en=name))


def record_of(user: User, **changes: Any) -> StaffRecord:
    names = StaffRecord.__dataclass_fields__
    given = {name: getattr(user, name) for name in names if name != "branches"}
    return replace(StaffRecord(**given, branches=list(user.branches.all())), **changes)


def join(desk: Desk, user: User, team: Team | None) -> User:
    return update_staff(actor=desk.admin, user_id=user.pk, new=record_of(user, team=team))


def test_a_team_has_a_name_in_both_languages_and_a_record_of_its_changes(desk: Desk) -> None:
    team = make_team(desk, " Front desk ")
    assert (team.name_en, team.name_zh, team.branch) == ("Front desk", "Front desk", desk.branch)
    new = TeamRecord(name_en="Reception", name_zh="前台")
    update_team(actor=desk.admin, team_id=team.pk, new=new)
    update_team(actor=desk.admin, team_id=team.pk, new=new)
    events = Event.objects.filter(stream=f"team:{team.pk}").order_by("sequence")
    assert [(event.verb, event.actor) for event in events] == [
        ("team.created", desk.admin), ("team.changed", desk.admin),
    ]  # fmt: skip
    assert events[1].data == {"name_en": ["Front desk", "Reception"], "name_zh": ["Front desk", "前台"]}


@pytest.mark.parametrize("role", [role for role in Role if role != Role.ADMIN])
def test_only_administrators_make_and_change_teams(desk: Desk, role: Role) -> None:
    team, actor = make_team(desk), make_user(role)
    with pytest.raises(NotAllowed):
        create_team(actor=actor, branch_id=desk.branch.pk, new=TeamRecord(name_en="Night shift"))
    with pytest.raises(NotAllowed):
        update_team(actor=actor, team_id=team.pk, new=TeamRecord(name_en="Night shift"))


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name_en": " "}, "name_en"),
        ({"name_en": "x" * 121}, "name_en"),
        ({"name_en": "Night shift", "name_zh": "夜" * 121}, "name_zh"),
        ({"name_en": "FRONT DESK"}, "name_en"),
    ],
)
def test_a_wrong_name_is_told_at_its_field(desk: Desk, fields: dict[str, Any], field: str) -> None:
    make_team(desk)
    other = make_team(desk, "Back office")
    with pytest.raises(Invalid) as error:
        create_team(actor=desk.admin, branch_id=desk.branch.pk, new=TeamRecord(**fields))
    assert error.value.field == field
    with pytest.raises(Invalid) as error:
        update_team(actor=desk.admin, team_id=other.pk, new=TeamRecord(**fields))
    assert error.value.field == field


def test_two_branches_may_have_teams_of_the_same_name(desk: Desk) -> None:
    make_team(desk)
    create_team(actor=desk.admin, branch_id=make_branch().pk, new=TeamRecord(name_en="Front desk"))
    assert Team.objects.count() == 2


def test_a_team_changed_meanwhile_is_not_changed_unseen(desk: Desk) -> None:
    team = make_team(desk)
    seen = team_values(team)
    update_team(actor=desk.admin, team_id=team.pk, new=TeamRecord(name_en="Reception"))
    with pytest.raises(Overtaken):
        update_team(actor=desk.admin, team_id=team.pk, new=TeamRecord(name_en="Lobby"), seen=seen)


def test_somebody_joins_a_team_of_a_branch_that_they_work_for(desk: Desk) -> None:
    team = make_team(desk)
    assert join(desk, desk.frontline, team).team == team
    event = Event.objects.filter(stream=f"staff:{desk.frontline.pk}").latest("sequence")
    assert event.data == {"team": [None, team.pk]}
    assert staff_values(desk.frontline)["team"] is None  # as it was read before
    assert join(desk, desk.manager, team).team == team  # who works for every branch
    assert join(desk, User.objects.get(pk=desk.frontline.pk), None).team is None


def test_nobody_joins_a_team_of_another_branch_or_one_that_is_closed(desk: Desk) -> None:
    new = TeamRecord(name_en="Front desk")
    other = create_team(actor=desk.admin, branch_id=make_branch().pk, new=new)
    closed = make_team(desk)
    update_team(actor=desk.admin, team_id=closed.pk, new=TeamRecord(name_en="Front desk", is_active=False))
    for team in (other, closed):
        with pytest.raises(Invalid) as error:
            join(desk, desk.frontline, team)
        assert error.value.field == "team"


def test_who_leaves_a_branch_leaves_its_team(desk: Desk) -> None:
    team = make_team(desk)
    user = join(desk, desk.frontline, team)
    elsewhere = record_of(user, branches=[make_branch()])
    with pytest.raises(Invalid) as error:
        update_staff(actor=desk.admin, user_id=user.pk, new=elsewhere)
    assert error.value.field == "team"


def test_a_team_closes_once_nobody_who_works_is_in_it(desk: Desk) -> None:
    team, closed = make_team(desk), TeamRecord(name_en="Front desk", is_active=False)
    user = join(desk, desk.frontline, team)
    with pytest.raises(Conflict) as error:
        update_team(actor=desk.admin, team_id=team.pk, new=closed)
    assert error.value.field == "is_active"
    update_staff(actor=desk.admin, user_id=user.pk, new=record_of(user, is_active=False))
    assert not update_team(actor=desk.admin, team_id=team.pk, new=closed).is_active
    # Back at work, they need another.
    with pytest.raises(Invalid):
        update_staff(actor=desk.admin, user_id=user.pk, new=record_of(user, is_active=True))


@pytest.mark.django_db(transaction=True)
def test_nobody_joins_a_team_that_closes_in_the_same_second(desk: Desk) -> None:
    team, closed = make_team(desk), TeamRecord(name_en="Front desk", is_active=False)
    results = all_at_once(
        [
            lambda: join(desk, desk.frontline, team),
            lambda: update_team(actor=desk.admin, team_id=team.pk, new=closed),
        ]
    )
    assert sum(isinstance(result, Exception) for result in results) == 1
    team.refresh_from_db()
    assert team.is_active == Team.objects.filter(members=desk.frontline.pk).exists()


def test_the_database_keeps_names_of_teams_apart(desk: Desk) -> None:
    make_team(desk)
    with pytest.raises(IntegrityError), transaction.atomic():
        Team.objects.create(branch=desk.branch, name_en="front DESK", name_zh="前台")


def test_an_administrator_makes_a_team_and_puts_somebody_in_it_by_the_pages(desk: Desk) -> None:
    client = Client()
    client.force_login(desk.admin)
    fields = {"branch": desk.branch.pk, "name_en": "Front desk", "name_zh": "前台"}
    assert client.post(reverse("desk:team_new"), fields).status_code == 302
    team = Team.objects.get()
    address = reverse("desk:staff_edit", args=[desk.frontline.pk])
    form = client.get(address).context["form"]
    shown = {name: form[name].value() for name in form.fields}
    assert client.post(address, {**shown, "team": team.pk}).status_code == 302
    desk.frontline.refresh_from_db()
    assert desk.frontline.team == team
    for section in ("people", "calendars"):
        page = client.get(reverse("desk:settings_section", args=[section])).content.decode()
        assert "Front desk" in page
    address = reverse("desk:team_edit", args=[team.pk])
    refused = client.post(address, {"name_en": "Front desk"})
    assert (refused.status_code, list(refused.context["form"].errors)) == (422, ["is_active"])
    assert client.post(address, {"name_en": "Reception", "is_active": "on"}).status_code == 302
    trail = client.get(reverse("desk:audit")).content.decode()
    assert "Team changed" in trail
    assert "Reception" in trail
