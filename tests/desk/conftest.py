"""Fixtures of the tests of the desk's pages."""

from __future__ import annotations

import pytest

from tests.compensation.fixtures import at_noon, case, world
from tests.factories import Desk, make_desk

__all__ = ["at_noon", "case", "desk", "world"]


@pytest.fixture
def desk(db: None) -> Desk:
    return make_desk()
