"""The charts of the pages about compensation, each with the same numbers as a table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from common.display import format_percent
from common.money import format_money
from compensation.states import Dose
from insights.burning import Burned
from insights.charts import Cell, Chart, DayLink
from insights.compensation import MoneyBoard
from insights.decisions import DecisionBoard
from insights.fairness import FairnessBoard
from insights.periods import Period, Step
from insights.wording import count_writer, format_count, format_day, format_days, span_writer

_HEADS = {Step.DAY: lambda: _("Day"), Step.WEEK: lambda: _("Week"), Step.MONTH: lambda: _("Month")}
_DOSE_COLOURS = {Dose.EFFECTIVE: "var(--am-gold)", Dose.EXCESS: "var(--am-risk)"}


def _spans(period: Period) -> list[tuple[dt.date, dt.date]]:
    """The first and last day of each part of the period."""
    day = dt.timedelta(days=1)
    ends = [*(first - day for first in period.parts[1:]), period.last]
    return list(zip(period.parts, ends, strict=True))


def _names(period: Period, spans: Sequence[tuple[dt.date, dt.date]]) -> tuple[list[str], list[str]]:
    """What the parts are called in a table, and on an axis, where there is less room."""
    writer = span_writer()
    names = [writer(*span) for span in spans]
    return names, names if period.step == Step.DAY else [format_day(first) for first, _last in spans]


def _bars(
    name: str, colour: str, values: Sequence[float], links: Sequence[str], **more: Any
) -> dict[str, Any]:
    data = [{"value": value, "href": href} for value, href in zip(values, links, strict=True)]
    return {"name": name, "type": "bar", "color": colour, "barMaxWidth": 28, "data": data, **more}


def money_chart(board: MoneyBoard, link: DayLink) -> Chart:
    """What was granted and what reached customers, per day, week or month."""
    period, currency = board.selection.period, board.selection.currency
    spans = _spans(period)
    names, axis = _names(period, spans)
    granted_links = [link("grants", *span) for span in spans]
    paid_links = [link("paid", *span) for span in spans]
    granted, paid = _("Granted"), _("Paid")
    label = _("{granted} granted and {paid} paid, {period}").format(
        granted=format_money(board.granted.amount, currency, whole=True),
        paid=format_money(board.paid.amount, currency, whole=True),
        period=format_days(period.first, period.last, year=True),
    )
    return Chart(
        id="money",
        label=label,
        option={
            "aria": {"enabled": False},
            "legend": {"left": 0},
            "grid": {"top": 34},
            "xAxis": {"type": "category", "data": axis},
            "yAxis": {"type": "value"},
            "series": [
                _bars(
                    granted,
                    "var(--am-accent)",
                    [float(each.granted.amount) for each in board.points],
                    granted_links,
                ),
                _bars(paid, "var(--am-gold)", [float(each.paid.amount) for each in board.points], paid_links),
            ],
        },
        columns=(_HEADS[period.step](), granted, _("Offers"), paid, _("Offers")),
        rows=[
            [
                name,
                format_money(point.granted.amount, currency),
                {"text": format_count(point.granted.n), "url": to_granted},
                format_money(point.paid.amount, currency),
                {"text": format_count(point.paid.n), "url": to_paid},
            ]
            for name, point, to_granted, to_paid in zip(
                names, board.points, granted_links, paid_links, strict=True
            )
        ],
    )


def dose_chart(board: FairnessBoard, link: Callable[[str], str]) -> Chart:
    """How many cases lie in each bin of compensation ÷ loss; gold is where it works best."""
    counted = count_writer()
    short = {
        Dose.NONE: "0",
        Dose.LOW: "< 60%",
        Dose.EFFECTIVE: "60–120%",
        Dose.GENEROUS: "120–150%",
        Dose.EXCESS: "> 150%",
    }
    rows: list[list[Cell]] = [
        [
            row.label,
            {"text": counted(row.n), "url": link(row.figure)},
            format_percent(row.share.value) if row.share.value is not None else "–",
            _interval_words(row.share.interval),
        ]
        for row in board.doses
    ]
    label = _("{n} upheld complaints with a known loss: {parts}").format(
        n=format_count(board.n), parts=_(", ").join(f"{row.label} {counted(row.n)}" for row in board.doses)
    )
    data = [
        {
            "value": row.n,
            "href": link(row.figure),
            "itemStyle": {"color": _DOSE_COLOURS.get(row.dose, "var(--am-accent)")},
        }
        for row in board.doses
    ]
    return Chart(
        id="dose",
        label=label,
        option={
            "aria": {"enabled": False},
            "grid": {"top": 22},
            "xAxis": {"type": "category", "data": [short[row.dose] for row in board.doses]},
            "yAxis": {"type": "value", "minInterval": 1},
            "series": [
                {
                    "name": _("Cases"),
                    "type": "bar",
                    "barMaxWidth": 64,
                    "label": {"show": True, "position": "top", "color": "var(--am-quiet)"},
                    "data": data,
                }
            ],
        },
        columns=(_("Compensation ÷ loss"), _("Cases"), _("Share"), _("95 % interval")),
        rows=rows,
    )


def _interval_words(interval: Any) -> str:
    return "–" if interval is None else f"{format_percent(interval.low)}–{format_percent(interval.high)}"


def decisions_chart(board: DecisionBoard, link: DayLink) -> Chart:
    """Decisions per day, week or month, by how they went."""
    period, counted = board.selection.period, count_writer()
    spans = _spans(period)
    names, axis = _names(period, spans)
    links = {code: [link(code, *span) for span in spans] for code in ("approvals", "rejections")}
    approved, rejected = _("Approved"), _("Rejected")
    label = _("{approved} offers approved and {rejected} rejected, {period}").format(
        approved=counted(board.all.decided.approved),
        rejected=counted(board.all.decided.rejected),
        period=format_days(period.first, period.last, year=True),
    )
    return Chart(
        id="decisions",
        label=label,
        option={
            "aria": {"enabled": False},
            "legend": {"left": 0},
            "grid": {"top": 34},
            "xAxis": {"type": "category", "data": axis},
            "yAxis": {"type": "value", "minInterval": 1},
            "series": [
                _bars(
                    approved,
                    "var(--am-accent)",
                    [each.approved for each in board.points],
                    links["approvals"],
                    stack="decisions",
                ),
                _bars(
                    rejected,
                    "var(--am-outcome)",
                    [each.rejected for each in board.points],
                    links["rejections"],
                    stack="decisions",
                ),
            ],
        },
        columns=(_HEADS[period.step](), approved, rejected),
        rows=[
            [
                name,
                {"text": counted(point.approved), "url": to_approved},
                {"text": counted(point.rejected), "url": to_rejected},
            ]
            for name, point, to_approved, to_rejected in zip(
                names, board.points, links["approvals"], links["rejections"], strict=True
            )
        ],
    )


def budget_chart(burned: Burned, title: str, currency: str) -> Chart:
    """What is used of a budget as time goes on, and where its pace leads, against its amount."""
    period = burned.period
    spans = _spans(period)
    _names_of_parts, axis = _names(period, spans)
    used, forecast, amount = _("Used"), _("At this pace"), _("Amount")

    def money(value: Decimal | None) -> str:
        return "–" if value is None else format_money(value, currency, whole=True)

    def number(value: Decimal | None) -> float | None:
        return None if value is None else float(value)

    label = _("{title}: {used} of {amount} used").format(
        title=title, used=money(burned.last_used), amount=money(burned.amount)
    )
    line = {"type": "line", "symbol": "none", "lineStyle": {"width": 2}}
    return Chart(
        id="budget",
        label=label,
        option={
            "aria": {"enabled": False},
            "legend": {"left": 0},
            "grid": {"top": 34, "right": 16},
            "xAxis": {"type": "category", "boundaryGap": False, "data": axis},
            "yAxis": {"type": "value"},
            "series": [
                {
                    **line,
                    "name": used,
                    "color": "var(--am-accent)",
                    "areaStyle": {"opacity": 0.12},
                    "data": [number(point.used) for point in burned.points],
                },
                {
                    **line,
                    "name": forecast,
                    "color": "var(--am-risk)" if burned.overshoots else "var(--am-gold)",
                    "lineStyle": {"width": 2, "type": "dashed"},
                    "data": [number(point.forecast) for point in burned.points],
                },
                {
                    **line,
                    "name": amount,
                    "color": "var(--am-line-strong)",
                    "data": [number(burned.amount)] * len(burned.points),
                },
            ],
        },
        columns=(_("Up to"), used, forecast),
        rows=[
            [format_days(last, last), money(point.used), money(point.forecast)]
            for (_first, last), point in zip(spans, burned.points, strict=True)
        ],
    )
