"""Imported cases: they say what their rows say, by the same rules as a page, and disturb nobody."""

from __future__ import annotations

import datetime as dt
from itertools import count
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.states import Role
from audit.models import Event
from audit.rules import START, chain_hash
from cases.actions import import_cases as importing
from cases.actions.escalate import fire_due_alerts
from cases.actions.log import LONGEST_DESCRIPTION
from cases.actions.resolve import reopen_case
from cases.models import NEVER, Case, Clock
from cases.queries import search_cases
from customers.models import Customer
from feedback.models import Invitation
from messaging.models import Notice, OutboxMessage
from sla.actions.calendars import mark_changed
from sla.models import CalendarDay
from sla.queries import calendar_of
from tests.cases.import_files import BANK, LETTER, POST, TELECOM, Write, bank_row, letter_row, run
from tests.factories import Desk, make_user

pytestmark = pytest.mark.django_db


def test_a_bank_complaint_comes_in_with_all_that_its_row_says(write: Write) -> None:
    row = bank_row(7, response="Closed with monetary relief")
    output = run(write(BANK, row), "cfpb_complaints")
    case = Case.objects.get()
    assert "1 in" in output
    assert (case.external_source, case.external_reference) == ("cfpb_complaints", "7")
    assert (case.summary, case.product, case.description) == ("Fees", "Savings account", row[3])
    assert (case.channel, case.language, case.currency, case.branch.code) == (
        "regulator",
        "en",
        "USD",
        "imported-us",
    )
    assert (case.state, case.outcome, case.resolution) == (
        "resolved",
        "upheld",
        "Closed with monetary relief",
    )
    assert case.cause is not None
    assert case.cause.code == "not_established"
    assert case.customer.name == "Complainant 7"
    resolution = case.resolutions.get()
    assert (resolution.round, resolution.at, resolution.outcome, resolution.text) == (
        1,
        case.resolved_at,
        "upheld",
        case.resolution,
    )
    assert (case.owner, case.logged_by, case.next_step, case.due_at) == (None, None, "", NEVER)
    assert case.suggestion["severity"] == case.severity
    events = [entry.text for entry in case.timeline.filter(kind="event")]
    assert len(events) == 1
    assert "Timely response?: Yes" in events[0]
    assert "2023-01-01" in events[0]


def test_what_is_undated_counts_from_the_stated_day_and_is_told(write: Write) -> None:
    output = run(write(BANK, bank_row(1), bank_row(2)), "cfpb_complaints")
    assert "2 of those in have no usable date and count as of 2023-01-01" in output
    assert {timezone.localdate(case.received_at) for case in Case.objects.all()} == {dt.date(2023, 1, 1)}


def test_a_label_wins_over_the_words_and_an_unlisted_one_leaves_it_to_them(write: Write) -> None:
    at = "2015-02-17 15:05:12 -0800"
    run(
        write(
            POST,
            ("1", "Made Air", "the agent was rude and unhelpful", "Lost Luggage", at),
            ("2", "Made Air", "the agent was rude to me", "Can't Tell", at),
            ("3", "Made Air", "hello there", "longlines", at),
        ),
        "airline_failures",
    )
    found = dict(Case.objects.values_list("external_reference", "failure_type"))
    assert found == {"1": "outcome", "2": "process", "3": "process"}
    third = Case.objects.get(external_reference="3")
    assert third.defect is not None
    assert third.defect.code == "misallocated"


def test_open_history_is_open_without_clocks_and_last_in_the_queue(write: Write) -> None:
    run(
        write(
            TELECOM,
            ("1", "Slow internet", "22-04-15", "3:53:50 PM", "Customer Care Call", "Open"),
            ("2", "Fees", "4/8/2015", "10:22:56 AM", "Internet", "Solved"),
        ),
        "comcast_complaints",
    )
    open_case, resolved = Case.objects.order_by("external_reference")
    assert (open_case.state, open_case.channel, open_case.due_at, open_case.owner) == (
        "open",
        "phone",
        NEVER,
        None,
    )
    assert open_case.next_step == "acknowledge"
    assert open_case.steps.count() == 8
    assert open_case.received_at == dt.datetime(2015, 4, 22, 19, 53, 50, tzinfo=dt.UTC)
    assert (resolved.state, resolved.outcome) == ("resolved", "not_recorded")
    assert resolved.resolved_at == resolved.received_at == dt.datetime(2015, 4, 8, 14, 22, 56, tzinfo=dt.UTC)
    assert not Clock.objects.exists()


def test_a_reply_is_on_the_timeline_and_its_time_is_measured_in_the_places_business_hours(
    write: Write,
) -> None:
    run(write(LETTER, letter_row(1), letter_row(2, replied="2019/4/25 9:40:00")), "gov_replies")
    slow, quick = Case.objects.order_by("external_reference")
    assert [entry.kind for entry in slow.timeline.all()] == ["reply", "event"]
    assert slow.first_response_at == slow.resolved_at == dt.datetime(2019, 4, 26, 2, 2, 8, tzinfo=dt.UTC)
    # Thursday 9:32:09 to Friday 10:02:08 in Shanghai, open from 9 to 18: 8 h 27 min 51 s and 1 h 2 min 8 s.
    clocks = {clock.metric: clock for clock in slow.clocks.all()}
    assert set(clocks) == {"first_response", "resolution"}
    assert {clock.business_seconds for clock in clocks.values()} == {
        8 * 3600 + 27 * 60 + 51 + 3600 + 2 * 60 + 8
    }
    assert clocks["resolution"].calendar_seconds == 24 * 3600 + 29 * 60 + 59
    for clock in Clock.objects.all():
        assert clock.stopped_at is not None
        assert clock.state == ("met" if clock.stopped_at <= clock.due_at else "missed")
        assert (clock.next_alert_at, clock.level) == (None, 0)
    assert quick.clocks.get(metric="first_response").state == "met"


