"""The authorities a new installation starts with: our judgement, for an administrator to change."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from accounts.models import Authority
from accounts.states import Role

# Long ago, so that complaints from before the installation can be recorded, too.
START = dt.date(2000, 1, 1)

# Per case and per day, scaled by what a night or a meal costs there, not by the exchange rate.
AUTHORITIES: dict[str, dict[Role, tuple[int, int]]] = {
    "EUR": {Role.FRONTLINE: (50, 200), Role.SUPERVISOR: (300, 1500), Role.MANAGER: (5000, 20000)},
    "GBP": {Role.FRONTLINE: (50, 200), Role.SUPERVISOR: (300, 1500), Role.MANAGER: (5000, 20000)},
    "USD": {Role.FRONTLINE: (50, 200), Role.SUPERVISOR: (300, 1500), Role.MANAGER: (5000, 20000)},
    "CNY": {Role.FRONTLINE: (300, 1200), Role.SUPERVISOR: (2000, 10000), Role.MANAGER: (30000, 120000)},
}


def seed(**kwargs: object) -> None:
    """Add what is missing; a role that has any authority in a currency keeps its own."""
    known = set(Authority.objects.values_list("role", "currency").distinct())
    Authority.objects.bulk_create(
        [
            Authority(
                role=role, currency=currency, per_case=Decimal(case), per_day=Decimal(day), valid_from=START
            )
            for currency, roles in AUTHORITIES.items()
            for role, (case, day) in roles.items()
            if (role, currency) not in known
        ],
        ignore_conflicts=True,
    )
