"""Named lookups of cases, one for each thing that a screen shows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Left
from django.utils import timezone

from accounts.models import User
from cases.access import visible_cases
from cases.models import (
    NEVER,
    Case,
    Cause,
    Clock,
    Defect,
    PlaybookStep,
    RecoveryStep,
    Resolution,
    TimelineEntry,
)
from cases.rows import CaseRow, read_rows
from cases.states import OPEN_STATES, CaseState, ClockState, StepKind
from common.counting import kept_counts
from common.prepared import prepared
from common.search_text import Lexemes, query_text

PAGE = 25
SOON = dt.timedelta(hours=2)
# Stands in a query for the time at which it is read.
SOME_TIME = dt.datetime(1900, 1, 1, tzinfo=dt.UTC)
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


def queue_filter(view: str, user: User, now: dt.datetime) -> Q:
    """What a view of the queue holds."""
    match view:
        case "mine":
            return _OPEN & Q(owner=user)
        case "soon":
            return Q(state=CaseState.OPEN, due_at__lt=now + SOON)
        case "waiting":
            return Q(state=CaseState.WAITING)
        case "landing":
            return _OPEN & Q(next_step__in=(StepKind.COMPENSATE, StepKind.FOLLOW_UP))
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
    rows = visible_cases(user).filter(queue_filter(view, user, timezone.now()))
    if branch_id is not None:
        rows = rows.filter(branch_id=branch_id)
    if severity is not None:
        rows = rows.filter(severity=severity)
    if failure_type:
        rows = rows.filter(failure_type=failure_type)
    if after:
        moment, key = _read_key(after)
        rows = rows.filter(Q(due_at__gt=moment) | Q(due_at=moment, pk__gt=key)).filter(due_at__gte=moment)
    return _page(rows.order_by("due_at", "pk"), lambda row: f"{row.due_at.timestamp():.6f}_{row.pk}")


def queue_counts(user: User) -> dict[str, int]:
    """How many cases each view holds, bounded."""
    counts = kept_counts(
        ("queue", *user.rights),
        lambda: {
            view: visible_cases(user).filter(queue_filter(view, user, SOME_TIME)) for view in QUEUE_VIEWS
        },
    )
    return counts.read(replaced=(SOME_TIME + SOON, timezone.now() + SOON))


def search_cases(user: User, text: str, *, after: str = "") -> CasePage:
    """Cases whose number, customer, order, product or words match, the newest first."""
    wanted = query_text(text)
    if wanted is None:
        return CasePage([], "")
    rows = visible_cases(user)
    if after:
        rows = rows.filter(pk__lt=int(after))
    keys = _newest_with(rows, wanted, PAGE + 1)
    return _page(Case.objects.filter(pk__in=keys).order_by("-pk"), lambda row: str(row.pk))


# A text that is found in one of this many newest cases in each eighty fills its page from them alone.
_NEWEST = 2000


def _newest_with(rows: QuerySet[Case], wanted: str, limit: int) -> list[int]:
    """Keys of the newest cases whose document matches.

    Words that many cases hold are found by reading from the newest on, others by the index of all words. The
    planner can't tell them apart, as it knows nothing of how often the beginning of a word occurs: so the
    newest cases are read first, and all the others by the index only when those do not fill the page.
    """
    try:
        newest, newest_params = rows.order_by("-pk").values("pk", "search")[:_NEWEST].query.sql_with_params()
        anywhere, params = rows.filter(search=Lexemes(wanted)).order_by().values("pk").query.sql_with_params()
    except EmptyResultSet:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH newest AS MATERIALIZED (
                SELECT pk FROM ({newest}) AS recent WHERE search @@ %s::tsquery LIMIT %s
            ), anywhere AS MATERIALIZED ({anywhere})
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
    rows = Case.objects.filter(pk__in=keys).annotate(beginning=Left("description", most))
    return dict(rows.values_list("pk", "beginning")) if keys else {}


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
    return Case.objects.filter(customer_id=customer_id, received_at__gte=since)[:100].count()


def timeline_of(case: Case) -> list[TimelineEntry]:
    """What was said and done, oldest first."""
    return _timeline(case_id=case.pk)


@prepared
def _timeline(*, case_id: int) -> QuerySet[TimelineEntry]:
    return TimelineEntry.objects.filter(case=case_id).select_related("author").order_by("at", "id")


def with_earlier_resolutions(
    case: Case, timeline: list[TimelineEntry]
) -> Sequence[TimelineEntry | Resolution]:
    """A case's timeline with the decisions that were reopened at their places; the case has the last."""
    if not case.reopened_count:
        return timeline
    earlier = Resolution.objects.filter(case=case, round__lte=case.reopened_count).select_related("cause")
    return sorted([*timeline, *earlier], key=lambda told: told.at)


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


def causes() -> list[Cause]:
    """Every active cause, in order."""
    return list(Cause.objects.filter(is_active=True))


def _page(cases: QuerySet[Case], key: Callable[[CaseRow], str]) -> CasePage:
    found = read_rows(cases, PAGE + 1)
    more = len(found) > PAGE
    return CasePage(found[:PAGE], key(found[PAGE - 1]) if more else "")


def _read_key(after: str) -> tuple[dt.datetime, int]:
    """Read a key of the queue. Raises `ValueError` when someone made it up."""
    moment, _, key = after.partition("_")
    return min(dt.datetime.fromtimestamp(float(moment), dt.UTC), NEVER), int(key)


def own_open_cases(user: User) -> QuerySet[Case]:
    """The open cases that a person owns."""
    return Case.objects.filter(_OPEN, owner=user)


def open_cases(user: User) -> QuerySet[Case]:
    """The open cases that a person may see."""
    return visible_cases(user).filter(_OPEN)
