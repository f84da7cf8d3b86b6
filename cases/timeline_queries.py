"""Reading what was said and done on a case: whole for programs, a page at a time for people."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from cases.models import Case, Resolution, TimelineEntry
from common.prepared import prepared

TIMELINE_PAGE = 100


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """Part of a timeline, oldest first; `older` is the key to what came before, None at the start."""

    told: Sequence[TimelineEntry | Resolution]
    older: int | None


def timeline_of(case: Case) -> list[TimelineEntry]:
    """What was said and done after the complaint, oldest first."""
    return _timeline(case_id=case.pk)


@prepared
def _timeline(*, case_id: int) -> QuerySet[TimelineEntry]:
    return _entries(case_id).select_related("author").order_by("at", "id")


def _entries(case_id: int) -> QuerySet[TimelineEntry]:
    # During an upgrade old processes still write a copy of the complaint, which is in the case's own words.
    return TimelineEntry.objects.filter(case=case_id).exclude(kind="complaint")


def timeline_page(case: Case, *, before: int | None = None, limit: int = TIMELINE_PAGE) -> TimelinePage:
    """The newest entries, or those before the entry with the key `before`.

    Decisions that were reopened stand at their places among them; the last one is the case's own. A key of
    another case or of none leads to the newest.
    """
    until = before and TimelineEntry.objects.filter(pk=before, case=case).values_list("at", flat=True).first()
    if before and until:
        found = _before(limit + 1, case_id=case.pk, at=until, key=before)
    else:
        until, found = None, _newest(limit + 1, case_id=case.pk)
    entries = found[:limit][::-1]
    older = entries[0].pk if len(found) > limit else None
    since = entries[0].at if older else None
    return TimelinePage(_with_earlier_resolutions(case, entries, since=since, until=until), older)


@prepared
def _newest(limit: int, *, case_id: int) -> QuerySet[TimelineEntry]:
    return _newest_first(case_id)[:limit]


@prepared
def _before(limit: int, *, case_id: int, at: dt.datetime, key: int) -> QuerySet[TimelineEntry]:
    return _newest_first(case_id).filter(Q(at__lt=at) | Q(at=at, pk__lt=key))[:limit]


def _newest_first(case_id: int) -> QuerySet[TimelineEntry]:
    return _entries(case_id).select_related("author").order_by("-at", "-id")


def _with_earlier_resolutions(
    case: Case, entries: list[TimelineEntry], *, since: dt.datetime | None, until: dt.datetime | None
) -> Sequence[TimelineEntry | Resolution]:
    if not case.reopened_count:
        return entries
    earlier = Resolution.objects.filter(case=case, round__lte=case.reopened_count).select_related("cause")
    between = [each for each in earlier if (not since or each.at >= since) and (not until or each.at < until)]
    return sorted([*entries, *between], key=lambda told: told.at)
