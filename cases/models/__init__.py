"""Complaint cases: the case, its taxonomy, timeline, recovery steps, clocks and resolutions."""

from cases.models.case import NEVER, Case
from cases.models.clock import Clock
from cases.models.incident import Affected, Incident, UnknownLine
from cases.models.recovery import Playbook, PlaybookStep, RecoveryStep
from cases.models.resolution import Resolution
from cases.models.taxonomy import Cause, Defect
from cases.models.timeline import TimelineEntry

__all__ = [
    "NEVER",
    "Affected",
    "Case",
    "Cause",
    "Clock",
    "Defect",
    "Incident",
    "Playbook",
    "PlaybookStep",
    "RecoveryStep",
    "Resolution",
    "TimelineEntry",
    "UnknownLine",
]
