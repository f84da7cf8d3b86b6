"""The whole product, started as processes with demo data, for the tests that use it as people do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.desk import Person
from tests.support.product import RunningProduct, running_product

# One product serves every browser test of a run, so they stay together on one worker of pytest-xdist.
GROUP = pytest.mark.xdist_group("product")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser/" in str(item.path):
            item.add_marker(GROUP)


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProduct]:
    with running_product(tmp_path_factory.mktemp("product") / "var", demo_cases=240) as product:
        yield product


@pytest.fixture
def person(chromium: Browser, product: RunningProduct) -> Iterator[Person]:
    """Someone at a desk, not yet signed in; a script error on any page fails the test."""
    someone = Person(chromium, product.address)
    yield someone
    someone.leave()
    assert someone.errors == []
