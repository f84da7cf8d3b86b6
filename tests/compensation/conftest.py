"""Fixtures of the tests of compensation."""

from __future__ import annotations

import pytest

from cases.models import Case
from tests.compensation.world import World, make_case, make_world


@pytest.fixture
def world(db: None) -> World:
    return make_world()


@pytest.fixture
def case(world: World) -> Case:
    return make_case(world.branch)
