"""Addresses of budgets in the settings."""

from django.urls import URLPattern, path

from desk.views import budgets

urlpatterns: list[URLPattern] = [
    path("settings/budgets/new/", budgets.budget_new, name="budget_new"),
    path("settings/budgets/<int:budget_id>/", budgets.budget_page, name="budget"),
    path("settings/budgets/<int:budget_id>/change/", budgets.budget_edit, name="budget_edit"),
    path("settings/budgets/<int:budget_id>/carry-over/", budgets.budget_carry, name="budget_carry"),
    path("settings/budgets/<int:budget_id>/close/", budgets.budget_close, name="budget_close"),
]
