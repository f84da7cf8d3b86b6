"""A person at the desk or at home, in words of what they do, whatever the language of the page."""

from __future__ import annotations

import re
from typing import Any, Literal

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect

Language = Literal["en", "zh-hans"]
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1440, "height": 900}


class Person:
    """One browser context with one page; keeps what the page's scripts complain about."""

    def __init__(self, browser: Browser, address: str, *, viewport: dict[str, int] | None = None) -> None:
        self.browser, self.address = browser, address
        size: Any = viewport or DESKTOP
        self.context = browser.new_context(base_url=address, viewport=size, locale="en-GB")
        self.context.set_default_timeout(15_000)
        self.page: Page = self.context.new_page()
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._heard)

    def _heard(self, message: ConsoleMessage) -> None:
        # A page that refuses (403, 404, 422) is reported as an error of loading, and so is a request of htmx
        # that was under way when one left the page. Neither is a fault of a script.
        failed = re.search(r"status of 4(03|04|22)", message.text)
        refused = failed and message.location["url"] == self.page.url
        if message.type == "error" and not refused and not message.text.startswith("htmx:"):
            self.errors.append(f"{self.page.url}: {message.text}")

    def leave(self) -> None:
        self.context.close()

    def sign_in(self, role: str, language: Language = "en") -> None:
        """By one click on the sign-in page of the demo."""
        self.context.clear_cookies()
        self.page.goto("/desk/")
        self.page.locator(f'button[name="role"][value="{role}"]').click()
        expect(self.page).to_have_url(re.compile(r"/desk/"))
        self.speak(language)

    def speak(self, language: Language) -> None:
        if self.page.locator("html").get_attribute("lang") != language:
            if not self.page.locator(".rail-foot").is_visible():
                self.page.locator(".top .menu-button").click()
            self.page.locator(".rail-foot summary").click()
            self.page.locator(f'.rail-foot button[name="language"][value="{language}"]').click()
        expect(self.page.locator("html")).to_have_attribute("lang", language)

    def open(self, path: str) -> Page:
        self.page.goto(path)
        return self.page

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)

    def fill(self, name: str, value: str, *, within: str = "main") -> None:
        self.page.locator(f'{within} [name="{name}"]:visible').first.fill(value)

    def choose(self, name: str, value: str, *, within: str = "main") -> None:
        """A radio button or an option."""
        field = self.page.locator(f'{within} [name="{name}"]')
        if field.first.evaluate("field => field.tagName") == "SELECT":
            field.first.select_option(value)
        else:
            self.page.locator(f'{within} [name="{name}"][value="{value}"]').check()

    def send(self, form: str) -> None:
        """Submit the form whose action ends so, and wait for the page that follows."""
        button = (
            self.form(form)
            .locator("button.main, button[type=submit], button:not([type])")
            .locator("visible=true")
            .first
        )
        with self.page.expect_navigation():
            button.click()

    def form(self, action: str) -> Locator:
        return self.page.locator(f'form[action$="{action}"]')

    def main(self) -> str:
        """The words of the page's content."""
        return self.page.locator("main").inner_text()
