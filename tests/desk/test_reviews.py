"""The pages of internal audit: exceptions in words, lists for review, and the whole trail of one offer."""

from __future__ import annotations

import csv
import datetime as dt
import html
import io
import re
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from accounts.states import Role
from audit.models import Event
from cases.models import Case
from compensation.actions.approvals import approve_offer
from compensation.actions.fulfilment import fulfil_offer
from compensation.actions.offers import propose_offer, submit_offer
from compensation.actions.returning import return_offer
from compensation.actions.reviews import Wanted, draw_reviews
from compensation.actions.setbacks import claw_back_offer, fail_fulfilment
from compensation.actions.vouchers import issue_voucher
from compensation.models import ApprovalRoute, Offer, Review, ReviewList, RouteStep
from tests.compensation.world import make_budget
from tests.desk.reading import case_page, signed_in
from tests.factories import MONDAY, Desk, log_case, make_branch, make_customer, make_user

pytestmark = pytest.mark.django_db
EXCEPTIONS = reverse("desk:exceptions")
PERIOD = {"start": "2026-03-01", "end": "2026-03-10"}
MOST_QUERIES = 30


def propose(desk: Desk, amount: int, *, case: Case | None = None, **fields: Any) -> Offer:
    values = {"kind": "refund", "basis": "goodwill", "purpose": "The parcel", "reason": "Two days late."}
    return propose_offer(
        actor=desk.frontline,
        case_id=(case or log_case(desk)).pk,
        amount=Decimal(amount),
        **(values | fields),
    )


def approve(desk: Desk, offer: Offer, actor: User | None = None) -> Offer:
    return approve_offer(
        actor=actor or desk.supervisor, offer_id=offer.pk, amount=offer.amount, reason="As in like cases."
    )


def words(response: Any) -> str:
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split()))


def lines_of(response: Any) -> list[list[str]]:
    body = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(body)))


@pytest.fixture
def found(desk: Desk) -> Desk:
    """A branch in which each kind of exception occurred, on one Monday."""
    with time_machine.travel(MONDAY, tick=True):
        customer = make_customer(desk.frontline, name="=Eve")
        for amount in (50, 48, 46):  # the frontline may grant 50
            propose(desk, amount, case=log_case(desk, customer=customer))
        split = log_case(desk)
        propose(desk, 20, case=split)
        approve(desk, propose(desk, 60, case=split))
        for _ in range(4):
            approve(desk, propose(desk, 90))
    return desk


# --- exceptions ----------------------------------------------------------------------------


def test_each_exception_is_explained_with_its_threshold_its_numbers_and_its_cases(found: Desk) -> None:
    response = signed_in(found.auditor).get(EXCEPTIONS, PERIOD)
    sections = {section.code: section for section in response.context["sections"]}
    assert {code: len(section.rows) for code, section in sections.items()} == {
        "near": 1, "split": 1, "returning": 1, "pair": 1,
    }  # fmt: skip
    text = words(response)
    for said in (
        "3 of 4 decisions in EUR are just below the limit: €144.00 together.",
        "In the band below, from 80% to 90% of the limit: 0.",
        "2 grants within 1 day: €80.00 together. Alone, €50.00 could be granted on a case.",
        "3 grants on 3 cases: €144.00 together. 3 of them were proposed by",
        "decided on 5 of 5 offers",
        "there is nothing to compare with",
    ):
        assert said in text, said
    page = response.content.decode()
    for offer in Offer.objects.all():
        assert reverse("desk:case", args=[offer.case.number]) in page
        assert reverse("desk:offer_trail", args=[offer.pk]) in page


def test_thresholds_and_period_of_the_address_count_and_nonsense_falls_back(found: Desk) -> None:
    client = signed_in(found.auditor)

    def counts(**query: str) -> list[int]:
        response = client.get(EXCEPTIONS, PERIOD | query)
        assert response.status_code == 200
        return [len(section.rows) for section in response.context["sections"]]

    assert counts(near_least="4", split_parts="2") == [0, 1, 1, 1]
    assert counts(customer_cases="4", pair_least="6") == [1, 1, 0, 0]
    assert counts(near_least="many", pair_percent="-3", split_days="0") == [1, 1, 1, 1]
    assert counts(end="2026-03-01") == [0, 0, 0, 0]
    assert counts(branch=make_branch().code) == [0, 0, 0, 0]


