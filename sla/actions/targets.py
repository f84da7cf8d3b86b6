"""Setting how much business time clocks may take, from a date on; what held before is kept."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.access import require
from accounts.models import User
from accounts.states import Capability
from audit.actions import record
from common.days import latest_day
from common.display import format_duration
from common.errors import Conflict, Invalid, Values, refuse_overtaken
from sla.models import Target
from sla.states import Metric, Severity

STREAM = "targets"
LONGEST_HOURS = 2000
_HOURS = re.compile(
    r"(\d{1,4})\s*(?:h|hours?|小时|时)(?:\s*(\d{1,2})\s*(?:min|m|minutes?|分钟|分)?)?",
    re.ASCII | re.IGNORECASE,
)
_MINUTES = re.compile(r"(\d{1,6})\s*(?:min|m|minutes?|分钟|分)", re.ASCII | re.IGNORECASE)
_CLOCK = re.compile(r"(\d{1,4})[:：](\d{2})", re.ASCII)

Key = tuple[Severity, Metric]


def field_of(severity: Severity, metric: Metric) -> str:
    """The name under which an error tells which target it is about."""
    return f"{metric.value}_{severity.value}"


def target_values(held: Mapping[Key, int]) -> Values:
    """Targets as a form shows them."""
    return {field_of(*key): format_duration(minutes * 60, days=False) for key, minutes in held.items()}


def set_targets(
    *, actor: User, valid_from: dt.date, wanted: Mapping[Key, str], seen: Values | None = None
) -> int:
    """Set every target from a date on, written as "30 min", "4 h" or "1 h 30"; returns how many change.

    Clocks that run already keep theirs. What holds from a later date on still does from then. It holds by
    the day of each branch (`common.days.local_day`). Raises `Invalid` at the field that is wrong
    ("valid_from" or that of `field_of`), `NotAllowed`, and `Overtaken` when on that day something else holds
    than was `seen` (see `target_values`).
    """
    require(actor, Capability.CHANGE_SETTINGS)
    _check_date(valid_from)
    minutes = {
        (severity, metric): read_minutes(wanted.get((severity, metric), ""), field_of(severity, metric))
        for severity in Severity
        for metric in Metric
    }
    _check_order(minutes)
    with transaction.atomic():
        # Taken together, so that two who change targets at once follow one another.
        rows = list(Target.objects.select_for_update().order_by("valid_from", "pk"))
        held = {
            (Severity(row.severity), Metric(row.metric)): row for row in rows if row.valid_from <= valid_from
        }
        if seen is not None:
            refuse_overtaken(seen, target_values({key: row.minutes for key, row in held.items()}))
        changes: dict[str, list[int | None]] = {}
        for key, value in minutes.items():
            row = held.get(key)
            before = row.minutes if row else None
            if before == value:
                continue
            changes[field_of(*key)] = [before, value]
            severity, metric = key
            Target.objects.update_or_create(
                severity=severity, metric=metric, valid_from=valid_from, defaults={"minutes": value}
            )
        if changes:
            data = {"valid_from": valid_from.isoformat(), **changes}
            record(stream=STREAM, verb="targets.set", actor=actor, data=data)
    return len(changes)


def withdraw_targets(*, actor: User, valid_from: dt.date) -> None:
    """Give up a change planned for a date to come. Raises `Conflict` when there is none, `NotAllowed`."""
    require(actor, Capability.CHANGE_SETTINGS)
    with transaction.atomic():
        rows = list(Target.objects.select_for_update().order_by("valid_from", "pk"))
        planned = [row for row in rows if row.valid_from == valid_from > latest_day()]
        if not planned:
            raise Conflict(_("Nothing is planned for that day, or the day has begun somewhere."))
        Target.objects.filter(pk__in=[row.pk for row in planned]).delete()
        facts = {field_of(Severity(row.severity), Metric(row.metric)): row.minutes for row in planned}
        data = {"valid_from": valid_from.isoformat(), **facts}
        record(stream=STREAM, verb="targets.withdrawn", actor=actor, data=data)


def today() -> dt.date:
    """The day from which a change may hold at the earliest."""
    return timezone.now().astimezone(dt.UTC).date()


def read_minutes(text: str, field: str) -> int:
    """Minutes from "30 min", "4 h", "1 h 30" or "1:30". Raises `Invalid` at `field`."""
    text = text.strip()
    if not text:
        raise Invalid(_("Enter a time: no target may be missing."), field=field)
    if (found := _HOURS.fullmatch(text) or _CLOCK.fullmatch(text)) is not None:
        minutes = int(found[1]) * 60 + int(found[2] or 0)
    elif (found := _MINUTES.fullmatch(text)) is not None:
        minutes = int(found[1])
    else:
        raise Invalid(_("Write a time as 30 min, 4 h or 1 h 30."), field=field)
    if minutes < 1:
        raise Invalid(_("A target is at least one minute."), field=field)
    if minutes > LONGEST_HOURS * 60:
        raise Invalid(_("A target is at most %(most)s hours."), field=field, params={"most": LONGEST_HOURS})
    return minutes


def _check_date(valid_from: dt.date) -> None:
    if valid_from < today():
        raise Invalid(_("What held on days that are over stays: choose today or later."), field="valid_from")


def _check_order(minutes: Mapping[Key, int]) -> None:
    for severity in Severity:
        if minutes[severity, Metric.FIRST_RESPONSE] > minutes[severity, Metric.RESOLUTION]:
            raise Invalid(
                _("The first response can’t take longer than the resolution."),
                field=field_of(severity, Metric.FIRST_RESPONSE),
            )
