"""Addresses of compensation at the desk: on the case page, and the inbox of approvals."""

from django.urls import URLPattern, path

from desk.views import approval_batch, approvals, decision_links, offers

urlpatterns: list[URLPattern] = [
    path("cases/<slug:number>/offers/", offers.propose, name="offer_propose"),
    path("cases/<slug:number>/offers/forecast/", offers.forecast, name="offer_forecast"),
    path("offers/<int:offer_id>/submit/", offers.submit, name="offer_submit"),
    path("offers/<int:offer_id>/offer/", offers.offer_out, name="offer_out"),
    path("offers/<int:offer_id>/answer/", offers.answer, name="offer_answer"),
    path("offers/<int:offer_id>/fail/", offers.fail, name="offer_fail"),
    path("offers/<int:offer_id>/claw-back/", offers.claw_back, name="offer_claw_back"),
    path("offers/<int:offer_id>/withdraw/", offers.withdraw, name="offer_withdraw"),
    path("offers/<int:offer_id>/recall/", offers.recall, name="offer_recall"),
    path("offers/<int:offer_id>/fulfil/", offers.fulfil, name="offer_fulfil"),
    path("approvals/", approvals.inbox, name="approvals"),
    path("approvals/batch/", approval_batch.decide_many, name="offers_decide"),
    path("approvals/link/<str:token>/", decision_links.open_decision, name="decision_link"),
    path("approvals/<int:offer_id>/approve/", approvals.approve, name="offer_approve"),
    path("approvals/<int:offer_id>/reject/", approvals.reject, name="offer_reject"),
    path("approvals/<int:offer_id>/ask/", approvals.ask, name="offer_ask"),
]
