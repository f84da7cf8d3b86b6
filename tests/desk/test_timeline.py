"""A long timeline: the complaint and the newest of what followed, and the rest in parts, each entry once."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.urls import reverse

from cases.actions.timeline import add_note
from cases.models import Case, TimelineEntry
from cases.states import EntryKind
from cases.timeline_queries import TIMELINE_PAGE, timeline_of, timeline_page
from tests.factories import Desk, log_case

pytestmark = pytest.mark.django_db
MANY = 1000
OLDER = re.compile(r'href="([^"]+\?after=\d+)#timeline-heading"')
NOTE = re.compile(r"note no\. (\d+)<")


@pytest.fixture
def case(desk: Desk) -> Case:
    return log_case(desk, description="The very first words.")


def write(case: Case, count: int, **fields: Any) -> None:
    TimelineEntry.objects.bulk_create(
        TimelineEntry(case=case, kind=EntryKind.NOTE, body=f"note no. {number}", **fields)
        for number in range(count)
    )


def test_a_timeline_of_a_thousand_entries_is_read_in_parts(
    desk: Desk, case: Case, django_assert_max_num_queries: Any
) -> None:
    write(case, MANY)
    client = Client()
    client.force_login(desk.frontline)
    url, read, pages = reverse("desk:case", args=[case.number]), list[int](), 0
    while url:
        with django_assert_max_num_queries(22):
            page = client.get(url).content.decode()
        assert page.count("The very first words.") >= 1
        told = [int(number) for number in NOTE.findall(page)]
        assert len(told) <= TIMELINE_PAGE
        read = told + read
        pages += 1
        assert ("Show the newest entries" in page) == (pages > 1)
        older = OLDER.search(page)
        url = older[1] if older else ""
    assert read == list(range(MANY))
    assert pages == MANY // TIMELINE_PAGE


def test_entries_of_one_moment_are_told_once_each(desk: Desk, case: Case) -> None:
    write(case, 7, at=case.received_at)
    bodies: list[str] = []
    page = timeline_page(case, limit=3)
    while page.older:
        bodies = [entry.text for entry in page.told] + bodies
        page = timeline_page(case, before=page.older, limit=3)
    bodies = [entry.text for entry in page.told] + bodies
    assert [body for body in bodies if body.startswith("note")] == [f"note no. {each}" for each in range(7)]


def test_a_short_timeline_has_no_parts(desk: Desk, case: Case) -> None:
    add_note(actor=desk.frontline, case_id=case.pk, body="One note.")
    client = Client()
    client.force_login(desk.frontline)
    page = client.get(reverse("desk:case", args=[case.number])).content.decode()
    assert "One note." in page
    assert "Show older entries" not in page
    assert page.count('lang="en">The very first words.') == 1


@pytest.mark.parametrize("key", ["x", "-1", "9" * 30, "0", "1"])
def test_a_made_up_key_leads_to_the_newest(desk: Desk, case: Case, key: str) -> None:
    add_note(actor=desk.frontline, case_id=case.pk, body="One note.")
    client = Client()
    client.force_login(desk.frontline)
    page = client.get(reverse("desk:case", args=[case.number]), {"after": key})
    assert page.status_code == 200
    assert "One note." in page.content.decode()


def test_an_upgrade_takes_the_copy_of_the_complaint_away_and_nothing_else(desk: Desk, case: Case) -> None:
    write(case, 2)
    TimelineEntry.objects.create(case=case, kind="complaint", body=case.description)
    migration = import_module("cases.migrations.0014_complaint_once")
    with connection.schema_editor(atomic=False) as editor:
        migration.delete_copies(apps, editor)
    assert set(case.timeline.values_list("kind", flat=True)) == {"note"}
    assert case.timeline.count() == 2


def test_a_copy_that_an_old_process_writes_during_an_upgrade_is_not_shown(desk: Desk, case: Case) -> None:
    TimelineEntry.objects.create(case=case, kind="complaint", body=case.description)
    assert timeline_of(case) == []
    assert not timeline_page(case).told
