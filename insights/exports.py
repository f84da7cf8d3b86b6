"""The dashboard and the lists behind it as lines of a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from cases.models import Clock, Resolution
from common.money import in_currency
from compensation.models import Offer
from feedback.models import Response
from insights.figures import FIGURES, Figure
from insights.listing import Counted
from insights.measures import Dashboard
from insights.readings import Reading


def figure_lines(board: Dashboard) -> Iterator[list[object]]:
    """A heading and a line per figure: name, unit, value, n, interval, and the value of the period before."""
    yield [_("Figure"), _("Unit"), _("Value"), "n", _("95% from"), _("95% to"), _("Period before")]
    yield _count("opened", board.opened.n, board.opened.before)
    yield _count("resolved", board.resolved.n, board.resolved.before)
    yield _reading(_("Recovered, of customers who answered"), "%", board.recovery.recovered, 100)
    yield _reading(_("Recovered, of complaints resolved"), "%", board.recovery.of_resolved, 100)
    yield _reading(_("Satisfaction uplift"), _("points of 1–5"), board.recovery.uplift)
    for row in board.clocks:
        name = str(row.metric.label)
        yield _reading(_("{clock} in time").format(clock=name), "%", row.attainment, 100)
        kinds = (
            (row.finished.business, _("business")),
            (row.finished.calendar, pgettext("time", "calendar")),
        )
        for times, kind in kinds:
            # A percentile of four clocks says as little as a share of four does.
            known = times if row.attainment.shown else None
            for value, part in (
                (known.median if known else None, _("median")),
                (known.p90 if known else None, "P90"),
            ):
                label = _("{clock}, {part}, {kind} time").format(clock=name, part=part, kind=kind)
                seconds = None if value is None else round(value)
                yield [label, _("seconds"), seconds, row.finished.n, None, None, None]
    for money in board.money:
        granted = str(FIGURES["granted"].label)
        amount, before = (in_currency(each, money.currency) for each in (money.amount, money.before))
        yield [granted, money.currency, amount, money.n, None, None, before]
        label = _("Compensation of loss, {currency}").format(currency=money.currency)
        yield _reading(label, "%", money.to_loss, 100)
    for failure in board.types:
        yield _count(failure.figure, failure.opened)
    for defect in board.pareto.kinds:
        label = _("Defect: {name}").format(name=defect.defect.label)
        yield [label, str(FIGURES["opened"].unit), defect.n, defect.n, None, None, None]


def _count(code: str, n: int, before: int | None = None) -> list[object]:
    figure = FIGURES[code]
    return [str(figure.label), str(figure.unit), n, n, None, None, before]


def _reading(label: str, unit: str, reading: Reading, factor: int = 1) -> list[object]:
    def scaled(value: float | None) -> float | None:
        return None if value is None else round(value * factor, 4)

    interval = reading.interval
    return [
        label,
        unit,
        scaled(reading.value),
        reading.n,
        scaled(interval.low) if interval else None,
        scaled(interval.high) if interval else None,
        scaled(reading.before),
    ]


def case_lines(figure: Figure, rows: Iterable[Counted], zone: ZoneInfo) -> Iterator[list[object]]:
    """A heading and a line per row that a figure counts; times are in the reader's zone."""
    case_heading = (
        _("Case"), _("Time"), _("Customer"), _("Branch"), _("Channel"), _("Failure"), _("Defect"),
        _("Severity"), _("State"),
    )  # fmt: skip
    yield [*case_heading, *_extra_heading(figure)]
    for counted in rows:
        case = counted.case
        yield [
            case.number,
            counted.at.astimezone(zone).replace(tzinfo=None, microsecond=0),
            case.customer.name,
            case.branch.label,
            case.get_channel_display(),
            case.get_failure_type_display(),
            case.defect.label if case.defect else "",
            case.severity,
            case.get_state_display(),
            *_extra(counted.row),
        ]


def _extra_heading(figure: Figure) -> list[object]:
    if figure.source.model is Clock:
        return [_("Clock"), _("Result"), _("Business seconds"), _("Seconds")]
    if figure.source.model is Resolution:
        return [_("Decision")]
    if figure.source.model is Response:
        return [_("Satisfaction before"), _("Satisfaction after")]
    if figure.source.model is Offer:
        return [_("Kind"), _("Granted"), _("Currency")]
    return []


def _extra(row: object) -> list[object]:
    match row:
        case Clock():
            took = (row.business_seconds, row.calendar_seconds)
            return [row.get_metric_display(), row.get_state_display(), *took]
        case Resolution():
            return [row.get_outcome_display()]
        case Response():
            return [row.satisfaction_before, row.satisfaction]
        case Offer():
            granted = in_currency(row.granted_amount, row.currency)
            return [row.get_kind_display(), granted, row.currency]
    return []
