"""The remedy of an incident by the policies in force, and what becomes of one that leaves them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cases.actions.affected import add_customers
from cases.models import Incident
from common.days import local_day
from common.errors import Invalid, NotAllowed
from compensation.actions.policy import publish
from compensation.actions.remedy_decisions import approve_remedy
from compensation.models import PolicyVersion, Remedy, RemedyShare
from compensation.states import PolicyEvent, PolicyState
from tests.compensation.incidents import make_customers, make_incident, propose
from tests.factories import Desk, make_desk, make_user


@pytest.fixture
def desk(db: None) -> Desk:
    return make_desk()


def put_in_force(desk: Desk, code: str) -> PolicyVersion:
    draft = PolicyVersion.objects.get(policy__code=code, state=PolicyState.DRAFT)
    day = local_day(timezone.now(), desk.branch.time_zone)
    return publish(actor=desk.admin, version_id=draft.pk, effective_from=day, note="First.")


def incident_with_losses(desk: Desk, *losses: str) -> Incident:
    incident = make_incident(desk)
    lines = [f"#{each.pk},{loss}" for each, loss in zip(make_customers(len(losses)), losses, strict=True)]
    add_customers(actor=desk.supervisor, incident_id=incident.pk, lines=lines)
    return incident


def amounts_of(remedy: Remedy) -> list[Decimal]:
    return list(RemedyShare.objects.filter(remedy=remedy).order_by("id").values_list("amount", flat=True))


def test_without_a_table_everybody_gets_what_the_policy_usually_gives(desk: Desk) -> None:
    version = put_in_force(desk, "house")
    remedy = propose(desk, incident_with_losses(desk, "100", "33.33"), rules=[])
    assert amounts_of(remedy) == [Decimal(80), Decimal("26.66")]
    assert remedy.total == Decimal("106.66")
    assert remedy.policy_rules == [{"version": version.pk, "rule": 3}]
    assert (remedy.rules, remedy.deviation_reason) == ([], "")


def test_what_the_law_owes_for_a_flight_is_answered_once_for_all(desk: Desk) -> None:
    desk.branch.time_zone = "Europe/Berlin"
    desk.branch.save()
    put_in_force(desk, "eu261")
    answers = {"event": PolicyEvent.CANCELLATION, "inside": "no", "distance": "2000", "delay": "5"}
    incident = make_incident(desk, make_customers(3))
    remedy = propose(desk, incident, rules=[], facts=answers, kind="compensation")
    assert amounts_of(remedy) == [Decimal(400)] * 3
    assert {"event": "cancellation", "distance": "2000"}.items() <= remedy.policy_facts.items()


def test_who_would_get_nothing_by_the_policy_is_counted_and_nothing_is_written(desk: Desk) -> None:
    put_in_force(desk, "house")
    incident = make_incident(desk, make_customers(2))
    with pytest.raises(Invalid, match="2 of these customers"):
        propose(desk, incident, rules=[])
    assert not Remedy.objects.exists()


def test_amounts_that_leave_the_policy_need_a_reason_and_the_authority_of_a_role_above(desk: Desk) -> None:
    put_in_force(desk, "house")
    other = make_user("supervisor", desk.branch)
    incident = incident_with_losses(desk, "10", "20")
    with pytest.raises(Invalid, match="For 2 customers") as refused:
        propose(desk, incident, amount=30)
    assert refused.value.field == "deviation_reason"

    usual = propose(desk, incident_with_losses(desk, "10", "20"), amount=10)
    remedy = propose(desk, incident, amount=30, deviation_reason="They lost their whole day.")
    assert (usual.asked_role, remedy.asked_role) == ("supervisor", "manager")
    with pytest.raises(NotAllowed, match="leaves the policy"):
        approve_remedy(actor=other, remedy_id=remedy.pk, total=remedy.total, reason="Yes.")
    done = approve_remedy(actor=desk.manager, remedy_id=remedy.pk, total=remedy.total, reason="Yes.")
    assert done.state == "approved"


def test_the_page_asks_what_the_policy_needs_and_takes_its_amounts(desk: Desk, client: Client) -> None:
    put_in_force(desk, "house")
    incident = incident_with_losses(desk, "100")
    client.force_login(desk.supervisor)
    page = client.get(reverse("desk:incident_remedy", args=[incident.number]))
    assert "what the policy gives them" in page.content.decode()
    form = {"kind": "voucher", "basis": "goodwill", "purpose": "The ferry", "reason": "All lost a morning."}
    answer = client.post(reverse("desk:remedy_propose", args=[incident.number]), form)
    assert answer.status_code == 302
    assert Remedy.objects.get().total == Decimal(80)
    shown = client.get(reverse("desk:incident_remedy", args=[incident.number])).content.decode()
    assert "what the policy gives each of them" in shown
