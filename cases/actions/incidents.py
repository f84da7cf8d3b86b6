"""Declaring an incident, who is affected and who is left out, and its end."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from accounts.access import require
from accounts.models import Branch, User
from accounts.states import Capability
from audit.actions import record
from cases.actions.locking import take_case_for
from cases.actions.log import LONGEST_DESCRIPTION
from cases.actions.timeline import add_event
from cases.models import Affected, Case, Defect, Incident
from cases.states import Channel, FailureType, IncidentState
from common.errors import Conflict, Invalid
from sla.states import Severity

LONGEST_REASON = 200


@dataclass(frozen=True, kw_only=True)
class NewIncident:
    """What is told of an incident when it is declared."""

    name: str
    description: str
    branch: Branch
    channel: str = Channel.EMAIL
    failure_type: str = ""
    defect: Defect | None = None
    severity: int = Severity.MEDIUM


def declare_incident(*, actor: User, new: NewIncident, case_id: int | None = None) -> Incident:
    """Declare an incident, from one of its cases where there is one. Raises `Invalid` at the wrong field."""
    require(actor, Capability.DECLARE_INCIDENT, branch_id=new.branch.pk)
    _check(new)
    with transaction.atomic():
        now = timezone.now()
        incident = Incident.objects.create(
            number=_next_number(now),
            name=new.name.strip(),
            description=new.description.replace("\x00", "").strip(),
            branch=new.branch,
            channel=new.channel,
            failure_type=new.failure_type,
            defect=new.defect,
            severity=new.severity,
            declared_by=actor,
            declared_at=now,
        )
        record(
            stream=incident.stream,
            verb="incident.declared",
            actor=actor,
            data={"incident": incident.number, "severity": incident.severity},
            begins=True,
        )
        if case_id is not None:
            _attach(incident, case_id, actor)
    return incident


def resolve_incident(*, actor: User, incident_id: int) -> Incident:
    """Say that an incident is over. Raises `Conflict` when it is already."""
    with transaction.atomic():
        incident = take_incident_for(actor, incident_id)
        incident.state, incident.resolved_at = IncidentState.RESOLVED, timezone.now()
        incident.save(update_fields=("state", "resolved_at"))
        record(stream=incident.stream, verb="incident.resolved", actor=actor)
    return incident


def attach_case(*, actor: User, incident_id: int, case_id: int) -> Affected:
    """Say that a case is about an incident; its customer is affected from then on, if not before.

    Raises `Conflict` when the case, or another one of its customer, belongs to an incident already.
    """
    with transaction.atomic():
        incident = take_incident_for(actor, incident_id)
        return _attach(incident, case_id, actor)


def detach_case(*, actor: User, incident_id: int, affected_id: int) -> Affected:
    """Part a case from an incident; its customer stays affected until they are left out."""
    with transaction.atomic():
        incident = take_incident_for(actor, incident_id)
        row = _take_affected(incident, affected_id)
        if row.case_id is None:
            raise Conflict(_("This customer has no case here."))
        case = take_case_for(actor, row.case_id, Capability.DECLARE_INCIDENT, must_be_open=False)
        row.case = None
        row.save(update_fields=("case",))
        message = gettext_noop("No longer part of incident %(incident)s.")
        add_event(case=case, actor=actor, message=message, params={"incident": incident.number})
        record(
            stream=incident.stream,
            verb="incident.case_detached",
            actor=actor,
            data={"case": case.number},
        )
    return row


def exclude_customer(*, actor: User, incident_id: int, affected_id: int, reason: str) -> Affected:
    """Leave a customer out of every remedy that has not reached them yet; the reason is kept."""
    reason = reason.replace("\x00", "").strip()
    if not reason:
        raise Invalid(_("Say why this customer is left out."), field="reason")
    if len(reason) > LONGEST_REASON:
        raise Invalid(
            _("This is longer than %(most)s characters."), field="reason", params={"most": LONGEST_REASON}
        )
    return _set_excluded(actor, incident_id, affected_id, reason)


def include_customer(*, actor: User, incident_id: int, affected_id: int) -> Affected:
    """Take back that a customer was left out; a remedy that was proposed before counts them again."""
    return _set_excluded(actor, incident_id, affected_id, "")


def _set_excluded(actor: User, incident_id: int, affected_id: int, reason: str) -> Affected:
    with transaction.atomic():
        incident = take_incident_for(actor, incident_id)
        row = _take_affected(incident, affected_id)
        if bool(row.excluded_because) == bool(reason):
            raise Conflict(_("Someone else has done this in the meantime."))
        row.excluded_because = reason
        row.save(update_fields=("excluded_because",))
        record(
            stream=incident.stream,
            verb="incident.customer_excluded" if reason else "incident.customer_included",
            actor=actor,
            data={"customer": row.customer_id},
        )
    return row


def take_incident_for(actor: User, incident_id: int, *, must_be_open: bool = True) -> Incident:
    """Lock an incident that the actor may lead. Raises `NotAllowed`, or `Conflict` when it is over."""
    incident = (
        Incident.objects.select_for_update(of=("self",), no_key=True)
        .select_related("branch")
        .get(pk=incident_id)
    )
    require(actor, Capability.DECLARE_INCIDENT, branch_id=incident.branch_id)
    if must_be_open and not incident.is_open:
        raise Conflict(_("This incident is resolved."))
    return incident


def _take_affected(incident: Incident, affected_id: int) -> Affected:
    return Affected.objects.select_for_update().get(pk=affected_id, incident=incident)


def _attach(incident: Incident, case_id: int, actor: User) -> Affected:
    case = take_case_for(actor, case_id, Capability.DECLARE_INCIDENT, must_be_open=False)
    _check_case(incident, case)
    row, _created = Affected.objects.select_for_update().get_or_create(
        incident=incident, customer_id=case.customer_id, defaults={"added_by": actor}
    )
    if row.case_id is not None and row.case_id != case.pk:
        raise Conflict(_("Another case of this customer belongs to this incident already."))
    row.case, row.loss = case, case.loss
    row.save(update_fields=("case", "loss"))
    message = gettext_noop("Part of incident %(incident)s.")
    add_event(case=case, actor=actor, message=message, params={"incident": incident.number})
    record(stream=incident.stream, verb="incident.case_attached", actor=actor, data={"case": case.number})
    return row


def _check_case(incident: Incident, case: Case) -> None:
    if case.branch_id != incident.branch_id:
        raise Invalid(_("This case belongs to another branch than the incident."), field="case")
    taken = Affected.objects.filter(case=case).values_list("incident__number", flat=True).first()
    if taken is not None:
        raise Conflict(
            _("This case belongs to incident %(number)s already."), field="case", params={"number": taken}
        )


def _check(new: NewIncident) -> None:
    if not new.name.strip():
        raise Invalid(_("Give the incident a name."), field="name")
    if len(new.name.strip()) > 120:
        raise Invalid(_("This is longer than %(most)s characters."), field="name", params={"most": 120})
    if not new.description.strip():
        raise Invalid(_("Write what happened."), field="description")
    if len(new.description) > LONGEST_DESCRIPTION:
        raise Invalid(
            _("This is longer than %(most)s characters."),
            field="description",
            params={"most": LONGEST_DESCRIPTION},
        )
    if new.channel not in Channel.values:
        raise Invalid(_("Choose a channel."), field="channel")
    if new.failure_type and new.failure_type not in FailureType.values:
        raise Invalid(_("Choose process or outcome."), field="failure_type")
    if new.severity not in Severity.values:
        raise Invalid(_("Choose a severity from 1 to 4."), field="severity")


def _next_number(at: dt.datetime) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('cases_incident_number')")
        return f"I-{at:%y}-{cursor.fetchone()[0]:04d}"
