"""The policies in force, as the settings show them: read only, newest first where dates decide."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Prefetch, Q
from django.utils import timezone
from django.utils.translation import get_language

from accounts.models import Authority, Branch, Team, User
from accounts.states import Role
from cases.models import Cause, Defect, Playbook, PlaybookStep
from cases.states import StepKind
from common.punctuation import listed
from compensation.models import Budget
from desk.budget_words import BudgetView, budget_views
from feedback.models import Instrument, Item
from messaging.models import Script
from sla.models import BranchCalendar, Calendar, CalendarDay, Target
from sla.queries import SpecialDays, in_rows
from sla.states import Metric, Severity

WEEK = range(7)
MOST_SPECIAL = 6


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """Days of a week that share the same hours; both are words for the page."""

    days: str
    hours: str


@dataclass(frozen=True, slots=True)
class CalendarView:
    """A calendar, its hours in lines, who works by it, its next special days and how many more there are."""

    calendar: Calendar
    lines: list[OpeningHours]
    branches: list[Branch]
    special: list[SpecialDays]
    more: int


def people() -> list[User]:
    """Everybody with an account, those who may sign in first."""
    people = User.objects.select_related("team").prefetch_related("branches")
    return list(people.order_by("-is_active", "name", "pk"))


def branches() -> list[tuple[Branch, Calendar | None]]:
    """Every branch with the calendar that it works by, those that take complaints first."""
    held = {row.branch_id: row.calendar for row in BranchCalendar.objects.select_related("calendar")}
    return [(branch, held.get(branch.pk)) for branch in Branch.objects.order_by("-is_active", "code")]


def teams() -> list[tuple[Team, int]]:
    """Every team, those in use first by branch, and how many people are in it."""
    counted = Count("members", filter=Q(members__is_active=True))
    rows = Team.objects.select_related("branch").annotate(people=counted)
    rows = rows.order_by("-is_active", "branch__code", "name_en")
    return [(team, team.people) for team in rows]


def calendars(day_names: Iterable[str], closed: str) -> list[CalendarView]:
    """Every calendar; `day_names` from Monday on."""
    names = list(day_names)
    users: dict[int, list[Branch]] = {}
    for row in BranchCalendar.objects.select_related("branch").order_by("branch__code"):
        users.setdefault(row.calendar_id, []).append(row.branch)
    coming = CalendarDay.objects.filter(date__gte=timezone.localdate()).order_by("date")
    found = Calendar.objects.prefetch_related(Prefetch("days", coming)).order_by("code")
    return [
        CalendarView(
            calendar,
            opening_hours(calendar.week, names, closed),
            users.get(calendar.pk, []),
            special[:MOST_SPECIAL],
            max(0, len(special) - MOST_SPECIAL),
        )
        for calendar, special in ((calendar, in_rows(calendar.days.all())) for calendar in found)
    ]


def opening_hours(week: dict[str, list[list[str]]], day_names: list[str], closed: str) -> list[OpeningHours]:
    """A week in as few lines as it takes: days in a row with the same hours share one."""
    lines: list[tuple[list[int], str]] = []
    for day in WEEK:
        spans = listed("–".join(pair) for pair in week.get(str(day), [])) or closed
        if lines and lines[-1][1] == spans:
            lines[-1][0].append(day)
        else:
            lines.append(([day], spans))
    return [
        OpeningHours("–".join(dict.fromkeys((day_names[days[0]], day_names[days[-1]]))), spans)
        for days, spans in lines
    ]


def targets_in_force(on: dt.date) -> list[tuple[Severity, list[int | None]]]:
    """For each severity the business minutes of every clock, in the order of `Metric`."""
    minutes: dict[tuple[int, str], int] = {}
    for row in Target.objects.filter(valid_from__lte=on).order_by("valid_from"):
        minutes[row.severity, row.metric] = row.minutes
    return [(severity, [minutes.get((severity, metric)) for metric in Metric]) for severity in Severity]


def authority_in_force(on: dt.date) -> list[tuple[str, list[tuple[Role, Authority]]]]:
    """For each currency the limits of the roles that have any, the smallest first."""
    newest: dict[tuple[str, str], Authority] = {}
    for row in Authority.objects.of_roles().filter(valid_from__lte=on).order_by("valid_from"):
        newest[row.currency, row.role] = row
    found: dict[str, list[tuple[Role, Authority]]] = {}
    for (currency, role), row in sorted(newest.items(), key=lambda item: (item[0][0], item[1].per_case)):
        found.setdefault(currency, []).append((Role(role), row))
    return list(found.items())


def budgets_in_force() -> list[BudgetView]:
    """The budgets of these days and those to come, each below what it is part of.

    Each has a day of grace, for branches in other time zones.
    """
    yesterday = timezone.now().date() - dt.timedelta(days=1)
    rows = Budget.objects.filter(ends_on__gte=yesterday)
    return budget_views(rows.select_related("branch", "team").order_by("branch__code", "starts_on"))


def taxonomy() -> tuple[list[Defect], list[Cause]]:
    """Families of defects with their `kinds` read, and causes."""
    kinds = Prefetch("kinds", Defect.objects.order_by("position", "pk"))
    families = Defect.objects.filter(family__isnull=True).prefetch_related(kinds).order_by("position", "pk")
    return list(families), list(Cause.objects.order_by("position", "pk"))


def playbooks() -> list[tuple[Playbook, list[tuple[str, str]]]]:
    """Every playbook with its steps: (name, guidance in the reader's language)."""
    zh = (get_language() or "").startswith("zh")
    steps = Prefetch("steps", PlaybookStep.objects.order_by("position"))
    return [
        (
            book,
            [
                (str(StepKind(step.kind).label), step.hint_zh if zh else step.hint_en)
                for step in book.steps.all()
            ],
        )
        for book in Playbook.objects.prefetch_related(steps).order_by("failure_type", "code")
    ]


def scripts() -> list[tuple[Script, str]]:
    """Every script in every language, with the name of the step that it belongs to."""
    known = dict(StepKind.choices)
    return [(row, str(known.get(row.step, ""))) for row in Script.objects.order_by("code", "language")]


def questionnaire() -> Instrument | None:
    """The questionnaire that is sent, with its questions read."""
    items = Prefetch("items", Item.objects.order_by("position"))
    return Instrument.objects.filter(is_active=True).prefetch_related(items).first()
