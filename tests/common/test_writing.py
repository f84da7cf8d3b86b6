"""Rows that are inserted or changed are as the ORM would have saved them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import FieldDoesNotExist, ObjectDoesNotExist
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.states import Role
from audit.models import Event
from cases.models import RecoveryStep
from cases.states import StepState
from common.writing import _PLAIN, insert, update
from compensation.models import Offer
from messaging.models import Notice
from tests.compensation.world import make_case
from tests.factories import make_branch, make_user

pytestmark = pytest.mark.django_db


def columns(row: Any) -> dict[str, Any]:
    fresh = type(row).objects.get(pk=row.pk)
    return {field.attname: getattr(fresh, field.attname) for field in row._meta.concrete_fields}


def test_several_rows_get_their_keys_in_order_and_hold_what_was_given() -> None:
    case = make_case(make_branch("harbour"))
    RecoveryStep.objects.filter(case=case).delete()
    steps = [RecoveryStep(case=case, kind=kind, position=at) for at, kind in enumerate(("listen", "solve"))]

    insert(*steps)

    assert [step.kind for step in RecoveryStep.objects.filter(case=case).order_by("pk")] == [
        "listen",
        "solve",
    ]
    assert [step.pk for step in steps] == sorted(step.pk for step in steps)
    assert not any(step._state.adding for step in steps)
    insert()


def test_json_times_and_what_the_database_fills_in_are_as_when_saved() -> None:
    user = make_user(Role.FRONTLINE, make_branch("harbour"))
    values = {
        "user": user,
        "message": "Hello %(who)s",
        "params": {"who": "A “B”", "n": [1, None]},
        "url": "/x",
    }
    inserted, saved = Notice(**values, dedupe_key="a"), Notice(**values, dedupe_key="b")
    inserted.created_at = saved.created_at = timezone.now()
    insert(inserted)
    saved.save()
    differing = {"id", "dedupe_key"}
    assert {name: value for name, value in columns(inserted).items() if name not in differing} == {
        name: value for name, value in columns(saved).items() if name not in differing
    }


def test_a_column_with_a_default_of_the_database_is_left_to_it() -> None:
    user = make_user(Role.FRONTLINE, make_branch("harbour"))
    case = make_case(user.branches.get())
    offer = Offer(
        case=case,
        branch=case.branch,
        kind="refund",
        amount=5,
        currency="EUR",
        purpose="p",
        reason="r",
        proposer=user,
    )
    insert(offer)
    assert Offer.objects.get().amount == 5


def test_a_refusal_by_the_database_is_raised_as_saving_would() -> None:
    now = timezone.now()
    event = {
        "stream": "case:1",
        "sequence": 1,
        "at": now,
        "verb": "x",
        "data": {},
        "previous_hash": "",
        "hash": "h",
    }
    insert(Event(**event))
    with pytest.raises(IntegrityError), transaction.atomic():
        insert(Event(**event))


def test_only_the_named_fields_of_a_row_are_changed() -> None:
    case = make_case(make_branch("harbour"))
    step = RecoveryStep.objects.filter(case=case).first()
    assert step is not None
    before = columns(step)
    step.state, step.position, step.at = "done", 7, timezone.now()

    update(step, "state", "at")

    assert columns(step) == before | {"state": "done", "at": step.at}


def test_a_name_that_is_no_field_is_told_and_nothing_is_changed() -> None:
    step = RecoveryStep.objects.filter(case=make_case(make_branch("harbour"))).first()
    assert step is not None
    before = columns(step)
    step.state = "done"
    with pytest.raises(FieldDoesNotExist):
        update(step, "state", "sate")
    assert columns(step) == before


def test_a_crowd_of_rows_is_inserted_as_a_few_are() -> None:
    user = make_user(Role.FRONTLINE, make_branch("harbour"))
    notices = [Notice(user=user, message="Hello", params={}, url="/x", dedupe_key=str(n)) for n in range(40)]
    insert(*notices)
    found = dict(Notice.objects.values_list("pk", "dedupe_key"))
    assert {notice.pk: notice.dedupe_key for notice in notices} == found


def test_a_row_that_is_gone_is_told_and_a_refusal_is_raised_as_saving_would() -> None:
    case = make_case(make_branch("harbour"))
    first, second = RecoveryStep.objects.filter(case=case).order_by("position")[:2]
    second.kind = first.kind
    with pytest.raises(IntegrityError), transaction.atomic():
        update(second, "kind")
    RecoveryStep.objects.filter(pk=first.pk).delete()
    with pytest.raises(ObjectDoesNotExist):
        update(first, "state")


PLAIN = (
    "a",
    True,
    7,
    None,
    Decimal("1.50"),
    Decimal("NaN"),
    timezone.now(),
    timezone.now().replace(tzinfo=None),
)


def test_values_that_go_in_as_they_are_would_come_out_of_their_fields_so() -> None:
    taken = set()
    for kind, takes in _PLAIN.items():
        field = kind()
        for value in PLAIN:
            if type(value) in takes and takes[type(value)](value):
                assert field.get_db_prep_save(value, connection) == value
                taken.add(str(value))
    assert {str(value) for value in PLAIN} - taken == {"NaN", str(PLAIN[-1])}


def test_what_a_field_changes_on_the_way_is_changed_as_when_saved() -> None:
    step = RecoveryStep.objects.filter(case=make_case(make_branch("harbour"))).first()
    assert step is not None
    step.position, step.state, step.at = "7", StepState.DONE, timezone.now()
    update(step, "position", "state", "at")
    assert columns(step) | {"position": 7, "state": "done"} == columns(step)
