"""Compensation as people use it: proposed by a policy, decided on a phone, answered by the customer."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.desk import PHONE, Language, Person
from tests.browser.test_accessible import violations
from tests.support.product import RunningProduct

LANGUAGES: tuple[Language, ...] = ("en", "zh-hans")
OFFER = 'form[action$="/offers/"]'


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_leaves_the_policy_takes_a_reason_and_is_approved_on_a_phone(
    chromium: Browser, product: RunningProduct, person: Person, language: Language
) -> None:
    person.sign_in("frontline", language)
    name = f"Policy Guest {language}"
    number = log(person, name, language)
    propose_beyond_the_policy(person)
    decide_on_a_phone(chromium, product, name, language)
    offer = person.open(f"/desk/cases/{number}/").locator(".offer")
    expect(offer.locator(".said.us")).to_contain_text("Read on the way home.")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_customers_own_wish_is_recorded_and_proposed_again(person: Person, language: Language) -> None:
    person.sign_in("frontline", language)
    log(person, f"Counter Guest {language}", language)
    page = person.page
    fill_offer(person, "50", "The cold night")
    person.send("/offers/")
    unfold(page, "offer")
    person.send("/offer/")
    unfold(page, "answer")
    person.choose("answer", "countered", within=act("answer"))
    person.fill("words", "That was a whole night.", within=act("answer"))
    person.fill("amount", "80", within=act("answer"))
    person.send("/answer/")
    draft = page.locator(".offer").filter(has=page.locator(act("submit")))
    expect(draft).to_contain_text("80")
    unfold(page, "submit")
    person.fill("reason", "The night was cold indeed.", within=act("submit"))
    person.send("/submit/")
    expect(page.locator(act("submit"))).to_have_count(0)
    expect(page.locator(act("fulfil")).first).to_be_attached()
    expect(page.locator(".offer")).to_have_count(2)
    expect(page.locator(".offer .said").first).to_have_text("That was a whole night.")


def act(verb: str) -> str:
    """The form that does this to an offer."""
    return f'form[action$="/{verb}/"]'


def unfold(page: Page, verb: str) -> None:
    page.locator(f".offer details:has({act(verb)}) > summary").click()


def log(person: Person, name: str, language: Language) -> str:
    """A complaint of somebody new: a failure of process without a loss; returns its number."""
    page = person.open("/desk/log/")
    page.locator("#find-customer").press_sequentially(name)
    expect(page.locator("#customer-new")).to_be_visible()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    email = name.lower().replace(" ", ".")
    person.fill("new_email", f"{email}@example.com")
    person.fill("description", "Nobody at the counter listened, and we waited for an hour in the cold.")
    person.choose("failure_type", "process")
    person.choose("language", language)
    person.choose("severity", "3")
    with page.expect_navigation():
        page.locator('[name="description"]').press("Control+Enter")
    found = re.search(r"C-\d\d-\d+", page.url)
    assert found is not None
    return found.group()


def fill_offer(person: Person, amount: str, purpose: str) -> None:
    if not person.page.locator(OFFER).is_visible():
        person.page.locator("summary[data-key=o]").click()
    person.page.locator(f"{OFFER} [name=kind]").select_option("compensation")
    person.fill("amount", amount, within=OFFER)
    person.fill("purpose", purpose, within=OFFER)
    person.fill("reason", "They waited in the cold.", within=OFFER)


def propose_beyond_the_policy(person: Person) -> None:
    """The form says what the policy gives; more is refused without a reason, and waits with one."""
    page = person.page
    page.locator("summary[data-key=o]").click()
    says = page.locator("#offer-forecast .policy-says")
    expect(says.locator(".chip.good")).to_be_visible()
    expect(says).to_contain_text("100")
    fill_offer(person, "420", "The hour in the cold")
    person.send("/offers/")
    expect(page.locator(f"{OFFER} [name=deviation_reason]")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#offer-forecast .chip.late")).to_be_visible()
    person.fill("deviation_reason", "A child was with them.", within=OFFER)
    person.send("/offers/")
    offer = page.locator(".offer")
    expect(offer).to_contain_text("A child was with them.")
    expect(offer.locator(".risk").first).to_be_visible()


def decide_on_a_phone(chromium: Browser, product: RunningProduct, name: str, language: Language) -> None:
    """One role above the usual decides, with all that it takes within a phone's width."""
    manager = Person(chromium, product.address, viewport=PHONE)
    manager.sign_in("manager", language)
    page = manager.open("/desk/approvals/")
    card = open_card(page, name)
    expect(card).to_contain_text("420")
    said = len(manager.errors)
    assert violations(manager) == []
    del manager.errors[said:]  # axe tries inline styles, which the page's policy refuses
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.locator("[popovertarget=decide-approve]").locator("visible=true").first.click()
    form = page.locator("#decide-approve")
    form.locator('[name="reason"]').fill("Read on the way home.")
    with page.expect_navigation():
        form.locator('button[type="submit"]').click()
    expect(page.locator("article", has_text=name)).to_have_count(0)
    manager.leave()
    assert manager.errors == []


def open_card(page: Page, name: str) -> Locator:
    """The card of this customer's offer, opened."""
    card = page.locator("article", has_text=name).first
    expect(card).to_be_visible()
    if card.locator("h2 a").count():
        card.locator("h2 a").click()
    active = page.locator("article.panel.active")
    expect(active).to_contain_text(name)
    return active
