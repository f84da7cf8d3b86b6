"""Suggests failure type, defect, severity and escalation cues from the words of a complaint."""

from cases.suggestion.engine import Evidence, Suggestion, suggest, warm_up

__all__ = ["Evidence", "Suggestion", "suggest", "warm_up"]
