"""The pages about compensation, and the lists behind their figures, as lines of a spreadsheet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from common.money import in_currency
from compensation.models import Approval, Offer, Setback
from insights.compensation import MoneyBoard, MoneyRow
from insights.compensation_figures import OFFER_FIGURES
from insights.compensation_queries import Total
from insights.compensation_rules import Middle
from insights.decisions import DecisionBoard, DecisionRow
from insights.fairness import FairnessBoard
from insights.figures import Figure
from insights.listing import Counted
from insights.readings import Reading

Lines = Iterator[list[object]]


def money_lines(board: MoneyBoard) -> Lines:
    """A line per figure, then one per kind, cause and branch, then one per day, week or month."""
    currency = board.selection.currency
    yield [
        _("Part"), pgettext("of a thing", "Name"),
        _("Currency"), _("Waiting now"), _("Offers waiting"), _("Promised now"),
        _("Offers promised"), _("Granted"), _("Offers granted"), _("Paid"), _("Offers paid"),
    ]  # fmt: skip
    whole = MoneyRow("", "", board.waiting, board.promised, board.granted, board.paid)
    yield [_("All"), "", currency, *_parts(currency, whole)]
    for _name, heading, rows in board.groups:
        for row in rows:
            yield [heading, row.label, currency, *_parts(currency, row)]
    for point in board.points:
        flows = _pairs(currency, point.granted, point.paid)
        yield [_("From"), point.day, currency, None, None, None, None, *flows]
    for code, total in board.counts.items():
        yield [_("Figure"), str(OFFER_FIGURES[code].label), currency, *_pairs(currency, total)]


def _parts(currency: str, row: MoneyRow) -> list[object]:
    return _pairs(currency, row.waiting, row.promised, row.granted, row.paid)


def _pairs(currency: str, *totals: Total) -> list[object]:
    return [each for total in totals for each in (in_currency(total.amount, currency), total.n)]


def fairness_lines(board: FairnessBoard) -> Lines:
    """A line per bin of compensation ÷ loss, then one per agent, branch and tier; shares are in percent."""
    yield [
        _("Part"), pgettext("of a thing", "Name"),
        _("Cases"), _("Share"), _("Share, 95% from"), _("Share, 95% to"), _("Given"),
        _("Loss"), _("Currency"), _("Median ratio"), _("Median ratio, 95% from"),
        _("Median ratio, 95% to"), _("Lower quarter"), _("Upper quarter"), _("Compared with like cases"),
        _("Median difference"), _("Median difference, 95% from"), _("Median difference, 95% to"),
    ]  # fmt: skip
    currency = board.selection.currency
    for dose in board.doses:
        share = _reading(dose.share)
        sums = (in_currency(dose.given, currency), in_currency(dose.loss, currency))
        yield [_("Compensation ÷ loss"), dose.label, dose.n, *share, *sums, currency]
    nothing = [None] * 5
    yield [_("All"), "", board.n, *nothing, currency, *_middle(board.ratio)]
    for spread in board.spreads:
        for row in spread.rows:
            compared = row.compared
            gap = _middle(compared.gap)[:3]
            yield [
                spread.heading, row.label, compared.n, *nothing, currency, *_middle(compared.ratio),
                compared.matched, *gap,
            ]  # fmt: skip


def _percent(value: float | None) -> float | None:
    return None if value is None else round(100 * value, 2)


def _reading(reading: Reading) -> list[object]:
    interval = reading.interval
    ends = (interval.low, interval.high) if interval else (None, None)
    return [_percent(reading.value), *map(_percent, ends)]


def _middle(middle: Middle | None) -> list[object]:
    if middle is None:
        return [None] * 5
    low, high = (middle.interval.low, middle.interval.high) if middle.interval else (None, None)
    return list(map(_percent, (middle.median, low, high, middle.quarter, middle.three_quarters)))


def decision_lines(board: DecisionBoard) -> Lines:
    """A line for all decisions, then one per approver, per kind, and per both; times are in seconds."""
    yield [
        _("Part"), pgettext("of a thing", "Name"),
        _("Kind"), _("Decisions"), _("Approved"), _("Rejected"),
        _("Approved for less"), _("Amount approved"), _("Currency"), _("Median seconds"),
        _("90th percentile, seconds"), _("Offers granted"), _("Within one’s own authority"),
    ]  # fmt: skip
    currency = board.selection.currency
    yield [_("All"), "", "", *_decided(board.all, currency), board.granted.n, board.granted.alone]
    for row in board.approvers:
        yield [_("Decided by"), row.person.name, "", *_decided(row, currency)]
    for kind in board.kinds:
        numbers = _decided(kind, currency)
        yield [_("Kind"), "", kind.label, *numbers, kind.granted.n, kind.granted.alone]
    labels = dict(board.decided_kinds)
    for row in board.approvers:
        for code, n in row.kinds:
            if n:
                yield [_("Decided by"), row.person.name, labels[code], n]


def _decided(row: DecisionRow, currency: str) -> list[object]:
    decided = row.decided
    # A percentile of four decisions says as little as a share of four does.
    times = (decided.median, decided.p90) if row.timed else (None, None)
    rounded = [None if each is None else round(each) for each in times]
    numbers = (decided.n, decided.approved, decided.rejected, decided.lowered)
    return [*numbers, in_currency(decided.amount, currency), currency, *rounded]


def offer_lines(figure: Figure, rows: Iterable[Counted], zone: ZoneInfo) -> Lines:
    """A heading and a line per row that a figure counts; times are in the reader's zone."""
    yield [
        _("Case"), _("Time"), _("Customer"), _("Tier"), _("Branch"), _("Channel"), _("Failure"), _("Defect"),
        _("Severity"), *_heading(figure),
    ]  # fmt: skip
    for counted in rows:
        case = counted.case
        yield [
            case.number,
            _local(counted.at, zone),
            case.customer.name,
            case.customer.get_tier_display(),
            case.branch.label,
            case.get_channel_display(),
            case.get_failure_type_display(),
            case.defect.label if case.defect else "",
            case.severity,
            *_cells(figure, counted.row, zone),
        ]


