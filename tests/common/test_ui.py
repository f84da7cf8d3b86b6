"""Components must say in words what they draw, in the reader's language, and survive odd values."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django import forms
from django.template import Context, Template
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy

from common.display import ClockView, RangeView, format_duration, format_when, round_up
from common.forms import Segmented, scale_choices
from common.templatetags.ui import UnknownIcon, icon_svg, may, range_words, spark
from recovery.environment import BASE_DIR

TEMPLATES = sorted((Path(BASE_DIR) / "templates").rglob("*.html"))
NOW = datetime(2025, 11, 21, 9, 30, tzinfo=UTC)


def show(source: str, **context: object) -> str:
    return Template("{% load ui %}" + source).render(Context(context))


def clock(**changes: object) -> ClockView:
    fields = {"state": "risk", "text": "22 min", "label": "respond", "percent": 81, **changes}
    return ClockView(**fields)  # type: ignore[arg-type]


# --- icons ---------------------------------------------------------------------------------


def test_an_icon_is_inline_and_hidden_from_assistive_technology() -> None:
    svg = icon_svg("inbox")
    assert svg.startswith("<svg")
    assert 'aria-hidden="true"' in svg
    assert "<path" in svg


def test_an_icon_that_does_not_exist_is_an_error_with_its_name() -> None:
    with pytest.raises(UnknownIcon, match="no-such-icon"):
        icon_svg("no-such-icon")


@pytest.mark.parametrize("name", ["../../../package", "a/b"])
def test_an_icon_is_a_name_and_not_a_path(name: str) -> None:
    with pytest.raises(UnknownIcon):
        icon_svg(name)


def test_every_icon_named_in_a_template_exists() -> None:
    for path in TEMPLATES:
        for name in re.findall(r'{% icon "([^"]+)" %}', path.read_text(encoding="utf-8")):
            assert icon_svg(name), path


# --- what the content security policy forbids ------------------------------------------------


def test_no_template_holds_inline_style_or_script() -> None:
    for path in TEMPLATES:
        if "email" in path.parts:
            continue
        source = re.sub(r"{#.*?#}", "", path.read_text(encoding="utf-8"))
        assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:", source), path
        assert all("src=" in tag or "json" in tag for tag in re.findall(r"<script[^>]*>", source)), path


# --- durations, times, shares ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "<1 min"),
        (59, "<1 min"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (3900, "1 h 05"),
        (86399, "23 h 59"),
        (86400, "1 d"),
        (93600, "1 d 2 h"),
        (13 * 86400 + 7200, "13 d"),
        (-1080, "−18 min"),
    ],
)
def test_a_duration_is_a_short_phrase(seconds: int, said: str) -> None:
    assert format_duration(seconds) == said


def test_business_time_stays_with_hours() -> None:
    assert format_duration(93600, days=False) == "26 h"


@pytest.mark.parametrize(
    ("away", "said"),
    [
        (timedelta(seconds=-20), "just now"),
        (timedelta(minutes=-12), "12 min ago"),
        (timedelta(minutes=30, seconds=5), "in 30 min"),
        (timedelta(hours=-2), "today 15:30"),
        (timedelta(days=-1), "yesterday 17:30"),
        (timedelta(days=1), "tomorrow 17:30"),
        (timedelta(days=-9), "12 Nov 17:30"),
        (timedelta(days=-400), "17 Oct 2024"),
    ],
)
def test_a_moment_is_told_relative_to_now_in_the_readers_zone(away: timedelta, said: str) -> None:
    with timezone.override("Asia/Shanghai"):
        assert format_when(NOW + away, NOW) == said


def test_a_relative_time_carries_the_exact_one() -> None:
    with timezone.override("Asia/Shanghai"):
        shown = show("{{ at|when }}", at=NOW)
    assert 'datetime="2025-11-21T09:30:00+00:00"' in shown
    assert 'title="2025-11-21 17:30' in shown


def test_dates_are_written_as_the_language_writes_them() -> None:
    with translation.override("zh-hans"):
        assert format_when(NOW - timedelta(days=9), NOW).startswith("11月12日")


def test_shares_are_percentages() -> None:
    assert show("{{ a|percent }} {{ a|percent:1 }}", a=0.934) == "93% 93.4%"


@pytest.mark.parametrize("tag", ["percent", "when", "exact", "duration", 'money:"EUR"'])
def test_what_is_missing_is_a_dash(tag: str) -> None:
    assert show("{{ nothing|" + tag + " }}", nothing=None) == "–"


# --- clocks --------------------------------------------------------------------------------


def test_a_clock_says_what_is_left_and_of_what() -> None:
    shown = show("{% clock view %}", view=clock(exact="2025-11-21 18:00"))
    assert "22 min" in shown
    assert "respond" in shown
    assert 'width="81%"' in shown
    assert "2025-11-21 18:00" in shown


def test_a_running_clock_counts_down_only_when_the_server_says_what_is_left() -> None:
    assert 'data-left="1320"' in show("{% clock view %}", view=clock(left=1320, total=7200))
    assert "data-left" not in show("{% clock view %}", view=clock())
    assert "data-left" not in show("{% clock view %}", view=clock(state="paused", left=1320))


def test_a_clock_about_to_stop_for_the_day_says_so_to_the_script() -> None:
    assert 'data-open-for="0"' in show("{% clock view %}", view=clock(left=1320, open_for=0))


def test_a_clock_that_stands_because_it_is_closed_says_so_to_the_reader() -> None:
    assert "closed now" in show("{% clock view %}", view=clock(left=1320, open_for=0))
    assert "closed now" not in show("{% clock view %}", view=clock(left=1320, open_for=60))
    assert "closed now" not in show("{% clock view %}", view=clock(state="paused"))


@pytest.mark.parametrize(("used", "drawn"), [(-5, "0"), (250, "100"), (float("nan"), "0"), (33.4, "33")])
def test_a_hairline_stays_within_its_length(used: float, drawn: str) -> None:
    assert f'width="{drawn}%"' in show("{% bar used %}", used=used)


def test_numbers_in_drawings_are_not_localised() -> None:
    with translation.override("de"):
        assert "," not in re.sub(r'points="[^"]*"', "", spark([1, 2.5, 3]))
        assert 'x="33.3%"' in show(
            "{% range_bar v %}", v=RangeView("EUR", likes=(Decimal(1),), top=Decimal(3))
        )


# --- the range -------------------------------------------------------------------------------


def test_the_range_says_in_words_what_it_draws() -> None:
    view = RangeView(
        "EUR",
        low=Decimal(300),
        high=Decimal(600),
        likes=(Decimal(330), Decimal(450), Decimal(580)),
        mine=Decimal(500),
        limit=Decimal(300),
    )
    assert range_words(view) == (
        "Policy €300–600; 3 like cases, median €450; you may grant €300; proposed €500.00"
    )
    assert range_words(view) in show("{% range_bar view %}", view=view)


def test_a_proposal_outside_policy_is_said_to_be() -> None:
    view = RangeView("EUR", high=Decimal(100), mine=Decimal(120))
    assert view.outside
    assert "outside policy" in range_words(view)


def test_a_limit_far_beyond_the_policy_is_said_and_does_not_press_the_band_together() -> None:
    view = RangeView("EUR", low=Decimal(27), high=Decimal(54), limit=Decimal(5000), top=Decimal(68))
    shown = show("{% range_bar view %}", view=view)
    assert view.end == 68
    assert 'class="limit"' not in shown
    assert "you may grant €5,000" in shown
    assert re.search(r'class="policy" x="39.71%" y="14" width="39.71%"', shown)


def test_like_cases_far_beyond_the_policy_do_not_press_the_band_together() -> None:
    view = RangeView(
        "EUR", low=Decimal(6), high=Decimal(12), likes=(Decimal(10), Decimal(220)), top=Decimal(10)
    )
    shown = show("{% range_bar view %}", view=view)
    assert view.end == 20
    assert shown.count('class="like"') == 1
    assert "<span>€20+</span>" in shown
    assert "2 like cases, median €115" in shown


def test_without_a_policy_all_like_cases_are_on_the_scale() -> None:
    view = RangeView("EUR", likes=(Decimal(10), Decimal(220)), mine=Decimal(30))
    assert view.end == 500
    assert show("{% range_bar view %}", view=view).count('class="like"') == 2


def test_a_limit_near_the_other_amounts_is_on_the_scale_and_so_is_one_that_stands_alone() -> None:
    for view in (
        RangeView("EUR", low=Decimal(27), high=Decimal(54), limit=Decimal(150)),
        RangeView("EUR", limit=Decimal(150)),
    ):
        assert view.end == 200
        assert 'class="limit" x1="75.00%"' in show("{% range_bar view %}", view=view)


def test_a_policy_of_one_amount_is_a_band_that_can_be_seen() -> None:
    view = RangeView("EUR", low=Decimal(50), high=Decimal(50), top=Decimal(100))
    assert 'class="policy" x="50.00%" y="14" width="1.00%"' in show("{% range_bar view %}", view=view)


def test_a_range_with_nothing_to_show_still_draws() -> None:
    assert "<svg" in show("{% range_bar view %}", view=RangeView("EUR"))


@pytest.mark.parametrize(("amount", "end"), [("0", "1"), ("600", "1000"), ("1000", "2000"), ("0.4", "0.5")])
def test_a_scale_ends_at_a_round_number_above_every_amount(amount: str, end: str) -> None:
    assert round_up(Decimal(amount)) == Decimal(end)


@pytest.mark.parametrize("points", [[], [1], [None, None], [3, 3, 3], [1, None, 2]])
def test_a_sparkline_draws_whatever_it_is_given(points: list[float | None]) -> None:
    assert spark(points).startswith("<svg")


# --- access in templates ---------------------------------------------------------------------


def test_nobody_without_a_role_may_do_anything() -> None:
    assert may(object(), "decide_offer") is False


# --- forms -----------------------------------------------------------------------------------


NO_OR_YES = scale_choices([gettext_lazy("No"), gettext_lazy("Yes")])


class Example(forms.Form):
    subject = forms.CharField(help_text="A few words.")
    loss = forms.DecimalField(required=False)
    severity = forms.ChoiceField(choices=[(1, "1"), (2, "2")], widget=Segmented(look="severity", keys=True))
    satisfied = forms.ChoiceField(choices=NO_OR_YES, widget=Segmented)
    urgent = forms.BooleanField(required=False)


def test_an_error_stands_beside_its_field_and_is_tied_to_it() -> None:
    shown = str(Example({"subject": ""})["subject"].as_field_group())
    assert 'aria-invalid="true"' in shown
    assert 'aria-describedby="id_subject_helptext id_subject_error"' in shown
    assert 'id="id_subject_error"' in shown
    assert 'id="id_subject_helptext"' in shown


def test_a_form_with_errors_begins_with_links_to_the_fields() -> None:
    shown = str(Example({"loss": "much"}))
    for anchor in ("id_subject", "id_loss", "id_severity_0"):
        assert f'href="#{anchor}"' in shown
        assert f'id="{anchor}"' in shown


def test_a_form_without_errors_has_no_summary() -> None:
    assert "error-summary" not in str(Example())


def test_choices_side_by_side_are_radio_buttons_in_a_named_group() -> None:
    shown = str(Example()["severity"].as_field_group())
    assert "<fieldset" in shown
    assert "<legend>Severity" in shown
    assert 'class="seg severity"' in shown
    assert 'data-key="2"' in shown


def test_a_scale_shows_number_and_meaning() -> None:
    assert "<b>2</b><small>Yes</small>" in str(Example()["satisfied"])


@pytest.mark.parametrize("name", ["400", "403", "404", "500"])
def test_error_pages_need_nothing_from_a_view(name: str) -> None:
    assert '<main class="plain" id="content"' in render_to_string(f"{name}.html")
