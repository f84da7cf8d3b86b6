"""What the policies in force give to the customers of an incident."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from django.db.models import Count
from django.utils import timezone

from cases.models import Affected, Case, Incident
from common.days import local_day
from compensation.policy_queries import (
    PolicyView,
    answers,
    facts_looked_at,
    facts_of,
    kept_answers,
    versions_in_force,
    view_of,
)
from compensation.policy_rules import ASKED, Fact
from customers.models import Customer
from customers.states import Tier


class IncidentPolicy:
    """The policies in force today in the day of an incident's branch, with what was answered for all.

    Whoever has the same tier, loss and number of complaints before is given the same, and looked at once.
    """

    def __init__(self, incident: Incident, given: Mapping[str, object] | None = None) -> None:
        self.incident = incident
        self.versions = versions_in_force(local_day(timezone.now(), incident.branch.time_zone))
        self.looked_at = facts_looked_at(self.versions)
        self.answered = answers(given or {})
        self._views: dict[tuple[str, Decimal | None, int | None], PolicyView] = {}

    @property
    def any(self) -> bool:
        """Whether a policy in force has something to say here."""
        return any(self.view(tier, None, None).applied for tier in Tier.values)

    @property
    def asks(self) -> tuple[Fact, ...]:
        """What has to be answered for all: the same for every customer of one failure."""
        asked = {fact for tier in Tier.values for fact in self.view(tier, None, None).asks}
        return tuple(fact for fact in ASKED if fact in asked)

    @property
    def answers(self) -> dict[str, str]:
        """What was answered, as a remedy keeps it."""
        return {key: said for view in self._views.values() for key, said in kept_answers(view).items()}

    @property
    def rules(self) -> list[dict[str, int]]:
        """The rules that applied to anybody so far, as a remedy keeps them."""
        rows = {(row["version"], row["rule"]) for view in self._views.values() for row in view.as_rows()}
        return [{"version": version, "rule": rule} for version, rule in sorted(rows)]

    def view(self, tier: str, loss: Decimal | None, repeats: int | None) -> PolicyView:
        """What holds for a customer."""
        key = (tier, loss, repeats)
        if key not in self._views:
            incident = self.incident
            pattern = Case(
                customer=Customer(tier=tier),
                branch=incident.branch,
                channel=incident.channel,
                severity=incident.severity,
                failure_type=incident.failure_type,
                defect=incident.defect,
                currency=incident.branch.currency,
                loss_amount=loss,
            )
            facts = facts_of(pattern, self.looked_at, repeats=repeats)
            self._views[key] = view_of(self.versions, facts, self.answered)
        return self._views[key]

    def complaints_before(self) -> dict[int, int] | None:
        """Each affected customer's cases but this incident's; None where no rule looks at them."""
        if Fact.REPEATS not in self.looked_at:
            return None
        affected = Affected.objects.filter(incident=self.incident)
        others = Case.objects.filter(customer__in=affected.values("customer")).exclude(
            pk__in=affected.exclude(case=None).values("case")
        )
        return dict(others.order_by().values_list("customer").annotate(n=Count("pk")))
