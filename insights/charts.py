"""The charts of the dashboard, as ECharts options with the same numbers as a table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from insights.measures import TrendPoint
from insights.periods import Period, Step
from insights.rising import Signal, WeekPoint
from insights.wording import count_writer, format_count, format_day, format_days, span_writer

# The address of the complaints opened or resolved ("opened", "resolved") from one day to another.
DayLink = Callable[[str, dt.date, dt.date], str]
Cell = str | dict[str, str]


@dataclass(frozen=True, slots=True)
class Chart:
    """What `components/chart.html` draws; `label` says in words what the chart shows."""

    id: str
    label: str
    option: dict[str, Any]
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    size: str = ""


def trend_chart(period: Period, points: Sequence[TrendPoint], link: DayLink) -> Chart:
    """Complaints opened and resolved per day, week or month; gold is what has been recovered."""
    day = dt.timedelta(days=1)
    ends = [*(point.day - day for point in points[1:]), period.last]
    spans = [(point.day, end) for point, end in zip(points, ends, strict=True)]
    days, counted = span_writer(), count_writer()
    names = [days(*span) for span in spans]
    links = {figure: [link(figure, *span) for span in spans] for figure in ("opened", "resolved")}
    opened, resolved = _("Opened"), _("Resolved")
    head = {Step.DAY: _("Day"), Step.WEEK: _("Week"), Step.MONTH: _("Month")}[period.step]
    label = _("{opened} complaints opened and {resolved} resolved, {period}").format(
        opened=format_count(sum(point.opened for point in points)),
        resolved=format_count(sum(point.resolved for point in points)),
        period=format_days(period.first, period.last, year=True),
    )
    return Chart(
        id="trend",
        label=label,
        option={
            "aria": {"enabled": False},
            "legend": {"left": 0},
            "grid": {"top": 34},
            "xAxis": {
                "type": "category",
                "data": names if period.step == Step.DAY else [format_day(point.day) for point in points],
            },
            "yAxis": {"type": "value", "minInterval": 1},
            "series": [
                _trend_line(opened, "var(--am-accent)", [point.opened for point in points], links["opened"]),
                _trend_line(
                    resolved, "var(--am-gold)", [point.resolved for point in points], links["resolved"]
                ),
            ],
        },
        columns=(head, opened, resolved),
        rows=[
            [
                name,
                {"text": counted(point.opened), "url": to_opened},
                {"text": counted(point.resolved), "url": to_resolved},
            ]
            for name, point, to_opened, to_resolved in zip(
                names, points, links["opened"], links["resolved"], strict=True
            )
        ],
    )


def _trend_line(name: str, colour: str, values: Sequence[int], links: Sequence[str]) -> dict[str, Any]:
    return {
        "name": name,
        "type": "line",
        "color": colour,
        "symbol": "circle",
        "symbolSize": 5,
        "showSymbol": len(values) <= 14,
        "lineStyle": {"width": 2},
        "data": [{"value": value, "href": href} for value, href in zip(values, links, strict=True)],
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
        option={
            "aria": {"enabled": False},
            "grid": {"top": 18, "right": 16},
            "xAxis": {
                "type": "category",
                "boundaryGap": False,
                "data": [format_day(each.first) for each in weeks],
            },
            "yAxis": {"type": "value", "minInterval": 1, "splitLine": {"show": False}},
            "series": [_rising_line(signal, weeks, links)],
        },
        columns=(pgettext("heading", "Week"), _("Complaints"), _("Upper limit")),
        rows=[
            [days(*span), {"text": counted(each.count), "url": url}, counted(signal.limit)]
            for each, span, url in zip(weeks, spans, links, strict=True)
        ],
        size="short",
    )


def _rising_line(signal: Signal, weeks: Sequence[WeekPoint], links: Sequence[str]) -> dict[str, Any]:
    limit = _mark(_("Upper limit"), signal.limit, "insideStartTop", "var(--am-late)", "dashed")
    mean = _mark(_("Baseline"), round(signal.mean, 1), "insideMiddleTop", "var(--am-line-strong)", "solid")
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
