"""The pages of payments, as finance sees them: due, frozen, downloaded, settled."""

from __future__ import annotations

from decimal import Decimal

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.states import Role
from compensation.actions.offers import propose_offer
from compensation.models import Fulfilment, Offer, PaymentBatch, PaymentLine, PaymentOrder
from tests.desk.reading import case_page, signed_in, text_of
from tests.factories import Desk, log_case, make_user

IBAN = "DE89 3704 0044 0532 0130 00"


def granted(desk: Desk) -> Offer:
    return propose_offer(
        actor=desk.frontline,
        case_id=log_case(desk).pk,
        kind="refund",
        basis="goodwill",
        amount=Decimal(20),
        purpose="The late parcel",
        reason="Two days late.",
    )


def enter_account(desk: Desk, offer: Offer) -> PaymentOrder:
    data = {"name": "Wei Chen", "account": IBAN, "bank": "", "text": ""}
    response = signed_in(desk.frontline).post(reverse("desk:payment_payee", args=[offer.pk]), data)
    assert response.status_code == 302
    return PaymentOrder.objects.get(offer=offer)


def freeze(client: Client, *orders: PaymentOrder) -> PaymentBatch:
    data = {"order": [order.pk for order in orders], "channel": "file", "pay_on": "2999-01-01"}
    page = client.get(reverse("desk:payments")).content.decode()
    data["pay_on"] = page.split('name="pay_on" value="')[1][:10]
    client.post(reverse("desk:payments_freeze"), data)
    return PaymentBatch.objects.latest("pk")


def test_the_case_leads_to_the_account_which_is_then_shown_by_its_end_only(desk: Desk) -> None:
    offer = granted(desk)
    address = reverse("desk:payment_payee", args=[offer.pk])
    assert address in case_page(desk.frontline, offer.case).content.decode()
    enter_account(desk, offer)
    page = signed_in(desk.frontline).get(address).content.decode()
    assert "•••• 3000" in page
    assert "0532" not in page


def test_a_wrong_account_is_said_beside_the_field_and_nothing_is_kept(desk: Desk) -> None:
    offer = granted(desk)
    data = {"name": "Wei Chen", "account": IBAN[:-1] + "1", "bank": "", "text": ""}
    response = signed_in(desk.frontline).post(reverse("desk:payment_payee", args=[offer.pk]), data)
    assert response.status_code == 422
    assert "This IBAN is not right" in text_of(response)
    assert not PaymentOrder.objects.exists()


def test_finance_starts_with_what_is_to_be_paid(desk: Desk) -> None:
    client = signed_in(desk.finance)
    assert "Nothing is to be paid" in text_of(client.get(reverse("desk:home")))
    enter_account(desk, granted(desk))
    assert f"{desk.branch.label} 1 €20.00" in text_of(client.get(reverse("desk:home")))


def test_finance_sees_the_offers_of_a_case_and_neither_proposes_nor_decides(desk: Desk) -> None:
    offer = granted(desk)
    page = case_page(desk.finance, offer.case)
    assert "€20.00 Refund" in text_of(page)
    text = page.content.decode()
    for name, shown in (("fulfil", True), ("fail", True), ("withdraw", False), ("out", False)):
        assert (reverse(f"desk:offer_{name}", args=[offer.pk]) in text) is shown
    assert reverse("desk:offer_propose", args=[offer.case.number]) not in text


def test_finance_does_not_pay_to_an_account_that_it_entered(desk: Desk) -> None:
    offer = granted(desk)
    client = signed_in(desk.finance)
    data = {"name": "Wei Chen", "account": IBAN, "bank": "", "text": ""}
    client.post(reverse("desk:payment_payee", args=[offer.pk]), data)
    order = PaymentOrder.objects.get()
    client.post(
        reverse("desk:payments_freeze"), {"order": [order.pk], "channel": "file", "pay_on": "2999-01-01"}
    )
    assert not PaymentBatch.objects.exists()
    other = signed_in(make_user(Role.FINANCE))
    assert freeze(other, order).frozen_by.role == Role.FINANCE


