"""Decisions about compensation, by example and by property."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.states import FailureType
from compensation.kind_states import DETAILS
from compensation.rules import (
    OUTCOME,
    PROCESS,
    Likes,
    Limit,
    day_start,
    dose_of,
    dose_ratio,
    largest_decidable,
    like_key,
    may_become,
    may_decide,
    may_grant,
    remedy_matches,
    who_decides,
)
from compensation.seed import KINDS
from compensation.states import (
    METHODS,
    OUTSTANDING,
    TRANSITIONS,
    Dose,
    Need,
    OfferKind,
    OfferState,
    RemedyClass,
)

FRONTLINE = Limit("frontline", Decimal(300), Decimal(1200))
SUPERVISOR = Limit("supervisor", Decimal(2000), Decimal(10000))
MANAGER = Limit("manager", Decimal(30000), Decimal(120000))

amounts = st.decimals(min_value=0, max_value=1_000_000, places=2)
limits = st.builds(
    lambda role, case, extra: Limit(role, case, case + extra),
    st.sampled_from(["frontline", "supervisor", "manager"]),
    amounts,
    amounts,
)


@pytest.mark.parametrize(
    ("on_case", "today", "left"),
    [(0, 0, 300), (100, 0, 200), (300, 0, 0), (500, 0, 0), (0, 1000, 200), (0, 1200, 0), (50, 1100, 100)],
)
def test_one_may_grant_what_case_and_day_both_leave(on_case: int, today: int, left: int) -> None:
    assert may_grant(FRONTLINE, on_case=Decimal(on_case), today=Decimal(today)) == left


def test_without_authority_one_grants_and_decides_nothing() -> None:
    assert may_grant(None, on_case=Decimal(0), today=Decimal(0)) == 0
    assert not may_decide(None, Decimal("0.01"), granted=Decimal(0))


@given(limits, amounts, st.lists(amounts, max_size=8))
def test_however_offers_are_split_a_case_never_gets_more_than_the_limit(
    limit: Limit, first: Decimal, offers: list[Decimal]
) -> None:
    granted = Decimal(0)
    for amount in [first, *offers]:
        if 0 < amount <= may_grant(limit, on_case=granted, today=granted):
            granted += amount
    assert granted <= limit.per_case


@given(limits, amounts, amounts, amounts)
def test_what_one_may_grant_is_never_below_zero_nor_above_either_limit(
    limit: Limit, on_case: Decimal, today: Decimal, more: Decimal
) -> None:
    left = may_grant(limit, on_case=on_case, today=today)
    assert 0 <= left <= min(limit.per_case, limit.per_day)
    assert may_grant(limit, on_case=on_case + more, today=today) <= left
    assert may_grant(limit, on_case=on_case, today=today + more) <= left


@pytest.mark.parametrize(
    ("total", "role"), [(1, "supervisor"), (2000, "supervisor"), (2001, "manager"), (30000, "manager")]
)
def test_the_lowest_role_that_covers_the_total_decides(total: int, role: str) -> None:
    assert who_decides([MANAGER, SUPERVISOR], Decimal(total)) == role


def test_beyond_every_authority_nobody_decides() -> None:
    assert who_decides([MANAGER, SUPERVISOR], Decimal(30001)) is None
    assert who_decides([], Decimal(1)) is None


@given(st.lists(limits, max_size=5), amounts)
def test_whoever_decides_has_the_authority_and_nobody_lower_has(
    deciders: list[Limit], total: Decimal
) -> None:
    role = who_decides(deciders, total)
    covering = [limit for limit in deciders if limit.per_case >= total]
    assert (role is None) == (not covering)
    if role is not None:
        lowest = min(limit.per_case for limit in covering)
        assert any(limit.role == role and limit.per_case == lowest for limit in covering)


@given(st.lists(limits, max_size=5), amounts)
def test_the_largest_decidable_amount_is_decidable_and_one_cent_more_is_not(
    deciders: list[Limit], on_case: Decimal
) -> None:
    deciders = [replace(limit, on_case=on_case) for limit in deciders]
    most = largest_decidable(deciders)
    if most > 0:
        assert who_decides(deciders, most) is not None
    assert who_decides(deciders, max(most, Decimal(0)) + Decimal("0.01")) is None


@given(limits, amounts, amounts)
def test_an_approver_decides_up_to_their_authority_for_the_whole_case(
    limit: Limit, amount: Decimal, granted: Decimal
) -> None:
    assert may_decide(limit, amount, granted=granted) == (amount + granted <= limit.per_case)


@pytest.mark.parametrize(
    ("ratio", "dose"),
    [
        ("0", Dose.NONE),
        ("0.01", Dose.LOW),
        ("0.599", Dose.LOW),
        ("0.6", Dose.EFFECTIVE),
        ("1", Dose.EFFECTIVE),
        ("1.2", Dose.EFFECTIVE),
        ("1.201", Dose.GENEROUS),
        ("1.5", Dose.GENEROUS),
        ("1.501", Dose.EXCESS),
        ("30", Dose.EXCESS),
    ],
)
def test_the_dose_is_cut_where_the_effect_changes(ratio: str, dose: Dose) -> None:
    assert dose_of(Decimal(ratio)) == dose


@given(amounts, amounts)
def test_a_larger_dose_is_never_in_a_lower_bin(one: Decimal, other: Decimal) -> None:
    order = list(Dose)
    assert order.index(dose_of(min(one, other))) <= order.index(dose_of(max(one, other)))


def test_without_a_loss_there_is_no_ratio() -> None:
    assert dose_ratio(Decimal(10), None) is None
    assert dose_ratio(Decimal(10), Decimal(0)) is None
    assert dose_ratio(Decimal(500), Decimal(400)) == Decimal("1.25")


def test_worth_answers_outcome_and_regard_answers_process() -> None:
    assert remedy_matches(RemedyClass.WORTH, OUTCOME) is True
    assert remedy_matches(RemedyClass.WORTH, PROCESS) is False
    assert remedy_matches(RemedyClass.REGARD, PROCESS) is True
    assert remedy_matches(RemedyClass.WORTH, "") is None


def test_names_used_by_the_rules_are_those_of_the_cases() -> None:
    assert (PROCESS, OUTCOME) == (FailureType.PROCESS, FailureType.OUTCOME)
    assert set(KINDS) == set(OfferKind)
    assert set(METHODS) == set(DETAILS) == set(Need)


def test_offers_go_only_where_the_table_leads() -> None:
    assert set(TRANSITIONS) == set(OfferState)
    assert may_become("waiting", OfferState.APPROVED)
    assert not may_become("waiting", OfferState.FULFILLED)
    for final in set(OfferState) - {*OUTSTANDING, OfferState.FULFILLED}:
        assert not any(may_become(final, wanted) for wanted in OfferState)


def test_like_cases_share_failure_defect_severity_band_and_currency() -> None:
    key = like_key("outcome", 7, 1, "EUR")
    assert like_key("outcome", 7, 2, "EUR") == key
    assert key not in {
        like_key("process", 7, 1, "EUR"),
        like_key("outcome", 8, 1, "EUR"),
        like_key("outcome", None, 1, "EUR"),
        like_key("outcome", 7, 3, "EUR"),
        like_key("outcome", 7, 1, "CNY"),
    }


def test_likes_tell_how_many_the_median_and_the_ends() -> None:
    likes = Likes([Decimal(30), Decimal(10), Decimal(20), Decimal(40)])
    assert likes.count == 4
    assert [likes.lowest, likes.typical, likes.highest] == [10, 25, 40]
    assert Likes().count == 0
    assert [Likes().lowest, Likes().typical, Likes().highest] == [None, None, None]


@given(
    st.integers(946_684_800, 2_208_988_800).map(lambda second: dt.datetime.fromtimestamp(second, dt.UTC)),
    st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Pacific/Auckland", "UTC"]),
)
def test_the_day_began_at_the_last_midnight(now: dt.datetime, zone: str) -> None:
    start = day_start(now, zone)
    assert start <= now
    assert now - start <= dt.timedelta(hours=25)
