"""A voucher as people use it: issued on the case page, opened on a phone, redeemed at the desk."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.desk import PHONE, Language, Person
from tests.browser.test_accessible import violations
from tests.browser.test_story import link_in_mail
from tests.support.product import RunningProduct

CODE = re.compile(r"[0-9A-Z]{5}(-[0-9A-Z]{5}){4}")
LANGUAGES: tuple[Language, ...] = ("en", "zh-hans")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_voucher_is_issued_opened_on_a_phone_and_redeemed_at_the_desk(
    chromium: Browser, product: RunningProduct, person: Person, language: Language
) -> None:
    person.sign_in("frontline", language)
    email = f"voucher.{language}@example.com"
    code = issue(person, email, language)
    shown = open_on_a_phone(chromium, product, link_in_mail(person, email, "/voucher/", product))
    assert shown == code
    redeem(person, code)


def issue(person: Person, email: str, language: Language) -> str:
    """Log a complaint of somebody new, grant a voucher, and issue it; returns the code that is shown."""
    page = person.open("/desk/log/")
    page.locator("#find-customer").press_sequentially("Voucher Guest")
    expect(page.locator("#customer-new")).to_be_visible()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    person.fill("new_email", email)
    person.fill("description", "The room was cold all night, and nobody came to repair the heating.")
    person.choose("failure_type", "outcome")
    person.choose("language", language)
    person.choose("severity", "3")
    with page.expect_navigation():
        page.locator('[name="description"]').press("Control+Enter")
    page.locator("summary[data-key=o]").click()
    offer = 'form[action$="/offers/"]'
    person.fill("amount", "20", within=offer)
    person.choose("kind", "voucher", within=offer)
    person.fill("purpose", "The cold night", within=offer)
    person.fill("reason", "The heating was broken.", within=offer)
    person.send("/offers/")
    page.locator(".offer summary").filter(has=page.locator("svg")).first.click()
    person.send("/voucher/")
    shown = page.locator(".voucher-code").inner_text()
    assert CODE.fullmatch(shown)
    said = len(person.errors)
    assert violations(person) == []
    del person.errors[said:]  # axe tries inline styles, which the page's policy refuses
    return shown


def open_on_a_phone(chromium: Browser, product: RunningProduct, link: str) -> str:
    """The link asks first, then shows the code; on another device it does not."""
    customer = Person(chromium, product.address, viewport=PHONE)
    page = customer.open(link)
    expect(page.locator(".voucher-code")).to_have_count(0)
    page.locator("main form button.main").click()
    expect(page.locator(".voucher-card svg.qr")).to_be_visible()
    shown = page.locator(".voucher-code").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    said = len(customer.errors)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert violations(customer) == []
    del customer.errors[said:]  # axe tries inline styles, which the page's policy refuses
    page.reload()
    expect(page.locator(".voucher-code")).to_have_text(shown)
    customer.leave()
    other = Person(chromium, product.address, viewport=PHONE)
    expect(other.open(link).locator('button[name="again"]')).to_be_visible()
    other.leave()
    assert customer.errors + other.errors == []
    return shown


def redeem(person: Person, code: str) -> None:
    """In two parts, by typing and Enter as a scanner does; then nothing is left."""
    page = person.page
    for amount, left in ((Decimal("12.5"), "7.5"), (None, "0")):
        person.open("/desk/vouchers/redeem/")
        page.locator("#id_code").press_sequentially(code.lower())
        with page.expect_navigation():
            page.keyboard.press("Enter")
        assert code not in page.url
        if amount is not None:
            person.fill("amount", str(amount))
        person.send("/vouchers/redeem/")
        expect(page).to_have_url(re.compile(r"/redemptions/\d+/"))
        assert left in page.locator(".receipt").inner_text()
    person.open("/desk/vouchers/redeem/")
    person.fill("code", code)
    with page.expect_navigation():
        page.locator("main form button.main").click()
    expect(page.locator("main [role=alert]")).to_be_visible()
    expect(page.locator('form [name="ticket"]')).to_have_count(0)
