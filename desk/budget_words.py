"""What a budget has left, on every level and at its pace, in words and for bars."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from accounts.models import Branch
from common.days import local_day
from common.money import format_money
from common.punctuation import colon
from common.templatetags.ui import day
from compensation.budget_rules import Burn, burn
from compensation.models import Budget

NEARLY_ALL = Decimal("0.8")


@dataclass(frozen=True, slots=True)
class BudgetView:
    """A budget for a row or a page: how deep it stands below others, its pace, and the bar's tone."""

    budget: Budget
    depth: int
    pace: Burn

    @property
    def percent(self) -> float:
        return float(min(self.pace.share, Decimal(1)) * 100)

    @property
    def tone(self) -> str:
        if self.pace.share > 1:
            return "late"
        return "risk" if self.pace.share >= NEARLY_ALL or self.pace.runs_out_on else ""

    @property
    def forecast(self) -> str:
        return forecast_words(self.budget, self.pace)


def pace_of(budget: Budget, today: dt.date) -> Burn:
    """How fast a budget is used, as of a day."""
    return burn(
        used=budget.used,
        amount=budget.amount,
        starts_on=budget.starts_on,
        ends_on=budget.ends_on,
        today=today,
    )


def budget_views(budgets: Iterable[Budget]) -> list[BudgetView]:
    """Every budget right below the one that it is part of, by branch and day; `branch` should be joined."""
    now = timezone.now()
    rows = sorted(budgets, key=lambda row: (row.branch is not None, row.label, row.starts_on))
    keys = {row.pk for row in rows}
    below: dict[int | None, list[Budget]] = {}
    for row in rows:
        below.setdefault(row.parent_id if row.parent_id in keys else None, []).append(row)

    def walk(parent: int | None, depth: int) -> Iterable[BudgetView]:
        for row in below.get(parent, ()):
            today = local_day(now, row.branch.time_zone) if row.branch else now.date()
            yield BudgetView(row, depth, pace_of(row, today))
            yield from walk(row.pk, depth + 1)

    return list(walk(None, 0))


def budget_words(budget: Budget, branch: Branch) -> SafeString:
    """What is left of a budget and of those above it, and what it comes to at this pace.

    A phone has no room for what does not bind: a budget above that has more left, a pace that lasts.
    """
    today = local_day(timezone.now(), branch.time_zone)
    if budget.closed_at is not None:
        return format_html('<span class="late">{}</span>', _("closed"))
    said = format_html("{}", _left_of(budget))
    above = [
        (
            "hide-s" if not level.closed_at and level.left >= budget.left else "",
            level.label,
            colon(),
            _("closed") if level.closed_at else _left_of(level),
        )
        for level in budget.chain[1:]
    ]
    said += format_html_join("", '<span class="{}"><br><small class="quiet">{}{}{}</small></span>', above)
    pace = pace_of(budget, today)
    if words := forecast_words(budget, pace):
        tone, narrow = ("risk", "") if pace.runs_out_on else ("quiet", "hide-s")
        said += format_html('<span class="{}"><br><small class="{}">{}</small></span>', narrow, tone, words)
    return said


def forecast_words(budget: Budget, pace: Burn) -> str:
    """What the budget comes to at this pace, and when it runs out; "" too early to tell, and at the end."""
    if pace.expected is None or not budget.used or pace.elapsed >= 1:
        return ""
    values = {
        "expected": format_money(pace.expected, budget.currency, whole=True),
        "until": day(budget.ends_on),
        "day": day(pace.runs_out_on),
    }
    if pace.runs_out_on is None:
        return _("at this pace %(expected)s by %(until)s") % values
    return _("at this pace %(expected)s by %(until)s; used up on %(day)s") % values


def _left_of(budget: Budget) -> str:
    left = format_money(budget.left, budget.currency, whole=True)
    total = format_money(budget.amount, budget.currency, whole=True)
    return _("%(left)s of %(total)s") % {"left": left, "total": total}
