"""Every decision on a case is kept as it was, also when the case is opened again and decided anew."""

from __future__ import annotations

import datetime as dt
from importlib import import_module
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.db import DatabaseError, IntegrityError, connection, transaction

from audit.actions import record
from cases.actions.resolve import reopen_case, resolve_case
from cases.models import Case, Cause, Resolution
from tests.factories import MONDAY, Desk, log_case

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)


def resolve(desk: Desk, case: Case, **fields: Any) -> Case:
    cause = Cause.objects.exclude(code="not_established").first()
    values: dict[str, Any] = {"outcome": "upheld", "cause": cause, "resolution": "", "reason": "agreed"}
    return resolve_case(actor=desk.frontline, case_id=case.pk, **(values | fields))


def twice_resolved(desk: Desk) -> Case:
    with time_machine.travel(MONDAY, tick=False):
        case = log_case(desk)
    with time_machine.travel(MONDAY + DAY, tick=False):
        resolve(desk, case, outcome="not_upheld", resolution="The carrier showed the signature.")
    with time_machine.travel(MONDAY + 2 * DAY, tick=False):
        reopen_case(actor=desk.colleague, case_id=case.pk, reason="It was not hers.")
    with time_machine.travel(MONDAY + 3 * DAY, tick=False):
        return resolve(desk, case, resolution="Sent anew.")


def test_each_decision_is_kept_and_the_case_repeats_the_last(desk: Desk) -> None:
    case = twice_resolved(desk)
    first, last = Resolution.objects.filter(case=case)
    assert (first.round, first.at, first.outcome) == (1, MONDAY + DAY, "not_upheld")
    assert (first.text, first.reason, first.by) == (
        "The carrier showed the signature.",
        "agreed",
        desk.frontline,
    )
    assert (last.round, last.at, last.outcome, last.text) == (2, MONDAY + 3 * DAY, "upheld", "Sent anew.")
    assert (case.resolved_at, case.outcome, case.resolution) == (last.at, last.outcome, last.text)


def test_the_database_refuses_to_change_or_remove_a_decision(desk: Desk) -> None:
    resolution = twice_resolved(desk).resolutions.first()
    assert resolution is not None
    rows = Resolution.objects.filter(pk=resolution.pk)
    for change in (lambda: rows.update(outcome="upheld"), rows.delete):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change()
    assert rows.get().outcome == "not_upheld"


def test_only_the_words_of_a_decision_can_be_taken_away(desk: Desk) -> None:
    resolution = twice_resolved(desk).resolutions.first()
    assert resolution is not None
    rows = Resolution.objects.filter(pk=resolution.pk)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        rows.update(text="Something else.")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        rows.update(text="", reason="another")
    assert rows.update(text="", reason="") == 1
    assert rows.values_list("text", "reason", "outcome").get() == ("", "", "not_upheld")


def test_a_round_is_decided_once(desk: Desk) -> None:
    case = twice_resolved(desk)
    with pytest.raises(IntegrityError, match="cases_resolution_once_a_round"), transaction.atomic():
        Resolution.of(case, by=None).save()


# --- cases from before resolutions had rows ------------------------------------------------------


def write_so_far() -> None:
    """Take the resolutions away, as it was before there were any, and migrate."""
    with connection.cursor() as cursor:
        # What is deferred to the end of the transaction would stand against it.
        cursor.execute(
            "SET CONSTRAINTS ALL IMMEDIATE; TRUNCATE cases_resolution; SET CONSTRAINTS ALL DEFERRED"
        )
    migration = import_module("cases.migrations.0007_resolutions_so_far")
    with connection.schema_editor(atomic=False) as editor:
        migration.write_resolutions(apps, editor)


def kept(case: Case) -> list[tuple[Any, ...]]:
    fields = ("round", "at", "outcome", "cause", "by", "text", "reason", "branch", "failure_type", "defect")
    return list(Resolution.objects.filter(case=case).order_by("round").values_list(*fields))


def test_what_was_resolved_before_gets_its_rows_from_cases_and_audit_trail(desk: Desk) -> None:
    cases = [twice_resolved(desk) for _number in range(3)]
    reopen_case(actor=desk.frontline, case_id=cases[1].pk, reason="again")
    still_open = log_case(desk)
    before = {case: kept(case) for case in cases}
    write_so_far()
    for case, (first, last) in before.items():
        # The words of an earlier decision were not kept.
        assert kept(case) == [(*first[:5], "", *first[6:]), last]
    assert not kept(still_open)


def test_writing_them_twice_changes_nothing(desk: Desk) -> None:
    case = twice_resolved(desk)
    write_so_far()
    before = list(Resolution.objects.values_list("pk", "case", "round"))
    migration = import_module("cases.migrations.0007_resolutions_so_far")
    with connection.schema_editor(atomic=False) as editor:
        migration.write_resolutions(apps, editor)
    assert list(Resolution.objects.values_list("pk", "case", "round")) == before
    assert len(kept(case)) == 2


def test_a_case_imported_as_resolved_keeps_that_decision_when_it_is_open_again(desk: Desk) -> None:
    case = log_case(desk)
    Case.objects.filter(pk=case.pk).update(
        state="resolved", outcome="not_recorded", resolved_at=MONDAY, resolution="Told by post."
    )
    record(stream=case.stream, verb="case.imported", actor=None)
    write_so_far()
    expected = [(1, MONDAY, "not_recorded", None, None, "Told by post.")]
    assert [row[:6] for row in kept(case)] == expected
    reopen_case(actor=desk.frontline, case_id=case.pk, reason="again")
    write_so_far()
    assert [row[:6] for row in kept(case)] == expected
