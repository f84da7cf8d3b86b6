"""A number of the pages about compensation and the list behind it never disagree, whatever is selected."""

from __future__ import annotations

import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from cases.models import Cause
from insights.compensation import NO_CAUSE, MoneyBoard, money_board
from insights.compensation_figures import OFFER_FIGURES
from insights.compensation_queries import Total
from insights.decisions import decision_board
from insights.fairness import fairness_board
from insights.figures import Selection
from insights.listing import all_rows
from tests.insights.paid_world import make_paid_world
from tests.insights.test_figures import random_selection
from tests.insights.world import World, looking_at

Numbers = Iterator[tuple[str, dict[str, Any], Total]]


@pytest.fixture
def world(db: None) -> World:
    return make_paid_world()


def listed(code: str, selection: Selection, **narrower: Any) -> Total:
    """What one would count by hand on a figure's list: the rows, and what each is worth."""
    rows = list(all_rows(OFFER_FIGURES[code], selection.but(narrower=tuple(narrower.items()))))
    worth = Decimal(0)
    for each in rows:
        row = each.row
        if code == "waiting_now":
            worth += row.amount
        elif code in ("decisions", "approvals", "rejections", "lowered"):
            worth += row.amount or 0
        elif code.startswith("dose") or code == "compensated":
            worth += row.given
        else:
            worth += getattr(row, "offer", row).granted_amount
    return Total(len(rows), worth)


def money_numbers(board: MoneyBoard) -> Numbers:
    """Every number of the page, with the figure and the narrower filters of its list."""
    yield "waiting_now", {}, board.waiting
    yield "promised_now", {}, board.promised
    yield "grants", {}, board.granted
    yield "paid", {}, board.paid
    for code, total in board.counts.items():
        yield code, {}, total
    causes = {cause.code: cause.pk for cause in Cause.objects.all()} | {NO_CAUSE: None}
    for name, _heading, rows in board.groups:
        for row in rows:
            if name == "branch":
                continue
            narrower = {name: causes[row.code] if name == "cause" else row.code}
            yield "waiting_now", narrower, row.waiting
            yield "promised_now", narrower, row.promised
            yield "grants", narrower, row.granted
            yield "paid", narrower, row.paid


def selections(world: World, seed: int) -> Selection:
    dice = random.Random(seed)  # noqa: S311  # repeatable on purpose
    return random_selection(dice, world).but(currency=dice.choice(["EUR", "CNY", "CNY", "USD"]))


@pytest.mark.parametrize("seed", range(4))
def test_every_sum_of_money_is_that_of_its_list(world: World, seed: int) -> None:
    selection = selections(world, seed)
    board = money_board(selection, {branch.pk: branch for branch in world.branches})
    for code, narrower, total in money_numbers(board):
        assert listed(code, selection, **narrower) == total, (code, narrower)


def test_the_parts_add_up_to_the_whole(world: World) -> None:
    selection = looking_at(days=90, currency="CNY")
    board = money_board(selection, {branch.pk: branch for branch in world.branches})
    assert min(board.granted.n, board.paid.n) > 20
    assert min(board.waiting.n, board.promised.n) > 0
    for _name, _heading, rows in board.groups:
        for part in ("waiting", "promised", "granted", "paid"):
            assert sum((getattr(row, part) for row in rows), Total()) == getattr(board, part)
    assert sum((point.granted for point in board.points), Total()) == board.granted
    assert sum((point.paid for point in board.points), Total()) == board.paid
    counts = board.counts
    kept = ("promises_kept", "promises_late", "promises_open")
    assert sum(counts[code].n for code in kept) == counts["promises_due"].n > 0


@pytest.mark.parametrize("seed", range(4))
def test_every_number_of_decisions_is_that_of_its_list(world: World, seed: int) -> None:
    selection = selections(world, seed)
    board = decision_board(selection)
    everyone = board.all.decided
    for code, n in (
        ("decisions", everyone.n),
        ("approvals", everyone.approved),
        ("rejections", everyone.rejected),
        ("lowered", everyone.lowered),
        ("grants", board.granted.n),
        ("grants_alone", board.granted.alone),
        ("grants_decided", board.granted.decided),
        ("grants_remedy", board.granted.remedy),
    ):
        assert listed(code, selection).n == n, code
    for row in board.approvers:
        assert listed("decisions", selection, approver=row.person.pk).n == row.decided.n
        for kind, n in row.kinds:
            assert listed("decisions", selection, approver=row.person.pk, kind=kind).n == n
    for each in board.kinds:
        assert listed("decisions", selection, kind=each.kind).n == each.decided.n
        assert listed("grants_alone", selection, kind=each.kind).n == each.granted.alone
    assert sum(point.approved for point in board.points) == everyone.approved


@pytest.mark.parametrize("seed", range(4))
def test_every_number_of_fairness_is_that_of_its_list(world: World, seed: int) -> None:
    selection = selections(world, seed)
    board = fairness_board(selection, {branch.pk: branch for branch in world.branches})
    assert listed("compensated", selection).n == board.n == sum(row.n for row in board.doses)
    for row in board.doses:
        assert listed(row.figure, selection) == Total(row.n, row.given), row.figure
    for spread in board.spreads:
        assert sum(row.compared.n for row in spread.rows) == board.n
        for group in spread.rows:
            if spread.name == "branch":
                continue
            key = (int(group.code) if group.code else None) if spread.name == "agent" else group.code
            assert listed("compensated", selection, **{spread.name: key}).n == group.compared.n


def test_a_case_counts_once_with_all_that_it_was_granted(world: World) -> None:
    rows = [each.case.pk for each in all_rows(OFFER_FIGURES["compensated"], looking_at(days=90))]
    assert len(rows) == len(set(rows))
