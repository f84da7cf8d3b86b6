"""Addresses of the insights pages."""

from django.urls import URLPattern, path

from desk.views import insights

urlpatterns: list[URLPattern] = [
    path("insights/", insights.dashboard_page, name="insights"),
    path("insights/figures.csv", insights.dashboard_csv, name="insights_csv"),
    path("insights/cases/", insights.cases_page, name="insights_cases"),
    path("insights/cases.csv", insights.cases_csv, name="insights_cases_csv"),
]
