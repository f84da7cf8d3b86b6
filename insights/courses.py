"""Charts of a period's parts: each day, week or month as a point, and as a line of the table beside it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from insights.periods import Period, Step
from insights.wording import count_writer, format_day, span_writer

# The address of the list behind a figure from one day to another.
DayLink = Callable[[str, dt.date, dt.date], str]
Cell = str | dict[str, str]
_HEADS = {Step.DAY: lambda: _("Day"), Step.WEEK: lambda: _("Week"), Step.MONTH: lambda: _("Month")}


@dataclass(frozen=True, slots=True)
class Chart:
    """What `components/chart.html` draws; `label` says in words what the chart shows."""

    id: str
    label: str
    option: dict[str, Any]
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    size: str = ""


def plot(
    names: Sequence[str],
    series: Sequence[dict[str, Any]],
    *,
    x: dict[str, Any] | None = None,
    y: dict[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """An ECharts option: series over names. The table beside it is what is read aloud."""
    return {
        "aria": {"enabled": False},
        **more,
        "xAxis": {"type": "category", **(x or {}), "data": names},
        "yAxis": {"type": "value", **(y or {})},
        "series": series,
    }


@dataclass(frozen=True, slots=True)
class Course:
    """One series over the parts of a period; each of its points opens the list of `figure` behind it.

    `look` is how ECharts draws it. In the table stand its counts, and before them its amounts, where it has
    any: then `counted` is the heading of the counts, and the amounts are what is drawn.
    """

    name: str
    figure: str
    look: dict[str, Any]
    counts: Sequence[int]
    counted: str = ""
    values: Sequence[float] = ()
    amounts: Sequence[str] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.name, self.counted) if self.amounts else (self.name,)


def bars(colour: str, **more: Any) -> dict[str, Any]:
    """Bars of a colour, as `look`."""
    return {"type": "bar", "color": colour, "barMaxWidth": 28, **more}


def spans_of(period: Period) -> list[tuple[dt.date, dt.date]]:
    """The first and last day of each part of the period."""
    day = dt.timedelta(days=1)
    ends = [*(first - day for first in period.parts[1:]), period.last]
    return list(zip(period.parts, ends, strict=True))


def axis_of(period: Period, spans: Sequence[tuple[dt.date, dt.date]], names: Sequence[str]) -> Sequence[str]:
    """What the parts are called on an axis, where there is less room than in a table."""
    return names if period.step == Step.DAY else [format_day(first) for first, _last in spans]


def course_chart(id_: str, label: str, period: Period, courses: Sequence[Course], link: DayLink) -> Chart:
    """Courses over the parts of a period, with a line per part in the table."""
    spans, writer, counted = spans_of(period), span_writer(), count_writer()
    names = [writer(*span) for span in spans]
    links = [[link(course.figure, *span) for span in spans] for course in courses]
    rows: list[list[Cell]] = [[name] for name in names]
    for course, urls in zip(courses, links, strict=True):
        for row, amount in zip(rows, course.amounts, strict=False):
            row.append(amount)
        for row, count, url in zip(rows, course.counts, urls, strict=True):
            row.append({"text": counted(count), "url": url})
    whole = not any(course.amounts for course in courses)
    option = plot(
        axis_of(period, spans, names),
        [_series(course, urls) for course, urls in zip(courses, links, strict=True)],
        y={"minInterval": 1} if whole else None,
        legend={"left": 0},
        grid={"top": 34},
    )
    columns = [_HEADS[period.step](), *(each for course in courses for each in course.columns)]
    return Chart(id_, label, option, columns, rows)


def _series(course: Course, urls: Sequence[str]) -> dict[str, Any]:
    values = course.values or course.counts
    data = [{"value": value, "href": url} for value, url in zip(values, urls, strict=True)]
    return {"name": course.name, **course.look, "data": data}