def test_finance_freezes_downloads_and_imports_the_result(desk: Desk) -> None:
    first, second = (enter_account(desk, granted(desk)) for _ in range(2))
    client = signed_in(desk.finance)
    assert "2 payments due, €40.00" in text_of(client.get(reverse("desk:payments")))
    batch = freeze(client, first, second)
    page = reverse("desk:payment_batch", args=[batch.pk])
    assert "€40.00" in text_of(client.get(page))

    file = reverse("desk:payment_file", args=[batch.pk, "csv"])
    downloads = [client.get(file) for _ in range(2)]
    assert downloads[0].content == downloads[1].content
    assert batch.reference in downloads[0]["Content-Disposition"]
    assert client.get(reverse("desk:payment_file", args=[batch.pk, "pain001"])).status_code == 404

    paid, failed = batch.lines.all()
    content = f"end_to_end_id,status,reason\n{paid.end_to_end_id},ACSC,\n{failed.end_to_end_id},RJCT,AC04\n"
    result = reverse("desk:payment_result", args=[batch.pk])
    upload = SimpleUploadedFile("result.csv", content.encode())
    response = client.post(result, {"file": upload})
    assert "Paid: 1. Failed: 1." in text_of(response)
    assert Fulfilment.objects.get().offer_id == paid.order.offer_id
    assert "1 payment due" in text_of(client.get(reverse("desk:payments")))
    shown = client.get(reverse("desk:payment_batch", args=[batch.pk]))
    assert "AC04 (the account is closed)" in text_of(shown)


def test_a_result_that_can_not_be_read_is_said_at_the_file(desk: Desk) -> None:
    client = signed_in(desk.manager)
    batch = freeze(client, enter_account(desk, granted(desk)))
    upload = SimpleUploadedFile("result.csv", b"a,b\n1,2\n")
    response = client.post(reverse("desk:payment_result", args=[batch.pk]), {"file": upload})
    assert response.status_code == 422
    assert "This table has no column end_to_end_id." in text_of(response)


def test_payments_are_settled_one_by_one(desk: Desk) -> None:
    client = signed_in(desk.manager)
    batch = freeze(client, *(enter_account(desk, granted(desk)) for _ in range(2)))
    paid, failed = batch.lines.all()
    client.post(reverse("desk:payment_confirm", args=[paid.pk]), {"reference": "B-1"})
    client.post(reverse("desk:payment_fail", args=[failed.pk]), {"reason": "Account closed"})
    assert [line.state for line in PaymentLine.objects.order_by("pk")] == ["confirmed", "failed"]
    page = text_of(client.get(reverse("desk:payment_batch", args=[batch.pk])))
    assert "B-1" in page
    assert "Account closed" in page


def test_who_had_a_part_in_it_is_told_so_and_can_not_choose_it(desk: Desk) -> None:
    offer = granted(desk)
    data = {"name": "Wei Chen", "account": IBAN, "bank": "", "text": ""}
    client = signed_in(desk.manager)
    client.post(reverse("desk:payment_payee", args=[offer.pk]), data)
    page = client.get(reverse("desk:payments"))
    assert "You had a part in all of these" in text_of(page)
    order = PaymentOrder.objects.get()
    client.post(
        reverse("desk:payments_freeze"), {"order": [order.pk], "channel": "file", "pay_on": "2026-11-22"}
    )
    assert not PaymentBatch.objects.exists()


def test_the_paying_account_makes_a_file_for_the_bank(desk: Desk) -> None:
    data = {
        "branch_id": desk.branch.pk,
        "currency": "EUR",
        "name": "Branch & Co",
        "account": IBAN,
        "bank": "",
    }
    admin = signed_in(desk.admin)
    assert admin.post(reverse("desk:paying_accounts"), data).status_code == 302
    assert "•••• 3000" in admin.get(reverse("desk:paying_accounts")).content.decode()
    client = signed_in(desk.manager)
    batch = freeze(client, enter_account(desk, granted(desk)))
    response = client.get(reverse("desk:payment_file", args=[batch.pk, "pain001"]))
    assert response["Content-Type"] == "application/xml"
    assert b"<Cd>SEPA</Cd>" in response.content
