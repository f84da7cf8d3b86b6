"""Fixtures of the tests of the desk's pages."""

from __future__ import annotations

import pytest

from tests.factories import Desk, make_desk


@pytest.fixture
def desk(db: None) -> Desk:
    return make_desk()
