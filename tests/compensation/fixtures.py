"""What the tests of compensation and those of its pages begin with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine

from cases.models import Case
from tests.compensation.world import NOON, World, make_case, make_world


@pytest.fixture
def at_noon() -> Iterator[None]:
    """Daily limits and budgets go by the branch's day: here it lasts as long as the test."""
    with time_machine.travel(NOON):
        yield


@pytest.fixture
def world(db: None) -> World:
    return make_world()


@pytest.fixture
def case(world: World) -> Case:
    return make_case(world.branch)
