"""The ranks between which a median lies."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights.compensation_rules import median_ranks


# From the tables of order-statistic intervals: for n = 6, 10, 20, 30, 100.
@pytest.mark.parametrize(
    ("n", "ranks"), [(5, None), (6, (1, 6)), (10, (2, 9)), (20, (6, 15)), (30, (10, 21)), (100, (40, 61))]
)
def test_the_ranks_are_those_of_the_tables(n: int, ranks: tuple[int, int] | None) -> None:
    assert median_ranks(n) == ranks


@given(st.integers(6, 1000))
def test_the_ranks_hold_the_median_with_95_percent_and_no_narrower_ones_do(n: int) -> None:
    ranks = median_ranks(n)
    assert ranks is not None
    low, high = ranks
    assert low + high == n + 1
    outside = sum(math.comb(n, below) for below in range(low))
    assert outside * 40 <= 2**n < (outside + math.comb(n, low)) * 40


def test_where_the_approximation_takes_over_the_ranks_stay_close() -> None:
    exact, near = median_ranks(1000), median_ranks(1001)
    assert exact is not None
    assert near is not None
    assert abs(exact[0] - near[0]) <= 1
