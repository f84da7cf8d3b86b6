"""Insights into budgets: how much of each is used, where its pace leads, and the offers that stand on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.states import Capability
from common.money import in_currency
from compensation.budget_queries import visible_budgets
from compensation.models import Budget
from desk.access import StaffRequest, staff_required
from desk.budget_words import BudgetView, budget_views
from desk.forms.compensation_insights import BudgetsForm
from desk.looking import Links, MoneyLooking
from insights.burning import burned
from insights.compensation_charts import budget_chart
from insights.compensation_queries import Total, on_budgets
from insights.courses import Chart


@dataclass(frozen=True)
class BudgetRow:
    """A budget, and the offers that stand on it, for whoever may see all of them.

    What is used and is not of offers is held for the remedies of incidents.
    """

    view: BudgetView
    offers: Total | None
    url: str
    shown: bool

    @property
    def held(self) -> Decimal:
        return self.view.budget.used - self.offers.amount if self.offers else Decimal(0)


@staff_required(Capability.SEE_INSIGHTS)
def budgets_page(request: StaffRequest) -> HttpResponse:
    """The budgets of a period and currency, and one of them as time goes on."""
    looking = MoneyLooking.at(request, BudgetsForm)
    views = _views(request.user, looking)
    shown = _shown(looking, views)
    context = {
        **looking.context(),
        "rows": _rows(request.user, looking, views, shown),
        "shown": shown,
        "chart": _chart(shown.budget, shown, looking) if shown else None,
        "rest": urlencode(looking.links.query),
    }
    return render(request, "desk/insights/budgets.html", context)


@staff_required(Capability.SEE_INSIGHTS)
def budgets_file(request: StaffRequest, kind: str) -> HttpResponseBase:
    """The budgets of that page as a file for a spreadsheet."""
    looking = MoneyLooking.at(request, BudgetsForm)
    views = _views(request.user, looking)
    return looking.file(kind, _lines(_rows(request.user, looking, views, None)), "budgets")


def _views(user: User, looking: MoneyLooking) -> list[BudgetView]:
    """The budgets whose time overlaps the period, of the chosen branch and of those above it."""
    period, branch = looking.selection.period, looking.form.chosen_branch
    budgets = visible_budgets(user).filter(
        currency=looking.selection.currency, starts_on__lte=period.last, ends_on__gte=period.first
    )
    if branch is not None:
        budgets = budgets.filter(Q(branch=branch) | Q(branch=None))
    return budget_views(budgets)


def _shown(looking: MoneyLooking, views: list[BudgetView]) -> BudgetView | None:
    """The budget that was asked for, else the first that is not over."""
    wanted = looking.form.cleaned_data.get("budget")
    today = looking.selection.period.now.date()
    asked = [view for view in views if view.budget.pk == wanted]
    running = [view for view in views if view.budget.ends_on >= today]
    return next(iter([*asked, *running, *views]), None)


def _rows(
    user: User, looking: MoneyLooking, views: list[BudgetView], shown: BudgetView | None
) -> list[BudgetRow]:
    # Of a budget above branches, only those who see every branch can see every offer.
    whole = [view.budget for view in views if user.branch_ids is None or view.budget.branch_id]
    totals = on_budgets([budget.pk for budget in whole])
    links = Links({"currency": looking.selection.currency}, "desk:insights_offers")
    return [
        BudgetRow(
            view,
            totals.get(view.budget.pk, Total()) if view.budget in whole else None,
            links.to("on_budget", budget=view.budget.pk),
            view is shown,
        )
        for view in views
    ]


def _chart(budget: Budget, view: BudgetView, looking: MoneyLooking) -> Chart:
    zone = budget.branch.time_zone if budget.branch else "UTC"
    burn = burned(budget, view.pace, time_zone=zone, now=looking.selection.period.now)
    return budget_chart(burn, budget.label, budget.currency)


def _lines(rows: list[BudgetRow]) -> Iterator[list[object]]:
    yield [
        _("Budget"), _("Currency"), _("From"), _("To"), _("Amount"), _("Reserved"), _("Spent"), _("Left"),
        _("Used, percent"), _("Time gone, percent"), _("Expected by the end"), _("Used up on"), _("Offers"),
    ]  # fmt: skip
    for row in rows:
        budget, pace = row.view.budget, row.view.pace
        sums = (budget.amount, budget.reserved, budget.committed, budget.left)
        amount, reserved, spent, left = (in_currency(each, budget.currency) for each in sums)
        expected = in_currency(pace.expected, budget.currency)
        yield [
            "  " * row.view.depth + budget.label, budget.currency, budget.starts_on, budget.ends_on,
            amount, reserved, spent, left, round(pace.share * 100, 1),
            round(pace.elapsed * 100, 1), expected, pace.runs_out_on, row.offers.n if row.offers else None,
        ]  # fmt: skip
