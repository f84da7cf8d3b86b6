"""Whatever happens in whatever order, balances are the sums of the movements, and no stop is passed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.core.management import call_command
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from accounts.states import Role
from common.errors import DomainError
from compensation.actions.approvals import approve_offer, reject_offer
from compensation.actions.budgets import Terms, change_budget, close_budget
from compensation.actions.customer import offer_to_customer, record_answer
from compensation.actions.expiry import expire_due_offers
from compensation.actions.fulfilment import fulfil_offer
from compensation.actions.offers import submit_offer, withdraw_offer
from compensation.actions.returning import recall_offer, return_offer
from compensation.actions.setbacks import claw_back_offer, fail_fulfilment
from compensation.models import Budget, Offer
from compensation.states import ReserveAt
from tests.compensation.world import NOON, World, make_budget, make_case, make_team, make_user, propose

VERBS = (
    *("propose", "propose", "approve", "approve", "reject", "withdraw", "fulfil", "fail", "claw_back"),
    *("offer", "accept", "decline", "expire", "change", "change", "close", "ask", "recall", "submit"),
    "move",
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(VERBS), st.integers(min_value=0, max_value=5), st.integers(min_value=1, max_value=900)
    ),
    min_size=4,
    max_size=18,
)
TERMS = st.tuples(st.sampled_from(ReserveAt), st.sampled_from((Decimal(0), Decimal("0.2"))))


class _Desk:
    """Steps on one branch's budget, those of a team and of a kind there, and the one above it.

    Of the two who propose, one is in the team to begin with; either moves in and out.
    """

    def __init__(self, world: World, reserve_at: str, overdraft: Decimal) -> None:
        self.world, self.offers = world, list[Offer]()
        top = make_budget(None, 2500, name="Organisation", overdraft=overdraft)
        terms: dict[str, Any] = {"reserve_at": reserve_at, "overdraft": overdraft}
        own = make_budget(world.branch, 1500, parent=top, **terms)
        self.team = make_team(world.branch, "Front desk", world.frontline)
        teams = make_budget(world.branch, 600, team=self.team, parent=own, **terms)
        meals = make_budget(world.branch, 300, team=self.team, kind="meal", parent=teams, **terms)
        self.budgets = [own, top, teams, meals]
        self.people = [world.frontline, make_user(Role.FRONTLINE, world.branch)]

    def do(self, verb: str, which: int, amount: int) -> None:
        """Take one step; what is refused leaves nothing behind."""
        world = self.world
        if verb == "propose":
            kind = "meal" if amount % 3 == 0 else "refund"
            self.offers.append(propose(self.people[which % 2], make_case(world.branch), amount, kind=kind))
            return
        if verb == "move":
            self._move(self.people[which % 2])
            return
        if verb in ("change", "close"):
            self._budget(verb, self.budgets[which % 4], amount)
            return
        if self.offers:
            self._offer(verb, self.offers[which % len(self.offers)], amount)

    def _offer(self, verb: str, offer: Offer, amount: int) -> None:
        frontline, manager = offer.proposer, self.world.manager
        key: dict[str, Any] = {"offer_id": offer.pk}
        answers: dict[str, Any] = {"actor": frontline, "channel": "phone", **key}
        value = min(Decimal(amount), offer.amount)
        steps: dict[str, Callable[[], object]] = {
            "approve": lambda: approve_offer(actor=manager, amount=value, reason="Fair.", **key),
            "reject": lambda: reject_offer(actor=manager, reason="No.", **key),
            "ask": lambda: return_offer(actor=manager, question="Why?", **key),
            "recall": lambda: recall_offer(actor=frontline, **key),
            "submit": lambda: submit_offer(
                actor=frontline,
                kind=offer.kind,
                basis=offer.basis,
                amount=Decimal(amount + 1),
                purpose="Dinner",
                reason="Nuts.",
                answer="It was in the soup.",
                **key,
            ),
            "withdraw": lambda: withdraw_offer(actor=frontline, reason="No.", **key),
            "fulfil": lambda: fulfil_offer(
                actor=frontline, method="cash", reference="", landed_at=NOON, **key
            ),
            "fail": lambda: fail_fulfilment(actor=frontline, reason="It came back.", **key),
            "claw_back": lambda: claw_back_offer(actor=manager, reason="Paid twice.", **key),
            "offer": lambda: offer_to_customer(actor=frontline, **key),
            "accept": lambda: record_answer(answer="accepted", **answers),
            "decline": lambda: record_answer(answer="declined", **answers),
            "expire": lambda: expire_due_offers(now=NOON + dt.timedelta(days=400)),
        }
        steps[verb]()

    def _move(self, person: User) -> None:
        person.team = self.team if person.team is None else None
        person.save(update_fields=("team",))

    def _budget(self, verb: str, budget: Budget, amount: int) -> None:
        if verb == "close":
            close_budget(actor=self.world.admin, budget_id=budget.pk, reason="It is over.")
            return
        budget.refresh_from_db()
        terms = Terms(budget.parent_id, budget.reserve_at, budget.overdraft)
        change_budget(
            actor=self.world.admin,
            budget_id=budget.pk,
            amount=Decimal(amount * 3),
            terms=terms,
            reason="As needed.",
        )


class _Undone(Exception):
    """Ends the transaction of an example, so that the next one begins from nothing."""


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS, terms=TERMS)
def test_any_order_of_steps_leaves_books_that_agree_and_no_stop_passed(
    world: World, steps: list[tuple[str, int, int]], terms: tuple[str, Decimal]
) -> None:
    try:
        with transaction.atomic():
            desk = _Desk(world, *terms)
            for step in steps:
                try:
                    desk.do(*step)
                except DomainError:
                    continue
            connection.check_constraints()
            call_command("verify_ledger", verbosity=0)
            for budget in Budget.objects.all():
                assert 0 <= budget.used <= budget.amount * (1 + budget.overdraft)
            raise _Undone
    except _Undone:
        pass
