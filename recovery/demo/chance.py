"""Choosing by weight."""

from __future__ import annotations

import random
from typing import TypeVar

T = TypeVar("T")


def weighted(chance: random.Random, pairs: tuple[tuple[T, int], ...]) -> T:
    """One of the values, by weight."""
    values, weights = zip(*pairs, strict=True)
    chosen: T = chance.choices(values, weights)[0]
    return chosen
