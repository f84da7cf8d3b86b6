"""Statistics agree with published values."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights import rules


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [
        # Newcombe 1998, Statistics in Medicine 17:857, table I, method 3 (score, no continuity correction).
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_intervals_are_those_of_newcombe(hits: int, n: int, low: float, high: float) -> None:
    found = rules.wilson(hits, n)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@given(st.integers(1, 10**6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_a_wilson_interval_holds_its_share_and_stays_a_share(given_: tuple[int, int]) -> None:
    hits, n = given_
    found = rules.wilson(hits, n)
    assert 0 <= found.low <= hits / n <= found.high <= 1


@pytest.mark.parametrize(("hits", "n"), [(1, 0), (-1, 5), (6, 5), (0, 0)])
def test_a_share_of_nothing_or_above_one_is_refused(hits: int, n: int) -> None:
    with pytest.raises(ValueError, match="a share needs"):
        rules.wilson(hits, n)


def test_the_interval_of_a_mean_is_known_for_a_textbook_sample() -> None:
    # 1 to 9: mean 5, s² = 7.5, s/√n = 0.9129, times 1.96.
    values = range(1, 10)
    found = rules.mean_interval(sum(values), sum(value**2 for value in values), 9)
    assert (round(found.low, 3), round(found.high, 3)) == (3.211, 6.789)


@pytest.mark.parametrize(
    ("count", "mean", "chance"),
    [
        (1, 0.5, 0.3935),  # 1 − e^−0.5
        (3, 0.5, 0.0144),  # what a normal limit at this mean would call rare
        (4, 0.5, 0.0018),
        (10, 5.0, 0.0318),
        (5, 5.0, 0.5595),
    ],
)
def test_poisson_tails_are_those_of_the_tables(count: int, mean: float, chance: float) -> None:
    assert round(rules.poisson_tail(count, mean), 4) == chance


@given(st.floats(0.05, 60), st.integers(0, 200))
def test_a_larger_count_is_never_likelier(mean: float, count: int) -> None:
    assert 0 <= rules.poisson_tail(count + 1, mean) <= rules.poisson_tail(count, mean) <= 1


@given(st.floats(0.05, 60))
def test_the_upper_limit_is_the_last_ordinary_count(mean: float) -> None:
    limit = rules.poisson_upper_limit(mean)
    assert rules.poisson_tail(limit + 1, mean) < rules.WARNING_RISK <= rules.poisson_tail(limit, mean)


def test_four_complaints_never_warn_however_rare() -> None:
    assert rules.rising_by_chance(4, 0.01) is None
    assert rules.rising_by_chance(5, 0.01) == rules.poisson_tail(5, 0.01)


def test_an_ordinary_week_does_not_warn() -> None:
    assert rules.rising_by_chance(9, 4.0) is None
    assert rules.rising_by_chance(12, 4.0) == rules.poisson_tail(12, 4.0)


def test_fewer_than_five_are_suppressed_and_fewer_than_thirty_flagged() -> None:
    assert [rules.support(n) for n in (0, 4, 5, 29, 30)] == ["none", "too_few", "few", "few", "enough"]


def test_pareto_shares_add_up_to_the_whole() -> None:
    assert rules.shares_so_far([5, 3, 2], 10) == [0.5, 0.8, 1.0]


def test_gathering_keeps_the_sum() -> None:
    assert rules.gather([1, 2, 3, 4, 5], 2) == [6, 9]
    assert sum(rules.gather([Decimal("0.10")] * 31, 10)) == Decimal("3.10")
    assert rules.gather([], 4) == []
