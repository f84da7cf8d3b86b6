"""Forecast, warnings, and who approves beyond a budget."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compensation.budget_rules import burn, crossed, share_used, who_decides_overdraft
from compensation.rules import Limit

MAY = {"starts_on": dt.date(2026, 5, 1), "ends_on": dt.date(2026, 5, 31)}
amounts = st.decimals(min_value=0, max_value=10_000, places=2)


def limit(role: str, per_case: int) -> Limit:
    return Limit(role, Decimal(per_case), Decimal(per_case))


def test_a_pace_is_drawn_on_to_the_last_day() -> None:
    pace = burn(used=Decimal(600), amount=Decimal(1000), today=dt.date(2026, 5, 10), **MAY)
    assert pace.expected == Decimal(1860)
    # 1000 last 16.7 days at 60 a day: used up in the course of the 17th.
    assert pace.runs_out_on == dt.date(2026, 5, 17)
    assert pace.share == Decimal("0.6")


def test_money_that_lasts_has_no_day_on_which_it_runs_out() -> None:
    pace = burn(used=Decimal(100), amount=Decimal(1000), today=dt.date(2026, 5, 10), **MAY)
    assert (pace.expected, pace.runs_out_on) == (Decimal(310), None)


@pytest.mark.parametrize("day", [1, 2, 3])
def test_in_the_first_days_no_pace_is_told(day: int) -> None:
    pace = burn(used=Decimal(900), amount=Decimal(1000), today=dt.date(2026, 5, day), **MAY)
    assert (pace.expected, pace.runs_out_on) == (None, None)


def test_a_period_that_is_over_came_to_what_was_used() -> None:
    pace = burn(used=Decimal(900), amount=Decimal(1000), today=dt.date(2026, 7, 1), **MAY)
    assert (pace.expected, pace.elapsed) == (Decimal(900), Decimal(1))


@given(used=amounts, amount=amounts, day=st.integers(min_value=-5, max_value=60))
def test_the_day_it_runs_out_lies_in_the_period_and_only_where_more_is_expected(
    used: Decimal, amount: Decimal, day: int
) -> None:
    pace = burn(used=used, amount=amount, today=MAY["starts_on"] + dt.timedelta(days=day), **MAY)
    assert 0 <= pace.elapsed <= 1
    if pace.runs_out_on is not None:
        assert pace.expected is not None
        assert pace.expected > amount
        assert MAY["starts_on"] <= pace.runs_out_on <= MAY["ends_on"]


@given(steps=st.lists(amounts, min_size=1, max_size=8), amount=amounts)
def test_each_share_is_crossed_at_most_once_while_use_grows(steps: list[Decimal], amount: Decimal) -> None:
    used, told = Decimal(0), []
    for step in steps:
        share = crossed([80, 100], before=used, after=used + step, amount=amount)
        used += step
        if share is not None:
            told.append(share)
    assert told == sorted(set(told))
    assert (100 in told) == (share_used(used, amount) >= 1)


def test_reaching_a_share_exactly_counts_and_only_the_highest_is_told() -> None:
    def at(before: int, after: int) -> int | None:
        return crossed([80, 100], before=Decimal(before), after=Decimal(after), amount=Decimal(100))

    assert [at(0, 79), at(79, 80), at(80, 90), at(10, 100), at(100, 120)] == [None, 80, None, 100, None]


def test_beyond_a_budget_the_next_level_up_decides_and_the_top_for_itself() -> None:
    limits = [limit("manager", 5000), limit("supervisor", 300), limit("frontline", 50)]

    def role(total: int) -> str | None:
        found = who_decides_overdraft(limits, Decimal(total))
        return found.role if found else None

    assert [role(40), role(200), role(4000), role(6000)] == ["supervisor", "manager", "manager", None]
