"""Rows written by COPY are the rows that an ordinary save would have written."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import DataError, IntegrityError, models, transaction
from django.db.models import F
from django.db.models.functions import Cast

from audit.models import Event
from cases.models import Case, Clock, RecoveryStep, TimelineEntry
from common.copying import _encoder, _moment, _plan, copy_rows, reserve_ids, unsaved
from common.search_text import search_document
from customers.models import ContactPoint, Customer, Order
from tests.factories import make_branch

AWKWARD = "tab\there, line\nbreak\r\n, back\\slash \\N \\. \"quotes\" 'single', 中文 🙂, {braces}"
NOW = dt.datetime(2026, 3, 2, 10, 0, 0, 123456, tzinfo=dt.UTC)

pytestmark = pytest.mark.django_db


def new_case(customer: Customer, number: str, **fields: Any) -> Case:
    values: dict[str, Any] = {
        "number": number,
        "customer": customer,
        "branch": make_branch(),
        "channel": "web",
        "summary": AWKWARD,
        "description": AWKWARD,
        "occurred_on": dt.date(2026, 2, 28),
        "received_at": NOW,
        "remedies_sought": ["refund", "apology"],
        "loss_amount": Decimal("12.3400"),
        "currency": "EUR",
        "cues": [],
        "suggestion": {"text": AWKWARD, "none": None, "list": [1, 2.5, True]},
        "tracking_token": number,
        "search": search_document([AWKWARD]),
    }
    return Case(**(values | fields))


def stored(model: type[models.Model], key: int) -> dict[str, Any]:
    rows = model._default_manager.filter(pk=key).annotate(search_text=Cast(F("search"), models.TextField()))
    return rows.values().get()


def test_a_copied_row_equals_a_saved_one_in_every_column() -> None:
    saved, copied = Customer(name=AWKWARD, search=search_document(["it's"])), Customer(name=AWKWARD)
    copied.search, copied.created_at = saved.search, saved.created_at
    saved.save()
    copied.pk = reserve_ids(Customer, 1)[0]
    copy_rows([copied])
    assert stored(Customer, copied.pk) == stored(Customer, saved.pk) | {"id": copied.pk}

    first, second = new_case(saved, "C-1"), new_case(saved, "C-2")
    second.branch, second.pk = first.branch, reserve_ids(Case, 1)[0]
    first.save()
    copy_rows([second])
    differs = {"id": second.pk, "number": "C-2", "tracking_token": "C-2"}
    assert stored(Case, second.pk) == stored(Case, first.pk) | differs


def test_rows_without_a_key_get_one() -> None:
    customer = Customer.objects.create(name="Customer")
    case = new_case(customer, "C-1")
    case.save()
    copy_rows([TimelineEntry(case=case, kind="note", body=str(n), params={"n": n}) for n in range(3)])
    assert list(case.timeline.order_by("id").values_list("body", flat=True)) == ["0", "1", "2"]


def test_constraints_hold() -> None:
    customer = Customer.objects.create(name="Customer")
    new_case(customer, "C-1").save()
    with pytest.raises(IntegrityError), transaction.atomic():
        copy_rows([new_case(customer, "C-1", tracking_token="other")])
    with pytest.raises(IntegrityError), transaction.atomic():
        copy_rows([new_case(customer, "C-2", severity=9)])
    with pytest.raises(DataError), transaction.atomic():
        copy_rows([new_case(customer, "C-2", summary="long " * 100)])


def test_reserved_keys_do_not_come_again() -> None:
    keys = reserve_ids(Customer, 3)
    assert len(set(keys)) == 3
    assert Customer.objects.create(name="Customer").pk > max(keys)


@pytest.mark.parametrize(
    "model", [Case, Clock, ContactPoint, Customer, Event, Order, RecoveryStep, TimelineEntry]
)
def test_every_column_of_what_is_copied_is_known(model: type[models.Model]) -> None:
    columns, _write = _plan(model, True)
    assert all(f'"{field.column}"' in columns for field in model._meta.concrete_fields)


def test_a_kind_of_column_that_nobody_thought_of_is_refused_not_guessed() -> None:
    with pytest.raises(TypeError, match="does not know"):
        _encoder(models.BinaryField())
    with pytest.raises(TypeError, match="own time"):
        _encoder(models.DateTimeField(auto_now=True))


def test_nothing_is_written_for_no_rows(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        copy_rows([])


def test_an_unsaved_row_has_the_models_defaults_and_no_column_that_it_has_not() -> None:
    case = new_case(Customer.objects.create(name="Customer"), "C-1")
    case.save()
    copy_rows([unsaved(TimelineEntry, case_id=case.pk, kind="note", at=NOW, body="Quick")])
    quick = case.timeline.get()
    usual = TimelineEntry(case=case, kind="note", at=NOW, body="Quick")
    for column in TimelineEntry._meta.concrete_fields:
        if not column.primary_key:
            assert getattr(quick, column.attname) == getattr(usual, column.attname)
    with pytest.raises(TypeError, match="has no colour, size"):
        unsaved(TimelineEntry, colour="red", size=3)


def test_the_two_moments_of_an_hour_that_comes_twice_are_written_apart() -> None:
    first = dt.datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    assert _moment(first).endswith("+02:00")
    assert _moment(first.replace(fold=1)).endswith("+01:00")
    assert _moment(NOW) == NOW.isoformat()
