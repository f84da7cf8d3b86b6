"""Fixtures of the tests of compensation."""

from __future__ import annotations

import pytest

from tests.compensation.fixtures import at_noon, case, world

__all__ = ["at_noon", "case", "world"]


@pytest.fixture(autouse=True)
def _at_noon(at_noon: None) -> None:
    """All of them go by the branch's day."""
