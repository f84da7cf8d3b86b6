"""A case that is resolved again stays in the figures of the period in which it was resolved first."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from cases.actions.classify import Classification, reclassify_case
from cases.actions.resolve import reopen_case, resolve_case
from cases.models import Case, Cause
from feedback.models import Instrument, Invitation, Response
from insights.figures import FIGURES, Selection
from insights.listing import list_page
from insights.measures import Dashboard, dashboard
from insights.periods import Period
from tests.factories import Desk, log_case, make_desk
from tests.insights.world import NOW, ZONE

pytestmark = pytest.mark.django_db

MARCH = dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC)
FEBRUARY = dt.datetime(2026, 2, 10, 12, tzinfo=dt.UTC)


@pytest.fixture
def desk(db: None) -> Desk:
    return make_desk()


def month(number: int) -> Selection:
    first = dt.date(2026, number, 1)
    last = dt.date(2026, number + 1, 1) - dt.timedelta(days=1)
    return Selection(Period(first, last, ZONE, NOW))


def resolve(desk: Desk, case: Case, at: dt.datetime) -> None:
    with time_machine.travel(at, tick=False):
        resolve_case(
            actor=desk.frontline,
            case_id=case.pk,
            outcome="upheld",
            cause=Cause.objects.get(code="not_established"),
            resolution="",
            reason="agreed",
        )


def resolved_at(desk: Desk, *times: dt.datetime) -> Case:
    """A case that was resolved at these times, and opened again in between."""
    with time_machine.travel(times[0] - dt.timedelta(days=1), tick=False):
        case = log_case(desk)
    for number, at in enumerate(times):
        if number:
            with time_machine.travel(at - dt.timedelta(hours=1), tick=False):
                reopen_case(actor=desk.frontline, case_id=case.pk, reason="it broke again")
        resolve(desk, case, at)
    return case


def answer(case: Case, round_number: int, satisfaction: int, at: dt.datetime) -> None:
    instrument = Instrument.objects.filter(is_active=True).first() or Instrument.objects.create(
        code="world", name_en="World", name_zh="世界"
    )
    invitation, _new = Invitation.objects.update_or_create(
        case=case,
        round=round_number,
        defaults={
            "instrument": instrument,
            "token": f"{case.pk}-{round_number}",
            "language": "en",
            "state": "answered",
            "due_at": at,
            "sent_at": at,
        },
    )
    Response.objects.create(
        invitation=invitation, case=case, answers={}, satisfaction=satisfaction, submitted_at=at
    )


def counted(selection: Selection) -> tuple[int, int]:
    """Complaints resolved and won back; the lists hold exactly them."""
    board: Dashboard = dashboard(selection)
    for code, n in (("resolved", board.resolved.n), ("won_back", board.won_back)):
        rows = list_page(FIGURES[code], selection).rows
        assert len(rows) == n == FIGURES[code].rows(selection).count()
    return board.resolved.n, board.won_back


def test_resolving_again_leaves_the_figures_of_the_old_period_as_they_were(desk: Desk) -> None:
    case = resolved_at(desk, FEBRUARY)
    answer(case, 1, 5, FEBRUARY + dt.timedelta(days=2))
    assert (counted(month(2)), counted(month(3))) == ((1, 1), (0, 0))
    with time_machine.travel(MARCH, tick=False):
        reopen_case(actor=desk.frontline, case_id=case.pk, reason="it broke again")
    assert (counted(month(2)), counted(month(3))) == ((1, 1), (0, 0))
    resolve(desk, case, MARCH + dt.timedelta(days=1))
    assert (counted(month(2)), counted(month(3))) == ((1, 1), (1, 0))
    board = dashboard(month(3))
    assert (board.resolved.n, board.resolved.before) == (1, 1)


def test_a_case_resolved_twice_in_a_period_counts_twice_each_time_with_its_own_answer(desk: Desk) -> None:
    times = [MARCH, MARCH + dt.timedelta(days=3)]
    case = resolved_at(desk, *times)
    assert counted(month(3)) == (2, 0)
    assert [row.at for row in list_page(FIGURES["resolved"], month(3)).rows] == times[::-1]
    # An answer about the first round that comes late says nothing about the second.
    answer(case, 1, 5, MARCH + dt.timedelta(days=4))
    assert [row.at for row in list_page(FIGURES["won_back"], month(3)).rows] == times[:1]
    answer(case, 2, 4, MARCH + dt.timedelta(days=5))
    assert counted(month(3)) == (2, 2)


def test_a_longer_period_counts_what_its_parts_count(desk: Desk) -> None:
    resolved_at(desk, FEBRUARY, FEBRUARY + dt.timedelta(days=2), MARCH, MARCH + dt.timedelta(days=2))
    resolved_at(desk, MARCH)
    both = Selection(Period(dt.date(2026, 2, 1), dt.date(2026, 3, 31), ZONE, NOW))
    assert [counted(each)[0] for each in (month(2), month(3), both)] == [2, 3, 5]
    for point in dashboard(month(3)).trend:
        day = Selection(Period(point.day, point.day, ZONE, NOW))
        assert counted(day)[0] == point.resolved


def test_a_case_said_to_be_another_failure_later_stays_what_it_was_in_the_old_period(desk: Desk) -> None:
    case = resolved_at(desk, FEBRUARY)
    with time_machine.travel(MARCH, tick=False):
        reopen_case(actor=desk.frontline, case_id=case.pk, reason="it broke again")
        to = Classification(failure_type="process", defect=case.defect, severity=case.severity)
        reclassify_case(actor=desk.frontline, case_id=case.pk, to=to)
    resolve(desk, case, MARCH)
    for number, failure_type in ((2, "outcome"), (3, "process")):
        rows = {row.code: row.resolved for row in dashboard(month(number)).types}
        assert {code for code, n in rows.items() if n} == {failure_type}
        assert counted(month(number).but(failure_type=failure_type)) == (1, 0)
