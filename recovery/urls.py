"""Which part of the product answers which address."""

from allauth.account.urls import urlpatterns as account_urls
from django.urls import include, path
from django.views.generic import RedirectView

from recovery import health

# An administrator changes addresses: allauth's own pages would do it past our checks and the audit trail.
ADDRESS_PAGES = {"account_email", "account_email_verification_sent", "account_confirm_email"}

urlpatterns = [
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("accounts/", include([page for page in account_urls if page.name not in ADDRESS_PAGES])),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("", include("portal.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("", RedirectView.as_view(pattern_name="desk:home"), name="root"),
    path("desk/", include("desk.urls")),
    path("api/v1/", include("api.urls")),
]
