"""The inbox of approvals in a browser: by keyboard, in batches and on a phone, in both languages."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.desk import PHONE, Language, Person
from tests.support.product import RunningProduct

LANGUAGES: tuple[Language, ...] = ("en", "zh-hans")
INBOX = "/desk/approvals/"


def waiting(page: Page) -> int:
    return page.locator("#approvals article").count()


def open_one(page: Page, control: str) -> None:
    """Go through the inbox by `j` until the open offer has that control."""
    for _ in range(waiting(page)):
        if page.locator(f"article.active {control}").count():
            return
        with page.expect_navigation():
            page.keyboard.press("j")
    raise AssertionError(f"no offer has {control}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_keyboard_alone_goes_through_the_inbox_and_decides(person: Person, language: Language) -> None:
    person.sign_in("supervisor", language)
    page = person.open(INBOX)
    first = page.locator("article.active").get_attribute("id")
    with page.expect_navigation():
        page.keyboard.press("j")
    assert page.locator("article.active").get_attribute("id") != first
    with page.expect_navigation():
        page.keyboard.press("k")
    expect(page.locator("article.active")).to_have_attribute("id", first or "")

    page.keyboard.press("?")
    for key in ("j", "k", "a", "e", "r", "b"):
        expect(page.locator("#keys kbd", has_text=re.compile(f"^{key}$")).first).to_be_visible()
    page.keyboard.press("Escape")

    open_one(page, "button[data-key=a]")
    for key, dialog in (("r", "#decide-reject"), ("e", "#decide-lower")):
        page.keyboard.press(key)
        expect(page.locator(dialog)).to_be_visible()
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
        expect(page.locator(dialog)).to_be_hidden()
    before = waiting(page)
    page.keyboard.press("a")
    expect(page.locator('#decide-approve [name="reason"]')).to_be_focused()
    page.keyboard.type("OK")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.locator(".message.success")).to_be_visible()
    assert waiting(page) == before - 1


# Three complaints of the same kind, with the same little more asked for each than frontline staff may grant.
LIKE_OFFERS = """
from uuid import uuid4
from accounts.models import User
from cases.actions.log import NewCase, log_complaint
from cases.models import Defect
from compensation.actions.offers import propose_offer
from compensation.authority_queries import grant_view
from customers.actions import NewCustomer, create_customer
actor = User.objects.get(email="frontline@demo.example")
branch = actor.branches.order_by("pk").first()
defect = Defect.objects.filter(family__isnull=False).order_by("pk").first()
for n in range(3):
    person = NewCustomer(name=f"Alike {n}", email=f"{uuid4()}@example.com")
    new = NewCase(
        customer=create_customer(actor=actor, new=person), branch=branch, channel="phone", severity=4,
        description="All alike.", failure_type="outcome", defect=defect,
    )
    case = log_complaint(actor=actor, new=new)
    propose_offer(
        actor=actor, case_id=case.pk, kind="refund", basis="goodwill", purpose="Alike", reason="Alike.",
        amount=grant_view(actor, case).limit.per_case + 5,
    )
"""


@pytest.mark.parametrize("language", LANGUAGES)
def test_like_offers_are_decided_on_together(
    product: RunningProduct, person: Person, language: Language
) -> None:
    product.manage("shell", "-c", LIKE_OFFERS)
    person.sign_in("supervisor", language)
    page = person.open(INBOX)
    open_one(page, "a[data-key=b]")
    before = waiting(page)
    with page.expect_navigation():
        page.keyboard.press("b")
    boxes = page.locator("[data-choice]")
    chosen = boxes.count()
    assert chosen > 1
    expect(page.locator("[data-choice]:checked")).to_have_count(1)
    page.locator("[data-choose-all]").check()
    expect(page.locator("[data-choice]:checked")).to_have_count(chosen)
    if chosen > 2:
        boxes.last.uncheck()
        assert page.locator("[data-choose-all]").evaluate("box => box.indeterminate")
        chosen -= 1
    person.fill("reason", "OK")
    with page.expect_navigation():
        page.locator('button[value="rejected"]').click()
    expect(page.locator(".message.success")).to_be_visible()
    assert waiting(page) == before - chosen


@pytest.mark.parametrize("language", LANGUAGES)
def test_on_a_phone_all_that_a_decision_needs_is_on_one_screen(
    chromium: Browser, product: RunningProduct, language: Language
) -> None:
    person = Person(chromium, product.address, viewport=PHONE)
    person.sign_in("manager", language)
    page = person.open(INBOX)
    keys = [(card.get_attribute("id") or "").split("-") for card in page.locator("#approvals article").all()]
    for kind, key in keys:
        if kind != "offer":
            continue
        person.open(f"{INBOX}?offer={key}")
        page.evaluate("window.scrollTo(0, 0)")
        dock = page.locator(".dock").bounding_box()
        facts = page.locator("article.active .kv").bounding_box()
        said = page.locator("article.active .said").bounding_box()
        assert dock
        assert facts
        assert said
        assert max(facts["y"] + facts["height"], said["y"] + said["height"]) <= dock["y"]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        for button in page.locator(".dock .b").all():
            box = button.bounding_box()
            assert box
            assert box["height"] >= 40
    page.keyboard.press("q")
    expect(page.locator("#decide-ask")).to_be_visible()
    page.locator('#decide-ask [popovertargetaction="hide"]').click()
    page.locator(".dock .b.no").click()
    form = page.locator("#decide-reject")
    expect(form).to_be_visible()
    form.locator('[name="reason"]').fill("OK")
    with page.expect_navigation():
        form.locator("button.no").click()
    expect(page.locator(".message.success")).to_be_visible()
    person.leave()
    assert person.errors == []
