"""Like cases of others: what the database reckons is what the definition says, whatever the cases."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from common.statements import Slot, Statement
from compensation.rules import dose_of
from compensation.states import Dose
from customers.states import Tier
from insights.compensation_figures import OFFER_FIGURES
from insights.compensation_rules import Compared, median_rank_in_sql, median_ranks
from insights.fairness import fairness_board
from insights.fairness_queries import Fairness, fairness, fairness_of
from insights.figures import Selection
from insights.listing import all_rows
from insights.tables import Table
from tests.insights.like_cases import Observed, loss_band, model
from tests.insights.paid_world import make_paid_world
from tests.insights.test_figures import random_selection
from tests.insights.world import World, looking_at

pytestmark = pytest.mark.django_db

TYPES = {
    "given": "numeric", "loss": "numeric", "agent": "bigint", "branch": "bigint", "tier": "text",
    "dose": "text", "verified_loss": "numeric", "failure_type": "text", "defect": "bigint",
    "severity": "int", "currency": "text",
}  # fmt: skip


class Drawn(Table):
    """Cases that are in no table; the statement that reads them takes a list for each column."""

    @property
    def shape(self) -> tuple[Any, ...]:
        return ("drawn",)

    def statement(self) -> Statement:
        arrays = ", ".join(f"%s::{kind}[]" for kind in TYPES.values())
        return Statement(f"SELECT * FROM unnest({arrays})", [Slot(name) for name in TYPES])


def reckoned(cases: Sequence[Observed]) -> Fairness:
    lists: Any = {name: [getattr(case, name) for case in cases] for name in TYPES}
    return fairness_of(Drawn(OFFER_FIGURES["compensated"], looking_at(), lists, dict.fromkeys(TYPES)))


def same(found: dict[str, Compared], expected: dict[str, Compared]) -> None:
    assert found.keys() == expected.keys()
    for key, each in expected.items():
        assert (found[key].n, found[key].matched) == (each.n, each.matched)
        for mine, theirs in ((found[key].ratio, each.ratio), (found[key].gap, each.gap)):
            assert (mine is None) == (theirs is None)
            if mine and theirs:
                assert mine.n == theirs.n
                assert mine[1:4] == pytest.approx(theirs[1:4], rel=1e-12, abs=1e-12)
                assert mine.interval == theirs.interval


amounts = st.decimals(0, 2000, places=2)
losses = st.one_of(
    st.decimals(Decimal("0.01"), 500, places=2), st.sampled_from([Decimal(3), Decimal(10), Decimal("0.0001")])
)
# Few values each, so that groups meet in the same stratum, and ties are many.
observed = st.builds(
    Observed,
    given=st.one_of(amounts, st.sampled_from([Decimal(0), Decimal(10), Decimal(30)])),
    loss=st.one_of(st.sampled_from([Decimal(10), Decimal(20), Decimal(25)]), losses),
    agent=st.sampled_from([None, 1, 2, 3]),
    branch=st.sampled_from([1, 2]),
    tier=st.sampled_from(["standard", "gold"]),
    defect=st.sampled_from([None, 7]),
    severity=st.sampled_from([2, 3, 4]),
)


@settings(max_examples=150)
@given(st.lists(observed, max_size=80))
def test_the_database_reckons_what_the_definition_says(cases: list[Observed]) -> None:
    found, expected = reckoned(cases), model(cases)
    for spread, groups in expected.items():
        same(found.spreads[spread], groups)


def test_so_it_does_where_there_are_thousands() -> None:
    dice = random.Random(4)  # noqa: S311  # repeatable on purpose
    cases = [
        Observed(
            Decimal(dice.randrange(0, 9000)) / 100,
            Decimal(dice.randrange(1000, 2900)) / 100,
            agent=dice.randrange(1, 12),
            branch=dice.randrange(1, 4),
            tier=dice.choice(["standard", "gold"]),
        )
        for _case in range(3000)
    ]
    found, expected = reckoned(cases), model(cases)
    for spread, groups in expected.items():
        same(found.spreads[spread], groups)
    assert all(len(groups) > 1 for spread, groups in found.spreads.items() if spread != "all")


def test_the_database_takes_the_ranks_of_the_rules() -> None:
    with connection.cursor() as cursor:
        sql = f"SELECT n, {median_rank_in_sql('n')} FROM generate_series(1, 20000) AS n"
        cursor.execute(sql)
        found = dict(cursor.fetchall())
    assert found == {n: ranks[0] if (ranks := median_ranks(n)) else None for n in range(1, 20001)}


def group(n: int, ratio: str, *, agent: int, defect: int = 1) -> list[Observed]:
    case = Observed(Decimal(ratio) * 10, Decimal(10), agent=agent, branch=1, tier="standard", defect=defect)
    return [case] * n


def test_a_group_is_held_against_the_like_cases_of_others_alone() -> None:
    elsewhere = group(8, "9.0", agent=2, defect=2)
    found = reckoned([*group(8, "1.2", agent=1), *group(8, "1.0", agent=2), *elsewhere]).spreads["agent"]
    mine = found["1"]
    assert (mine.n, mine.matched) == (8, 8)
    assert mine.gap is not None
    assert mine.gap.median == pytest.approx(0.2)
    assert mine.stands_out
    # Nobody else has had a case of the other defect, so that those can't be compared.
    assert (found["2"].n, found["2"].matched) == (16, 8)


def test_where_all_get_the_same_nobody_stands_out() -> None:
    # A third each, of losses that no float divides evenly.
    cases = [
        Observed(Decimal(n) / 100, Decimal(3 * n) / 100, agent=n % 3 + 1, branch=1, tier="standard")
        for n in range(334, 364)
    ]
    found = reckoned(cases).spreads["agent"]
    assert len(found) == 3
    assert all(
        each.gap is not None and each.gap.median == 0 and not each.stands_out for each in found.values()
    )


def test_fewer_than_five_like_cases_of_others_say_nothing() -> None:
    found = reckoned([*group(9, "1.0", agent=1), *group(4, "1.0", agent=2)]).spreads["agent"]
    assert found["1"].gap is None
    assert found["2"].ratio is None
    assert found["2"].gap is None


@pytest.mark.parametrize("loss", ["0.0001", "2.99", "3", "420", "9999999999.9999"])
def test_losses_of_one_band_are_alike_and_those_of_the_next_are_not(loss: str) -> None:
    low, high = loss_band(Decimal(loss))
    for other, alike in ((low, True), (high, False)):
        cases = [
            Observed(Decimal(1), each, agent=agent, branch=1, tier="standard")
            for agent, each in ((1, Decimal(loss)), (2, other))
            for _case in range(5)
        ]
        assert reckoned(cases).spreads["agent"]["1"].matched == (5 if alike else 0)


# --- of cases in the database ----------------------------------------------------------------


@pytest.fixture
def world(db: None) -> World:
    return make_paid_world()


def rows_of(selection: Selection) -> list[Observed]:
    rows = (each.row for each in all_rows(OFFER_FIGURES["compensated"], selection))
    return [
        Observed(
            row.given, row.loss, row.by_id, row.branch_id, row.case.customer.tier, row.dose,
            row.case.verified_loss, row.failure_type, row.defect_id, row.case.severity, row.case.currency,
        )
        for row in rows
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_the_page_shows_what_the_definition_says_of_its_list(world: World, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311  # repeatable on purpose
    selection = random_selection(dice, world).but(currency=dice.choice(["EUR", "CNY", "USD"]))
    cases = rows_of(selection)
    found, expected = fairness(selection), model(cases)
    for spread, groups in expected.items():
        same(found.spreads[spread], groups)
    board = fairness_board(selection, {branch.pk: branch for branch in world.branches})
    assert board.n == len(cases)
    assert board.verified == sum(case.verified_loss is not None for case in cases)
    lacking = [case.loss * Decimal("0.6") - case.given for case in cases]
    beyond = [case.given - case.loss * Decimal("1.5") for case in cases]
    for total, parts in ((board.under, lacking), (board.over, beyond)):
        assert total == (sum(part > 0 for part in parts), sum(part for part in parts if part > 0))
    assert {spread.name: {row.code for row in spread.rows} for spread in board.spreads}["tier"] <= set(
        Tier.values
    )


def test_the_bins_of_the_database_are_those_of_the_rules(world: World) -> None:
    cases = rows_of(looking_at(days=90, currency="CNY"))
    assert len(cases) > 50
    assert {case.dose for case in cases} == set(Dose.values)
    assert all(case.dose == dose_of(case.given / case.loss) for case in cases)
    counted = Counter(case.dose for case in cases)
    found = fairness(looking_at(days=90, currency="CNY")).doses
    assert {dose: dosed.n for dose, dosed in found.items()} == counted
