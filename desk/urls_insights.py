"""Addresses of the insights pages."""

from django.urls import URLPattern, path

from desk.downloads import file_paths
from desk.views import budget_insights, insights
from desk.views import compensation_insights as money

urlpatterns: list[URLPattern] = [
    path("insights/", insights.dashboard_page, name="insights"),
    *file_paths("insights/figures", insights.dashboard_file, "insights"),
    path("insights/cases/", insights.cases_page, name="insights_cases"),
    *file_paths("insights/cases", insights.cases_file, "insights_cases"),
    path("insights/compensation/", money.compensation_page, name="insights_compensation"),
    *file_paths("insights/compensation", money.compensation_file, "insights_compensation"),
    path("insights/fairness/", money.fairness_page, name="insights_fairness"),
    *file_paths("insights/fairness", money.fairness_file, "insights_fairness"),
    path("insights/decisions/", money.decisions_page, name="insights_decisions"),
    *file_paths("insights/decisions", money.decisions_file, "insights_decisions"),
    path("insights/budgets/", budget_insights.budgets_page, name="insights_budgets"),
    *file_paths("insights/budgets", budget_insights.budgets_file, "insights_budgets"),
    path("insights/offers/", money.offers_page, name="insights_offers"),
    *file_paths("insights/offers", money.offers_file, "insights_offers"),
]
