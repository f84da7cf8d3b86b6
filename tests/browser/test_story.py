"""The main job, end to end, as people do it: in a browser, on real servers, in both languages."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.desk import PHONE, Language, Person
from tests.support.processes import wait_until
from tests.support.product import RunningProduct


@dataclass(frozen=True)
class Telling:
    """What is typed, in one language."""

    language: Language
    name: str
    email: str
    complaint: str
    marked: str
    reply: str
    reason: str


TELLINGS = [
    Telling(
        "en",
        "Ada Fern",
        "ada.fern@example.com",
        "I said at booking that my son is allergic to nuts. There were peanuts in the dessert, his "
        "lips swelled and we spent the night in hospital. The staff ignored us.",
        "allergic",
        "This is our fault: the kitchen used an old recipe. We are sorry for what your son went through.",
        "The allergy was on the booking.",
    ),
    Telling(
        "zh-hans",
        "方晓（演示）",
        "fang.xiao@example.com",
        "预订时我特别说明孩子对坚果过敏，甜点里还是有花生碎，孩子嘴唇肿了，去了医院。服务员不理我们。",
        "过敏",
        "这是我们的责任：厨房用了旧配方。让孩子受苦，我们非常抱歉。",
        "预订里写明了过敏。",
    ),
]


@pytest.mark.parametrize("telling", TELLINGS, ids=lambda telling: telling.language)
def test_a_complaint_is_logged_recovered_compensated_approved_surveyed_and_seen(
    chromium: Browser, product: RunningProduct, person: Person, telling: Telling
) -> None:
    person.sign_in("frontline", telling.language)
    number = log_by_keyboard(person, telling)
    recover(person, number, telling)
    propose_above_authority(person, number, telling)
    approve_less(person, number, telling)
    fulfil_and_resolve(person, number, telling)
    survey = link_in_mail(person, telling.email, "/survey/", product)
    answer_on_a_phone(chromium, product, survey, telling)
    low_score_reaches_someone_else(person, number, telling)
    dashboard_counts_what_its_lists_show(person, telling)
    product.manage("verify_audit")


def log_by_keyboard(person: Person, telling: Telling) -> str:
    """From `c` to a saved case without touching the mouse; returns its number."""
    page = person.page
    page.locator("body").press("c")
    expect(page).to_have_url(re.compile(r"/desk/log/"))
    finder = page.locator("#find-customer")
    expect(finder).to_be_focused()
    page.keyboard.type(telling.name)
    option = page.locator("#customer-new")
    expect(option).to_be_visible()
    page.keyboard.press("ArrowUp")  # the last option is the new customer
    page.keyboard.press("Enter")
    expect(page.locator('[name="new_name"]')).to_have_value(telling.name)
    person.fill("new_email", telling.email)
    page.locator('[name="description"]').press_sequentially(telling.complaint[:-1])
    page.locator('[name="description"]').press_sequentially(telling.complaint[-1])
    expect(page.locator("#suggestion mark").filter(has_text=telling.marked).first).to_be_visible()
    expect(page.locator('[name="severity"][value="1"]')).to_be_checked()
    person.choose("failure_type", "outcome")
    person.choose("satisfaction_before", "1")
    person.choose("language", telling.language)
    person.fill("loss_amount", "420")
    with page.expect_navigation():
        page.locator('[name="loss_amount"]').press("Control+Enter")
    expect(page).to_have_url(re.compile(r"/desk/cases/C-\d\d-\d+/"))
    found = re.search(r"C-\d\d-\d+", page.url)
    assert found is not None
    return found.group()


def recover(person: Person, number: str, telling: Telling) -> None:
    """Solving first is warned of; then the steps in their order."""
    page = person.page
    page.locator("#step-solve summary").click()
    person.send("/steps/solve/complete/")
    expect(page.locator("#step-solve [role=alert]")).to_be_visible()
    person.open(f"/desk/cases/{number}/?write=call")
    person.fill("body", telling.complaint[:20], within="#composer")
    person.fill("minutes", "6", within="#composer")
    person.choose("completes", "listen", within="#composer")
    person.send("/write/call/")
    expect(page.locator(".clock.met").first).to_be_visible()
    person.send("/steps/verify/complete/")
    person.fill("body", telling.reply, within="#composer")
    person.choose("completes", "apologise", within="#composer")
    person.send("/write/reply/")
    expect(page.locator(".said.us").filter(has_text=telling.reply)).to_be_visible()
    for kind in ("explain", "solve"):
        person.send(f"/steps/{kind}/complete/")
    expect(page.locator("#step-solve")).to_have_class(re.compile("done"))


def propose_above_authority(person: Person, number: str, telling: Telling) -> None:
    page = person.page
    page.locator("summary[data-key=o]").click()
    person.fill("amount", "500", within='form[action$="/offers/"]')
    person.fill("purpose", telling.reason, within='form[action$="/offers/"]')
    person.fill("reason", telling.reason, within='form[action$="/offers/"]')
    person.send("/offers/")
    expect(page.locator(".offer .chip.risk, .offer .risk").first).to_be_visible()
    expect(page.locator('form[action*="/approvals/"]')).to_have_count(0)


def approve_less(person: Person, number: str, telling: Telling) -> None:
    """The supervisor decides in the inbox with `e`: 450 instead of 500."""
    person.sign_in("supervisor", telling.language)
    page = person.open("/desk/approvals/")
    offer = page.locator("article", has_text=telling.name)
    if offer.locator("h2 a").count():
        offer.locator("h2 a").click()
    expect(page.locator("article.panel.active")).to_contain_text(telling.name)
    page.locator("body").press("e")
    form = page.locator("#decide-lower")
    expect(form).to_be_visible()
    form.locator('[name="amount"]').fill("450")
    form.locator('[name="reason"]').fill(telling.reason)
    with page.expect_navigation():
        form.locator('button[type="submit"]').click()
    person.open(f"/desk/cases/{number}/")
    expect(page.locator(".offer")).to_contain_text("450")


def fulfil_and_resolve(person: Person, number: str, telling: Telling) -> None:
    person.sign_in("frontline", telling.language)
    page = person.open("/desk/notifications/")
    expect(page.locator("main")).to_contain_text(number)
    person.open(f"/desk/cases/{number}/?edit=resolve")
    choose_outcome(person, telling)
    person.send("/resolve/")
    expect(page.locator("#decide .errorlist, #decide .error-summary").first).to_be_visible()
    person.open(f"/desk/cases/{number}/")
    page.locator(".offer details.unfold summary").first.click()
    person.fill("reference", "TX-1", within='form[action$="/fulfil/"]')
    person.send("/fulfil/")
    expect(page.locator("#step-compensate")).to_have_class(re.compile("done"))
    person.open(f"/desk/cases/{number}/?edit=resolve")
    choose_outcome(person, telling)
    person.send("/resolve/")
    expect(page.locator(".case-head .chip.gold")).to_be_visible()


def choose_outcome(person: Person, telling: Telling) -> None:
    person.choose("outcome", "upheld")
    person.page.locator('#decide [name="cause"]').select_option(index=1)
    person.fill("resolution", telling.reply, within="#decide")


def link_in_mail(person: Person, email: str, path: str, product: RunningProduct) -> str:
    """Wait until the worker has sent the mail, open it in the mailbox, and return the link in it."""
    page = person.page

    def arrived() -> bool:
        page.goto(f"/desk/mailbox/?address={email}")
        for row in page.locator("table.list tbody tr a").all():
            if page.request.get(row.get_attribute("href") or "").text().find(path) >= 0:
                return True
        return False

    wait_until(arrived, f"mail to {email} with {path}", 90)
    for address in [row.get_attribute("href") or "" for row in page.locator("table.list tbody tr a").all()]:
        page.goto(address)
        link = page.locator(f'.mail-body a[href*="{path}"]').first
        if link.count():
            return link.get_attribute("href") or ""
    raise AssertionError("the link is gone")


def answer_on_a_phone(chromium: Browser, product: RunningProduct, survey: str, telling: Telling) -> None:
    customer = Person(chromium, product.address, viewport=PHONE)
    page = customer.open(survey)
    expect(page.locator("html")).to_have_attribute("lang", re.compile(telling.language, re.I))
    refuse_without_the_first_answer(customer, page)
    page.locator("[data-question]").first.locator('input[value="2"]').check()
    customer.fill("comment", telling.reason)
    page.locator("main form button.main").click()
    expect(page).to_have_url(re.compile("/thanks/"))
    page.goto(survey)
    first = page.locator("[data-question]").first
    expect(first.locator('input[value="2"]')).to_be_checked()
    first.locator('input[value="1"]').check()
    page.locator("main form button.main").click()
    expect(page).to_have_url(re.compile("/thanks/"))
    customer.leave()
    assert customer.errors == []


def refuse_without_the_first_answer(customer: Person, page: Page) -> None:
    page.locator("main form button.main").click()
    expect(page.locator(".error-summary")).to_be_visible()


def low_score_reaches_someone_else(person: Person, number: str, telling: Telling) -> None:
    person.sign_in("supervisor", telling.language)
    page = person.open(f"/desk/cases/{number}/")
    expect(page.locator(".case-head .chip.late")).to_be_visible()
    expect(page.locator("main")).to_contain_text(telling.reason)


def dashboard_counts_what_its_lists_show(person: Person, telling: Telling) -> None:
    person.sign_in("manager", telling.language)
    page = person.open("/desk/insights/")
    links = page.locator('main a[href*="figure="]')
    addresses = {link.get_attribute("href"): link.inner_text().strip() for link in links.all()}
    numbers = {href: int(text) for href, text in addresses.items() if href and re.fullmatch(r"\d+", text)}
    assert len(numbers) >= 5
    for href, count in list(numbers.items())[:5]:
        seen = 0
        page.goto(href)
        while True:
            seen += page.locator("table.list tbody tr").count()
            following = page.locator('.pagination a[rel="next"]')
            if not following.count():
                break
            following.click()
        assert seen == count, href


def test_nobody_decides_on_their_own_proposal(person: Person) -> None:
    person.sign_in("supervisor")
    page = person.open("/desk/queue/")
    page.locator("table.list tbody tr a").first.click()
    if not page.locator("summary[data-key=o]").count():
        pytest.fail("a supervisor can propose")
    page.locator("summary[data-key=o]").click()
    form = 'form[action$="/offers/"]'
    person.fill("amount", "2500", within=form)
    person.fill("purpose", "A test", within=form)
    person.fill("reason", "A reason of their own", within=form)
    person.fill("deviation_reason", "More than the policy gives, for a test", within=form)
    person.send("/offers/")
    offer_name = page.locator(".case-head h1").inner_text()
    page = person.open("/desk/approvals/")
    own = page.locator("article", has_text=offer_name)
    expect(own.first).to_be_visible()
    if own.first.locator("h2 a").count():
        own.first.locator("h2 a").click()
    expect(page.locator("[popovertarget=decide-approve]")).to_have_count(0)