def _local(moment: dt.datetime | None, zone: ZoneInfo) -> dt.datetime | None:
    return moment.astimezone(zone).replace(tzinfo=None, microsecond=0) if moment else None


def _heading(figure: Figure) -> list[object]:
    if figure.source.code == "compensated":
        return [_("Given"), _("Loss"), _("Currency"), _("Ratio"), _("Resolved by")]
    return [
        _("Offer"), _("Kind"), _("State"), _("Asked"), _("Granted"), _("Clawed back"), _("Currency"),
        _("Proposed by"),
        _("Proposed"), _("Decided by"), _("Decided"), _("Decision"), _("Promised by"),
        _("Reached the customer"),
    ]  # fmt: skip


def _cells(figure: Figure, row: Any, zone: ZoneInfo) -> list[object]:
    if figure.source.code == "compensated":
        currency, ratio = row.case.currency, round(float(row.given / row.loss), 4)
        sums = (in_currency(row.given, currency), in_currency(row.loss, currency))
        return [*sums, currency, ratio, row.by.name if row.by else ""]
    offer: Offer = row.offer if isinstance(row, (Approval, Setback)) else row
    approval = row if isinstance(row, Approval) else getattr(offer, "approval", None)
    fulfilment = getattr(offer, "fulfilment", None)
    return [
        offer.pk,
        offer.get_kind_display(),
        offer.get_state_display(),
        in_currency(offer.amount, offer.currency),
        in_currency(offer.granted_amount, offer.currency),
        in_currency(offer.taken_back or None, offer.currency),
        offer.currency,
        offer.proposer.name,
        _local(offer.proposed_at, zone),
        approval.approver.name if approval else "",
        _local(offer.decided_at, zone),
        approval.get_decision_display() if approval else "",
        _local(offer.due_at, zone),
        _local(fulfilment.landed_at, zone) if fulfilment else None,
    ]
