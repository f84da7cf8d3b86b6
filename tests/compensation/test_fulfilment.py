"""Recording that compensation arrived, and what stands against closing a case."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
import time_machine

from accounts.models import User
from accounts.states import Role
from audit.models import Event
from cases.models import Case, RecoveryStep
from cases.registry import registered_blockers
from cases.states import CaseState, StepKind, StepState
from common.errors import Conflict, Invalid, NotAllowed
from compensation.actions.approvals import approve_offer, reject_offer
from compensation.actions.fulfilment import fulfil_offer
from compensation.models import BudgetMovement, Fulfilment, KindSetting, Offer
from compensation.states import METHODS, FulfilmentMethod, OfferState
from tests.compensation.world import World, make_branch, make_budget, make_case, make_user, propose

NOW = dt.datetime(2026, 3, 4, 10, 3, 40, tzinfo=dt.UTC)


def fulfil(actor: User, offer: Offer, **fields: object) -> Fulfilment:
    values = {
        "method": "bank_transfer",
        "reference": "T-4711",
        "landed_at": dt.datetime.now(dt.UTC),
        **fields,
    }
    return fulfil_offer(actor=actor, offer_id=offer.pk, **values)  # type: ignore[arg-type]


def step_of(case: Case) -> str:
    return RecoveryStep.objects.get(case=case, kind=StepKind.COMPENSATE).state


def test_fulfilling_commits_the_money_and_says_when_the_remedy_landed(world: World, case: Case) -> None:
    budget = make_budget(world.branch, 1000)
    offer = propose(world.frontline, case, 300)

    fulfilment = fulfil(world.frontline, offer)

    offer.refresh_from_db()
    budget.refresh_from_db()
    case.refresh_from_db()
    assert offer.state == OfferState.FULFILLED
    assert [budget.reserved, budget.committed, budget.left] == [0, 300, 700]
    assert [kind for (kind,) in BudgetMovement.objects.values_list("kind")] == ["allot", "reserve", "commit"]
    assert case.remedy_landed_at == fulfilment.landed_at
    assert Event.objects.filter(stream=case.stream, verb="offer.fulfilled").count() == 1


def test_the_step_is_done_once_nothing_is_outstanding(world: World, case: Case) -> None:
    first, second = propose(world.frontline, case, 100), propose(world.frontline, case, 100)
    waiting = propose(world.frontline, case, 1000)

    fulfil(world.frontline, first)
    assert step_of(case) == StepState.OPEN
    reject_offer(actor=world.supervisor, offer_id=waiting.pk, reason="Enough.")
    fulfil(world.frontline, second)
    assert step_of(case) == StepState.DONE


def test_the_latest_of_several_remedies_counts(world: World, case: Case) -> None:
    with time_machine.travel(NOW, tick=False):
        first, second = propose(world.frontline, case, 100), propose(world.frontline, case, 100)
    with time_machine.travel(NOW + dt.timedelta(days=3), tick=False):
        fulfil(world.frontline, first, landed_at=NOW + dt.timedelta(days=2))
        fulfil(world.frontline, second, landed_at=NOW + dt.timedelta(days=1))
    case.refresh_from_db()
    assert case.remedy_landed_at == NOW + dt.timedelta(days=2)


def test_a_landing_lies_between_approval_and_now(world: World, case: Case) -> None:
    with time_machine.travel(NOW, tick=False):
        offer = propose(world.frontline, case, 100)
        for moment in (
            NOW + dt.timedelta(seconds=1),
            NOW - dt.timedelta(minutes=1),
            NOW.replace(tzinfo=None),
        ):
            with pytest.raises(Invalid) as refused:
                fulfil(world.frontline, offer, landed_at=moment)
            assert refused.value.field == "landed_at"
        # People enter minutes: the minute of the approval itself is good.
        assert fulfil(world.frontline, offer, landed_at=NOW.replace(second=0)).pk


@pytest.mark.parametrize("method", FulfilmentMethod.values)
def test_what_leaves_a_number_behind_must_give_it(world: World, case: Case, method: str) -> None:
    offer = propose(world.frontline, case, 100)
    need = next(need for need, ways in METHODS.items() if method in ways)
    KindSetting.objects.filter(pk=offer.kind).update(need=need)
    if method in ("cash", "handed_over", "credited", "message_sent"):
        assert fulfil(world.frontline, offer, method=method, reference=" ").reference == ""
    else:
        with pytest.raises(Invalid) as refused:
            fulfil(world.frontline, offer, method=method, reference=" ")
        assert refused.value.field == "reference"


def test_an_unknown_method_or_an_endless_reference_is_refused(world: World, case: Case) -> None:
    offer = propose(world.frontline, case, 100)
    for field, value in (("method", "pigeon"), ("reference", "x" * 121)):
        with pytest.raises(Invalid) as refused:
            fulfil(world.frontline, offer, **{field: value})
        assert refused.value.field == field


def test_only_what_is_approved_is_fulfilled_and_only_once(world: World, case: Case) -> None:
    offer = propose(world.frontline, case, 1000)
    with pytest.raises(Conflict, match="Waiting"):
        fulfil(world.frontline, offer)
    approve_offer(actor=world.supervisor, offer_id=offer.pk, amount=Decimal(1000), reason="Fair.")
    fulfil(world.frontline, offer)
    with pytest.raises(Conflict, match="Fulfilled"):
        fulfil(world.frontline, offer)
    assert Fulfilment.objects.count() == 1


def test_money_still_reaches_the_customer_of_a_resolved_case(world: World, case: Case) -> None:
    offer = propose(world.frontline, case, 100)
    Case.objects.filter(pk=case.pk).update(
        state=CaseState.RESOLVED, outcome="upheld", resolved_at=dt.datetime.now(dt.UTC)
    )
    fulfil(world.frontline, offer)
    offer.refresh_from_db()
    assert offer.state == OfferState.FULFILLED


def test_only_staff_of_the_branch_who_work_on_cases_record_it(world: World, case: Case) -> None:
    offer = propose(world.frontline, case, 100)
    strangers = (make_user(Role.AUDITOR, world.branch), make_user(Role.FRONTLINE, make_branch("garden")))
    for actor in strangers:
        with pytest.raises(NotAllowed):
            fulfil(actor, offer)


def test_open_money_stands_against_closing_a_case(world: World, case: Case) -> None:
    def against() -> list[str]:
        return [b.code for b in registered_blockers(case) if b.code.startswith("offer")]

    assert against() == []
    granted = propose(world.frontline, case, 100)
    assert against() == ["offer_unfulfilled"]
    waiting = propose(world.frontline, case, 1000)
    assert against() == ["offer_unfulfilled", "offer_waiting"]
    reject_offer(actor=world.supervisor, offer_id=waiting.pk, reason="Enough.")
    fulfil(world.frontline, granted)
    assert against() == []
    assert make_case(world.branch).is_open
