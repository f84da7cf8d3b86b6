"""Addresses of routes of approval and of special limits in the settings."""

from django.urls import URLPattern, path

from desk.views import chains

urlpatterns: list[URLPattern] = [
    path("settings/limits/new/", chains.special_limit_new, name="special_limit_new"),
    path("settings/limits/<int:limit_id>/end/", chains.special_limit_end, name="special_limit_end"),
    path("settings/routes/new/", chains.route_new, name="route_new"),
    path("settings/routes/<int:route_id>/change/", chains.route_change, name="route_change"),
    path("settings/routes/<int:route_id>/end/", chains.route_end, name="route_end"),
]
