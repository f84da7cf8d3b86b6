"""Which incidents a person may see, and who is affected by them."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from accounts.models import User
from accounts.states import Capability
from cases.models import Affected, Incident, UnknownLine


@dataclass(frozen=True, slots=True)
class Counts:
    """How many customers an incident hit: those to be compensated, and those left out."""

    included: int
    excluded: int


def visible_incidents(user: User) -> QuerySet[Incident]:
    """The incidents of the branches that this person works for, the newest first."""
    if not user.may(Capability.SEE_CASES):
        return Incident.objects.none()
    incidents = Incident.objects.select_related("branch", "declared_by", "defect")
    if user.branch_ids is not None:
        incidents = incidents.filter(branch_id__in=user.branch_ids)
    return incidents.order_by("-id")


def get_incident_for(user: User, number: str) -> Incident:
    """The incident with that number. Raises `Incident.DoesNotExist` also for one of another branch."""
    return visible_incidents(user).get(number=number)


def incident_page(user: User, *, before: int | None, limit: int = 50) -> list[Incident]:
    """Incidents from below the id `before`, one more than the limit where there are more."""
    incidents = visible_incidents(user)
    if before is not None:
        incidents = incidents.filter(pk__lt=before)
    return list(incidents[: limit + 1])


def affected_page(incident: Incident, *, after: int | None, limit: int = 50) -> list[Affected]:
    """Affected customers with their case, in the order they were added; one more where there are more."""
    rows = Affected.objects.filter(incident=incident).select_related("customer", "case")
    rows = rows.defer("customer__search", "case__search", "case__description", "case__suggestion")
    if after is not None:
        rows = rows.filter(pk__gt=after)
    return list(rows.order_by("id")[: limit + 1])


def counts_of(incident: Incident) -> Counts:
    """How many customers are affected."""
    counted = Affected.objects.filter(incident=incident).aggregate(
        included=Count("pk", filter=Q(excluded_because="")), all=Count("pk")
    )
    return Counts(counted["included"], counted["all"] - counted["included"])


def unknown_lines(incident: Incident) -> list[UnknownLine]:
    """The lines for which no customer was found yet."""
    return list(UnknownLine.objects.filter(incident=incident).order_by("id"))
