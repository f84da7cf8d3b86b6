"""Addresses of policies of compensation, under settings."""

from django.urls import URLPattern, path

from desk.views import policies

_VERSION = "settings/policies/versions/<int:version_id>/"

urlpatterns: list[URLPattern] = [
    path("settings/policies/new/", policies.policy_new, name="policy_new"),
    path("settings/policies/<int:policy_id>/draft/", policies.draft_new, name="policy_draft"),
    path(_VERSION, policies.version_page, name="policy_version"),
    path(_VERSION + "publish/", policies.version_publish, name="policy_publish"),
    path(_VERSION + "retire/", policies.version_retire, name="policy_retire"),
    path(_VERSION + "try/", policies.version_try, name="policy_try"),
    path(_VERSION + "replay/", policies.version_replay, name="policy_replay"),
    path(_VERSION + "rules/<int:number>/", policies.rule_edit, name="policy_rule"),
    path(_VERSION + "rules/<int:number>/move/", policies.rule_move, name="policy_rule_move"),
    path(_VERSION + "rules/<int:number>/remove/", policies.rule_remove, name="policy_rule_remove"),
]
