"""Customers' addresses: a link with a token is the only key."""

from django.urls import path

from portal.views import survey, track

app_name = "portal"
urlpatterns = [
    path("survey/<str:token>/", survey.survey, name="survey"),
    path("survey/<str:token>/thanks/", survey.thanks, name="survey_thanks"),
    path("track/<str:token>/", track.track, name="track"),
]
