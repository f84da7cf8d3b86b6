"""Authority by role and person, by kind, by goodwill and what is owed: the most specific in force counts."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.models import Authority, User
from accounts.states import Role
from cases.models import Case
from common.errors import NotAllowed
from compensation.authority_queries import grant_view, limit_of
from compensation.models import Offer
from compensation.states import OfferState
from tests.compensation.chains import LONG_AGO, approve, make_authority
from tests.compensation.world import NOON, SHANGHAI, World, committed, make_case, make_world, propose


def per_case(user: User, kind: str = "", basis: str = "") -> Decimal | None:
    limit = limit_of(user, "CNY", time_zone=SHANGHAI, kind=kind, basis=basis)
    return limit.per_case if limit else None


def test_a_persons_limit_counts_before_that_of_the_role(world: World, case: Case) -> None:
    make_authority(500, user=world.frontline)
    assert per_case(world.frontline) == 500
    assert propose(world.frontline, case, 500).state == OfferState.APPROVED


def test_a_persons_limit_holds_while_they_have_the_role(world: World, case: Case) -> None:
    make_authority(9000, user=world.supervisor)
    User.objects.filter(pk=world.supervisor.pk).update(role=Role.FRONTLINE)
    assert per_case(User.objects.get(pk=world.supervisor.pk)) == 300


def test_a_lower_limit_of_ones_own_binds_also_who_decides(world: World, case: Case) -> None:
    make_authority(400, user=world.supervisor)
    offer = propose(world.frontline, case, 1000)
    assert offer.asked_role == Role.MANAGER
    with pytest.raises(NotAllowed, match="400"):
        approve(world.supervisor, offer)


def test_a_higher_limit_of_ones_own_is_asked_before_the_next_role(world: World, case: Case) -> None:
    make_authority(9000, user=world.supervisor)
    offer = propose(world.frontline, case, 5000)
    assert offer.asked_role == Role.SUPERVISOR
    assert approve(world.supervisor, offer).granted_amount == 5000


def test_a_limit_for_a_kind_counts_that_kind_alone(world: World, case: Case) -> None:
    make_authority(500, role=Role.FRONTLINE, kind="voucher")
    assert propose(world.frontline, case, 300).state == OfferState.APPROVED
    assert propose(world.frontline, case, 500, kind="voucher").state == OfferState.APPROVED
    assert propose(world.frontline, case, 1, kind="voucher").state == OfferState.WAITING
    assert propose(world.frontline, case, 1).state == OfferState.WAITING


def test_goodwill_and_what_is_owed_are_apart(world: World, case: Case) -> None:
    make_authority(100, role=Role.FRONTLINE, basis="goodwill")
    make_authority(1000, role=Role.FRONTLINE, basis="liability")
    assert propose(world.frontline, case, 1000, basis="liability").state == OfferState.APPROVED
    assert propose(world.frontline, case, 100).state == OfferState.APPROVED
    assert propose(world.frontline, case, 1).state == OfferState.WAITING


def test_the_day_counts_what_the_limit_is_for(world: World) -> None:
    make_authority(100, per_day=150, role=Role.FRONTLINE, kind="meal")
    first, other = make_case(world.branch), make_case(world.branch)
    assert propose(world.frontline, first, 100, kind="meal").state == OfferState.APPROVED
    assert grant_view(world.frontline, other, kind="meal").may_grant == 50
    assert grant_view(world.frontline, other, kind="refund").may_grant == 300


def test_one_that_ends_leaves_it_to_the_less_specific(world: World) -> None:
    make_authority(500, user=world.frontline)
    make_authority(0, user=world.frontline, ends=True, valid_from=NOON.date())
    assert per_case(world.frontline) == 300


def test_the_role_s_own_limit_does_not_end(world: World) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        make_authority(0, role=Role.FRONTLINE, ends=True, valid_from=NOON.date())


def test_the_database_refuses_a_grant_above_the_limit_of_its_kind(world: World, case: Case) -> None:
    make_authority(50, role=Role.FRONTLINE, kind="meal")
    values = {
        "case": case,
        "branch": world.branch,
        "amount": Decimal(51),
        "granted_amount": Decimal(51),
        "currency": "CNY",
        "purpose": "Dinner",
        "reason": "Nuts",
        "proposer": world.frontline,
        "within_authority": True,
        "decided_at": NOON,
        "state": "approved",
    }
    with pytest.raises(IntegrityError, match="above their authority"), committed():
        Offer.objects.create(kind="meal", **values)
    with committed():
        Offer.objects.create(kind="refund", **values)


rows = st.lists(
    st.tuples(
        st.sampled_from(["frontline", "own", "supervisor"]),
        st.sampled_from(["", "meal", "refund"]),
        st.sampled_from(["", "goodwill"]),
        st.integers(-3, 3),
        st.integers(0, 9),
        st.booleans(),
    ),
    max_size=12,
    unique_by=lambda row: row[:4],
)


@pytest.mark.django_db
@settings(max_examples=60, deadline=None)
@given(rows)
def test_rules_and_database_find_the_same_limit(drawn: list[tuple[str, str, str, int, int, bool]]) -> None:
    with transaction.atomic():
        world = make_world()
        Authority.objects.all().delete()
        for who, kind, basis, day, amount, ends in drawn:
            own = who == "own"
            over = ends and (own or bool(kind or basis))
            make_authority(
                0 if over else amount,
                role=Role.FRONTLINE if own else who,
                user=world.frontline if own else None,
                kind=kind,
                basis=basis,
                ends=over,
                valid_from=NOON.date() + dt.timedelta(days=day),
            )
        for user in (world.frontline, world.supervisor):
            for kind in ("meal", "refund", "gift"):
                for basis in ("goodwill", "liability"):
                    with connection.cursor() as cursor:
                        cursor.execute(
                            "SELECT per_case FROM compensation_limit(%s, 'CNY', %s, %s, %s)",
                            [user.pk, kind, basis, NOON.date()],
                        )
                        found = cursor.fetchone()[0]
                    assert found == per_case(user, kind, basis)
        transaction.set_rollback(True)


def test_the_newest_of_a_limit_counts_and_none_of_before_its_day(world: World) -> None:
    make_authority(500, role=Role.FRONTLINE, kind="meal", valid_from=LONG_AGO)
    make_authority(40, role=Role.FRONTLINE, kind="meal", valid_from=NOON.date())
    make_authority(70, role=Role.FRONTLINE, kind="meal", valid_from=NOON.date() + dt.timedelta(days=1))
    assert per_case(world.frontline, "meal") == 40
