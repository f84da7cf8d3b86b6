"""Making and changing business calendars."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from accounts.access import require
from accounts.actions.preferences import check_time_zone
from accounts.models import User
from accounts.states import Capability
from audit.actions import record
from common.errors import Invalid, Values, refuse_overtaken
from sla.models import Calendar
from sla.queries import holiday_countries, parse_intervals
from sla.rules import BusinessHours, InvalidHoursError, NoOpeningHoursError, OverlappingHoursError
from sla.signals import calendar_changed

WEEK = range(7)
LONGEST_NAME = 120
# Also as Chinese keyboards write them.
_BETWEEN_SPANS = re.compile(r"[,;，；、]")
_SPAN = re.compile(r"\s*(\d{1,2})[:：](\d{2})\s*[-–—~～至]\s*(\d{1,2})[:：](\d{2})\s*", re.ASCII)

Pairs = list[list[str]]


@dataclass(frozen=True, kw_only=True)
class CalendarRecord:
    """What an administrator says of a calendar.

    `hours` maps a weekday (0 is Monday) to text such as "09:00-17:00, 18:00-22:00"; a day that is missing or
    empty is closed. `holiday_country` is an ISO 3166 code, empty for no public holidays. Without a Chinese
    name the English one serves both readers; without a code a new calendar gets one from its name.
    """

    name_en: str
    name_zh: str = ""
    time_zone: str
    hours: Mapping[int, str]
    holiday_country: str = ""
    code: str = ""


def calendar_values(calendar: Calendar) -> Values:
    """How a calendar is, as a form shows it: a field for each day of the week."""
    names = ("name_en", "name_zh", "time_zone", "holiday_country")
    values: dict[str, object] = {name: getattr(calendar, name) for name in names}
    return values | {f"day_{day}": write_day(calendar.week.get(str(day), [])) for day in WEEK}


def save_calendar(
    *, actor: User | None, calendar_id: int | None, new: CalendarRecord, seen: Values | None = None
) -> Calendar:
    """Make a calendar (`calendar_id` None) or change one; running deadlines follow it soon after.

    An actor of None is whoever runs the server. Raises `Invalid` at the field that is wrong (a weekday is
    "day_0" to "day_6"), `NotAllowed`, and `Overtaken` when somebody else has changed it since it was as
    `seen` (see `calendar_values`).
    """
    if actor is not None:
        require(actor, Capability.CHANGE_SETTINGS)
    values = {
        "name_en": _name(new.name_en, "name_en"),
        "name_zh": _name(new.name_zh or new.name_en, "name_zh"),
        "time_zone": check_time_zone(new.time_zone),
        "week": read_week(new.hours, new.time_zone),
        "holiday_country": _country(new.holiday_country),
    }
    with transaction.atomic():
        if calendar_id is None:
            calendar = Calendar(code=_free_code(new.code or new.name_en))
            before: dict[str, object] = {}
        else:
            calendar = Calendar.objects.select_for_update().get(pk=calendar_id)
            refuse_overtaken(seen, calendar_values(calendar))
            before = {name: getattr(calendar, name) for name in values}
        changed = {name: value for name, value in values.items() if before.get(name) != value}
        if not changed:
            return calendar
        for name, value in changed.items():
            setattr(calendar, name, value)
        mark_changed(calendar)
        record(
            stream=f"calendar:{calendar.pk}",
            verb="calendar.changed" if before else "calendar.created",
            actor=actor,
            data={name: [before[name], value] if before else value for name, value in changed.items()},
            begins=not before,
        )
    return calendar


def mark_changed(calendar: Calendar) -> None:
    """Save a locked calendar so that processes which hold it in memory notice, and running clocks follow."""
    calendar.changed_at = timezone.now()
    # Whoever was following the calendar as it was begins anew.
    calendar.pass_began_at, calendar.passed_case, calendar.pass_left_out = None, 0, False
    calendar.save()
    calendar_changed.send(Calendar, calendar=calendar)


def read_week(hours: Mapping[int, str], time_zone: str) -> dict[str, Pairs]:
    """The week as a calendar keeps it. Raises `Invalid` at the day that makes no sense."""
    week = {
        str(day): pairs
        for day in WEEK
        if (pairs := read_hours(hours.get(day, ""), time_zone, field=f"day_{day}"))
    }
    try:
        BusinessHours(time_zone, {int(day): parse_intervals(pairs) for day, pairs in week.items()})
    except NoOpeningHoursError:
        raise Invalid(
            _("There are no opening hours at all: enter them for one day at least."), field="day_0"
        ) from None
    return week


def write_day(pairs: Pairs) -> str:
    """One day's hours as a person writes them: "09:00-17:00, 18:00-22:00"; empty when closed."""
    return ", ".join("-".join(pair) for pair in pairs)


def read_hours(text: str, time_zone: str, *, field: str) -> Pairs:
    """The hours of one day, in order. Raises `Invalid` at `field` when they make no sense."""
    pairs = sorted(_read_span(part, field) for part in _BETWEEN_SPANS.split(text) if part.strip())
    if not pairs:
        return []
    try:
        BusinessHours(time_zone, {0: parse_intervals(pairs)})
    except OverlappingHoursError:
        raise Invalid(_("These hours overlap."), field=field) from None
    except InvalidHoursError:
        raise Invalid(
            _("Hours must close after they open. What goes on after midnight belongs to the next day."),
            field=field,
        ) from None
    return pairs


def _read_span(text: str, field: str) -> list[str]:
    found = _SPAN.fullmatch(text)
    numbers = [int(number) for number in found.groups()] if found else []
    if not numbers or not _is_time(*numbers[:2], last=False) or not _is_time(*numbers[2:], last=True):
        raise Invalid(
            _("Write hours as 09:00-17:00, several with commas between them: 09:00-13:00, 14:00-18:00."),
            field=field,
        )
    opens, closes = (f"{hour:02}:{minute:02}" for hour, minute in (numbers[:2], numbers[2:]))
    return [opens, "24:00" if closes == "00:00" else closes]


def _is_time(hour: int, minute: int, *, last: bool) -> bool:
    return minute < 60 and (hour < 24 or (last and (hour, minute) == (24, 0)))


def _name(text: str, field: str) -> str:
    name = text.strip()
    if not name:
        raise Invalid(_("Enter a name."), field=field)
    if len(name) > LONGEST_NAME:
        raise Invalid(
            _("This is longer than %(most)s characters."), field=field, params={"most": LONGEST_NAME}
        )
    return name


def _country(code: str) -> str:
    if code and code not in holiday_countries():
        raise Invalid(_("Choose a country from the list."), field="holiday_country")
    return code


def _free_code(text: str) -> str:
    """A code from a name: with a number where another calendar has it."""
    start = slugify(text)[:36] or "calendar"
    taken = set(Calendar.objects.filter(code__startswith=start).values_list("code", flat=True))
    numbered = (f"{start}-{number}" for number in range(2, len(taken) + 3))
    return next(code for code in (start, *numbered) if code not in taken)
