"""Addresses of the kinds of compensation in the settings."""

from django.urls import URLPattern, path

from desk.views import kinds

urlpatterns: list[URLPattern] = [
    path("settings/kinds/new/", kinds.compensation_kind_new, name="compensation_kind_new"),
    path("settings/kinds/<slug:code>/stock/", kinds.compensation_kind_stock, name="compensation_kind_stock"),
    path("settings/kinds/<slug:code>/", kinds.compensation_kind_edit, name="compensation_kind_edit"),
]
