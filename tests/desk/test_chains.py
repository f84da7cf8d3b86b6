"""Steps of an approval at the desk: on the case, in the inbox, and what an administrator sets up."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client

from accounts.models import Authority, User
from accounts.states import Role
from audit.models import Event
from cases.models import Case
from compensation.models import ApprovalRoute, Offer
from compensation.states import OfferState
from tests.compensation.chains import make_route, states
from tests.compensation.world import World, propose


@pytest.fixture
def offer(world: World, case: Case) -> Offer:
    make_route(Role.SUPERVISOR, Role.MANAGER, from_amount=500)
    return propose(world.frontline, case, 1000)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_the_inbox_says_which_step_it_is_and_who_comes_next(world: World, offer: Offer) -> None:
    inbox = f"/desk/approvals/?offer={offer.pk}"
    page = signed_in(world.supervisor).get(inbox).content.decode()
    assert "step 1 of 2: Supervisor" in page
    path = f"/desk/approvals/{offer.pk}/approve/"
    answer = signed_in(world.supervisor).post(path, {"reason": "Fair.", "seen": "1000.0000"}, follow=True)
    assert "It now waits for: Manager" in answer.content.decode()
    page = signed_in(world.manager).get(inbox).content.decode()
    assert "step 2 of 2: Manager" in page
    assert world.supervisor.name in page
    assert "You have decided on one step" in signed_in(world.supervisor).get(inbox).content.decode()


def test_a_lowered_amount_is_what_the_next_one_is_asked(world: World, offer: Offer) -> None:
    path = f"/desk/approvals/{offer.pk}/approve/"
    signed_in(world.supervisor).post(path, {"reason": "Less.", "amount": "700", "seen": "1000.0000"})
    stale = signed_in(world.manager).post(path, {"reason": "Fair.", "seen": "1000.0000"})
    assert stale.status_code == 422
    assert "700" in stale.content.decode()
    signed_in(world.manager).post(path, {"reason": "Fair.", "seen": "700.0000"})
    offer.refresh_from_db()
    assert offer.granted_amount == 700


def test_a_question_goes_to_the_case_and_its_answer_back_to_the_inbox(
    world: World, case: Case, offer: Offer
) -> None:
    asked = signed_in(world.supervisor).post(
        f"/desk/approvals/{offer.pk}/ask/", {"question": "Which dish?"}, follow=True
    )
    assert world.frontline.name in asked.content.decode()
    frontline = signed_in(world.frontline)
    page = frontline.get(f"/desk/cases/{case.number}/").content.decode()
    assert "Which dish?" in page
    assert "Answer to the question" in page
    told = {
        "amount": "900",
        "kind": "refund",
        "basis": "goodwill",
        "purpose": "Dinner",
        "reason": "Nuts.",
    }
    refused = frontline.post(f"/desk/offers/{offer.pk}/submit/", told)
    assert refused.status_code == 422
    frontline.post(f"/desk/offers/{offer.pk}/submit/", {**told, "answer": "The soup."})
    assert states(offer, 2) == [(1, "supervisor", "open"), (2, "manager", "planned")]
    page = signed_in(world.supervisor).get(f"/desk/approvals/?offer={offer.pk}").content.decode()
    assert "The soup." in page


def test_the_proposer_recalls_from_the_case(world: World, case: Case, offer: Offer) -> None:
    frontline = signed_in(world.frontline)
    page = frontline.get(f"/desk/cases/{case.number}/").content.decode()
    assert f"/desk/offers/{offer.pk}/recall/" in page
    assert (
        f"/desk/offers/{offer.pk}/recall/"
        not in signed_in(world.supervisor).get(f"/desk/cases/{case.number}/").content.decode()
    )
    frontline.post(f"/desk/offers/{offer.pk}/recall/")
    offer.refresh_from_db()
    assert offer.state == OfferState.DRAFT


def test_the_forecast_names_every_step(world: World, case: Case) -> None:
    make_route(Role.SUPERVISOR, (Role.MANAGER, Role.SUPERVISOR), kind="refund")
    User.objects.filter(pk=world.admin.pk).update(role=Role.SUPERVISOR)
    path = f"/desk/cases/{case.number}/offers/forecast/"
    page = signed_in(world.frontline).get(path, {"amount": "1000", "kind": "refund", "basis": "goodwill"})
    assert "Supervisor → Manager + Supervisor" in page.content.decode()


def test_a_route_is_set_up_and_ended(world: World) -> None:
    admin = signed_in(world.admin)
    told = {
        "name": "Large sums",
        "currency": "CNY",
        "from_amount": "500",
        "valid_from": "2999-01-01",
        "level_1": "supervisor",
        "level_2": "manager",
        "beside_2": "manager",
    }
    assert admin.post("/desk/settings/routes/new/", told).status_code == 302
    route = ApprovalRoute.objects.get()
    assert list(route.steps.values_list("level", "role")) == [
        (1, "supervisor"),
        (2, "manager"),
        (2, "manager"),
    ]
    page = admin.get("/desk/settings/authority/").content.decode()
    assert "Supervisor → Manager + Manager" in page
    admin.post(f"/desk/settings/routes/{route.pk}/end/")
    assert not ApprovalRoute.objects.exists()
    assert Event.objects.filter(verb__in=("route.added", "route.ended")).count() == 2


def test_a_route_is_changed_from_what_it_is(world: World) -> None:
    route = make_route(
        Role.SUPERVISOR, (Role.MANAGER, Role.SUPERVISOR), from_amount=500, branch=world.branch, kind="refund"
    )
    admin, path = signed_in(world.admin), f"/desk/settings/routes/{route.pk}/change/"
    assert path in admin.get("/desk/settings/authority/").content.decode()
    form = admin.get(path).context["form"]
    told = {field.name: field.value() for field in form if field.value() not in (None, False)}
    assert (told["level_1"], told["level_2"], told["beside_2"]) == ("supervisor", "manager", "supervisor")
    assert (told["branch_id"], told["kind"], told["from_amount"]) == (world.branch.pk, "refund", "500")

    assert admin.post(path, {**told, "from_amount": "-1"}).status_code == 422
    assert admin.post(path, {**told, "from_amount": "800", "beside_2": ""}).status_code == 302

    changed = ApprovalRoute.objects.exclude(pk=route.pk).get()
    assert (changed.from_amount, changed.branch, changed.kind) == (800, world.branch, "refund")
    assert list(changed.steps.values_list("level", "role")) == [(1, "supervisor"), (2, "manager")]
    page = admin.get("/desk/settings/authority/").content.decode()
    assert "Supervisor → Manager" in page
    assert "Supervisor → Manager + Supervisor" not in page


@pytest.mark.parametrize(
    "wrong",
    [
        {"level_1": ""},
        {"level_2": "", "level_3": "manager"},
        {"name": " "},
        {"from_amount": "-1"},
        {"valid_from": "2020-01-01"},
    ],
)
def test_a_route_that_asks_nobody_or_leaves_a_level_out_is_refused(
    world: World, wrong: dict[str, str]
) -> None:
    told = {
        "name": "Large sums",
        "currency": "CNY",
        "from_amount": "500",
        "valid_from": "2999-01-01",
        "level_1": "supervisor",
        "level_2": "manager",
    }
    assert signed_in(world.admin).post("/desk/settings/routes/new/", {**told, **wrong}).status_code == 422
    assert not ApprovalRoute.objects.exists()


def test_a_persons_limit_is_set_and_ended(world: World) -> None:
    admin = signed_in(world.admin)
    form = admin.get("/desk/settings/limits/new/")
    told = {
        "user_id": str(world.frontline.pk),
        "currency": "CNY",
        "per_case": "500",
        "per_day": "900",
        "valid_from": form.context["form"]["valid_from"].value().isoformat(),
    }
    assert admin.post("/desk/settings/limits/new/", told).status_code == 302
    limit = Authority.objects.special().get()
    assert (limit.user, limit.role, limit.per_case) == (world.frontline, "frontline", Decimal(500))
    assert world.frontline.name in admin.get("/desk/settings/authority/").content.decode()
    admin.post(f"/desk/settings/limits/{limit.pk}/end/")
    assert not Authority.objects.special().exists()
    nobody = {**told, "user_id": "", "role": "frontline"}
    assert admin.post("/desk/settings/limits/new/", nobody).status_code == 422
