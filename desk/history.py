"""What held from when: targets and authorities as the changes that they were, the newest first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from django.utils.translation import gettext as _

from accounts.actions import authorities
from accounts.models import Authority
from accounts.states import Role
from common.display import format_duration
from common.money import format_money
from sla.models import Target
from sla.states import Metric, Severity

Row = TypeVar("Row", Target, Authority)


@dataclass(frozen=True, slots=True)
class Line:
    """One value that changed, in words; without a `before` it was set for the first time."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Change:
    """What was set for a date; `planned` where the date has not come."""

    on: dt.date
    planned: bool
    lines: list[Line]
    currency: str = ""


def target_changes() -> list[Change]:
    """Changes of targets."""
    rows = Target.objects.order_by("valid_from", "severity", "metric")
    return _changes(rows, lambda row: (row.severity, row.metric), _target_lines)


def authority_changes() -> list[Change]:
    """Changes of what roles may grant, of each currency by itself."""
    rows = list(Authority.objects.of_roles().order_by("valid_from", "per_case"))
    found = [
        Change(change.on, change.planned, change.lines, currency)
        for currency in sorted({row.currency for row in rows})
        for change in _changes(
            (row for row in rows if row.currency == currency), lambda row: row.role, _authority_lines
        )
    ]
    return sorted(found, key=lambda change: change.on, reverse=True)


def targets_on(day: dt.date) -> dict[tuple[Severity, Metric], int]:
    """The minutes of every clock in force that day."""
    rows = Target.objects.filter(valid_from__lte=day).order_by("valid_from")
    return {(Severity(row.severity), Metric(row.metric)): row.minutes for row in rows}


def authority_on(currency: str, day: dt.date) -> dict[Role, Authority]:
    """The limits of every role in force that day."""
    rows = Authority.objects.of_roles().filter(currency=currency, valid_from__lte=day).order_by("valid_from")
    return {Role(row.role): row for row in rows}


def _changes(
    rows: Iterable[Row], key: Callable[[Row], Hashable], lines: Callable[[Row, Row | None], list[Line]]
) -> list[Change]:
    """Rows in order of date, as what each date changed."""
    today = authorities.today()
    held: dict[Hashable, Row] = {}
    found: dict[dt.date, list[Line]] = {}
    for row in rows:
        found.setdefault(row.valid_from, []).extend(lines(row, held.get(key(row))))
        held[key(row)] = row
    return [Change(on, on > today, changed) for on, changed in reversed(found.items()) if changed]


def _target_lines(row: Target, before: Target | None) -> list[Line]:
    if before is not None and before.minutes == row.minutes:
        return []
    label = f"{row.get_severity_display()} · {row.get_metric_display()}"
    return [Line(label, _hours(before.minutes) if before else "", _hours(row.minutes))]


def _hours(minutes: int) -> str:
    return format_duration(minutes * 60, days=False)


def _authority_lines(row: Authority, before: Authority | None) -> list[Line]:
    role, currency = row.get_role_display(), row.currency
    pairs = (
        (_("per case"), before.per_case if before else None, row.per_case),
        (_("per day"), before.per_day if before else None, row.per_day),
    )
    return [
        Line(
            f"{role} · {limit}",
            "" if old is None else format_money(old, currency),
            format_money(new, currency),
        )
        for limit, old, new in pairs
        if old != new
    ]
