"""Named lookups of cases, one for each thing that a screen shows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Left
from django.utils import timezone

from accounts.models import User
from accounts.states import Capability
from cases.access import cases_of_branches, visible_cases
from cases.models import (
    NEVER,
    Case,
    Cause,
    Clock,
    Defect,
    PlaybookStep,
    RecoveryStep,
)
from cases.rows import CaseRow, as_rows
from cases.states import LANDING_STEPS, OPEN_STATES, CaseState, ClockState
from common.counting import kept_counts
from common.prepared import prepared
from common.search_text import Lexemes, query_text

PAGE = 25
SOON = dt.timedelta(hours=2)
LONGEST_KEY = 18  # digits of a bigint
_OPEN = Q(state__in=OPEN_STATES)


@dataclass(frozen=True)
class CasePage:
    """A stretch of a list; `after` is the key of the row to go on from, "" at the end."""

    rows: list[CaseRow]
    after: str


def playbook_steps(failure_type: str) -> list[str]:
    """Kinds of the steps, in order, of the active playbook for a failure type, or else of the general one."""
    found: dict[str, list[str]] = {}
    for kind_of_failure, kind in _playbook_kinds(failure_type):
        found.setdefault(kind_of_failure, []).append(kind)
    return found.get(failure_type) or found.get("") or []


def _steps_in_force(failure_type: str) -> QuerySet[PlaybookStep]:
    return PlaybookStep.objects.filter(
        playbook__is_active=True, playbook__failure_type__in=(failure_type, "")
    )


@prepared
def _playbook_kinds(failure_type: str) -> QuerySet[PlaybookStep, tuple[str, str]]:
    steps = _steps_in_force(failure_type).order_by("-playbook__failure_type", "position")
    return steps.values_list("playbook__failure_type", "kind")


def playbook_hints(failure_type: str) -> dict[str, PlaybookStep]:
    """The steps of the playbook in force with their guidance, by kind."""
    return {step.kind: step for step in _hinting_steps(failure_type)}


@prepared
def _hinting_steps(failure_type: str) -> QuerySet[PlaybookStep]:
    return _steps_in_force(failure_type).order_by("playbook__failure_type")


QUEUE_VIEWS = ("open", "mine", "soon", "waiting", "landing")


def _queue_filter(view: str, owner_id: int | None, soon: dt.datetime | None) -> Q:
    """What a view of the queue holds; of the last two each view reads what it needs."""
    match view:
        case "mine":
            return _OPEN & Q(owner=owner_id)
        case "soon":
            return Q(state=CaseState.OPEN, due_at__lt=soon)
        case "waiting":
            return Q(state=CaseState.WAITING)
        case "landing":
            return _OPEN & Q(next_step__in=LANDING_STEPS)
        case _:
            return _OPEN


def queue(
    user: User,
    view: str,
    *,
    branch_id: int | None = None,
    severity: int | None = None,
    failure_type: str = "",
    after: str = "",
) -> CasePage:
    """Open cases, the most urgent first. `after` goes on from a key that an earlier page gave."""
    if not user.may(Capability.SEE_CASES):
        return CasePage([], "")
    values: dict[str, Any] = {}
    if view == "mine":
        values["owner_id"] = user.pk
    elif view == "soon":
        values["soon"] = timezone.now() + SOON
    if branch_id is not None:
        values["branch_id"] = branch_id
    if after:
        values["moment"], values["key"] = _read_key(after)
    found = _queued(user.branch_ids, view, severity, failure_type, **values)
    return _page(found, lambda row: f"{row.due_at.timestamp():.6f}_{row.pk}")


@prepared
def _queued(
    branch_ids: frozenset[int] | None,
    view: str,
    severity: int | None,
    failure_type: str,
    *,
    owner_id: int | None = None,
    soon: dt.datetime | None = None,
    branch_id: int | None = None,
    moment: dt.datetime | None = None,
    key: int | None = None,
) -> QuerySet[Case, tuple[Any, ...]]:
    rows = cases_of_branches(branch_ids).filter(_queue_filter(view, owner_id, soon))
    if branch_id is not None:
        rows = rows.filter(branch=branch_id)
    if severity is not None:
        rows = rows.filter(severity=severity)
    if failure_type:
        rows = rows.filter(failure_type=failure_type)
    if moment is not None:
        rows = rows.filter(Q(due_at__gt=moment) | Q(due_at=moment, pk__gt=key)).filter(due_at__gte=moment)
    return as_rows(rows.order_by("due_at", "pk"))[: PAGE + 1]


def queue_counts(user: User) -> dict[str, int]:
    """How many cases each view holds, bounded."""

    def rows(owner_id: int, soon: dt.datetime) -> dict[str, QuerySet[Case]]:
        return {view: visible_cases(user).filter(_queue_filter(view, owner_id, soon)) for view in QUEUE_VIEWS}

    return kept_counts(("queue", *user.rights), rows, owner_id=user.pk, soon=timezone.now() + SOON)


def search_cases(user: User, text: str, *, after: str = "") -> CasePage:
    """Cases whose number, customer, order, product or words match, the newest first."""
    wanted = query_text(text)
    if wanted is None:
        return CasePage([], "")
    if not user.may(Capability.SEE_CASES):
        return CasePage([], "")
    keys = _newest_with(user.branch_ids, wanted, before=int(after) if after else None)
    return _page(_with_keys(keys=keys), lambda row: str(row.pk))


@prepared
def _with_keys(*, keys: list[int]) -> QuerySet[Case, tuple[Any, ...]]:
    return as_rows(Case.objects.filter(pk__among=keys).order_by("-pk"))


# A text that is found in one of this many newest cases in each eighty fills its page from them alone.
_NEWEST = 2000


@prepared
def _newest(branch_ids: frozenset[int] | None, *, before: int | None = None) -> QuerySet[Case, Any]:
    rows = cases_of_branches(branch_ids)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return rows.order_by("-pk").values_list("pk", "search")[:_NEWEST]


@prepared
def _anywhere(
    branch_ids: frozenset[int] | None, *, wanted: str, before: int | None = None
) -> QuerySet[Case, int]:
    rows = cases_of_branches(branch_ids).filter(search=Lexemes(wanted))
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return rows.order_by().values_list("pk", flat=True)


def _newest_with(branch_ids: frozenset[int] | None, wanted: str, *, before: int | None) -> list[int]:
    """Keys of the newest cases whose document matches, one more than a page shows.

    Words that many cases hold are found by reading from the newest on, others by the index of all words. The
    planner can't tell them apart, as it knows nothing of how often the beginning of a word occurs: so the
    newest cases are read first, and all the others by the index only when those do not fill the page.
    """
    older = {} if before is None else {"before": before}
    recent, everything = _newest.sql(branch_ids, **older), _anywhere.sql(branch_ids, wanted=wanted, **older)
    if recent is None or everything is None:
        return []
    newest, newest_params = recent
    anywhere, params = everything
    limit = PAGE + 1
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH newest AS MATERIALIZED (
                SELECT pk FROM ({newest}) AS recent (pk, search) WHERE search @@ %s::tsquery LIMIT %s
            ), anywhere (pk) AS MATERIALIZED ({anywhere})
            SELECT pk FROM newest
            UNION SELECT pk FROM anywhere WHERE (SELECT count(*) FROM newest) < %s
            ORDER BY pk DESC LIMIT %s
            """,  # noqa: S608  # compiled by Django, values apart
            [*newest_params, wanted, limit, *params, limit, limit],
        )
        return [key for (key,) in cursor.fetchall()]


