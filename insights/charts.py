"""The charts of the dashboard, as ECharts options with the same numbers as a table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from insights.courses import Chart, Course, DayLink, course_chart, plot
from insights.measures import TrendPoint
from insights.periods import Period
from insights.rising import Signal, WeekPoint
from insights.wording import count_writer, format_count, format_day, format_days, span_writer


def trend_chart(period: Period, points: Sequence[TrendPoint], link: DayLink) -> Chart:
    """Complaints opened and resolved per day, week or month; gold is what has been recovered."""
    opened, resolved = [point.opened for point in points], [point.resolved for point in points]
    label = _("{opened} complaints opened and {resolved} resolved, {period}").format(
        opened=format_count(sum(opened)),
        resolved=format_count(sum(resolved)),
        period=format_days(period.first, period.last, year=True),
    )
    few = len(points) <= 14
    courses = [
        Course(_("Opened"), "opened", _line("var(--am-accent)", few), opened),
        Course(_("Resolved"), "resolved", _line("var(--am-gold)", few), resolved),
    ]
    return course_chart("trend", label, period, courses, link)


def _line(colour: str, with_symbols: bool) -> dict[str, Any]:
    return {
        "type": "line",
        "color": colour,
        "symbol": "circle",
        "symbolSize": 5,
        "showSymbol": with_symbols,
        "lineStyle": {"width": 2},
    }


def rising_chart(signal: Signal, weeks: Sequence[WeekPoint], title: str, link: DayLink) -> Chart:
    """Complaints a week of the strongest signal, with the baseline's mean and the upper limit."""
    week = dt.timedelta(days=6)
    spans = [(each.first, each.first + week) for each in weeks]
    links = [link("opened", *span) for span in spans]
    days, counted = span_writer(), count_writer()
    label = _(
        "{title}: {count} complaints in the last week, usually {mean} a week, upper limit {limit}"
    ).format(
        title=title,
        count=format_count(signal.count),
        mean=format_count(round(signal.mean, 1)),
        limit=format_count(signal.limit),
    )
    return Chart(
        id="rising",
        label=label,
        option=plot(
            [format_day(each.first) for each in weeks],
            [_rising_line(signal, weeks, links)],
            x={"boundaryGap": False},
            y={"minInterval": 1, "splitLine": {"show": False}},
            grid={"top": 18, "right": 58},
        ),
        columns=(pgettext("heading", "Week"), _("Complaints"), _("Upper limit")),
        rows=[
            [days(*span), {"text": counted(each.count), "url": url}, counted(signal.limit)]
            for each, span, url in zip(weeks, spans, links, strict=True)
        ],
        size="short",
    )


def _rising_line(signal: Signal, weeks: Sequence[WeekPoint], links: Sequence[str]) -> dict[str, Any]:
    limit = _mark(_("Upper limit"), signal.limit, "insideStartTop", "var(--am-late)", "dashed")
    # Beside the lines and not between them: there may be no room below the limit.
    mean = _mark(_("Baseline"), round(signal.mean, 1), "end", "var(--am-line-strong)", "solid")
    mean["label"]["formatter"] = "{b}\n{c}"
    return {
        "name": _("Complaints"),
        "type": "line",
        "color": "var(--am-accent)",
        "symbol": "circle",
        "symbolSize": 7,
        "lineStyle": {"width": 2},
        "data": [_week_item(each, signal, url) for each, url in zip(weeks, links, strict=True)],
        "markLine": {"silent": True, "symbol": "none", "data": [limit, mean]},
    }


def _mark(name: str, at: float, position: str, colour: str, stroke: str) -> dict[str, Any]:
    """A level across the chart, with its name and number."""
    label = {
        "formatter": "{b} {c}",
        "position": position,
        "color": "var(--am-quiet)",
        "textBorderWidth": 0,
        "fontSize": 11,
    }
    return {"yAxis": at, "name": name, "label": label, "lineStyle": {"color": colour, "type": stroke}}


def _week_item(each: WeekPoint, signal: Signal, url: str) -> dict[str, Any]:
    item: dict[str, Any] = {"value": each.count, "href": url}
    if each.count > signal.limit:
        item |= {"symbolSize": 11, "itemStyle": {"color": "var(--am-late)"}}
    return item
