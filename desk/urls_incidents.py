"""Addresses of incidents at the desk: declaring one, who is affected, and its remedy."""

from django.urls import URLPattern, path

from desk.views import incidents, remedies

urlpatterns: list[URLPattern] = [
    path("incidents/", incidents.incidents, name="incidents"),
    path("incidents/new/", incidents.declare, name="incident_new"),
    path("incidents/<slug:number>/", incidents.affected, name="incident"),
    path("incidents/<slug:number>/add/", incidents.add, name="incident_add"),
    path("incidents/<slug:number>/resolve/", incidents.resolve, name="incident_resolve"),
    path("incidents/<slug:number>/customers/<int:row_id>/", incidents.change, name="incident_change"),
    path("incidents/<slug:number>/remedy/", remedies.remedy, name="incident_remedy"),
    path("incidents/<slug:number>/remedy/propose/", remedies.propose, name="remedy_propose"),
    path("incidents/<slug:number>/remedy/decide/", remedies.decide, name="remedy_decide"),
    path("incidents/<slug:number>/remedy/reply/", remedies.reply, name="remedy_reply"),
    path("incidents/<slug:number>/remedy/run/", remedies.steer, name="remedy_steer"),
    path("incidents/<slug:number>/progress/", remedies.progress, name="incident_progress"),
]
