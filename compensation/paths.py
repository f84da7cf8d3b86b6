"""Where staff decide on offers and look at budgets: all that the app knows of the desk."""

APPROVALS_PATH = "/desk/approvals/"


def budget_path(key: int) -> str:
    """Where a budget and its movements are looked at."""
    return f"/desk/settings/budgets/{key}/"


def remedy_path(incident_number: str) -> str:
    """The path of the remedy of an incident at the desk."""
    return f"/desk/incidents/{incident_number}/remedy/"
