"""Which part of the product answers which address."""

from django.urls import include, path
from django.views.generic import RedirectView

from recovery import health

urlpatterns = [
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("", include("portal.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("", RedirectView.as_view(pattern_name="desk:home"), name="root"),
    path("desk/", include("desk.urls")),
    path("api/v1/", include("api.urls")),
]
