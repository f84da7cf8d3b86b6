"""Fixtures of the tests of the whole house."""

from __future__ import annotations

import pytest

from tests.factories import Desk, make_desk
from tests.house.places import Places, make_places


@pytest.fixture
def desk(db: None) -> Desk:
    return make_desk()


@pytest.fixture
def places(desk: Desk) -> Places:
    return make_places(desk)
