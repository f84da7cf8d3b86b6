"""Profiles: what the columns of another system's file mean, as data in TOML."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cases.states import CaseState, Channel, FailureType, Outcome

FOLDER = Path(__file__).parent / "profiles"

# What a profile may take from columns; of several columns that it names, the first with a value counts.
COLUMNS = (
    "reference", "description", "summary", "product", "order_reference", "received", "received_time",
    "occurred", "replied", "reply", "resolution",
)  # fmt: skip
_TOP = {
    "source", "title", "language", "encoding", "delimiter", "time_zone", "undated", "channel", "state",
    "outcome", "details", "branch", "columns", "dates", "customer", "channels", "states", "outcomes",
    "failures",
}  # fmt: skip


class ProfileProblem(Exception):
    """One sentence for the operator: what is wrong with a profile."""


@dataclass(frozen=True)
class Choice:
    """A column whose values stand for ours; compared without regard to case and surrounding space."""

    columns: tuple[str, ...]
    values: Mapping[str, str]


@dataclass(frozen=True)
class Failure:
    """What a label says about the failure; `defect` counts where the words point to no other of that type."""

    failure_type: str
    defect: str = ""


@dataclass(frozen=True)
class Failures:
    """A column that labels the failure; a value that is not listed leaves it to the words."""

    columns: tuple[str, ...]
    values: Mapping[str, Failure]


@dataclass(frozen=True)
class BranchPlan:
    """The branch that imported cases belong to when none is named; it is made when it is missing."""

    code: str
    name_en: str
    name_zh: str
    currency: str
    holidays: str = ""


@dataclass(frozen=True)
class Profile:
    """How to read one kind of file.

    `undated` is when a complaint counts as received whose row holds no usable date. `details` are columns
    that have no place of their own on a case, and are kept on its timeline.
    """

    source: str
    title: str
    language: str
    time_zone: str
    undated: dt.date
    columns: Mapping[str, tuple[str, ...]]
    branch: BranchPlan
    channel: str
    state: str = CaseState.RESOLVED
    outcome: str = Outcome.NOT_RECORDED
    encoding: str = "utf-8"
    delimiter: str = ","
    details: tuple[str, ...] = ()
    date_formats: tuple[str, ...] = ()
    time_formats: tuple[str, ...] = ()
    customer_reference: tuple[str, ...] = ()
    customer_name: tuple[str, ...] = ()
    customer_unnamed: str = "{reference}"
    channels: Choice | None = None
    states: Choice | None = None
    outcomes: Choice | None = None
    failures: Failures | None = None
    zone: ZoneInfo = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "zone", ZoneInfo(self.time_zone))


def profile_names() -> list[str]:
    """The profiles that come with the product."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def load_profile(name: str) -> Profile:
    """A profile by name, or by the path of a `.toml` file. Raises `ProfileProblem`."""
    path = Path(name) if name.endswith(".toml") else FOLDER / f"{name}.toml"
    if path.parent == FOLDER and path.stem not in profile_names():
        raise ProfileProblem(f"There is no profile {name!r}; there are: {', '.join(profile_names())}.")
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ProfileProblem(f"{path} can't be read ({error.strerror}).") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProfileProblem(f"{path} is not valid TOML: {error}.") from error
    try:
        return _profile(data)
    except ProfileProblem as problem:
        raise ProfileProblem(f"{path}: {problem}") from problem
    except KeyError as error:
        raise ProfileProblem(f"{path}: {error.args[0]} is missing.") from error
    except (AttributeError, TypeError, ValueError) as error:
        raise ProfileProblem(f"{path}: {error}.") from error


def _profile(data: dict[str, Any]) -> Profile:
    _only(data, _TOP, "the profile")
    columns = {key: _names(value) for key, value in data["columns"].items()}
    _only(columns, set(COLUMNS), "[columns]")
    if "description" not in columns:
        raise ProfileProblem("[columns] must say where the description is.")
    customer, dates = data.get("customer", {}), data.get("dates", {})
    _only(customer, {"reference", "name", "unnamed"}, "[customer]")
    _only(dates, {"formats", "times"}, "[dates]")
    if type(data["undated"]) is not dt.date:
        raise ProfileProblem("undated must be a date such as 2020-01-31.")
    given = {key: data[key] for key in ("state", "outcome", "encoding", "delimiter") if key in data}
    _among(given.get("state", CaseState.RESOLVED), _STATES, "state")
    _among(given.get("outcome", Outcome.NOT_RECORDED), Outcome.values, "outcome")
    return Profile(
        source=data["source"],
        title=data.get("title", data["source"]),
        language=data["language"],
        time_zone=data["time_zone"],
        undated=data["undated"],
        columns=columns,
        branch=BranchPlan(**data["branch"]),
        channel=_among(data["channel"], Channel.values, "channel"),
        details=_names(data.get("details", [])),
        date_formats=_formats(dates.get("formats", [])),
        time_formats=_formats(dates.get("times", [])),
        customer_reference=_names(customer.get("reference", [])),
        customer_name=_names(customer.get("name", [])),
        customer_unnamed=customer.get("unnamed", "{reference}"),
        channels=_choice(data, "channels", Channel.values),
        states=_choice(data, "states", _STATES),
        outcomes=_choice(data, "outcomes", Outcome.values),
        failures=_failures(data),
        **given,
    )


# Nobody waits for the customer of an imported case: no mail has gone out that could be answered.
_STATES = [CaseState.OPEN.value, CaseState.RESOLVED.value]


def _choice(data: dict[str, Any], key: str, allowed: list[str]) -> Choice | None:
    if key not in data:
        return None
    values = {fold(label): _among(value, allowed, f"[{key}]") for label, value in data[key]["values"].items()}
    return Choice(_names(data[key]["column"]), values)


def _failures(data: dict[str, Any]) -> Failures | None:
    if "failures" not in data:
        return None
    values = {}
    for label, value in data["failures"]["values"].items():
        failure_type = _among(value["type"], FailureType.values, "[failures]")
        values[fold(label)] = Failure(failure_type, value.get("defect", ""))
    return Failures(_names(data["failures"]["column"]), values)


def tells_time(pattern: str) -> bool:
    """Whether a format holds the time of day beside the date."""
    return "%H" in pattern or "%I" in pattern


def _formats(value: str | list[str]) -> tuple[str, ...]:
    patterns = _names(value)
    for pattern in patterns:
        example = dt.datetime(2020, 1, 31, 10, tzinfo=dt.UTC).strftime(pattern)
        try:
            dt.datetime.strptime(example, pattern)  # noqa: DTZ007  # tries the format, no more
        except (ValueError, re.error):
            raise ProfileProblem(f"[dates]: {pattern!r} is no format of dates.") from None
    return patterns


def fold(text: str) -> str:
    """The form in which labels are compared."""
    return " ".join(text.split()).casefold()


def _names(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _among(value: str, allowed: list[str], where: str) -> str:
    if value not in allowed:
        raise ProfileProblem(f"{where}: {value!r} is not one of {', '.join(allowed)}.")
    return value


def _only(found: Mapping[str, object], known: set[str], where: str) -> None:
    if unknown := sorted(set(found) - known):
        raise ProfileProblem(f"{where} does not know {', '.join(unknown)}.")
