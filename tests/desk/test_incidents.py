"""Incidents at the desk: from a case to a remedy that everybody has got."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.actions.delegations import delegate_authority
from accounts.states import Role
from cases.models import Affected, Incident, UnknownLine
from compensation.models import Offer, Remedy
from compensation.tasks import run_remedies
from tests.compensation.incidents import make_customers, make_incident, propose
from tests.factories import Desk, log_case, make_desk, make_user


@pytest.fixture
def desk(db: None) -> Desk:
    return make_desk()


def signed_in(user: object) -> Client:
    client = Client()
    client.force_login(user)  # type: ignore[arg-type]
    return client


def test_an_incident_goes_from_a_case_to_a_remedy_that_everybody_has(desk: Desk) -> None:
    case = log_case(desk)
    lead, decider = signed_in(desk.supervisor), signed_in(desk.manager)
    new = f"{reverse('desk:incident_new')}?case={case.number}"
    assert case.summary in lead.get(new).content.decode()
    given = {
        "name": "No ferry", "description": "It did not sail.", "branch": desk.branch.pk, "severity": 2,
        "failure_type": "outcome", "channel": "email", "case": case.number,
    }  # fmt: skip
    assert lead.post(new, given).status_code == 302
    incident = Incident.objects.get()
    assert incident.number in lead.get(reverse("desk:incidents")).content.decode()
    people = make_customers(2)
    page = reverse("desk:incident", args=[incident.number])
    lines = f"#{people[0].pk}\n#{people[0].pk}\nnobody@customer.example"
    file = SimpleUploadedFile("list.csv", f"GUEST{people[1].pk}@customer.example;12.50\n".encode())
    lead.post(reverse("desk:incident_add", args=[incident.number]), {"lines": lines, "file": file})
    text = lead.get(page).content.decode()
    assert "nobody@customer.example: no customer has this" in text
    assert (Affected.objects.count(), UnknownLine.objects.count()) == (3, 1)
    lead.post(reverse("desk:incident_add", args=[incident.number]), {"lines": "", "mending": "True"})
    assert UnknownLine.objects.count() == 0

    remedy_page = reverse("desk:incident_remedy", args=[incident.number])
    wanted = {
        "kind": "voucher", "basis": "goodwill", "amount": "10", "amount_gold": "20", "loss_from": "12",
        "loss_amount": "15", "purpose": "The ferry", "reason": "A lost morning.",
    }  # fmt: skip
    assert "One remedy for all" in lead.get(remedy_page).content.decode()
    lead.post(reverse("desk:remedy_propose", args=[incident.number]), wanted)
    remedy = Remedy.objects.get()
    assert "Approve the total" not in lead.get(remedy_page).content.decode()
    assert "Approve the total" in decider.get(remedy_page).content.decode()
    decision = {"remedy": remedy.pk, "verb": "approve", "total": str(remedy.total), "reason": "Fair."}
    decider.post(reverse("desk:remedy_decide", args=[incident.number]), decision)
    steer = reverse("desk:remedy_steer", args=[incident.number])
    progress = reverse("desk:incident_progress", args=[incident.number])
    for verb in ("start", "pause", "start"):
        lead.post(steer, {"remedy": remedy.pk, "verb": verb})
        assert "0 of 3" in lead.get(progress).content.decode()
    run_remedies()
    assert "3 of 3" in lead.get(progress).content.decode()
    assert Offer.objects.count() == 3
    assert "Done" in lead.get(remedy_page).content.decode()
    assert lead.get(reverse("desk:case", args=[case.number])).status_code == 200


def test_the_page_of_a_remedy_says_whose_authority_is_used_and_whose_is_short(desk: Desk) -> None:
    delegate = make_user(Role.SUPERVISOR, desk.branch)
    remedy = propose(desk, make_incident(desk, make_customers(2)), 500)
    page = reverse("desk:incident_remedy", args=[remedy.incident.number])
    text = signed_in(delegate).get(page).content.decode()
    assert "Your authority of €300.00 is not enough to approve this. Asked is: Manager." in text
    assert "Approve the total" not in text
    today = timezone.now().date()
    delegate_authority(
        actor=desk.manager,
        delegator_id=desk.manager.pk,
        delegate_id=delegate.pk,
        starts_on=today,
        ends_on=today,
        reason="On leave.",
    )
    text = signed_in(delegate).get(page).content.decode()
    assert f"You decide on behalf of {desk.manager.name}" in text
    decision = {"remedy": remedy.pk, "verb": "approve", "total": str(remedy.total), "reason": "Fair."}
    signed_in(delegate).post(reverse("desk:remedy_decide", args=[remedy.incident.number]), decision)
    assert f"(on behalf of {desk.manager.name})" in signed_in(desk.supervisor).get(page).content.decode()


def test_a_remedy_is_asked_about_answered_and_recalled_on_its_page(desk: Desk) -> None:
    lead, decider = signed_in(desk.supervisor), signed_in(desk.manager)
    remedy = propose(desk, make_incident(desk, make_customers(2)), 500)
    number = [remedy.incident.number]
    page = reverse("desk:incident_remedy", args=number)
    asked = {"remedy": remedy.pk, "verb": "ask", "reason": "Why so much?"}
    decider.post(reverse("desk:remedy_decide", args=number), asked)
    assert "Approve the total" not in decider.get(page).content.decode()
    text = lead.get(page).content.decode()
    assert "Why so much?" in text
    assert "Answer and send again" in text
    reply = reverse("desk:remedy_reply", args=number)
    lead.post(reply, {"remedy": remedy.pk, "verb": "answer", "text": "All missed a flight."})
    text = decider.get(page).content.decode()
    assert "All missed a flight." in text
    assert "Answer due" in text
    lead.post(reply, {"remedy": remedy.pk, "verb": "recall", "text": "A wrong amount."})
    text = lead.get(page).content.decode()
    assert "A wrong amount." in text
    assert "One remedy for all" in text
    assert lead.post(reply, {"remedy": remedy.pk, "verb": "shout"}).status_code == 400
