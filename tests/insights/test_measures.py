"""Measures follow their formulas on numbers one can check by hand."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from cases.models import Case, Clock, Defect
from compensation.models import Offer
from feedback.models import Response
from insights.measures import dashboard
from insights.rising import rising
from insights.rules import Support
from sla.states import Metric
from tests.insights.world import NOW, World, looking_at, make_world


@pytest.fixture
def world(db: None) -> World:
    return make_world(cases=60, days=20)


def test_too_few_answers_show_no_rate_but_say_how_many(world: World) -> None:
    keep = Response.objects.filter(submitted_at__lt=NOW).values_list("pk", flat=True)[:4]
    Response.objects.exclude(pk__in=list(keep)).delete()
    recovered = dashboard(looking_at(days=30)).recovery.recovered
    assert (recovered.n, recovered.value, recovered.support) == (4, None, Support.TOO_FEW)


def test_uplift_is_the_mean_of_after_minus_before_over_pairs_only(world: World) -> None:
    selection = looking_at(days=30)
    pairs = [
        response.satisfaction - response.satisfaction_before
        for response in Response.objects.filter(
            submitted_at__gte=selection.period.start, submitted_at__lt=selection.period.end
        )
        if response.satisfaction_before is not None
    ]
    found = dashboard(selection).recovery.uplift
    assert found.n == len(pairs) >= 5
    assert found.value == pytest.approx(sum(pairs) / len(pairs))


def test_percentiles_interpolate_between_observations(world: World) -> None:
    Clock.objects.filter(metric=Metric.RESOLUTION).delete()
    case = world.cases[0]
    calendar = Clock.objects.first()
    assert calendar is not None
    for number, seconds in enumerate((100, 200, 300, 400, 500), start=1):
        Clock.objects.create(
            case=case, metric=Metric.RESOLUTION, round=number, severity=2, target_minutes=60,
            calendar=calendar.calendar, state="met", started_at=NOW, due_at=NOW,
            stopped_at=NOW - dt.timedelta(hours=1), business_seconds=seconds, calendar_seconds=2 * seconds,
        )  # fmt: skip
    row = dashboard(looking_at(days=7)).resolution
    assert (row.finished.n, row.attainment.value) == (5, 1.0)
    assert row.finished.business is not None
    assert row.finished.calendar is not None
    assert (row.finished.business.median, row.finished.business.p90) == (300, 460)
    assert (row.finished.calendar.median, row.finished.calendar.p90) == (600, 920)


def test_currencies_are_never_added_and_the_home_currency_comes_first(world: World) -> None:
    selection = looking_at(days=30)
    period = selection.period
    board = dashboard(selection, home_currency="USD")
    granted = Offer.objects.filter(
        state="approved", decided_at__gte=period.start, decided_at__lt=period.end
    ).values_list("currency", "granted_amount")
    expected: dict[str, Decimal] = {}
    for currency, amount in granted:
        expected[currency] = expected.get(currency, Decimal(0)) + (amount or 0)
    assert {row.currency: row.amount for row in board.money} == expected
    assert board.money[0].currency == "USD"
    assert dashboard(selection).money[0].n == max(row.n for row in board.money)


def test_a_loss_with_two_offers_counts_once(world: World) -> None:
    offers = Offer.objects.filter(state="approved", currency="EUR", case__currency="EUR")
    case = offers.filter(case__loss_amount__gt=0).order_by("pk")[0].case
    Case.objects.filter(pk=case.pk).update(verified_loss=Decimal(50))
    Offer.objects.exclude(case=case).update(decided_at=NOW - dt.timedelta(days=400))
    Offer.objects.filter(case=case).update(decided_at=NOW - dt.timedelta(days=1))
    count = Offer.objects.filter(case=case, state="approved", currency="EUR").count()
    row = next(row for row in dashboard(looking_at(days=30)).money if row.currency == "EUR")
    assert (row.loss, row.to_loss.n, row.loss_offers, row.verified) == (Decimal(50), 1, count, 1)


def logged(world: World, defect: Defect, times: list[dt.datetime]) -> None:
    Case.objects.bulk_create(
        Case(
            number=f"C-26-{700000 + number}",
            tracking_token=f"rising-{number}",
            customer=world.cases[0].customer,
            branch=world.branches[0],
            channel="phone",
            summary="late",
            description="late",
            received_at=at,
            currency="EUR",
            defect=defect,
            failure_type="process",
        )
        for number, at in enumerate(times)
    )


def test_a_spike_of_the_last_week_rises_above_its_frozen_baseline(world: World) -> None:
    Case.objects.update(defect=None)
    slow = Defect.objects.get(code="slow")
    # Two a week in the baseline (which ends with February here), nine in the last week.
    baseline = [NOW - dt.timedelta(days=28 + 3.5 * number) for number in range(30)]
    week = [NOW - dt.timedelta(hours=6 * number) for number in range(9)]
    logged(world, slow, baseline + week)
    found = rising(looking_at(days=30), {slow.pk: slow})
    assert found.baseline is not None
    assert found.baseline.last == dt.date(2026, 2, 28)
    signal = found.strongest
    assert signal is not None
    assert (signal.count, signal.branch_id) == (9, world.branches[0].pk)
    assert signal.mean == pytest.approx(2, abs=0.3)
    assert signal.limit < 9
    assert [point.count for point in found.weeks][-1] == 9


def test_a_steady_defect_does_not_rise(world: World) -> None:
    Case.objects.update(defect=None)
    slow = Defect.objects.get(code="slow")
    logged(world, slow, [NOW - dt.timedelta(days=number) for number in range(100)])
    assert rising(looking_at(days=30), {slow.pk: slow}).signals == ()


def test_a_young_installation_says_that_it_cannot_compare_yet(world: World) -> None:
    assert rising(looking_at(days=30), {each.pk: each for each in Defect.objects.all()}).baseline is None
