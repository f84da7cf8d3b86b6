"""A number of the dashboard and the list behind it never disagree, whatever is selected."""

from __future__ import annotations

import random

import pytest

from cases.states import Channel, FailureType
from insights.figures import FIGURES, Selection
from insights.listing import PAGE_SIZE, Cursor, list_page
from insights.measures import Dashboard, dashboard
from tests.insights.world import NOW, World, looking_at, make_world


@pytest.fixture
def world(db: None) -> World:
    return make_world()


def listed(code: str, selection: Selection) -> int:
    """How many rows one sees on all pages of a figure's list."""
    rows, cursor = 0, None
    while True:
        page = list_page(FIGURES[code], selection, cursor)
        rows += len(page.rows)
        if page.next is None:
            return rows
        cursor = Cursor.read(str(page.next))


def shown_numbers(board: Dashboard) -> dict[tuple[str, str, str], int]:
    """Every number that the dashboard shows, by figure, type of failure and currency of its list."""
    clocks = {
        (code, "", ""): n
        for row in board.clocks
        for code, n in (
            (row.figures["clocks"], row.finished.n),
            (row.figures["met"], row.finished.met),
            (row.figures["missed"], row.missed),
        )
    }
    types = {(row.figure, "", ""): row.opened for row in board.types}
    for row in board.types:
        if row.code:
            types |= {("resolved", row.code, ""): row.resolved, ("won_back", row.code, ""): row.won_back}
    money: dict[tuple[str, str, str], int] = {}
    for each in board.money:
        money |= {
            ("granted", "", each.currency): each.n,
            ("granted_alone", "", each.currency): each.alone_n,
            ("granted_for_loss", "", each.currency): each.loss_offers,
        }
    recovery = board.recovery
    return {
        ("opened", "", ""): board.opened.n,
        ("resolved", "", ""): board.resolved.n,
        ("won_back", "", ""): board.won_back,
        ("classified", "", ""): board.pareto.total,
        ("no_defect", "", ""): board.pareto.without,
        ("surveyed", "", ""): recovery.recovered.n,
        ("satisfied", "", ""): recovery.satisfied,
        ("not_satisfied", "", ""): recovery.recovered.n - recovery.satisfied,
        ("paired", "", ""): recovery.uplift.n,
        **clocks,
        **types,
        **money,
    }


def random_selection(dice: random.Random, world: World) -> Selection:
    branches = [branch.pk for branch in world.branches]
    return looking_at(
        days=dice.choice([7, 30, 60, 90]),
        branch_ids=dice.choice([None, frozenset(branches[:2]), frozenset({branches[2]}), frozenset()]),
        channel=dice.choice(["", "", *Channel.values]),
        failure_type=dice.choice(["", "", *FailureType.values]),
    )


@pytest.mark.parametrize("seed", range(8))
def test_every_number_equals_the_rows_of_its_list(world: World, seed: int) -> None:
    selection = random_selection(random.Random(seed), world)  # noqa: S311
    numbers = shown_numbers(dashboard(selection))
    optional = {"granted", "granted_alone", "granted_for_loss", *FailureType.values, "no_type"}
    assert {code for code, _type, _currency in numbers} >= set(FIGURES) - optional
    for (code, failure_type, currency), n in numbers.items():
        if failure_type and selection.failure_type not in ("", failure_type):
            continue
        narrowed = selection.but(failure_type=failure_type or selection.failure_type, currency=currency)
        assert listed(code, narrowed) == n, (code, failure_type, currency)
        assert FIGURES[code].rows(narrowed).count() == n


def test_the_world_has_something_of_every_figure(world: World) -> None:
    numbers = shown_numbers(dashboard(looking_at(days=60)))
    assert {code for code, _type, _currency in numbers} == set(FIGURES)
    # No complaint is in dollars, so nothing granted in dollars can be held against its loss.
    assert numbers.pop(("granted_for_loss", "", "USD")) == 0
    assert all(numbers.values())


def test_every_defect_and_family_equals_its_list(world: World) -> None:
    selection = looking_at(days=60)
    pareto = dashboard(selection).pareto
    for row in pareto.kinds:
        assert listed("opened", selection.but(defect_ids=frozenset({row.defect.pk}))) == row.n
    for row in pareto.families:
        kinds = frozenset({row.defect.pk, *row.defect.kinds.values_list("pk", flat=True)})
        assert listed("opened", selection.but(defect_ids=kinds)) == row.n
    assert sum(row.n for row in pareto.kinds) + pareto.others + pareto.without == listed("opened", selection)


@pytest.mark.parametrize("days", [7, 30, 90, 300])
def test_the_parts_of_the_trend_add_up_to_the_figures(world: World, days: int) -> None:
    board = dashboard(looking_at(days=days))
    assert sum(point.opened for point in board.trend) == board.opened.n
    assert sum(point.resolved for point in board.trend) == board.resolved.n


def test_comparison_counts_the_period_before_up_to_the_same_hour(world: World) -> None:
    selection = looking_at(days=20)
    period = selection.period
    board = dashboard(selection)
    before = [case for case in world.cases if period.previous_start <= case.received_at < period.previous_end]
    assert board.opened.before == len(before)
    assert period.now == NOW


def test_pages_go_forth_and_back_over_the_same_rows(world: World) -> None:
    figure, selection = FIGURES["opened"], looking_at(days=90)
    first = list_page(figure, selection)
    second = list_page(figure, selection, first.next)
    assert first.next is not None
    assert second.previous is not None
    again = list_page(figure, selection, second.previous)
    assert len(first.rows) == PAGE_SIZE
    assert first.previous is None
    assert [row.case.pk for row in again.rows] == [row.case.pk for row in first.rows]
    assert again.previous is None
    assert again.next == first.next
    assert not {row.case.pk for row in first.rows} & {row.case.pk for row in second.rows}


@pytest.mark.parametrize(
    "text", ["", "n", "nonsense", "n20260101-1", "x20260101000000000000-1", "n2026-" + "9" * 30]
)
def test_a_cursor_that_was_never_handed_out_is_ignored(text: str) -> None:
    assert Cursor.read(text) is None