def descriptions_of(cases: Iterable[CaseRow], *, most: int = 4000) -> dict[int, str]:
    """The beginnings of what customers said in these cases; lists of cases leave the long texts out."""
    keys = [case.pk for case in cases]
    return dict(_beginnings(most, keys=keys)) if keys else {}


@prepared
def _beginnings(most: int, *, keys: list[int]) -> QuerySet[Case, tuple[int, str]]:
    return Case.objects.filter(pk__among=keys).values_list("pk", Left("description", most))


# What rows show of a case and of what is joined to it: long rows with many columns are slow to read.
_OF_A_ROW = (
    *("number", "customer_id", "branch_id", "state", "summary", "product", "order_reference", "received_at"),
    *(
        "language",
        "failure_type",
        "defect_id",
        "severity",
        "cues",
        "owner_id",
        "due_at",
        "due_metric",
        "next_step",
    ),
    *("low_score", "reopened_count", "external_reference"),
    *("customer__name", "customer__tier", "owner__name", "branch__name_en", "branch__name_zh"),
    *("defect__name_en", "defect__name_zh"),
)


def for_rows(cases: QuerySet[Case]) -> QuerySet[Case]:
    """The same cases with what a row of a page's list shows, and nothing else."""
    return cases.select_related("customer", "owner", "branch", "defect").only(*_OF_A_ROW)


