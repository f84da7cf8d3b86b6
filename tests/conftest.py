"""What every test has: its own database from a template, an empty Valkey, and a browser if it asks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.db import connections
from django.test import TransactionTestCase
from django.utils import translation
from hypothesis import HealthCheck
from hypothesis import settings as property_tests
from playwright.sync_api import Browser, sync_playwright
from pytest_django import DjangoDbBlocker

from compensation.models.sealed import forget_keys
from recovery.services import client
from tests.support import databases
from tests.support.browser import ARGUMENTS, browser_tests_are_required, chromium_path

DESELECTED = pytest.StashKey[int]()

# How long an example takes tells how busy the machine is, not whether the property holds.
property_tests.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
property_tests.load_profile("house")


def database_name() -> str:
    return f"test_amends_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Marks what lies in `browser/`, and leaves it out, loudly, where there is no Chromium."""
    browser_folder = Path(__file__).parent / "browser"
    for item in items:
        if browser_folder in item.path.parents:
            item.add_marker("browser")
    if chromium_path() is not None:
        return
    if browser_tests_are_required():
        raise pytest.UsageError("AMENDS_BROWSER_TESTS=required, but there is no Chromium here.")
    left_out = [item for item in items if item.get_closest_marker("browser")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
    config.stash[DESELECTED] = len(left_out)


def pytest_report_header() -> str:
    path = chromium_path()
    return f"browser: {path}" if path else "browser: none found, so BROWSER TESTS ARE LEFT OUT"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if chromium_path() is None:
        terminalreporter.write_line(
            "BROWSER TESTS WERE LEFT OUT: there is no Chromium here; AMENDS_CHROMIUM may name one.",
            yellow=True,
        )


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A copy of the migrated template for this process; replaces pytest-django's own set-up."""
    with django_db_blocker.unblock():
        databases.create_from_template(database_name())
    with pytest.MonkeyPatch.context() as patch:
        # Flushing would delete what migrations seed, and append-only tables refuse it.
        patch.setattr(TransactionTestCase, "_fixture_teardown", _copy_template_again)
        yield
    with django_db_blocker.unblock():
        databases.drop(database_name())


def _copy_template_again(case: TransactionTestCase) -> None:
    connections.close_all()
    databases.create_from_template(database_name())
    forget_keys()


@pytest.fixture(autouse=True)
def _empty_valkey() -> Iterator[None]:
    """Leaves no cached value, counter or task to the next test."""
    yield
    if client.is_joined(settings.SERVICES):
        with redis.Redis.from_url(settings.REDIS_URL) as valkey:
            valkey.flushdb()


@pytest.fixture(autouse=True)
def _own_language() -> Iterator[None]:
    """Ends the language that a page was asked for in, which Django leaves active in the thread."""
    with translation.override(settings.LANGUAGE_CODE):
        yield


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One headless Chromium for the session; tests open contexts of their own in it."""
    path = chromium_path()
    assert path is not None, "browser tests are left out where there is no Chromium"
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright's synchronous API runs an event loop in the thread of the test.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()
