"""Where staff decide on offers and look at budgets: all that the app knows of the desk."""

APPROVALS_PATH = "/desk/approvals/"


def decision_link_path(token: str) -> str:
    """Where a link in an e-mail to a decider leads."""
    return f"{APPROVALS_PATH}link/{token}/"


def budget_path(key: int) -> str:
    """Where a budget and its movements are looked at."""
    return f"/desk/settings/budgets/{key}/"


def remedy_path(incident_number: str) -> str:
    """The path of the remedy of an incident at the desk."""
    return f"/desk/incidents/{incident_number}/remedy/"
