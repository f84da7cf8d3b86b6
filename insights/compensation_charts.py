"""The charts of the pages about compensation, each with the same numbers as a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from common.display import format_percent
from common.money import format_money
from common.punctuation import listed
from compensation.states import Dose
from insights.burning import Burned
from insights.compensation import MoneyBoard
from insights.compensation_queries import Total
from insights.courses import Cell, Chart, Course, DayLink, axis_of, bars, course_chart, plot, spans_of
from insights.decisions import DecisionBoard
from insights.fairness import FairnessBoard
from insights.wording import count_writer, format_count, format_days

# Too little, right, between the two, too much: told apart also by who sees red and green alike.
_DOSE_COLOURS = {
    Dose.EFFECTIVE: "var(--am-gold)",
    Dose.GENEROUS: "var(--am-control)",
    Dose.EXCESS: "var(--am-outcome)",
}
# In percent, which the axis says once: so all five fit on a phone.
_DOSE_SHORT = {
    Dose.NONE: "0",
    Dose.LOW: "< 60",
    Dose.EFFECTIVE: "60–120",
    Dose.GENEROUS: "120–150",
    Dose.EXCESS: "> 150",
}


def money_chart(board: MoneyBoard, link: DayLink) -> Chart:
    """What was granted and what reached customers, per day, week or month."""
    period, currency = board.selection.period, board.selection.currency
    label = _("{granted} granted and {paid} paid, {period}").format(
        granted=format_money(board.granted.amount, currency, whole=True),
        paid=format_money(board.paid.amount, currency, whole=True),
        period=format_days(period.first, period.last, year=True),
    )

    def course(name: str, counted: str, figure: str, colour: str, totals: Sequence[Total]) -> Course:
        return Course(
            name,
            figure,
            bars(colour),
            [total.n for total in totals],
            counted,
            [float(total.amount) for total in totals],
            [format_money(total.amount, currency) for total in totals],
        )

    granted, paid = [point.granted for point in board.points], [point.paid for point in board.points]
    courses = [
        course(_("Granted"), _("Offers granted"), "grants", "var(--am-accent)", granted),
        course(_("Paid"), _("Offers paid"), "paid", "var(--am-gold)", paid),
    ]
    return course_chart("money", label, period, courses, link)


def dose_chart(board: FairnessBoard, link: Callable[[str], str]) -> Chart:
    """How many cases lie in each bin of compensation ÷ loss; gold is where it works best."""
    counted = count_writer()
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
        n=format_count(board.n), parts=listed(f"{row.label} {counted(row.n)}" for row in board.doses)
    )
    names = [_DOSE_SHORT[row.dose] for row in board.doses]
    every = {"interval": 0, "hideOverlap": False, "fontSize": 11}
    return Chart(
        id="dose",
        label=label,
        option=plot(
            names,
            [_dose_bars(board, link)],
            x={"axisLabel": every, "name": "%", "nameGap": 6},
            y={"minInterval": 1},
            grid={"top": 22, "right": 20},
        ),
        columns=(_("Compensation ÷ loss"), _("Cases"), _("Share"), _("95% interval")),
        rows=rows,
    )


def _dose_bars(board: FairnessBoard, link: Callable[[str], str]) -> dict[str, Any]:
    data = [
        {
            "value": row.n,
            "href": link(row.figure),
            "itemStyle": {"color": _DOSE_COLOURS.get(row.dose, "var(--am-accent)")},
        }
        for row in board.doses
    ]
    label = {"show": True, "position": "top", "color": "var(--am-quiet)"}
    return {"name": _("Cases"), "type": "bar", "barMaxWidth": 64, "label": label, "data": data}


def _interval_words(interval: Any) -> str:
    return "–" if interval is None else f"{format_percent(interval.low)}–{format_percent(interval.high)}"


def decisions_chart(board: DecisionBoard, link: DayLink) -> Chart:
    """Decisions per day, week or month, by how they went."""
    period, decided = board.selection.period, board.all.decided
    label = _("{approved} offers approved and {rejected} rejected, {period}").format(
        approved=format_count(decided.approved),
        rejected=format_count(decided.rejected),
        period=format_days(period.first, period.last, year=True),
    )

    def course(name: str, figure: str, colour: str, counts: Sequence[int]) -> Course:
        return Course(name, figure, bars(colour, stack="decisions"), counts)

    courses = [
        course(_("Approved"), "approvals", "var(--am-accent)", [point.approved for point in board.points]),
        course(_("Rejected"), "rejections", "var(--am-outcome)", [point.rejected for point in board.points]),
    ]
    return course_chart("decisions", label, period, courses, link)


def budget_chart(burned: Burned, title: str, currency: str) -> Chart:
    """What is used of a budget as time goes on, and where its pace leads, against its amount."""

    def money(value: Decimal | None) -> str:
        return "–" if value is None else format_money(value, currency, whole=True)

    period, spans = burned.period, spans_of(burned.period)
    label = _("{title}: {used} of {amount} used").format(
        title=title, used=money(burned.last_used), amount=money(burned.amount)
    )
    names = [format_days(last, last) for _first, last in spans]
    return Chart(
        id="budget",
        label=label,
        option=plot(
            axis_of(period, spans, names),
            _budget_lines(burned),
            x={"boundaryGap": False},
            legend={"left": 0},
            grid={"top": 34, "right": 16},
        ),
        columns=(_("Up to"), _("Used"), _("At this pace")),
        rows=[
            [name, money(point.used), money(point.forecast)]
            for name, point in zip(names, burned.points, strict=True)
        ],
    )


def _budget_lines(burned: Burned) -> list[dict[str, Any]]:
    def line(
        name: str, colour: str, values: Iterable[Decimal | None], *, stroke: str = "solid", **more: Any
    ) -> dict[str, Any]:
        data = [None if value is None else float(value) for value in values]
        look = {"type": "line", "symbol": "none", "lineStyle": {"width": 2, "type": stroke}}
        return {"name": name, **look, "color": colour, **more, "data": data}

    points = burned.points
    pace = "var(--am-risk)" if burned.overshoots else "var(--am-gold)"
    used, forecast = [point.used for point in points], [point.forecast for point in points]
    return [
        line(_("Used"), "var(--am-accent)", used, areaStyle={"opacity": 0.12}),
        line(_("At this pace"), pace, forecast, stroke="dashed"),
        line(_("Amount"), "var(--am-line-strong)", [burned.amount] * len(points)),
    ]
