"""The kinds of compensation on the settings page, and what they ask on the case page."""

from __future__ import annotations

import datetime as dt

from django.urls import reverse
from django.utils import timezone

from cases.models import Case
from compensation.models import Fulfilment, KindSetting
from tests.compensation.world import World, propose
from tests.desk.reading import case_page, signed_in, text_of

SECTION = reverse("desk:settings_section", args=["kinds"])
NEW = reverse("desk:compensation_kind_new")


def fields(**changes: object) -> dict[str, object]:
    return {
        "code": "spa_day",
        "name_en": "Spa day",
        "name_zh": "水疗日",
        "is_active": "on",
        "remedy_class": "regard",
        "need": "booking",
        "methods": ["booked"],
        "required": ["provider"],
        "answer_days": "7",
        "due_days": "3",
    } | changes


def test_an_administrator_adds_a_kind_and_staff_propose_it(world: World, case: Case) -> None:
    admin = signed_in(world.admin)
    assert admin.post(NEW, fields()).status_code == 302
    assert "Spa day own a booking Booked regard is told 3 business days" in text_of(admin.get(SECTION))

    page = case_page(world.frontline, case).content.decode()
    assert '<option value="spa_day">Spa day</option>' in page


def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(world: World) -> None:
    response = signed_in(world.admin).post(NEW, fields(code="Spa day", need="letter"))
    assert response.status_code == 422
    assert "A code has 2 to 14 small letters" in text_of(response)
    assert 'value="水疗日"' in response.content.decode()
    assert not KindSetting.objects.filter(name_en="Spa day").exists()


def test_the_products_own_kinds_keep_their_names_and_change_what_they_take(world: World) -> None:
    address = reverse("desk:compensation_kind_edit", args=["gift"])
    admin = signed_in(world.admin)
    page = admin.get(address).content.decode()
    assert 'name="name_en"' not in page
    assert "asks: Article · Stock number · Quantity · Post or courier" in " ".join(page.split())

    changed = fields(need="shipment", methods=["handed_over"], required=["item"])
    del changed["code"], changed["name_en"], changed["name_zh"], changed["is_active"]
    assert admin.post(address, changed).status_code == 302
    gift = KindSetting.objects.get(pk="gift")
    assert (gift.is_active, gift.methods, gift.required) == (False, ["handed_over"], ["item"])
    assert "Gift not in use" in text_of(admin.get(SECTION))


def test_fulfilment_asks_what_the_kind_needs_and_shows_what_was_told(world: World, case: Case) -> None:
    KindSetting.objects.filter(pk="replacement").update(required=["item"])
    offer = propose(world.frontline, case, 100, kind="replacement")
    page = case_page(world.frontline, case)
    assert "Stock number" in text_of(page)

    address = reverse("desk:offer_fulfil", args=(offer.pk,))
    now = timezone.localtime() + dt.timedelta(0)
    told = {"method": "shipped", "reference": "P-1", "landed_at": now.strftime("%Y-%m-%dT%H:%M")}
    staff = signed_in(world.frontline)
    assert staff.post(address, told).status_code == 422
    assert staff.post(address, told | {"item": "Lamp", "quantity": "2"}).status_code == 302
    assert Fulfilment.objects.get().details == {"item": "Lamp", "quantity": "2"}
    assert "Article Lamp Quantity 2" in text_of(case_page(world.frontline, case))


def test_the_page_of_a_kind_that_is_not_there_is_not_found(world: World) -> None:
    assert (
        signed_in(world.admin).get(reverse("desk:compensation_kind_edit", args=["moonlight"])).status_code
        == 404
    )
