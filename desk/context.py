"""What every page of the desk shows around its content: counts in the rail, and whether this is a demo."""

from __future__ import annotations

import datetime as dt
from copy import copy
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.models import User
from accounts.states import Capability
from cases.queries import open_cases, own_open_cases
from common.counting import RAIL_LIMIT, kept_counts, shown
from compensation.asking import addressed_remedies, addressed_to, reader_values
from feedback.queries import open_follow_ups
from messaging.queries import failed_lately, unread_notices


def desk(request: HttpRequest) -> dict[str, Any]:
    """`demo_mode`, and for signed-in staff `rail`: counted only when a template asks for it."""
    context: dict[str, Any] = {"demo_mode": settings.DEMO}
    user = getattr(request, "user", None)
    if isinstance(user, User) and request.path.startswith("/desk/"):
        context["rail"] = rail_of(user)
    return context


def rail_of(user: User) -> dict[str, Any]:
    """Counts beside the entries of the rail, by one query; a large one is shown as "99+"."""

    def rows(user_id: int, at: dt.datetime | None = None) -> dict[str, QuerySet[Any]]:
        anyone = copy(user)
        anyone.pk = user_id
        return _counted(anyone, at)

    key = ("rail", *user.rights, user.lent_roles)
    counts = kept_counts(key, rows, limit=RAIL_LIMIT, **reader_values(user))
    return {
        "home": shown(counts.get("own", 0) + counts.get("follow_ups", 0), limit=RAIL_LIMIT),
        "queue": shown(counts["queue"], limit=RAIL_LIMIT),
        "approvals": shown(counts.get("approvals", 0) + counts.get("remedies", 0), limit=RAIL_LIMIT),
        "unread": shown(counts["notifications"], limit=RAIL_LIMIT),
        "notifications": counts["notifications"],
        "undelivered": shown(counts.get("undelivered", 0), limit=RAIL_LIMIT),
    }


def _counted(user: User, at: dt.datetime | None) -> dict[str, QuerySet[Any]]:
    rows: dict[str, QuerySet[Any]] = {"queue": open_cases(user), "notifications": unread_notices(user)}
    if user.may(Capability.RECOVER_CASE):
        rows |= {"own": own_open_cases(user), "follow_ups": open_follow_ups(user)}
    if user.may(Capability.DECIDE_OFFER):
        rows |= {"approvals": addressed_to(user, at), "remedies": addressed_remedies(user, at)}
    if user.may(Capability.CHANGE_SETTINGS) and user.branch_ids is None:
        rows["undelivered"] = failed_lately()
    return rows
