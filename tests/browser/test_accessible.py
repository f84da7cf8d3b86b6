"""What must hold of every page: no axe violation, no sideways scrolling, no script error, one language."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.desk import PHONE, Language, Person
from tests.browser.pages import ANYBODY, Place, places

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


def violations(person: Person) -> list[str]:
    found: dict[str, Any] = Axe().run(person.page, options=RULES).response
    return [
        f"{each['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
        for each in found["violations"]
        for node in each["nodes"][:3]
    ]


def visit_all(person: Person, language: Language, theme: str) -> dict[str, list[str]]:
    """Every page in one language and theme; what is wrong with each that is not right."""
    wrong: dict[str, list[str]] = {}
    person.page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    every = sorted(places(person), key=lambda place: place.role)
    for role, group in groupby(every, key=lambda place: place.role):
        if role == ANYBODY:
            person.context.clear_cookies()
        else:
            person.sign_in(role, language)
        for place in group:
            if found := look(person, place, language):
                wrong[f"{place.name} {place.path}"] = found
    return wrong


def look(person: Person, place: Place, language: Language) -> list[str]:
    page = person.open(place.path)
    page.wait_for_load_state("networkidle")
    said = len(person.errors)
    found = violations(person)
    # axe tries out inline styles, which the page's policy refuses and the console repeats.
    del person.errors[said:]
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if wide > 0:
        found.append(f"scrolls sideways by {wide} px")
    if place.role != ANYBODY and page.locator("html").get_attribute("lang") != language:
        found.append("is in another language")
    return found


@pytest.mark.parametrize(
    ("language", "theme", "on_phone"),
    [("en", "light", False), ("zh-hans", "dark", True), ("en", "dark", False), ("zh-hans", "light", True)],
)
def test_every_page_is_accessible_and_fits(
    person: Person, language: Language, theme: str, on_phone: bool
) -> None:
    if on_phone:
        person.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    assert visit_all(person, language, theme) == {}


def test_the_smallest_phone_shows_everything_without_sideways_scrolling(person: Person) -> None:
    person.page.set_viewport_size({"width": 360, "height": 740})
    person.sign_in("supervisor", "en")
    for path in ("/desk/", "/desk/queue/", "/desk/approvals/", "/desk/insights/", "/desk/log/"):
        page = person.open(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
