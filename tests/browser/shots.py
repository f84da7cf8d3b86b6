"""Takes a picture of every page, two widths × two languages × two themes, into shots/ (`make shots`)."""

from __future__ import annotations

import sys
import tempfile
from itertools import groupby, product
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.desk import DESKTOP, PHONE, Language, Person
from tests.browser.pages import ANYBODY, places
from tests.support.browser import ARGUMENTS, chromium_path
from tests.support.product import running_product

FOLDER = Path(__file__).resolve().parents[2] / "shots"
LANGUAGES: tuple[Language, ...] = ("en", "zh-hans")
THEMES = ("light", "dark")
SIZES = {"1440": DESKTOP, "390": PHONE}


def take_all(person: Person, width: str, language: Language, theme: str) -> int:
    person.page.set_viewport_size(SIZES[width])  # type: ignore[arg-type]
    person.page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    taken = 0
    every = sorted(places(person), key=lambda place: place.role)
    for role, group in groupby(every, key=lambda place: place.role):
        if role == ANYBODY:
            person.context.clear_cookies()
            person.context.add_cookies(
                [{"name": "django_language", "value": language, "url": person.address}]
            )
        else:
            person.sign_in(role, language)
        for place in group:
            page = person.open(place.path)
            page.wait_for_load_state("networkidle")
            page.screenshot(path=FOLDER / f"{place.name}-{width}-{language}-{theme}.png", full_page=True)
            taken += 1
    return taken


def main() -> int:
    path = chromium_path()
    if path is None:
        print("There is no Chromium here. Install Debian's chromium, or name one in AMENDS_CHROMIUM.")
        return 1
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as data, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        with running_product(Path(data) / "var", demo_cases=1500) as running:
            for width, language, theme in product(SIZES, LANGUAGES, THEMES):
                person = Person(browser, running.address)
                taken = take_all(person, width, language, theme)
                person.leave()
                print(f"{taken} pictures at {width} px, {language}, {theme}")
        browser.close()
    print(f"They are in {FOLDER}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
