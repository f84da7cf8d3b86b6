"""Budgets of teams: which one pays, that everybody is told the same, and what the database holds."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse

from accounts.models import Team, User
from accounts.states import Role
from audit.models import Event
from common.errors import Conflict, Invalid
from compensation.actions.approvals import approve_offer
from compensation.actions.budgets import Terms, set_budget
from compensation.actions.carrying import carry_over
from compensation.actions.offers import submit_offer
from compensation.actions.returning import recall_offer
from compensation.budget_queries import current_budget
from compensation.inbox import dossier, open_offer
from compensation.models import Budget, Offer
from compensation.states import OfferState, ReserveAt
from tests.compensation.world import (
    NOON,
    World,
    committed,
    make_branch,
    make_budget,
    make_case,
    make_team,
    make_user,
    propose,
)

TODAY = NOON.date()


@pytest.fixture
def team(world: World) -> Team:
    return make_team(world.branch, "Front desk", world.frontline)


@pytest.fixture
def colleague(world: World) -> User:
    return make_user(Role.FRONTLINE, world.branch)


def books_agree() -> None:
    call_command("verify_ledger", verbosity=0)


def used(*budgets: Budget) -> list[int]:
    for budget in budgets:
        budget.refresh_from_db()
    return [int(budget.used) for budget in budgets]


def test_the_team_of_the_proposer_pays_first_and_a_kind_before_all_kinds(
    world: World, team: Team, colleague: User
) -> None:
    general = make_budget(world.branch, 9000)
    meals = make_budget(world.branch, 900, kind="meal")
    own = make_budget(world.branch, 900, team=team)
    own_meals = make_budget(world.branch, 900, team=team, kind="meal")
    for person, kind in ((world.frontline, "meal"), (world.frontline, "refund")):
        propose(person, make_case(world.branch), 100, kind=kind)
    propose(colleague, make_case(world.branch), 20, kind="meal")
    propose(colleague, make_case(world.branch), 3)
    assert used(own_meals, own, meals, general) == [100, 100, 20, 3]
    books_agree()


def test_a_teams_own_budget_comes_before_one_of_the_branch_for_the_kind(world: World, team: Team) -> None:
    own, meals = make_budget(world.branch, 900, team=team), make_budget(world.branch, 900, kind="meal")
    propose(world.frontline, make_case(world.branch), 100, kind="meal")
    assert used(own, meals) == [100, 0]


def test_without_a_budget_of_its_own_a_teams_offers_are_paid_by_the_branch(world: World, team: Team) -> None:
    general = make_budget(world.branch, 900)
    other = make_budget(world.branch, 900, team=make_team(world.branch, "Night shift"))
    propose(world.frontline, make_case(world.branch), 100)
    assert used(general, other) == [100, 0]


def test_a_team_of_another_branch_pays_for_nothing_here(world: World) -> None:
    elsewhere = make_branch("quay")
    general, theirs = make_budget(world.branch, 900), make_team(elsewhere, "Front desk", world.manager)
    other = make_budget(elsewhere, 900, team=theirs)
    offer = propose(world.manager, make_case(world.branch), 100)
    assert (offer.team, used(general, other)) == (None, [100, 0])


def test_who_waits_for_approval_is_paid_by_the_team_they_were_in_then(
    world: World, team: Team, colleague: User
) -> None:
    own, general = make_budget(world.branch, 2000, team=team), make_budget(world.branch, 9000)
    offer = propose(world.frontline, make_case(world.branch), 1000)
    assert (offer.state, offer.team) == (OfferState.WAITING, team)
    world.frontline.team = None
    world.frontline.save()
    approve_offer(actor=world.supervisor, offer_id=offer.pk, amount=Decimal(1000), reason="Fair.")
    assert used(own, general) == [1000, 0]
    books_agree()


def test_proposed_once_more_by_somebody_of_another_team_it_is_that_teams(
    world: World, team: Team, colleague: User
) -> None:
    night = make_team(world.branch, "Night shift", colleague)
    own = make_budget(world.branch, 5000, team=team, reserve_at=ReserveAt.PROPOSAL)
    theirs = make_budget(world.branch, 5000, team=night, reserve_at=ReserveAt.PROPOSAL)
    offer = propose(world.frontline, make_case(world.branch), 1000)
    assert used(own, theirs) == [1000, 0]
    recall_offer(actor=world.frontline, offer_id=offer.pk)
    values: dict[str, Any] = {"kind": "refund", "basis": "goodwill", "purpose": "Dinner", "reason": "Nuts."}
    offer = submit_offer(actor=colleague, offer_id=offer.pk, amount=Decimal(900), **values)
    assert (offer.team, used(own, theirs)) == (night, [0, 900])
    books_agree()


def test_a_team_that_has_spent_its_money_asks_though_the_branch_has_more(world: World, team: Team) -> None:
    general = make_budget(world.branch, 9000)
    own = make_budget(world.branch, 150, team=team, parent=general)
    assert propose(world.frontline, make_case(world.branch), 100).state == OfferState.APPROVED
    offer = propose(world.frontline, make_case(world.branch), 100)
    assert offer.state == OfferState.WAITING
    with pytest.raises(Conflict, match="Harbour · Front desk"):
        approve_offer(actor=world.supervisor, offer_id=offer.pk, amount=Decimal(100), reason="Fair.")
    approve_offer(actor=world.supervisor, offer_id=offer.pk, amount=Decimal(50), reason="Fair.")
    assert used(own, general) == [150, 150]
    books_agree()


def test_the_form_the_inbox_and_the_approval_speak_of_the_same_budget(world: World, team: Team) -> None:
    general = make_budget(world.branch, 9000)
    own = make_budget(world.branch, 2000, team=team, parent=general)
    case = make_case(world.branch)
    client = Client()
    client.force_login(world.frontline)
    page = client.get(reverse("desk:case", args=[case.number]))
    assert page.context["offer_budget"] == own
    fields = {"kind": "refund", "basis": "goodwill", "amount": "2500"}
    told = client.get(reverse("desk:offer_forecast", args=[case.number]), fields)
    assert told.context["offer_forecast"].budget_short
    offer = propose(world.frontline, case, 1000)
    assert dossier(world.supervisor, open_offer(world.supervisor, offer.pk)).budget == own
    approve_offer(actor=world.supervisor, offer_id=offer.pk, amount=Decimal(1000), reason="Fair.")
    offer.refresh_from_db()
    assert offer.budget == own
    assert used(own, general) == [1000, 1000]


def test_everything_that_is_said_of_a_teams_budget_is_read_at_once(
    world: World, team: Team, django_assert_num_queries: Any
) -> None:
    top = make_budget(None, 9000, name="Organisation")
    general = make_budget(world.branch, 9000, parent=top)
    own = make_budget(world.branch, 2000, team=team, parent=general)
    make_budget(world.branch, 2000, team=team, kind="meal", parent=own)
    with django_assert_num_queries(1):
        found = current_budget(world.branch, "CNY", "meal", team_id=team.pk)
        assert found is not None
        labels = [level.label for level in found.chain]
    assert labels == ["Harbour · Front desk · Meal", "Harbour · Front desk", "Harbour", "Organisation"]


def set_for(world: World, **fields: Any) -> Budget:
    values = {
        "actor": world.admin,
        "branch_id": world.branch.pk,
        "currency": "CNY",
        "starts_on": TODAY,
        "ends_on": TODAY + dt.timedelta(days=27),
        "amount": Decimal(1000),
        **fields,
    }
    return set_budget(**values)


def test_a_team_a_branch_and_a_kind_have_budgets_of_the_same_days_beside_each_other(
    world: World, team: Team
) -> None:
    general = set_for(world)
    own = set_for(world, team_id=team.pk, terms=Terms(parent_id=general.pk))
    meals = set_for(world, team_id=team.pk, kind="meal", terms=Terms(parent_id=own.pk))
    assert set_for(world, team_id=team.pk, amount=Decimal(700)) == own
    assert len({general.pk, own.pk, meals.pk}) == 3
    assert Event.objects.filter(stream=f"budget:{own.pk}").first().data["team"] == team.pk  # type: ignore[union-attr]
    with pytest.raises(Invalid) as error:
        set_for(world, team_id=team.pk, ends_on=TODAY)
    assert error.value.field == "starts_on"


def test_only_a_team_in_use_of_the_branch_itself_gets_a_budget(world: World, team: Team) -> None:
    elsewhere = make_team(make_branch("quay"), "Front desk")
    closed = make_team(world.branch, "Night shift")
    Team.objects.filter(pk=closed.pk).update(is_active=False)
    for fields in (
        {"team_id": elsewhere.pk},
        {"team_id": closed.pk},
        {"team_id": 0},
        {"team_id": team.pk, "branch_id": None, "name": "Region"},
    ):
        with pytest.raises(Invalid) as error:
            set_for(world, **fields)
        assert error.value.field == "team"


def test_a_budget_is_part_of_one_that_is_for_more_and_of_none_that_is_for_less(
    world: World, team: Team
) -> None:
    general, meals = set_for(world), set_for(world, kind="meal")
    own = set_for(world, team_id=team.pk)
    night = make_team(world.branch, "Night shift")
    for fields, parent in (
        ({}, own),
        ({"kind": "meal"}, own),
        ({"team_id": team.pk}, meals),
        ({"team_id": night.pk}, own),
        ({"team_id": night.pk, "kind": "meal"}, own),
        ({"team_id": team.pk}, own),
    ):
        with pytest.raises(Invalid) as error:
            set_for(world, **fields, terms=Terms(parent_id=parent.pk))
        assert error.value.field == "parent"
    for fields, parent in (({"team_id": team.pk, "kind": "meal"}, meals), ({"team_id": night.pk}, general)):
        assert set_for(world, **fields, terms=Terms(parent_id=parent.pk)).parent == parent


def test_what_a_team_leaves_over_goes_into_the_teams_next_budget(world: World, team: Team) -> None:
    set_for(world, starts_on=TODAY + dt.timedelta(days=28), ends_on=TODAY + dt.timedelta(days=55))
    old = set_for(world, team_id=team.pk)
    following = set_for(
        world, team_id=team.pk, starts_on=TODAY + dt.timedelta(days=28), ends_on=TODAY + dt.timedelta(days=55)
    )
    with time_machine.travel(NOON + dt.timedelta(days=30)):
        carry_over(actor=world.admin, budget_id=old.pk)
    following.refresh_from_db()
    assert following.amount == 2000
    books_agree()


def test_the_database_holds_teams_to_their_branch_and_budgets_to_their_team(world: World, team: Team) -> None:
    elsewhere = make_branch("quay")
    offer = propose(world.frontline, make_case(world.branch), 100)
    own = make_budget(world.branch, 900, team=team)
    wrong = (
        lambda: Budget.objects.filter(pk=own.pk).update(team=None),
        lambda: make_budget(elsewhere, 900, team=team),
        lambda: make_budget(None, 900, name="Region", team=team),
        lambda: make_budget(world.branch, 900, team=team),
        lambda: Team.objects.filter(pk=team.pk).update(branch=elsewhere),
        lambda: Offer.objects.filter(pk=offer.pk).update(team=make_team(elsewhere)),
    )
    for attempt in wrong:
        with pytest.raises(IntegrityError), committed():
            attempt()


def test_the_books_tell_of_a_team_that_paid_for_others(world: World, team: Team, colleague: User) -> None:
    own = make_budget(world.branch, 900, team=team)
    propose(world.frontline, make_case(world.branch), 100)
    Offer.objects.update(team=None)
    with pytest.raises(CommandError):
        call_command("verify_ledger", verbosity=0)
    assert used(own) == [100]


def test_an_administrator_gives_a_team_a_budget_by_the_pages(world: World, team: Team) -> None:
    client = Client()
    client.force_login(world.admin)
    fields = {"branch": world.branch.pk, "starts_on": "2026-03-01", "ends_on": "2099-12-31", "amount": "900"}
    assert client.post(reverse("desk:budget_new"), {**fields, "team": team.pk}).status_code == 302
    assert Budget.objects.get().team == team
    for address in (
        reverse("desk:settings_section", args=["authority"]),
        reverse("desk:budget", args=[Budget.objects.get().pk]),
        reverse("desk:insights_budgets") + "?currency=CNY",
    ):
        assert "Harbour · Front desk" in client.get(address).content.decode()
    other = make_team(make_branch("quay"), "Night shift")
    refused = client.post(reverse("desk:budget_new"), {**fields, "team": other.pk})
    assert list(refused.context["form"].errors) == ["team"]
