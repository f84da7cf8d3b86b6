"""Who gets into which page of the desk."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase

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
        @login_required
        @wraps(page)
        def guarded(request: StaffRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.may(capability):
                raise PermissionDenied
            return page(request, *args, **kwargs)

        guarded.capability = capability  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return guard
