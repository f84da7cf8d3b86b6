"""Addresses of compensation at the desk: on the case page, and the inbox of approvals."""

from django.urls import URLPattern, path

from desk.views import approvals, offers

urlpatterns: list[URLPattern] = [
    path("cases/<slug:number>/offers/", offers.propose, name="offer_propose"),
    path("cases/<slug:number>/offers/forecast/", offers.forecast, name="offer_forecast"),
    path("offers/<int:offer_id>/withdraw/", offers.withdraw, name="offer_withdraw"),
    path("offers/<int:offer_id>/fulfil/", offers.fulfil, name="offer_fulfil"),
    path("approvals/", approvals.inbox, name="approvals"),
    path("approvals/<int:offer_id>/approve/", approvals.approve, name="offer_approve"),
    path("approvals/<int:offer_id>/reject/", approvals.reject, name="offer_reject"),
]
