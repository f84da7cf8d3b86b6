"""Who gets into which page of the desk."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec
from urllib.parse import urlsplit

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import HttpResponseClientRefresh

from accounts.models import User
from accounts.states import Capability

P = ParamSpec("P")


class StaffRequest(HttpRequest):
    """A request by someone who has signed in."""

    user: User


Page = Callable[Concatenate[StaffRequest, P], HttpResponseBase]


def staff_required(capability: Capability = Capability.SEE_CASES) -> Callable[[Page[P]], Page[P]]:
    """Let a page be seen only by signed-in staff whose role holds the capability; others get 403."""

    def guard(page: Page[P]) -> Page[P]:
        @wraps(page)
        def guarded(request: StaffRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not _is_signed_in(request):
                return _ask_to_sign_in(request)
            if not request.user.may(capability):
                raise PermissionDenied
            return page(request, *args, **kwargs)

        guarded.capability = capability  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return guard


def form_on(page: str | Callable[..., str], *kept: str, **fixed: object) -> Callable[[Page[P]], Page[P]]:
    """Take what the form of a page sends, and lead whoever opens the form's own address back to that page.

    One gets there by reloading a form that was refused, or from the browser's history. `kept` are arguments
    that the page's address takes as well, `fixed` further ones; where that is too little, `page` is a
    function of the request and the arguments. The page itself decides who sees it.
    """

    def guard(view: Page[P]) -> Page[P]:
        @wraps(view)
        def guarded(request: StaffRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if request.method == "POST":
                return view(request, *args, **kwargs)
            if request.method not in ("GET", "HEAD"):
                return HttpResponseNotAllowed(["POST"])
            if callable(page):
                return redirect(page(request, *args, **kwargs))
            return redirect(reverse(page, kwargs={name: kwargs[name] for name in kept} | fixed))

        return guarded  # type: ignore[return-value]

    return guard


def _is_signed_in(request: HttpRequest) -> bool:
    return request.user.is_authenticated


def _ask_to_sign_in(request: HttpRequest) -> HttpResponseBase:
    """To the sign-in page, and from there back to the page one was on.

    Where a session has ended under an open page, a form's own address would answer with 405, and a part that
    htmx asks for would hold the sign-in page.
    """
    if request.headers.get("HX-Request"):
        return HttpResponseClientRefresh()
    if request.method in ("GET", "HEAD"):
        return redirect_to_login(request.get_full_path())
    came_from = request.headers.get("Referer", "")
    ours = url_has_allowed_host_and_scheme(came_from, {request.get_host()}, require_https=request.is_secure())
    return redirect_to_login(urlsplit(came_from).path if ours else reverse("desk:home"))
