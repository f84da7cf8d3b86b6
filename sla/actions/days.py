"""Special days of a calendar: a day or a row of days that is closed, or has hours of its own."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.access import require
from accounts.models import User
from accounts.states import Capability
from audit.actions import record
from common.errors import Conflict, Invalid
from sla.actions.calendars import Pairs, mark_changed, read_hours, write_day
from sla.models import Calendar, CalendarDay
from sla.queries import in_rows

LONGEST_NOTE = 120
MOST_DAYS = 366
MOST_LINES = 400
ONE_DAY = dt.timedelta(days=1)
_LINE = re.compile(
    r"(\d{4}-\d{1,2}-\d{1,2})(?:\s*(?:\.\.|…|–|—|~|～|至|to)\s*(\d{4}-\d{1,2}-\d{1,2}))?[\s,;:，；：]*(.*)",
    re.ASCII,
)


@dataclass(frozen=True, kw_only=True)
class Days:
    """A row of days from `first` to `last`. `hours` is text such as "10:00-14:00"; "" means closed."""

    first: dt.date
    last: dt.date
    hours: str = ""
    note: str = ""


def set_days(*, actor: User, calendar_id: int, new: Days, instead_of: Days | None = None) -> int:
    """Give days hours of their own, or move and change a row of them; returns how many days there are now.

    `instead_of` are the days that the new ones replace, as the actor saw them. Running deadlines follow soon
    after. Raises `Invalid` at the field that is wrong ("first", "last", "hours", "note"), `Conflict` when the
    days to be replaced are no longer as they were seen, `NotAllowed`.
    """
    require(actor, Capability.CHANGE_SETTINGS)
    _check(new)
    with transaction.atomic():
        calendar = Calendar.objects.select_for_update().get(pk=calendar_id)
        hours = read_hours(new.hours, calendar.time_zone, field="hours")
        before = _take_away(calendar, instead_of) if instead_of else None
        taken = CalendarDay.objects.filter(calendar=calendar, date__range=(new.first, new.last)).first()
        if taken is not None:
            raise Invalid(
                _("%(day)s is a special day already. Change that one, or leave it out."),
                field="first",
                params={"day": taken.date.isoformat()},
            )
        _add(calendar, new, hours)
        facts = _facts(new, hours)
        if before == facts:
            return 0
        mark_changed(calendar)
        data = facts
        if before:
            data = {name: [before[name], value] for name, value in facts.items() if before[name] != value}
            data["of"] = before["first"]
        record(
            stream=f"calendar:{calendar.pk}",
            verb="calendar.days_changed" if before else "calendar.days_added",
            actor=actor,
            data=data,
        )
    return (new.last - new.first).days + 1


def remove_days(*, actor: User, calendar_id: int, days: Days) -> None:
    """Let days be ordinary ones again.

    Raises `Conflict` when they are no longer as the actor saw them, which `days` tells, and `NotAllowed`.
    """
    require(actor, Capability.CHANGE_SETTINGS)
    with transaction.atomic():
        calendar = Calendar.objects.select_for_update().get(pk=calendar_id)
        facts = _take_away(calendar, days)
        mark_changed(calendar)
        record(stream=f"calendar:{calendar.pk}", verb="calendar.days_removed", actor=actor, data=facts)


def add_closed_days(*, actor: User, calendar_id: int, text: str) -> tuple[int, int]:
    """Close the days of a list, one or a row of them a line: "2026-10-01..2026-10-07 National Day".

    Returns how many were added, and how many were passed over because they are special days already: so a
    list can be sent again. Raises `Invalid` at "lines" with the number of the line that can't be read.
    """
    require(actor, Capability.CHANGE_SETTINGS)
    rows = read_lines(text)
    with transaction.atomic():
        calendar = Calendar.objects.select_for_update().get(pk=calendar_id)
        known = set(CalendarDay.objects.filter(calendar=calendar).values_list("date", flat=True))
        wanted = {day: row.note for row in rows for day in _each(row)}
        fresh = [(day, note) for day, note in sorted(wanted.items()) if day not in known]
        if fresh:
            closed = [CalendarDay(calendar=calendar, date=day, hours=[], note=note) for day, note in fresh]
            CalendarDay.objects.bulk_create(closed)
            mark_changed(calendar)
            data = {
                "days": [
                    [each.first.isoformat(), each.last.isoformat(), each.note] for each in in_rows(closed)
                ]
            }
            record(stream=f"calendar:{calendar.pk}", verb="calendar.days_added", actor=actor, data=data)
    return len(fresh), len(wanted) - len(fresh)


def read_lines(text: str) -> list[Days]:
    """The days that a pasted list names. Raises `Invalid` at "lines"."""
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    if not lines:
        raise Invalid(_("Write at least one day."), field="lines")
    if len(lines) > MOST_LINES:
        raise Invalid(_("These are more than %(most)s lines."), field="lines", params={"most": MOST_LINES})
    return [_read_line(number, line) for number, line in lines]


def _read_line(number: int, line: str) -> Days:
    found = _LINE.fullmatch(line)
    try:
        first, last = (_date(found[1]), _date(found[2] or found[1])) if found else (None, None)
    except ValueError:
        first = last = None
    if found is None or first is None or last is None:
        raise Invalid(
            _("Line %(number)s does not begin with a day such as 2026-10-01."),
            field="lines",
            params={"number": number},
        )
    days = Days(first=first, last=last, note=found[3].strip())
    try:
        _check(days)
    except Invalid as error:
        params = {"number": number, "problem": str(error)}
        raise Invalid(_("Line %(number)s: %(problem)s"), field="lines", params=params) from None
    return days


def _date(text: str) -> dt.date:
    year, month, day = (int(part) for part in text.split("-"))
    return dt.date(year, month, day)


def _check(days: Days) -> None:
    if days.last < days.first:
        raise Invalid(_("The last day is before the first."), field="last")
    if (days.last - days.first).days >= MOST_DAYS:
        raise Invalid(_("These are more than %(most)s days."), field="last", params={"most": MOST_DAYS})
    if len(days.note) > LONGEST_NOTE:
        raise Invalid(
            _("This is longer than %(most)s characters."), field="note", params={"most": LONGEST_NOTE}
        )


def _take_away(calendar: Calendar, days: Days) -> dict[str, object]:
    """Remove days that are all as they were seen, and tell what they were."""
    rows = CalendarDay.objects.filter(calendar=calendar, date__range=(days.first, days.last))
    there = list(rows.order_by("date"))
    if not there:
        raise Conflict(_("Somebody has removed these days in the meantime."))
    known = [day.date for day in there] == _each(days)
    if not known or any((write_day(day.hours), day.note) != (days.hours, days.note) for day in there):
        raise Conflict(_("Somebody else has changed this in the meantime."))
    rows.delete()
    return _facts(days, there[0].hours)


def _add(calendar: Calendar, days: Days, hours: Pairs) -> None:
    CalendarDay.objects.bulk_create(
        CalendarDay(calendar=calendar, date=day, hours=hours, note=days.note.strip()) for day in _each(days)
    )


def _each(days: Days) -> list[dt.date]:
    return [days.first + ONE_DAY * number for number in range((days.last - days.first).days + 1)]


def _facts(days: Days, hours: Pairs) -> dict[str, object]:
    """What the audit trail keeps of a row of days."""
    return {
        "first": days.first.isoformat(),
        "last": days.last.isoformat(),
        "hours": hours,
        "note": days.note.strip(),
    }
