"""Lists drawn for internal audit: one seed draws the same, and nobody reviews what they had a part in."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from accounts.states import Role
from audit.models import Event
from common.errors import Conflict, Invalid, NotAllowed
from compensation.actions.approvals import approve_offer
from compensation.actions.offers import withdraw_offer
from compensation.actions.reviews import Wanted, draw_reviews, review_offer
from compensation.models import Offer, Review, ReviewItem, ReviewList
from compensation.review_queries import is_reproduced, newest_lists, next_place, visible_lists
from compensation.review_rules import Unit, cut_into_bands, draw, rank, share_out
from tests.compensation.world import NOON, World, make_branch, make_case, make_user, propose

DAY = dt.date(2026, 3, 4)
AFTER = NOON + dt.timedelta(days=1)
MOST = 1000
UNITS = st.lists(
    st.tuples(st.integers(1, 10**6), st.decimals("0.01", "5000", places=2)),
    unique_by=lambda each: each[0],
    max_size=80,
).map(lambda rows: [Unit(*row) for row in rows])


@pytest.fixture
def auditor(world: World) -> User:
    return make_user(Role.AUDITOR, None, time_zone="Asia/Shanghai")


def wanted(**fields: object) -> Wanted:
    values = {"purpose": "March", "currency": "CNY", "first_day": DAY, "last_day": DAY, "size": 4, "bands": 2}
    return Wanted(**(values | fields))  # type: ignore[arg-type]


def drawn(auditor: User, **fields: object) -> ReviewList:
    with time_machine.travel(AFTER):
        return draw_reviews(actor=auditor, wanted=wanted(**fields))


def grants(world: World, *amounts: int) -> list[Offer]:
    return [propose(world.frontline, make_case(world.branch), amount) for amount in amounts]


# --- the draw ------------------------------------------------------------------------------


@given(UNITS, st.integers(1, 30), st.integers(1, 6), st.text(max_size=8))
def test_a_draw_is_the_same_however_the_population_comes_and_bands_are_spans_of_amounts(
    units: list[Unit], size: int, bands: int, seed: str
) -> None:
    first = draw(units, size=size, bands=bands, seed=seed)
    assert first == draw(reversed(units), size=size, bands=bands, seed=seed)
    assert len({key for key, _band in first.drawn}) == len(first.drawn) == min(size, len(units))
    assert sum(band.count for band in first.bands) == len(units)
    for lower, upper in zip(first.bands, first.bands[1:], strict=False):
        assert lower.high < upper.low
    amounts = dict(units)
    for key, number in first.drawn:
        band = first.bands[number - 1]
        assert band.low <= amounts[key] <= band.high
    # Nobody in a band was passed over for somebody with a later rank.
    for number, _band in enumerate(first.bands, start=1):
        taken = [rank(seed, key) for key, at in first.drawn if at == number]
        chosen = {key for key, _ in first.drawn}
        span = first.bands[number - 1]
        left = [rank(seed, u.key) for u in units if span.low <= u.amount <= span.high and u.key not in chosen]
        assert not taken or not left or max(taken) < min(left)


def test_each_band_holds_about_the_same_sum_so_that_large_amounts_are_drawn_more_often() -> None:
    units = [Unit(key, Decimal(10)) for key in range(90)] + [Unit(key, Decimal(300)) for key in range(90, 93)]
    small, large = cut_into_bands(sorted(units, key=lambda unit: unit.amount), 2)
    assert (len(small), len(large)) == (90, 3)
    assert [band.drawn for band in draw(units, size=6, bands=2, seed="x").bands] == [3, 3]


@pytest.mark.parametrize(
    ("size", "counts", "shares"),
    [
        (6, [90, 3], [3, 3]),
        (10, [90, 3], [7, 3]),
        (5, [9, 9], [2, 3]),
        (9, [1, 2, 3], [1, 2, 3]),
        (3, [], []),
    ],
)
def test_what_a_small_band_lacks_is_drawn_from_the_others(
    size: int, counts: list[int], shares: list[int]
) -> None:
    assert share_out(size, counts) == shares


def test_a_list_can_be_drawn_again_also_after_offers_have_moved_on(world: World, auditor: User) -> None:
    offers = grants(world, 20, 40, 60, 80, 100, 280)
    found = drawn(auditor, seed="spring")
    assert (found.population, found.population_total, found.seed) == (6, Decimal(580), "spring")
    again = drawn(auditor, seed="spring")
    kept = [list(each.items.values_list("place", "offer", "band")) for each in (found, again)]
    assert kept[0] == kept[1]
    assert len(kept[0]) == 4
    withdraw_offer(actor=world.frontline, offer_id=offers[0].pk, reason="Not needed.")
    assert is_reproduced(found, most=MOST)
    assert Event.objects.get(stream=found.stream).verb == "review.drawn"


def test_a_population_that_was_tampered_with_shows(world: World, auditor: User) -> None:
    offers = grants(world, 20, 40, 60)
    found = drawn(auditor)
    Offer.objects.filter(pk=offers[0].pk).update(granted_amount=19)
    assert not is_reproduced(found, most=MOST)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"purpose": " "}, "purpose"),
        ({"currency": "XXX"}, "currency"),
        ({"currency": "EUR"}, "first_day"),
        ({"first_day": DAY + dt.timedelta(days=1)}, "last_day"),
        ({"last_day": DAY + dt.timedelta(days=1)}, "last_day"),
        ({"size": 0}, "size"),
        ({"size": 301}, "size"),
        ({"bands": 11}, "bands"),
    ],
)
def test_a_draw_that_cannot_be_is_refused_beside_its_field(
    world: World, auditor: User, fields: dict[str, object], field: str
) -> None:
    grants(world, 20)
    with pytest.raises(Invalid) as refused:
        drawn(auditor, **fields)
    assert refused.value.field == field
    assert not ReviewList.objects.exists()


# --- reviewing -----------------------------------------------------------------------------


def test_a_finding_is_kept_and_another_after_it_counts_instead(world: World, auditor: User) -> None:
    grants(world, 20, 40)
    found = drawn(auditor)
    first, second = found.items.order_by("place")
    assert next_place(found, 1, auditor) == 2
    review_offer(actor=auditor, item_id=first.pk, finding="irregular", note="No receipt.")
    review_offer(actor=auditor, item_id=first.pk, finding="in_order", note="Found it.")
    ((_each, progress),) = newest_lists(auditor)
    assert (progress.total, progress.done, progress.findings) == (2, 1, {"in_order": 1})
    assert next_place(found, 2, auditor) is None
    assert next_place(found, 1, auditor) == second.place
    verbs = Event.objects.filter(stream=found.stream).order_by("sequence").values_list("verb", flat=True)
    assert list(verbs) == ["review.drawn", "review.marked", "review.marked"]


def test_a_remark_needs_words_and_the_same_twice_is_told(world: World, auditor: User) -> None:
    grants(world, 20)
    item = drawn(auditor).items.get()
    for finding, note in (("remark", " "), ("irregular", ""), ("odd", "x")):
        with pytest.raises(Invalid):
            review_offer(actor=auditor, item_id=item.pk, finding=finding, note=note)
    review_offer(actor=auditor, item_id=item.pk, finding="in_order")
    with pytest.raises(Conflict):
        review_offer(actor=auditor, item_id=item.pk, finding="in_order")


def test_whoever_had_a_part_in_it_does_not_review_it_nor_by_the_database(world: World, auditor: User) -> None:
    offer = propose(world.frontline, make_case(world.branch), 5000)
    approve_offer(actor=world.manager, offer_id=offer.pk, amount=Decimal(5000), reason="Fair.")
    found = drawn(auditor)
    item = found.items.get()
    colleague = make_user(Role.MANAGER, None)
    everywhere = User.objects.filter(pk=world.manager.pk)
    everywhere.update(all_branches=True)
    with pytest.raises(NotAllowed):
        review_offer(actor=everywhere.get(), item_id=item.pk, finding="in_order")
    assert next_place(found, 0, everywhere.get()) is None
    with pytest.raises(IntegrityError), transaction.atomic():
        Review.objects.create(item=item, finding="in_order", by=world.manager)
    assert next_place(found, 0, colleague) == 1
    review_offer(actor=colleague, item_id=item.pk, finding="in_order")


def test_only_those_who_review_see_lists_and_only_of_their_branches(world: World, auditor: User) -> None:
    grants(world, 20)
    everywhere, here = drawn(auditor), drawn(auditor, branch=world.branch)
    elsewhere = make_user(Role.AUDITOR, make_branch("hill"))
    assert [each.pk for each in visible_lists(auditor).order_by("id")] == [everywhere.pk, here.pk]
    assert [each.pk for each in visible_lists(world.manager)] == [here.pk]
    assert not visible_lists(elsewhere)
    assert not visible_lists(world.supervisor)
    item = here.items.get()
    for actor, error in ((elsewhere, ReviewItem.DoesNotExist), (world.supervisor, NotAllowed)):
        with pytest.raises(error):
            review_offer(actor=actor, item_id=item.pk, finding="in_order")
    with pytest.raises(NotAllowed):
        drawn(world.supervisor)
    with pytest.raises(NotAllowed):
        drawn(elsewhere, branch=world.branch)
    with pytest.raises(Invalid):
        drawn(elsewhere)


def test_nothing_of_a_list_can_be_changed_or_taken_away(world: World, auditor: User) -> None:
    grants(world, 20)
    item = drawn(auditor).items.get()
    review_offer(actor=auditor, item_id=item.pk, finding="in_order")
    with connection.cursor() as cursor:
        for table, column in (("reviewlist", "seed"), ("reviewitem", "place"), ("review", "note")):
            for sql in (
                f"UPDATE compensation_{table} SET {column} = {column}",
                f"DELETE FROM compensation_{table}",
            ):
                with pytest.raises(IntegrityError), transaction.atomic():
                    cursor.execute(sql)
