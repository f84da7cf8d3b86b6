"""Customers' addresses: a link with a token is the only key."""

from django.urls import path

from portal.views import survey, track, voucher

app_name = "portal"
urlpatterns = [
    path("survey/<slug:token>/", survey.survey, name="survey"),
    path("survey/<slug:token>/thanks/", survey.thanks, name="survey_thanks"),
    path("track/<slug:token>/", track.track, name="track"),
    path("voucher/<slug:token>/", voucher.voucher, name="voucher"),
]
