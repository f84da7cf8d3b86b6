"""What internal audit is asked about: each pattern is found from its threshold on, and nothing below it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
import time_machine
from django.db import connection

from accounts.states import Role
from compensation.actions.approvals import approve_offer, reject_offer
from compensation.actions.setbacks import claw_back_offer
from compensation.exception_queries import Scope, near_limit, offers_found, pairs, returning, splits
from compensation.exception_rules import Thresholds, is_bunched, is_split, is_tied
from compensation.models import Approval, Offer
from tests.compensation.world import (
    NOON,
    World,
    make_branch,
    make_case,
    make_customer,
    make_user,
    propose,
)

pytestmark = pytest.mark.django_db
MONTH = Scope(NOON - dt.timedelta(days=15), NOON + dt.timedelta(days=15), None)
USUAL = Thresholds()


def decide(world: World, offer: Offer, *, actor: object = None, amount: int | None = None) -> Offer:
    return approve_offer(
        actor=actor or world.supervisor,  # type: ignore[arg-type]
        offer_id=offer.pk,
        amount=Decimal(amount) if amount else offer.amount,
        reason="Fair.",
    )


# --- just below the limit ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("near", "below", "said"), [(2, 0, False), (3, 0, True), (3, 1, True), (3, 2, False), (4, 2, True)]
)
def test_grants_crowd_where_the_upper_band_holds_twice_the_lower(near: int, below: int, said: bool) -> None:
    assert is_bunched(near, below, 3) is said


def test_whoever_grants_just_below_their_limit_again_and_again_is_found(world: World) -> None:
    near = [propose(world.frontline, make_case(world.branch), amount) for amount in (280, 270, 45)]
    near.append(propose(world.frontline, near[-1].case, 250))  # with the 45: 295 on the case
    propose(world.frontline, make_case(world.branch), 250)  # below the band
    (found,) = near_limit(MONTH, USUAL)
    assert (found.person_id, found.currency) == (world.frontline.pk, "CNY")
    assert (found.decided, found.near, found.below, found.amount) == (5, 3, 1, Decimal(800))
    assert set(found.offer_ids) == {near[0].pk, near[1].pk, near[3].pk}


def test_a_limit_is_the_one_of_that_day_and_an_approvers_is_their_own(world: World) -> None:
    for amount in (1800, 1900, 2000):
        decide(world, propose(world.frontline, make_case(world.branch), amount))
    (found,) = near_limit(MONTH, USUAL)
    assert (found.person_id, found.near) == (world.supervisor.pk, 3)


def test_spread_amounts_and_too_few_near_ones_are_no_exception(world: World) -> None:
    for amount in (270, 280, 245, 250, 260, 40, 50):
        with time_machine.travel(NOON + dt.timedelta(days=amount % 5)):
            propose(world.frontline, make_case(world.branch), amount)
    assert near_limit(MONTH, USUAL) == []


# --- split offers --------------------------------------------------------------------------


def test_parts_that_exceed_what_one_could_grant_at_once_are_split(world: World) -> None:
    case = make_case(world.branch)
    alone = propose(world.frontline, case, 250)
    rest = decide(world, propose(world.frontline, case, 200))
    (found,) = splits(MONTH, USUAL)
    assert (found.case_id, found.parts, found.total, found.alone) == (case.pk, 2, Decimal(450), Decimal(300))
    assert found.offer_ids == [alone.pk, rest.pk]


def test_parts_far_apart_and_small_ones_are_not(world: World) -> None:
    far, small = make_case(world.branch), make_case(world.branch)
    propose(world.frontline, far, 250)
    propose(world.frontline, small, 50)
    propose(world.frontline, small, 60)
    with time_machine.travel(NOON + dt.timedelta(days=8)):
        decide(world, propose(world.frontline, far, 200))
    assert splits(MONTH, USUAL) == []
    assert [found.case_id for found in splits(MONTH, Thresholds(split_days=9))] == [far.pk]
    assert [found.case_id for found in splits(MONTH, Thresholds(split_parts=2))] == [small.pk]


@pytest.mark.parametrize(
    ("parts", "total", "alone", "said"),
    [
        (1, 900, 300, False),
        (2, 300, 300, False),
        (2, 301, 300, True),
        (2, 900, None, False),
        (3, 9, None, True),
    ],
)
def test_what_makes_a_split(parts: int, total: int, alone: int | None, said: bool) -> None:
    limit = None if alone is None else Decimal(alone)
    assert is_split(parts, Decimal(total), limit, 3) is said


# --- the same customer, the same pair -------------------------------------------------------


def test_a_customer_with_compensation_on_case_after_case_is_found_with_who_gave_most(world: World) -> None:
    colleague = make_user(Role.FRONTLINE, world.branch)
    customer = make_customer()
    cases = [make_case(world.branch, customer=customer) for _ in range(3)]
    for case in cases[:2]:
        propose(world.frontline, case, 50)
    assert returning(MONTH, USUAL) == []
    propose(colleague, cases[2], 30)
    (found,) = returning(MONTH, USUAL)
    assert (found.customer_id, found.cases, found.grants) == (customer.pk, 3, 3)
    assert (found.amount, found.most_by, found.by_same) == (Decimal(130), world.frontline.pk, 2)


def test_what_was_given_back_does_not_count(world: World) -> None:
    customer = make_customer()
    offers = [propose(world.frontline, make_case(world.branch, customer=customer), 50) for _ in range(3)]
    Offer.objects.filter(pk=offers[0].pk).update(state="fulfilled")
    claw_back_offer(actor=world.supervisor, offer_id=offers[0].pk, reason="Paid twice.")
    assert returning(MONTH, USUAL) == []


def test_one_approver_for_one_proposer_alone_is_found_and_told_against_the_others(world: World) -> None:
    other, colleague = make_user(Role.SUPERVISOR, world.branch), make_user(Role.FRONTLINE, world.branch)
    for _ in range(4):
        decide(world, propose(world.frontline, make_case(world.branch), 500))
    offer = propose(world.frontline, make_case(world.branch), 500)
    assert pairs(MONTH, USUAL) == []
    reject_offer(actor=world.supervisor, offer_id=offer.pk, reason="No.")
    for approver in (other, other, other, world.supervisor):
        decide(world, propose(colleague, make_case(world.branch), 500), actor=approver)
    (found,) = pairs(MONTH, USUAL)
    assert (found.proposer_id, found.approver_id) == (world.frontline.pk, world.supervisor.pk)
    assert (found.decided, found.rejected, found.of_proposer, found.others) == (5, 1, 5, 4)
    assert found.usual == Decimal("0.25")


def test_the_only_approver_of_a_branch_is_no_exception(world: World) -> None:
    for proposer in (world.frontline, make_user(Role.FRONTLINE, world.branch)):
        for _ in range(5):
            decide(world, propose(proposer, make_case(world.branch), 500))
    assert pairs(MONTH, USUAL) == []


@pytest.mark.parametrize(
    ("decided", "of", "usual", "said"),
    [
        (4, 4, None, False),
        (5, 5, None, True),
        (5, 7, None, False),
        (8, 10, "0.6", True),
        (8, 10, "0.7", False),
    ],
)
def test_what_makes_a_pair(decided: int, of: int, usual: str | None, said: bool) -> None:
    assert is_tied(decided, of, None if usual is None else Decimal(usual), 5, 80) is said


# --- scope and cost ------------------------------------------------------------------------


def test_period_and_branches_bound_what_is_found(world: World) -> None:
    customer = make_customer()
    for _ in range(3):
        propose(world.frontline, make_case(world.branch, customer=customer), 290)
    later = Scope(NOON + dt.timedelta(days=1), MONTH.until, None)
    elsewhere = Scope(MONTH.since, MONTH.until, frozenset({make_branch("hill").pk}))
    here = Scope(MONTH.since, MONTH.until, frozenset({world.branch.pk}))
    for scope, n in ((later, 0), (elsewhere, 0), (here, 1)):
        assert len(returning(scope, USUAL)) == len(near_limit(scope, USUAL)) == n


def test_a_zone_that_the_database_does_not_know_is_no_failure(world: World) -> None:
    propose(world.frontline, make_case(world.branch), 290)
    type(world.branch).objects.filter(pk=world.branch.pk).update(time_zone="Nowhere/Else")
    (found,) = near_limit(MONTH, Thresholds(near_least=1))
    assert list(offers_found(found.offer_ids)) == found.offer_ids


def years_of_grants(like: Offer) -> None:
    """Three years of grants before the period, past the guards, for they were made long ago."""
    fields = {"case": like.case, "branch": like.branch, "proposer": like.proposer, "currency": "CNY"}
    with connection.cursor() as cursor:
        connection.check_constraints()
        cursor.execute("ALTER TABLE compensation_offer DISABLE TRIGGER USER")
        grants = Offer.objects.bulk_create(
            Offer(
                **fields,
                kind="refund",
                amount=5,
                granted_amount=5,
                state="fulfilled",
                decided_at=NOON - dt.timedelta(hours=9 * n),
            )
            for n in range(3000)
        )
        connection.check_constraints()
        cursor.execute("ALTER TABLE compensation_approval DISABLE TRIGGER USER")
        people = {"proposer": like.proposer, "approver": make_user(Role.MANAGER, like.branch)}
        Approval.objects.bulk_create(
            Approval(
                **people,
                offer=grant,
                decision="approved",
                amount=5,
                limit=5,
                reason="Fair.",
                at=NOON - dt.timedelta(hours=9 * n),
            )
            for n, grant in enumerate(grants)
        )
        connection.check_constraints()
        for table in ("compensation_offer", "compensation_approval"):
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
            cursor.execute(f"ANALYZE {table}")


def test_each_reads_the_period_by_an_index(world: World) -> None:
    offer = propose(world.frontline, make_case(world.branch), 290)
    # What the planner knows of the table must not come from the tests before this one.
    years_of_grants(offer)
    statements: list[str] = []

    def keep(execute: object, sql: str, params: object, many: bool, context: object) -> object:
        statements.append(connection.cursor().mogrify(sql, params).decode())
        return execute(sql, params, many, context)  # type: ignore[operator]

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        with connection.execute_wrapper(keep):
            for find in (near_limit, splits, returning, pairs):
                find(MONTH, USUAL)
        for sql, index in zip(
            list(statements), [*["compensation_offer_grants"] * 3, "compensation_approval_at"], strict=True
        ):
            cursor.execute("EXPLAIN " + sql)
            assert index in "\n".join(line for (line,) in cursor.fetchall())
