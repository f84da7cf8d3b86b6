"""When to ask, what counts as an answer, and what answers add up to."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.rules import (
    Problem,
    Question,
    ask_at,
    by_day,
    directed,
    index,
    is_low,
    mean_when_enough,
    on_five,
    problems,
    score,
)
from feedback.states import Construct

BERLIN, SHANGHAI = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai")
DAY = dt.timedelta(days=1)
QUESTIONS = [
    Question("first", Construct.RECOVERY, is_required=True),
    Question("fair", Construct.DISTRIBUTIVE),
    Question("prompt", Construct.PROCEDURAL),
    Question("voice", Construct.PROCEDURAL, is_reversed=True),
    Question("kind", Construct.INTERACTIONAL),
    Question("honest", Construct.INTERACTIONAL),
    Question("nps", Construct.NPS, lowest=0, highest=10),
]


def at(text: str, zone: ZoneInfo = BERLIN) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=zone)


def test_a_reversed_item_counts_k_plus_1_minus_x() -> None:
    assert [directed(points, QUESTIONS[3]) for points in (1, 2, 5)] == [5, 4, 1]
    assert directed(2, QUESTIONS[2]) == 2


@pytest.mark.parametrize(("points", "highest", "expected"), [(1, 5, 0), (5, 5, 100), (3, 5, 50), (4, 7, 50)])
def test_the_index_runs_from_0_to_100(points: int, highest: int, expected: int) -> None:
    assert index(points, 1, highest) == expected


@given(st.integers(2, 11), st.data())
def test_any_scale_maps_onto_five_points_in_order(highest: int, data: st.DataObject) -> None:
    low, high = sorted((data.draw(st.integers(1, highest)), data.draw(st.integers(1, highest))))
    assert 1 <= on_five(low, 1, highest) <= on_five(high, 1, highest) <= 5


def test_a_construct_needs_two_thirds_of_its_items() -> None:
    five, none = Decimal(5), None
    assert mean_when_enough([five, Decimal(2), none]) == Decimal("3.50")
    assert mean_when_enough([five, none, none]) is None
    assert mean_when_enough([five, none]) is None
    assert mean_when_enough([]) is None


def test_scores_follow_from_the_answers() -> None:
    scores = score(
        QUESTIONS, {"first": 4, "fair": 2, "prompt": 5, "voice": 1, "kind": 4, "honest": 3, "nps": 9}
    )
    assert (scores.satisfaction, scores.justice, scores.nps) == (4, Decimal("3.80"), 9)
    only_first = score(QUESTIONS, {"first": 1})
    assert (only_first.satisfaction, only_first.justice, only_first.nps) == (1, None, None)


def test_no_recommendation_is_not_a_recommendation_of_nought() -> None:
    assert score(QUESTIONS, {"first": 3, "nps": 0}).nps == 0


def test_only_answers_on_the_scale_to_questions_of_the_survey_count() -> None:
    assert problems(QUESTIONS, {"first": 5}) == {}
    assert problems(QUESTIONS, {"fair": 5}) == {"first": Problem.MISSING}
    wrong = problems(QUESTIONS, {"first": 6, "fair": 0, "nps": 11, "kind": "5", "honest": True, "other": 1})
    assert wrong == {
        "first": Problem.OUT_OF_SCALE,
        "fair": Problem.OUT_OF_SCALE,
        "nps": Problem.OUT_OF_SCALE,
        "kind": Problem.OUT_OF_SCALE,
        "honest": Problem.OUT_OF_SCALE,
        "other": Problem.UNKNOWN,
    }


def test_two_of_five_is_low_and_three_is_not() -> None:
    assert [is_low(points, 2) for points in range(1, 6)] == [True, True, False, False, False]


def test_the_delay_counts_from_the_later_of_resolution_and_remedy() -> None:
    resolved, landed = at("2026-11-20T14:00"), at("2026-11-23T10:30")
    assert ask_at(resolved_at=resolved, landed_at=None, delay=DAY, zone=BERLIN) == at("2026-11-21T14:00")
    assert ask_at(resolved_at=resolved, landed_at=landed, delay=DAY, zone=BERLIN) == at("2026-11-24T10:30")
    assert ask_at(resolved_at=landed, landed_at=resolved, delay=DAY, zone=BERLIN) == at("2026-11-24T10:30")


def test_nobody_is_asked_at_night() -> None:
    assert by_day(at("2026-11-20T19:59"), BERLIN) == at("2026-11-20T19:59")
    assert by_day(at("2026-11-20T20:00"), BERLIN) == at("2026-11-21T09:00")
    assert by_day(at("2026-11-21T03:00"), BERLIN) == at("2026-11-21T09:00")
    assert by_day(at("2026-11-21T09:00"), BERLIN) == at("2026-11-21T09:00")
    # 14:00 in Berlin is 21:00 in Shanghai.
    assert by_day(at("2026-11-20T14:00"), SHANGHAI) == at("2026-11-21T09:00", SHANGHAI)


def test_a_delay_of_a_minute_is_for_trying_out_and_does_not_wait_for_the_morning() -> None:
    midnight, minute = at("2026-11-20T23:59"), dt.timedelta(minutes=1)
    assert ask_at(resolved_at=midnight, landed_at=None, delay=minute, zone=BERLIN) == midnight + minute


@given(
    st.integers(0, 10 * 366 * 24 * 60),
    st.sampled_from(["Europe/Berlin", "Asia/Shanghai", "America/St_Johns", "Pacific/Apia", "UTC"]),
)
def test_by_day_is_always_by_day_and_soon(minutes: int, name: str) -> None:
    zone = ZoneInfo(name)
    moment = dt.datetime(2020, 1, 1, tzinfo=dt.UTC) + dt.timedelta(minutes=minutes)
    moved = by_day(moment, zone)
    assert dt.time(9) <= moved.astimezone(zone).time() < dt.time(20)
    assert dt.timedelta(0) <= moved - moment <= dt.timedelta(hours=14)  # a clock change adds an hour
