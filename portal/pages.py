"""What all pages behind a token share: no store, no index, no referrer, and the customer's language."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _

View = Callable[[HttpRequest, str], HttpResponse]


def token_page(view: View) -> View:
    """Keep a page that a token opens out of caches, search engines and other sites' logs."""

    @wraps(view)
    def wrapped(request: HttpRequest, token: str) -> HttpResponse:
        response = view(request, token)
        response["Cache-Control"] = "no-store, private"
        response["X-Robots-Tag"] = "noindex, nofollow"
        # Not "no-referrer": browsers then send "Origin: null" with the form, and the CSRF check refuses that.
        response["Referrer-Policy"] = "same-origin"
        return response

    return wrapped


def speak(request: HttpRequest, language: str) -> None:
    """Answer in the customer's language unless this visitor has chosen one with the switch."""
    if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
        translation.activate(language)
        request.LANGUAGE_CODE = language


def not_found(request: HttpRequest) -> HttpResponse:
    """The one answer to every token that opens nothing, whatever the reason."""
    title = _("This link leads nowhere")
    text = _(
        "It may have been cut short on its way. Please open it once more from our e-mail, "
        "or copy the whole of it."
    )
    said = {"title": title, "sign": "link-off", "text": text, "brand_name": settings.ORGANISATION_NAME}
    return render(request, "portal/note.html", said, status=HTTPStatus.NOT_FOUND)