def test_an_import_measures_by_the_calendar_as_it_is_when_a_batch_is_written(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare, calls = importing.RowMaker.prepare, count(1)

    def change_and_prepare(self: importing.RowMaker, *given: Any) -> Any:
        if next(calls) == 2:
            calendar = calendar_of(self._branch.pk)
            CalendarDay.objects.create(calendar=calendar, date="2019-04-26", note="Stocktaking")
            mark_changed(calendar)
        return prepare(self, *given)

    monkeypatch.setattr(importing.RowMaker, "prepare", change_and_prepare)
    run(write(LETTER, letter_row(1), letter_row(2), letter_row(3)), "gov_replies", batch=1)
    clocks = Clock.objects.filter(metric="resolution").order_by("case__external_reference")
    thursday, friday = 8 * 3600 + 27 * 60 + 51, 3600 + 2 * 60 + 8
    assert [clock.business_seconds for clock in clocks] == [thursday + friday, thursday, thursday]


def test_a_person_who_complains_again_is_one_customer(write: Write) -> None:
    run(
        write(LETTER, letter_row(1, who="U9"), letter_row(2, who="U9"), letter_row(3)), "gov_replies", batch=1
    )
    assert Customer.objects.count() == 2
    assert Customer.objects.get(external_reference="U9").cases.count() == 2


def test_the_rules_of_the_page_hold_and_nothing_of_a_long_letter_is_lost(write: Write) -> None:
    text = "They lost my parcel again. " * 2000
    run(write(BANK, bank_row(1, text=text)), "cfpb_complaints")
    case = Case.objects.get()
    assert len(case.description) <= LONGEST_DESCRIPTION
    parts = case.timeline.filter(kind="message").values_list("body", flat=True)
    assert " ".join([case.description, *parts]) == text.strip()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("last", ["They took my money.", ""])
def test_no_batch_waits_for_the_disk_and_all_are_there_in_the_end(write: Write, last: str) -> None:
    rows = [*(bank_row(number) for number in range(4)), bank_row(4, text=last)]
    with CaptureQueriesContext(connection) as asked:
        run(write(BANK, *rows), "cfpb_complaints", batch=2)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_current_wal_flush_lsn(), pg_current_wal_insert_lsn()")
    batches = [each["sql"] for each in asked if each["sql"].startswith("SET CONSTRAINTS ALL IMMEDIATE")]
    assert len(batches) == (3 if last else 2)
    assert all("synchronous_commit = off" in each for each in batches)
    assert sum("pg_logical_emit_message" in each["sql"] for each in asked) == 1


def test_nobody_is_disturbed(write: Write, desk: Desk) -> None:
    run(
        write(TELECOM, ("1", "Injured by your technician", "22-04-15", "", "Internet", "Open")),
        "comcast_complaints",
    )
    run(write(LETTER, letter_row(1), letter_row(2, reply="", replied="")), "gov_replies")
    assert fire_due_alerts() == 0
    assert not Clock.objects.filter(next_alert_at__isnull=False).exists()
    assert not Clock.objects.filter(state__in=("running", "paused")).exists()
    assert not OutboxMessage.objects.exists()
    assert not Notice.objects.exists()
    assert not Invitation.objects.exists()


def test_each_imported_case_begins_a_sound_audit_chain_without_personal_data(write: Write) -> None:
    run(write(LETTER, letter_row(1, who="Somebody")), "gov_replies")
    case = Case.objects.get()
    events = list(Event.objects.filter(stream__startswith="case:"))
    assert [(event.stream, event.verb) for event in events] == [(case.stream, "case.imported")]
    assert events[0].data["customer"] == case.customer_id
    for event in events:
        assert (event.sequence, event.previous_hash) == (1, START)
        assert event.hash == chain_hash(
            previous=START,
            stream=event.stream,
            sequence=1,
            at=event.at,
            actor_id=None,
            verb=event.verb,
            data=event.data,
        )
        assert "Somebody" not in str(event.data)


def test_imported_cases_are_found_by_their_words_in_both_languages(write: Write) -> None:
    run(write(BANK, bank_row(1)), "cfpb_complaints")
    run(write(LETTER, letter_row(1)), "gov_replies")
    manager = make_user(Role.MANAGER)
    assert [case.external_reference for case in search_cases(manager, "fee phone").rows] == ["1"]
    assert [row.customer_name for row in search_cases(manager, "路灯").rows] == ["U1"]


def test_an_imported_case_has_a_page_and_can_be_opened_again(write: Write) -> None:
    run(write(BANK, bank_row(1)), "cfpb_complaints")
    case = Case.objects.get()
    supervisor = make_user(Role.SUPERVISOR)
    client = Client()
    client.force_login(supervisor)
    assert client.get(f"/desk/cases/{case.number}/").status_code == 200
    reopened = reopen_case(actor=supervisor, case_id=case.pk, reason="They wrote again")
    assert reopened.steps.count() == 8
    assert reopened.next_step == "acknowledge"
    assert reopened.clocks.filter(state="running").count() == 1
    assert client.get(f"/desk/cases/{case.number}/").status_code == 200
