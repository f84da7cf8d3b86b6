"""Prepared queries: the same rows as the queryset gives, whatever they were written for first."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoDbBlocker, Settings

from accounts.models import Branch, User
from accounts.states import Role
from cases.models import Case
from common.prepared import NotPlainError, prepared
from tests.compensation.world import make_case
from tests.factories import make_branch, make_user

pytestmark = pytest.mark.django_db


class CleverUser(User):
    """A person who is counted when made."""

    class Meta:
        proxy = True
        app_label = "accounts"

    def __init__(self, *values: Any, **named: Any) -> None:
        super().__init__(*values, **named)
        self.made = True


@prepared
def staff(
    branch_ids: frozenset[int] | None, *, role: str, since: dt.datetime | None = None
) -> QuerySet[User]:
    people = User.objects.filter(role=role).order_by("pk")
    if since is not None:
        people = people.filter(joined_at__gte=since)
    return people if branch_ids is None else people.filter(branches__in=branch_ids)


@prepared
def branches(*, keys: list[int]) -> QuerySet[Branch]:
    staffed = User.objects.filter(branches=OuterRef("pk"))
    return Branch.objects.filter(pk__among=keys).annotate(staffed=Exists(staffed)).order_by("pk")


def test_each_call_gets_the_rows_of_its_own_values() -> None:
    harbour, garden = make_branch("harbour"), make_branch("garden")
    first, second = make_user(Role.FRONTLINE, harbour), make_user(Role.FRONTLINE, garden)
    manager = make_user(Role.MANAGER, harbour)

    assert staff(None, role="frontline") == [first, second]
    assert staff(None, role="manager") == [manager]
    assert staff(frozenset({harbour.pk}), role="frontline") == [first]
    assert staff(frozenset({garden.pk}), role="frontline") == [second]
    assert staff.first(None, role="frontline") == first
    assert staff.first(None, role="auditor") is None


def test_a_query_that_can_find_nothing_asks_nothing(django_assert_num_queries: object) -> None:
    make_user(Role.FRONTLINE, make_branch("harbour"))

    with django_assert_num_queries(0):  # type: ignore[operator]
        assert staff(frozenset(), role="frontline") == []
    assert staff.sql(frozenset(), role="frontline") is None


@prepared
def of_severity(*, severity: int) -> QuerySet[Case]:
    return Case.objects.filter(severity=severity).order_by("pk")


@prepared
def held(*, key: int) -> QuerySet[Branch]:
    return Branch.objects.select_for_update().filter(pk=key)


def test_a_small_column_that_is_never_negative_is_found_by_its_value() -> None:
    case = make_case(make_branch("harbour"))
    assert of_severity(severity=case.severity) == [case]


@pytest.mark.django_db(transaction=True)
def test_rows_are_locked_within_a_transaction_only() -> None:
    branch = make_branch("harbour")
    with transaction.atomic():
        assert held(key=branch.pk) == [branch]
    with pytest.raises(TransactionManagementError):
        held(key=branch.pk)


def test_a_list_of_any_length_and_what_is_annotated_come_by_one_statement() -> None:
    harbour, garden, attic = make_branch("harbour"), make_branch("garden"), make_branch("attic")
    make_user(Role.FRONTLINE, garden)

    assert branches(keys=[]) == []
    assert branches(keys=[harbour.pk]) == [harbour]
    assert branches(keys=[attic.pk, harbour.pk, garden.pk]) == [harbour, garden, attic]
    assert [branch.staffed for branch in branches(keys=[harbour.pk, garden.pk])] == [False, True]  # type: ignore[attr-defined]
    assert len(branches.written) == 1


def test_joined_rows_deferred_fields_and_json_are_as_the_orm_makes_them() -> None:

    case = make_case(make_branch("harbour"), suggestion={"severity": 2}, cues=["repeat"])

    @prepared
    def found(*, number: str) -> QuerySet[Case]:
        return Case.objects.filter(number=number).select_related("customer", "owner").defer("search")

    [same] = found(number=case.number)
    with CaptureQueriesContext(connection) as asked:
        assert same.suggestion == {"severity": 2}
        assert same.cues == ["repeat"]
        assert same.customer.name == case.customer.name
        assert same.owner == case.owner
    assert len(asked) == 0
    assert "search" in same.get_deferred_fields()


def test_flat_lists_tuples_and_sums_come_as_values() -> None:
    harbour = make_branch("harbour")
    user = make_user(Role.FRONTLINE, harbour)

    @prepared
    def names(*, role: str) -> QuerySet[User, str]:
        return User.objects.filter(role=role).values_list("name", flat=True)

    @prepared
    def counted(*, active: str) -> QuerySet[User, tuple[str, int]]:
        return (
            User.objects.values("role")
            .annotate(n=Count("pk", filter=Q(role=active)))
            .values_list("role", "n")
        )

    assert names(role="frontline") == [user.name]
    assert counted(active="frontline") == [("frontline", 1)]


def test_a_value_that_does_not_reach_the_database_as_it_is_is_refused() -> None:
    @prepared
    def beginning(*, with_: str) -> QuerySet[User]:
        return User.objects.filter(name__startswith=with_)

    with pytest.raises(NotPlainError, match="with_"):
        beginning(with_="A")
    with pytest.raises(NotPlainError, match="True"):
        beginning(with_=True)


@pytest.mark.parametrize("prepare", [True, False])
def test_a_connection_plans_a_statement_once_and_forgets_what_is_too_many(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, prepare: bool
) -> None:
    settings.DATABASE_PREPARE = prepare
    monkeypatch.setattr("common.statements.MOST_HELD", 3)
    user = make_user(Role.FRONTLINE, make_branch("harbour"))

    @prepared
    def some(limit: int, *, role: str, like: str) -> QuerySet[User]:
        return User.objects.filter(Q(role=role) & ~Q(name=f"50% or %s {prepare}") & ~Q(name=like))[:limit]

    for limit in (1, 2, 3, 4, 5, 1, 2):
        with CaptureQueriesContext(connection) as asked:
            assert some(limit, role="frontline", like="O'Neil %s") == [user]
        assert len(asked) == 1
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_prepared_statements WHERE strpos(statement, %s) > 0",
            [f"or %s {prepare}"],
        )
        [(held,)] = cursor.fetchall()
    assert held <= 3
    assert bool(held) == prepare


def test_a_statement_is_written_once_for_each_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.prepared.MOST_KEPT", 2)

    @prepared
    def some(limit: int, *, role: str) -> QuerySet[User]:
        return User.objects.filter(role=role)[:limit]

    for limit in (1, 1, 2, 3, 4):
        some(limit, role="frontline")
    assert len(some.written) <= 2


@prepared
def branches_with(*, codes: list[str]) -> QuerySet[Branch]:
    return Branch.objects.filter(code__among=codes).order_by("pk")


def test_a_list_of_texts_finds_those_it_names_and_no_text_is_cut_to_the_columns_length() -> None:
    longest = Branch._meta.get_field("code").max_length
    assert longest
    full, other = make_branch("b" * longest), make_branch("harbour")
    assert branches_with(codes=["harbour", "b" * longest]) == [full, other]
    assert branches_with(codes=["b" * (longest + 1), "no'body"]) == []
    assert branches_with(codes=[]) == []


def test_a_short_list_is_planned_once_and_not_each_time() -> None:
    branch = make_branch("harbour")
    for _ in range(12):
        assert branches(keys=[branch.pk]) == [branch]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT custom_plans, generic_plans FROM pg_prepared_statements WHERE statement LIKE %s"
            " AND statement LIKE %s",
            ["%accounts_branch%", "%staffed%"],
        )
        [(custom, generic)] = cursor.fetchall()
    # PostgreSQL plans five times for the values at hand before it compares; other tests may ask it, too.
    assert custom <= 5
    assert generic >= 7


def test_a_model_that_does_more_than_keep_its_columns_is_refused() -> None:
    @prepared
    def files(*, key: int) -> QuerySet[Any]:
        return CleverUser.objects.filter(pk=key)

    with pytest.raises(TypeError, match="CleverUser is more than its columns"):
        files(key=1)


@pytest.mark.django_db(transaction=True)
def test_statements_go_on_over_a_new_connection() -> None:
    branch = make_branch("harbour")
    assert branches(keys=[branch.pk]) == [branch]
    connection.close()
    assert branches(keys=[branch.pk]) == [branch]
    assert branches(keys=[]) == []


def test_a_test_that_may_not_use_the_database_is_told_so(django_db_blocker: DjangoDbBlocker) -> None:
    branches(keys=[])
    with django_db_blocker.block(), pytest.raises(RuntimeError, match="Database access not allowed"):
        branches(keys=[])


def test_statements_are_counted_while_queries_are_logged() -> None:
    branches(keys=[])
    with CaptureQueriesContext(connection) as asked:
        branches(keys=[])
    branches(keys=[])
    assert len(asked) == 1