def for_list(cases: QuerySet[Case]) -> QuerySet[Case]:
    """The same cases with what a row of a list shows already joined, and no long texts."""
    return cases.select_related("customer", "owner", "branch", "defect").defer(
        "search", "description", "suggestion", "resolution", "customer__search"
    )


def cases_of_customer(user: User, customer_id: int, *, limit: int = PAGE) -> list[Case]:
    """A customer's cases that this person may see, the newest first."""
    rows = for_rows(visible_cases(user).filter(customer_id=customer_id)).order_by("-received_at", "-pk")
    return list(rows[:limit])


def complaint_counts(customer_ids: Iterable[int]) -> dict[int, tuple[int, int]]:
    """For each customer (open complaints, all complaints), over every branch."""
    counted = _complaints(customer_ids=list(customer_ids))
    return {customer_id: (open_now, ever) for customer_id, open_now, ever in counted}


@prepared
def _complaints(*, customer_ids: list[int]) -> QuerySet[Case, tuple[int, int, int]]:
    rows = Case.objects.filter(customer__among=customer_ids).order_by().values("customer_id")
    return rows.annotate(open_now=Count("pk", filter=_OPEN), ever=Count("pk")).values_list(
        "customer_id", "open_now", "ever"
    )


def recent_complaints(customer_id: int, *, days: int = 365) -> int:
    """How often this customer complained in the last days, up to 100."""
    since = timezone.now() - dt.timedelta(days=days)
    return len(_recent(customer_id=customer_id, since=since))


@prepared
def _recent(*, customer_id: int, since: dt.datetime) -> QuerySet[Case, int]:
    rows = Case.objects.filter(customer=customer_id, received_at__gte=since).order_by()
    return rows.values_list("pk", flat=True)[:100]


def steps_of(case: Case) -> list[RecoveryStep]:
    """The recovery steps in order, with who finished them."""
    return _steps(case_id=case.pk)


@prepared
def _steps(*, case_id: int) -> QuerySet[RecoveryStep]:
    return RecoveryStep.objects.filter(case=case_id).select_related("by").order_by("position")


def clocks_of(case: Case) -> list[Clock]:
    """The latest clock of each metric, with its calendar."""
    return list({clock.metric: clock for clock in _clocks(case_id=case.pk)}.values())


@prepared
def _clocks(*, case_id: int) -> QuerySet[Clock]:
    return Clock.objects.filter(case=case_id).select_related("calendar").order_by("round")


def clocks_for(cases: Iterable[Case]) -> dict[int, Clock]:
    """For each case of a list, the running clock that is due first."""
    rows = Clock.objects.filter(case__in=[case.pk for case in cases], state=ClockState.RUNNING).order_by(
        "-due_at"
    )
    return {clock.case_id: clock for clock in rows.select_related("calendar")}


def defects() -> list[Defect]:
    """Every active kind of defect with its family, in order."""
    return list(
        Defect.objects.filter(is_active=True, family__isnull=False)
        .select_related("family")
        .order_by("family__position", "position")
    )


def defect_by_key(key: int) -> Defect | None:
    """The defect with that key, retired ones too."""
    return _defect.first(key=key)


@prepared
def _defect(*, key: int) -> QuerySet[Defect]:
    return Defect.objects.filter(pk=key)


def causes() -> list[Cause]:
    """Every active cause, in order."""
    return list(Cause.objects.filter(is_active=True))


def _page(rows: list[tuple[Any, ...]], key: Callable[[CaseRow], str]) -> CasePage:
    found = [CaseRow._make(row) for row in rows[:PAGE]]
    return CasePage(found, key(found[-1]) if len(rows) > PAGE else "")


def _read_key(after: str) -> tuple[dt.datetime, int]:
    """Read a key of the queue. Raises `ValueError` when someone made it up."""
    moment, _, key = after.partition("_")
    if len(key) > LONGEST_KEY:
        raise ValueError("not a key")
    return min(dt.datetime.fromtimestamp(float(moment), dt.UTC), NEVER), int(key)


def own_open_cases(user: User) -> QuerySet[Case]:
    """The open cases that a person owns."""
    return Case.objects.filter(_OPEN, owner=user)


def open_cases(user: User) -> QuerySet[Case]:
    """The open cases that a person may see."""
    return visible_cases(user).filter(_OPEN)
