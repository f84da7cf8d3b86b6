"""Flags that other parts of the product set on a case."""

from __future__ import annotations

from cases.models import Case


def mark_low_score(*, case: Case, low: bool = True) -> None:
    """Flag a locked case whose customer was still dissatisfied after recovery, or take the flag back."""
    if case.low_score != low:
        case.low_score = low
        case.save(update_fields=("low_score",))
