"""Changing what a case is said to be: its failure, defect, severity, loss."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from accounts.models import User
from audit.actions import record
from cases.actions.clocks import recompute_clocks
from cases.actions.locking import take_case_for
from cases.actions.timeline import add_event
from cases.models import Case, Defect
from cases.states import FailureType
from common.days import local_day
from common.errors import Invalid, Values, refuse_overtaken
from common.money import check_amount
from sla.states import Severity


@dataclass(frozen=True, kw_only=True)
class Classification:
    """What staff say a case is; `verified_loss` in the case's currency, None while unknown."""

    failure_type: str
    defect: Defect | None
    severity: int
    verified_loss: Decimal | None = None


def classification_of(case: Case) -> Values:
    """How a case is classified, as a form shows it."""
    return {
        "failure_type": case.failure_type,
        "defect": case.defect_id,
        "severity": case.severity,
        "verified_loss": None if case.verified_loss is None else f"{case.verified_loss:.2f}",
    }


def reclassify_case(
    *, actor: User, case_id: int, to: Classification, reason: str = "", seen: Values | None = None
) -> Case:
    """Change the classification; a new severity recomputes the clocks that still run, and says why.

    `seen` is the `classification_of` the case that the actor was looking at: raises `Overtaken` when somebody
    else has changed it since, for what they set would be undone unseen.
    """
    with transaction.atomic():
        case = take_case_for(actor, case_id)
        _check(to, case)
        changes: dict[str, Any] = _changes(case, to)
        if not changes:
            return case
        refuse_overtaken(seen, classification_of(case))
        if "severity" in changes and not reason.strip():
            raise Invalid(_("Say why the severity changes: its deadlines change with it."), field="reason")
        case.failure_type, case.defect, case.severity = to.failure_type, to.defect, to.severity
        case.verified_loss = to.verified_loss
        case.save(update_fields=("failure_type", "defect", "severity", "verified_loss"))
        if "severity" in changes:
            clocks = recompute_clocks(case, on=local_day(timezone.now(), case.branch.time_zone))
            changes["clocks"] = clocks
            add_event(
                case=case,
                actor=actor,
                message=gettext_noop(
                    "Severity %(before)s became %(after)s; deadlines were recomputed. %(reason)s"
                ),
                params={"before": changes["severity"][0], "after": to.severity, "reason": reason.strip()},
            )
        record(stream=case.stream, verb="case.reclassified", actor=actor, data=changes)
    return case


def _check(to: Classification, case: Case) -> None:
    if to.failure_type not in FailureType.values:
        raise Invalid(_("Choose process or outcome."), field="failure_type")
    if to.severity not in Severity.values:
        raise Invalid(_("Choose a severity from 1 to 4."), field="severity")
    if to.verified_loss:
        check_amount(to.verified_loss, case.currency, field="verified_loss")


def _changes(case: Case, to: Classification) -> dict[str, list[object]]:
    before = {
        "failure_type": case.failure_type,
        "defect": case.defect_id,
        "severity": case.severity,
        "verified_loss": None if case.verified_loss is None else str(case.verified_loss.normalize()),
    }
    after = {
        "failure_type": to.failure_type,
        "defect": to.defect.pk if to.defect else None,
        "severity": to.severity,
        "verified_loss": None if to.verified_loss is None else str(to.verified_loss.normalize()),
    }
    return {key: [before[key], after[key]] for key in before if before[key] != after[key]}
