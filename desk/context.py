"""What every page of the desk shows around its content: counts in the rail, and whether this is a demo."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from accounts.models import User
from accounts.states import Capability
from cases.queries import COUNT_LIMIT, own_open_count, queue_count
from compensation.queries import waiting_count
from feedback.queries import open_follow_ups
from messaging.queries import unread_count


def desk(request: HttpRequest) -> dict[str, Any]:
    """`demo_mode`, and for signed-in staff `rail`: counted only when a template asks for it."""
    context: dict[str, Any] = {"demo_mode": settings.DEMO}
    user = getattr(request, "user", None)
    if isinstance(user, User) and user.is_authenticated and request.path.startswith("/desk/"):
        context["rail"] = rail_of(user)
    return context


def rail_of(user: User) -> dict[str, Any]:
    """Counts beside the entries of the rail; a large one is shown as "999+"."""
    follow_ups = open_follow_ups(user)[: COUNT_LIMIT + 1].count() if user.may(Capability.RECOVER_CASE) else 0
    return {
        "home": shown(own_open_count(user) + follow_ups) if user.may(Capability.RECOVER_CASE) else "",
        "queue": shown(queue_count(user)),
        "approvals": shown(waiting_count(user)) if user.may(Capability.DECIDE_OFFER) else "",
        "notifications": unread_count(user),
    }


def shown(count: int) -> str:
    """A count as the rail shows it; "" for none."""
    if not count:
        return ""
    return f"{COUNT_LIMIT}+" if count > COUNT_LIMIT else str(count)
