"""Values of audit events as a reader knows them: amounts, times, people, and the names of what is coded."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from babel.dates import format_skeleton, get_day_names
from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounts.states import Role
from cases.states import CaseState, Channel, FailureType, Outcome, StepKind
from common.display import date_locale, format_duration, format_exact
from common.money import CURRENCIES, format_money
from common.punctuation import colon, listed, semicolon
from compensation.kind_states import Detail
from compensation.models.kind import kind_label
from compensation.payment_states import BatchChannel
from compensation.review_states import Finding
from compensation.states import AnswerChannel, Basis, FulfilmentMethod, Need, RemedyClass
from sla.states import Metric, Severity

NOTHING = "–"
# The codes of roles, in a level such as "1. supervisor + manager".
_ROLE = re.compile(r"[a-z_]+")

FIELDS: dict[str, Promise | str] = {
    "after": gettext_lazy("Comes after"),
    "answer_days": gettext_lazy("Days to answer"),
    "asks_customer": gettext_lazy("The customer is asked first"),
    "amount": gettext_lazy("Amount"),
    "asked": gettext_lazy("Asked for"),
    "asked_role": gettext_lazy("Asked"),
    "assignee": gettext_lazy("For"),
    "basis": gettext_lazy("Basis"),
    "batch": gettext_lazy("Batch"),
    "branch": gettext_lazy("Branch"),
    "branches": gettext_lazy("Branches"),
    "calendar": gettext_lazy("Calendar"),
    "cause": gettext_lazy("Cause"),
    "change": pgettext_lazy("of a stock", "Change"),
    "channel": gettext_lazy("Channel"),
    "clock": gettext_lazy("Clock"),
    "count": gettext_lazy("How many"),
    "days": gettext_lazy("Closed"),
    "code": gettext_lazy("Code"),
    "commented": gettext_lazy("With a comment"),
    "currency": gettext_lazy("Currency"),
    "defect": gettext_lazy("Defect"),
    "due_days": gettext_lazy("Business days until it arrives"),
    "drawn_from": gettext_lazy("Drawn from"),
    "effective_from": gettext_lazy("Valid from"),
    "email": gettext_lazy("E-mail"),
    "ended_on": gettext_lazy("Last day"),
    "ends_on": gettext_lazy("Last day"),
    "expires_at": gettext_lazy("Answer due"),
    "failed": gettext_lazy("Failed"),
    "failure_type": gettext_lazy("Failure type"),
    "finding": gettext_lazy("Finding"),
    "fingerprint": gettext_lazy("Fingerprint"),
    "first": gettext_lazy("First day"),
    "granted": gettext_lazy("Granted"),
    "holiday_country": gettext_lazy("Public holidays of"),
    "hours": gettext_lazy("Hours"),
    "incident": gettext_lazy("Incident"),
    "is_active": gettext_lazy("In use"),
    "kind": gettext_lazy("Kind"),
    "known": gettext_lazy("Known already"),
    "landed_at": gettext_lazy("Remedy landed"),
    "language": gettext_lazy("Language"),
    "last": gettext_lazy("Last day"),
    "leaves_policy": gettext_lazy("Leaves the policy"),
    "left": gettext_lazy("Remaining"),
    "level": gettext_lazy("Level"),
    "limit": gettext_lazy("Authority"),
    "low_at": gettext_lazy("Warned at"),
    "method": gettext_lazy("How"),
    "methods": gettext_lazy("Ways of fulfilling"),
    "minutes": gettext_lazy("Minutes"),
    "name": pgettext_lazy("of a thing", "Name"),
    "name_en": gettext_lazy("Name in English"),
    "name_zh": gettext_lazy("Name in Chinese"),
    "need": gettext_lazy("What it takes"),
    "note": gettext_lazy("Note"),
    "of": gettext_lazy("Of"),
    "on_hand": gettext_lazy("At hand"),
    "on_time": gettext_lazy("On time"),
    "outcome": gettext_lazy("Decision"),
    "overridden": gettext_lazy("In spite of"),
    "on_behalf_of": gettext_lazy("On behalf of"),
    "paid": gettext_lazy("Paid"),
    "pending": gettext_lazy("Pending"),
    "per_case": gettext_lazy("Per case"),
    "per_day": gettext_lazy("Per day"),
    "percent": gettext_lazy("Percent"),
    "person": gettext_lazy("Person"),
    "place": gettext_lazy("Place"),
    "policy": gettext_lazy("Policy"),
    "position": gettext_lazy("Place"),
    "problems": gettext_lazy("Problems"),
    "reason": gettext_lazy("Reason"),
    "payment": gettext_lazy("Payment"),
    "reference": pgettext_lazy("in another system", "Reference"),
    "remedy_class": gettext_lazy("What it gives back"),
    "required": gettext_lazy("Has to be told"),
    "role": gettext_lazy("Role"),
    "roles": gettext_lazy("Roles by level"),
    "round": gettext_lazy("Round"),
    "rules": gettext_lazy("Rules"),
    "satisfaction": gettext_lazy("Satisfaction"),
    "seed": gettext_lazy("Seed"),
    "severity": gettext_lazy("Severity"),
    "size": gettext_lazy("How many"),
    "source": gettext_lazy("Source"),
    "starts_on": gettext_lazy("First day"),
    "state": gettext_lazy("State"),
    "step": gettext_lazy("Step"),
    "steps": gettext_lazy("Steps"),
    "time_zone": gettext_lazy("Time zone"),
    "team": gettext_lazy("Team"),
    "times": gettext_lazy("Times"),
    "told": gettext_lazy("Told"),
    "total": gettext_lazy("Total"),
    "valid_from": gettext_lazy("Valid from"),
    "value": pgettext_lazy("of a voucher", "Value"),
    "verified_loss": gettext_lazy("Verified loss"),
    "version": gettext_lazy("Version"),
    "via": gettext_lazy("Result told by"),
    "week": gettext_lazy("Hours of the week"),
    "within_authority": gettext_lazy("Within own authority"),
}
# Keys of rows, which tell a reader nothing, and what is in words elsewhere on the line.
LEFT_OUT = frozenset(
    {
        *(
            "about",
            "answers",
            "case",
            "currency",
            "customer",
            "delegation",
            "entry",
            "follow_up",
            "into",
            "offer",
        ),
        *("redemption", "remedy", "token", "voucher"),
    }
)
# Which values come first; the database keeps them in no order of meaning.
ORDER = (
    *("kind", "amount", "asked", "granted", "limit", "valid_from", "of", "branch", "team"),
    *("starts_on", "ends_on", "first", "last", "days", "hours", "note", "clock", "level", "told"),
)

_CODED: dict[str, dict[Any, Any]] = {
    "severity": dict(Severity.choices),
    "failure_type": dict(FailureType.choices),
    "outcome": dict(Outcome.choices),
    "role": dict(Role.choices),
    "asked_role": dict(Role.choices),
    "channel": {**dict(AnswerChannel.choices), **dict(Channel.choices), **dict(BatchChannel.choices)},
    "step": dict(StepKind.choices),
    "steps": dict(StepKind.choices),
    "state": dict(CaseState.choices),
    "overridden": {
        "open_steps": gettext_lazy("open steps"),
        "offer_waiting": gettext_lazy("an offer that waits"),
        "offer_unfulfilled": gettext_lazy("compensation that has not arrived"),
        "offer_unanswered": gettext_lazy("an offer that the customer has not answered"),
        "offer_failed": gettext_lazy("compensation that failed to arrive"),
        "offer_draft": gettext_lazy("a customer's wish that was not answered"),
    },
    "clock": dict(Metric.choices),
    "need": dict(Need.choices),
    "methods": dict(FulfilmentMethod.choices),
    "required": dict(Detail.choices),
    "remedy_class": dict(RemedyClass.choices),
    "basis": dict(Basis.choices),
    "finding": dict(Finding.choices),
    "method": dict(FulfilmentMethod.choices),
    "language": dict(settings.LANGUAGES),
    "via": {
        "hand": gettext_lazy("a person"),
        "file": gettext_lazy("the bank's file"),
        "callback": gettext_lazy("the payment system"),
    },
}
_DATES = frozenset(
    {"effective_from", "ended_on", "valid_from", "first", "last", "starts_on", "ends_on", "of"}
)
_MOMENTS = frozenset({"landed_at", "from", "to", "due_at", "expires_at"})
PEOPLE = frozenset({"told", "assignee", "person", "on_behalf_of"})
_AMOUNTS = frozenset(
    {
        *("amount", "asked", "granted", "left", "limit", "per_case", "per_day", "total", "value"),
        "verified_loss",
    }
)
_TARGETS = {
    f"{metric.value}_{severity.value}": (severity, metric) for metric in Metric for severity in Severity
}
_LIMITS = {f"{role.value}_{limit}": (role, limit) for role in Role for limit in ("per_case", "per_day")}


@dataclass(frozen=True, slots=True)
class Names:
    """Names of what events point to by a key or a code, read for many events at once."""

    people: Mapping[int, str] = field(default_factory=dict)
    defects: Mapping[int, str] = field(default_factory=dict)
    causes: Mapping[str, str] = field(default_factory=dict)
    branches: Mapping[str, str] = field(default_factory=dict)
    calendars: Mapping[str, str] = field(default_factory=dict)
    teams: Mapping[int, str] = field(default_factory=dict)


def label_of(key: str, verb: str = "") -> str:
    """What a value is called, in an event of that verb."""
    if key == "expires_at" and verb.startswith("voucher."):
        return _("Valid until")
    if key in _TARGETS:
        severity, metric = _TARGETS[key]
        return f"{severity.label} · {metric.label}"
    if key in _LIMITS:
        role, limit = _LIMITS[key]
        return f"{role.label} · {_('per case') if limit == 'per_case' else _('per day')}"
    kind, _underscore, language = key.rpartition("_")
    if kind in StepKind.values:
        return f"{StepKind(kind).label} ({language})"
    return str(FIELDS.get(key, key.replace("_", " ")))


def word_of(key: str, value: Any, data: Mapping[str, Any], names: Names) -> str:
    """A value as a reader knows it. `data` is all that the event holds, for the currency of amounts."""
    if value is None or value in ("", [], {}):
        return NOTHING if key != "hours" else _("closed")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if key == "days" and isinstance(value, list):
        return listed(_row_of_days(each) for each in value)
    if isinstance(value, list):
        return _listed(key, value, data, names)
    if key == "week" and isinstance(value, dict):
        days = sorted(value.items())
        return semicolon().join(
            f"{_weekday(day)} {_listed('hours', hours, data, names)}" for day, hours in days
        )
    if isinstance(value, dict):
        return listed(f"{label_of(str(name))}{colon()}{each}" for name, each in value.items())
    return _single(key, value, data, names)


def _single(key: str, value: Any, data: Mapping[str, Any], names: Names) -> str:
    if key == "roles":
        return _ROLE.sub(lambda found: str(_CODED["role"].get(found[0], found[0])), str(value))
    if key in PEOPLE:
        return names.people.get(value, str(value))
    if key == "kind":
        return kind_label(str(value))
    if key in _CODED:
        return str(_CODED[key].get(value, value))
    if key in _AMOUNTS or key in _LIMITS:
        return _amount(value, str(data.get("currency", "")))
    if key in _TARGETS and isinstance(value, int):
        return format_duration(value * 60, days=False)
    if key in _DATES:
        return _day(str(value))
    if key in _MOMENTS:
        return moment(value)
    named: dict[str, Mapping[Any, str]] = {
        "defect": names.defects,
        "cause": names.causes,
        "branch": names.branches,
        "branches": names.branches,
        "calendar": names.calendars,
        "team": names.teams,
    }
    return str(named.get(key, {}).get(value, value))


def _listed(key: str, value: list[Any], data: Mapping[str, Any], names: Names) -> str:
    if all(isinstance(each, list) and len(each) == 2 for each in value):
        return listed("–".join(str(end) for end in each) for each in value)
    return listed(word_of(key, each, data, names) for each in value)


def _weekday(number: object) -> str:
    """A day of the week as calendars number it: 0 is Monday."""
    try:
        return str(get_day_names("abbreviated", locale=date_locale())[int(str(number))])
    except (ValueError, KeyError):
        return str(number)


def _row_of_days(row: Any) -> str:
    """Closed days as (first, last, note)."""
    if not (isinstance(row, list) and len(row) == 3):
        return str(row)
    first, last, note = (str(part) for part in row)
    days = _day(first) if first == last else f"{_day(first)} – {_day(last)}"
    return f"{days} {note}".strip()


def _amount(value: Any, currency: str) -> str:
    try:
        amount = Decimal(str(value))
        return format_money(amount, currency) if currency in CURRENCIES else f"{amount:f}"
    except InvalidOperation:
        return str(value)


def _day(text: str) -> str:
    try:
        return str(format_skeleton("yMMMd", dt.date.fromisoformat(text), locale=date_locale()))
    except ValueError:
        return text


def moment(value: Any) -> str:
    """A time that an event holds, in the reader's zone."""
    try:
        return format_exact(dt.datetime.fromisoformat(str(value)))
    except ValueError:
        return str(value)
