"""Where staff find a case: domain apps know this address, and nothing else, of the desk."""

from __future__ import annotations


def case_path(number: str) -> str:
    """The path of a case's page at the desk."""
    return f"/desk/cases/{number}/"
