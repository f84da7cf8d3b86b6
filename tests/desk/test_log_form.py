"""The log form tells all that is wrong at once: whoever has a customer on the line can't go round twice."""

from __future__ import annotations

import pytest
from django.urls import reverse

from cases.models import Case
from tests.desk.test_case_pages import form, signed_in
from tests.factories import Desk, make_customer

pytestmark = pytest.mark.django_db


def test_everything_that_is_wrong_is_told_at_once(desk: Desk) -> None:
    wrong = {
        "new_phone": "12",
        "new_email": "nowhere",
        "occurred_on": "2999-01-01",
        "loss_amount": "1.999",
        "failure_type": "",
        "description": "",
    }
    response = signed_in(desk.frontline).post(reverse("desk:log"), form(desk, **wrong))
    assert response.status_code == 422
    errors = response.context["form"].errors
    assert set(errors) == {"new_name", *wrong}
    # Each once, though the actions would say the same again.
    assert all(len(told) == 1 for told in errors.values())
    assert not Case.objects.exists()


def test_a_name_alone_is_told_beside_other_errors_that_it_needs_a_contact(desk: Desk) -> None:
    sent = form(desk, new_name="Ada", occurred_on="2999-01-01")
    errors = signed_in(desk.frontline).post(reverse("desk:log"), sent).context["form"].errors
    assert set(errors) == {"new_phone", "occurred_on"}


def test_what_stands_in_the_fields_of_a_new_customer_does_not_matter_once_one_is_chosen(desk: Desk) -> None:
    customer = make_customer(desk.frontline)
    sent = form(desk, customer=customer.pk, new_phone="12", new_email="nowhere")
    assert signed_in(desk.frontline).post(reverse("desk:log"), sent).status_code == 302
    assert Case.objects.get().customer == customer