def test_exceptions_of_other_branches_are_not_to_be_seen(found: Desk) -> None:
    stranger = make_user(Role.AUDITOR, make_branch())
    response = signed_in(stranger).get(EXCEPTIONS, PERIOD)
    assert not any(section.rows for section in response.context["sections"])
    assert signed_in(found.supervisor).get(EXCEPTIONS).status_code == 403


def test_the_file_has_a_line_for_each_offer_and_runs_no_formula(found: Desk) -> None:
    lines = lines_of(signed_in(found.auditor).get(reverse("desk:exceptions_csv"), PERIOD))
    assert len(lines) == 1 + 3 + 2 + 3 + 5
    assert {len(line) for line in lines} == {len(lines[0])}
    assert {line[6] for line in lines if line[0] == "The same customer again and again"} == {"'=Eve"}


def test_the_pages_ask_as_much_for_many_as_for_a_few(found: Desk) -> None:
    client, counts = signed_in(found.auditor), []
    for _ in range(2):
        with CaptureQueriesContext(connection) as asked:
            assert client.get(EXCEPTIONS, PERIOD).status_code == 200
        counts.append(len(asked))
        with time_machine.travel(MONDAY, tick=True):
            for _number in range(3):
                approve(found, propose(found, 95))
    assert counts[0] == counts[1] <= MOST_QUERIES


# --- lists for review ----------------------------------------------------------------------


def drawing(**fields: str) -> dict[str, str]:
    values = {"purpose": "March", "first_day": "2026-03-01", "last_day": "2026-03-10", "currency": "EUR"}
    return {**values, "branch": "", "size": "4", "bands": "2", "seed": "spring", **fields}


def test_a_list_is_drawn_and_reviewed_offer_by_offer(found: Desk) -> None:
    client = signed_in(found.auditor)
    assert "No list yet" in words(client.get(reverse("desk:reviews")))
    response = client.post(reverse("desk:reviews"), drawing(), follow=True)
    drawn = ReviewList.objects.get()
    assert response.redirect_chain[-1][0] == reverse("desk:review_list", args=[drawn.pk])
    assert "9 grants, €584.00" in words(response)
    again = client.get(reverse("desk:review_list", args=[drawn.pk]), {"check": "1"})
    assert "Drawn again with this seed: the same offers" in words(again)
    place = 1
    for finding, note in (
        ("in_order", ""),
        ("irregular", "=No receipt"),
        ("remark", "Late."),
        ("in_order", ""),
    ):
        page = reverse("desk:review_item", args=[drawn.pk, place])
        assert client.get(page).status_code == 200
        response = client.post(page, {"finding": finding, "note": note})
        place += 1
        following = [drawn.pk, place] if place <= 4 else [drawn.pk]
        name = "desk:review_item" if place <= 4 else "desk:review_list"
        assert response.headers["Location"] == reverse(name, args=following)
    text = words(client.get(reverse("desk:review_list", args=[drawn.pk])))
    assert "4 / 4" in text
    assert "In order 2" in text
    lines = lines_of(client.get(reverse("desk:review_csv", args=[drawn.pk])))
    assert lines[0][:4] == ["Seed", "spring", "Drawn from", "9"]
    assert [line[-4] for line in lines[2:]] == ["In order", "Irregular", "Remark", "In order"]
    assert lines[3][-3] == "'=No receipt"


def test_what_cannot_be_drawn_or_found_is_told_beside_the_field(found: Desk) -> None:
    client = signed_in(found.auditor)
    for fields, field in (
        ({"last_day": "2999-01-01"}, "last_day"),
        ({"size": "0"}, "size"),
        ({"currency": "JPY"}, "first_day"),
        ({"branch": "nowhere"}, "branch"),
    ):
        response = client.post(reverse("desk:reviews"), drawing(**fields))
        assert (response.status_code, list(response.context["form"].errors)) == (422, [field])
    client.post(reverse("desk:reviews"), drawing())
    page = reverse("desk:review_item", args=[ReviewList.objects.get().pk, 1])
    response = client.post(page, {"finding": "irregular", "note": ""})
    assert (response.status_code, list(response.context["form"].errors)) == (422, ["note"])


