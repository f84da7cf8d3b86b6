"""What all generated cases share: branches, staff, customers, targets, playbooks and budgets."""

from __future__ import annotations

import datetime as dt
from calendar import monthrange
from decimal import Decimal
from functools import cached_property

from django.db import connection

from accounts.models import Authority
from bench.data.people import Customers, Staff, create_staff
from bench.data.stories import Stock
from cases.models import Cause
from cases.queries import playbook_steps
from cases.states import FailureType
from compensation.models import Budget
from feedback.models import Instrument
from recovery.demo.world import Place, create_places, targets

DAYS = 365
CUSTOMERS_PER_CASE = 0.6
AMPLE = Decimal(10**9)


class World:
    """Everything that a case refers to, written before the first of them."""

    def __init__(self, cases: int, now: dt.datetime, offers: float) -> None:
        self.cases = cases
        self.now = now
        self.offers = offers
        begin = now - dt.timedelta(days=DAYS + 60)
        self.places: list[Place] = list(create_places(begin).values())
        self.staff: Staff = create_staff(self.places, begin)
        self.customers = Customers(self.places, max(20, round(cases * CUSTOMERS_PER_CASE)))
        self.stock = Stock(self.places)
        self.targets = targets(now.date())
        self.playbooks = {kind.value: playbook_steps(kind) for kind in FailureType}
        self.causes = list(Cause.objects.values_list("pk", flat=True))
        instrument = Instrument.objects.get(is_active=True)
        self.instrument_id = instrument.pk
        self.questions = [item.code for item in instrument.items.all() if item.highest == 5]
        self.limits: dict[str, dict[str, Decimal]] = {}
        for row in Authority.objects.order_by("valid_from"):
            self.limits.setdefault(row.currency, {})[row.role] = row.per_case
        self._budgets = self._create_budgets(begin.date())

    @cached_property
    def span(self) -> dt.timedelta:
        return dt.timedelta(days=DAYS) / self.cases

    def received_at(self, key: int) -> dt.datetime:
        """When case `key` came in: all are spread evenly over the days until now."""
        return (self.now - self.span * (self.cases - key) - dt.timedelta(minutes=3)).replace(microsecond=0)

    def cause_id(self, key: int) -> int:
        return self.causes[key % len(self.causes)]

    def budget_on(self, place: int, at: dt.datetime) -> int:
        """The budget of a branch for the month of a moment, at the branch."""
        day = at.astimezone(self.places[place].zone).date()
        return self._budgets[place, day.year, day.month]

    def _create_budgets(self, first: dt.date) -> dict[tuple[int, int, int], int]:
        found = {}
        month = first.replace(day=1)
        while month <= self.now.date() + dt.timedelta(days=40):
            for at, place in enumerate(self.places):
                budget = Budget.objects.create(
                    branch=place.branch,
                    currency=place.trade.currency,
                    starts_on=month,
                    ends_on=month.replace(day=monthrange(month.year, month.month)[1]),
                    amount=AMPLE,
                )
                found[at, month.year, month.month] = budget.pk
            month = (month + dt.timedelta(days=32)).replace(day=1)
        return found

    def settle_budgets(self) -> None:
        """Give each budget the balance that its movements make, and a fifth more money than it needed."""
        with connection.cursor() as cursor:
            cursor.execute(
                """
                UPDATE compensation_budget b SET reserved = m.reserved, committed = m.committed,
                    amount = greatest(1000, ceil((m.reserved + m.committed) * 1.25 / 1000) * 1000)
                FROM (
                    SELECT b.id,
                        coalesce(sum(m.amount) FILTER (WHERE m.kind = 'reserve'), 0)
                            - coalesce(sum(m.amount) FILTER (WHERE m.kind <> 'reserve'), 0) AS reserved,
                        coalesce(sum(m.amount) FILTER (WHERE m.kind = 'commit'), 0) AS committed
                    FROM compensation_budget b LEFT JOIN compensation_budgetmovement m ON m.budget_id = b.id
                    GROUP BY b.id
                ) m WHERE m.id = b.id
                """
            )
            # Money for the month that has begun, or nobody could grant anything more.
            cursor.execute(
                "UPDATE compensation_budget SET amount = amount + 1000000 WHERE ends_on >= current_date"
            )
            cursor.execute(
                "INSERT INTO compensation_budgetmovement (budget_id, kind, amount, at)"
                " SELECT id, 'allot', amount, starts_on FROM compensation_budget ORDER BY id"
            )
