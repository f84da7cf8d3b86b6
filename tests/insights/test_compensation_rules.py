"""Medians with their intervals, bands of loss, and like cases of others."""

from __future__ import annotations

import math
import statistics
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights.compensation_rules import Observed, compare, loss_band, median_ranks, middle, quantile


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


@given(st.lists(st.floats(0, 10), min_size=5, max_size=60))
def test_the_middle_is_the_median_and_lies_inside_its_interval(values: list[float]) -> None:
    found = middle(values)
    assert found is not None
    assert found.median == pytest.approx(statistics.median(values))
    assert found.quarter <= found.median <= found.three_quarters
    if found.interval:
        assert found.interval.low <= found.median <= found.interval.high


def test_four_values_have_no_middle() -> None:
    assert middle([1.0, 1.0, 1.0, 1.0]) is None


def test_a_quantile_lies_between_its_neighbours_in_proportion() -> None:
    assert quantile([0.0, 10.0, 20.0], 0.5) == 10.0
    assert quantile([0.0, 10.0, 20.0], 0.9) == pytest.approx(18.0)


@given(st.decimals(Decimal("0.01"), Decimal(10**9), places=2))
def test_every_loss_lies_in_one_band(loss: Decimal) -> None:
    low, high = loss_band(loss)
    assert low <= loss < high
    assert loss_band(low) == (low, high)


def test_the_bands_are_one_three_ten() -> None:
    assert loss_band(Decimal("2.99")) == (Decimal(1), Decimal(3))
    assert loss_band(Decimal(3)) == (Decimal(3), Decimal(10))
    assert loss_band(Decimal(420)) == (Decimal(300), Decimal(1000))


def test_a_group_is_held_against_the_like_cases_of_others_alone() -> None:
    generous = [("a", Observed(1.2, "late")) for _case in range(8)]
    usual = [("b", Observed(1.0, "late")) for _case in range(8)]
    elsewhere = [("b", Observed(9.0, "lost")) for _case in range(8)]
    found = compare([*generous, *usual, *elsewhere])
    mine = found["a"]
    assert (mine.n, mine.matched) == (8, 8)
    assert mine.gap is not None
    assert mine.gap.median == pytest.approx(0.2)
    assert mine.stands_out
    # Nobody else has had anything lost, so that those cases can't be compared.
    assert found["b"].matched == 8


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 9)), max_size=60))
def test_the_difference_is_that_to_the_median_of_all_others(drawn: list[tuple[str, int]]) -> None:
    found = compare([(group, Observed(float(ratio), "late")) for group, ratio in drawn])
    for group, each in found.items():
        others = [ratio for other, ratio in drawn if other != group]
        own = [ratio for other, ratio in drawn if other == group]
        if each.gap is not None:
            usual = statistics.median(others)
            assert each.gap.median == pytest.approx(statistics.median(own) - usual)


def test_where_all_get_the_same_nobody_stands_out() -> None:
    found = compare([(group, Observed(1.0, "late")) for group in "abc" for _case in range(10)])
    assert all(
        each.gap is not None and each.gap.median == 0 and not each.stands_out for each in found.values()
    )


def test_fewer_than_five_like_cases_of_others_say_nothing() -> None:
    found = compare([*[("a", Observed(1.0, "late"))] * 9, *[("b", Observed(1.0, "late"))] * 4])
    assert found["a"].gap is None
    assert found["b"].ratio is None