def test_whoever_had_a_part_sees_the_trail_and_no_form(found: Desk) -> None:
    with time_machine.travel(MONDAY, tick=True):
        approve(found, propose(found, 400), found.manager)
    client = signed_in(found.manager)
    wanted = Wanted("All", "EUR", dt.date(2026, 3, 1), dt.date(2026, 3, 10), size=50)
    drawn = draw_reviews(actor=found.auditor, wanted=wanted)
    own = drawn.items.get(offer__amount=400)
    page = reverse("desk:review_item", args=[drawn.pk, own.place])
    assert "You had a part in this compensation" in words(client.get(page))
    assert client.post(page, {"finding": "in_order", "note": ""}).status_code == 422
    assert not own.reviews.exists()
    assert client.get(reverse("desk:review_item", args=[drawn.pk, 999])).status_code == 404


# --- the trail of one offer ----------------------------------------------------------------


def test_the_trail_tells_all_that_was_done_with_words_money_and_proof(desk: Desk) -> None:
    make_budget(desk.branch, 1000)
    offer = approve(desk, propose(desk, 90))
    fail_fulfilment(actor=desk.frontline, offer_id=offer.pk, reason="Wrong account.")
    offer.refresh_from_db()
    fulfil_offer(
        actor=desk.frontline,
        offer_id=offer.pk,
        method="bank_transfer",
        reference="REF-7",
        landed_at=dt.datetime.now(dt.UTC),
    )
    claw_back_offer(actor=desk.supervisor, offer_id=offer.pk, reason="Paid twice.")
    response = signed_in(desk.auditor).get(reverse("desk:offer_trail", args=[offer.pk]))
    told = [(entry.what, entry.said) for entry in response.context["trail"].entries]
    assert [deed for deed in told if not deed[0].startswith("Budget")] == [
        ("Compensation offered", "Two days late."),
        ("Offer approved", "As in like cases."),
        ("Compensation did not arrive", "Wrong account."),
        ("Compensation has reached the customer", "REF-7"),
        ("Compensation clawed back", "Paid twice."),
    ]
    assert [deed for deed in told if deed[0].startswith("Budget")] == [
        ("Budget: Reserved", ""),
        ("Budget: Committed", ""),
        ("Budget: Clawed back", "Paid twice."),
    ]
    text = words(response)
    for said in (
        f"The chain of {offer.case.number} is whole.",
        desk.supervisor.name,
        "authority €",
        "Reached the customer",
        "Clawed back",
    ):
        assert said in text, said


def test_a_vouchers_and_a_reviews_steps_belong_to_the_trail(desk: Desk) -> None:
    with time_machine.travel(MONDAY, tick=True):
        offer = propose(desk, 30, kind="voucher")
        issue_voucher(actor=desk.frontline, offer_id=offer.pk)
    wanted = Wanted("All", "EUR", MONDAY.date(), MONDAY.date(), size=5)
    drawn = draw_reviews(actor=desk.auditor, wanted=wanted)
    signed_in(desk.auditor).post(
        reverse("desk:review_item", args=[drawn.pk, 1]), {"finding": "remark", "note": "No proof."}
    )
    response = signed_in(desk.auditor).get(reverse("desk:offer_trail", args=[offer.pk]))
    told = [(entry.what, entry.said) for entry in response.context["trail"].entries]
    assert ("Voucher issued", "") in told
    assert told[-1] == ("Compensation reviewed", "No proof.")
    lines = lines_of(signed_in(desk.auditor).get(reverse("desk:offer_trail_csv", args=[offer.pk])))
    assert {len(line) for line in lines} == {8}
    assert lines[-1][2:5] == ["Compensation reviewed", "Finding: Remark; Place: 1", "No proof."]


def two_levels(desk: Desk) -> None:
    """Whatever is above the frontline's authority takes the supervisor, then the manager."""
    route = ApprovalRoute.objects.create(name="Two", currency="EUR", valid_from=dt.date(2000, 1, 1))
    for level, role in ((1, Role.SUPERVISOR), (2, Role.MANAGER)):
        RouteStep.objects.create(route=route, level=level, role=role)


