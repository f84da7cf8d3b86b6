"""Customers' addresses: a link with a token is the only key."""

from django.urls import path

from portal.views import survey, track

app_name = "portal"
urlpatterns = [
    path("survey/<slug:token>/", survey.survey, name="survey"),
    path("survey/<slug:token>/thanks/", survey.thanks, name="survey_thanks"),
    path("track/<slug:token>/", track.track, name="track"),
]