def test_every_step_of_a_chain_and_a_question_belong_to_the_trail(desk: Desk) -> None:
    two_levels(desk)
    offer = propose(desk, 90)
    return_offer(actor=desk.supervisor, offer_id=offer.pk, question="Which parcel?")
    submit_offer(
        actor=desk.frontline,
        offer_id=offer.pk,
        kind="refund",
        basis="goodwill",
        amount=Decimal(90),
        purpose="The parcel",
        reason="The large one.",
        answer="The one by sea.",
    )
    for actor, reason in ((desk.supervisor, "Fair."), (desk.manager, "I agree.")):
        approve_offer(actor=actor, offer_id=offer.pk, amount=Decimal(90), reason=reason)
    response = signed_in(desk.auditor).get(reverse("desk:offer_trail", args=[offer.pk]))
    assert [(entry.what, entry.said) for entry in response.context["trail"].entries] == [
        ("Compensation offered", ""),
        ("Offer returned with a question", "Which parcel?"),
        ("Compensation offered", "The one by sea.\nThe large one."),
        ("Step of an offer approved", "Fair."),
        ("Offer approved", "I agree."),
    ]
    text = words(response)
    assert f"Step 2 Manager · Approved · {desk.manager.name}" in text
    with CaptureQueriesContext(connection) as asked:
        signed_in(desk.auditor).get(reverse("desk:offer_trail", args=[offer.pk]))
    assert len(asked) <= MOST_QUERIES


def test_whoever_decided_one_step_of_several_does_not_review_it(desk: Desk) -> None:
    two_levels(desk)
    with time_machine.travel(MONDAY, tick=True):
        other = make_user(Role.MANAGER)
        offer = propose(desk, 90)
        for actor in (desk.manager, other):
            approve_offer(actor=actor, offer_id=offer.pk, amount=Decimal(90), reason="Fair.")
    drawn = draw_reviews(
        actor=desk.auditor, wanted=Wanted("All", "EUR", MONDAY.date(), MONDAY.date(), size=5)
    )
    page = reverse("desk:review_item", args=[drawn.pk, 1])
    for reviewer in (desk.manager, other):
        assert "You had a part in this compensation" in words(signed_in(reviewer).get(page))
        with pytest.raises(IntegrityError), transaction.atomic():
            Review.objects.create(item=drawn.items.get(), finding="in_order", by=reviewer)


def test_like_cases_are_those_of_that_time(desk: Desk) -> None:
    with time_machine.travel(MONDAY, tick=True):
        propose(desk, 20)
        offer = propose(desk, 25)
        propose(desk, 30)
    response = signed_in(desk.auditor).get(reverse("desk:offer_trail", args=[offer.pk]))
    assert list(response.context["trail"].story.likes.amounts) == [Decimal(20)]


def test_a_case_leads_auditors_to_the_trail_and_others_not(desk: Desk) -> None:
    offer = propose(desk, 20)
    address = reverse("desk:offer_trail", args=[offer.pk])
    assert address in case_page(desk.auditor, offer.case).content.decode()
    assert address not in case_page(desk.frontline, offer.case).content.decode()
    stranger = make_user(Role.AUDITOR, make_branch())
    for name in ("desk:offer_trail", "desk:offer_trail_csv"):
        assert signed_in(stranger).get(reverse(name, args=[offer.pk])).status_code == 404


def test_a_broken_chain_shows_on_the_trail(desk: Desk) -> None:
    offer = propose(desk, 20)
    with connection.cursor() as cursor:
        connection.check_constraints()
        cursor.execute("ALTER TABLE audit_event DISABLE TRIGGER audit_event_append_only")
        Event.objects.filter(stream=offer.case.stream, verb="offer.proposed").update(data={"offer": offer.pk})
        connection.check_constraints()
        cursor.execute("ALTER TABLE audit_event ENABLE TRIGGER audit_event_append_only")
    text = words(signed_in(desk.auditor).get(reverse("desk:offer_trail", args=[offer.pk])))
    assert "The chain of this case is broken" in text


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_audit_trail_tells_of_lists_and_leads_to_them(found: Desk, language: str) -> None:
    wanted = Wanted("March", "EUR", MONDAY.date(), MONDAY.date(), size=3)
    drawn = draw_reviews(actor=found.auditor, wanted=wanted)
    found.auditor.language = language
    found.auditor.save()
    client: Client = signed_in(found.auditor)
    page = client.get(reverse("desk:audit"), {"action": "review.drawn"}).content.decode()
    assert reverse("desk:review_list", args=[drawn.pk]) in page
