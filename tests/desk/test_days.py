"""Special days of a calendar by the settings pages."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import Event
from sla.models import Calendar, CalendarDay
from sla.queries import business_hours
from sla.rules import business_time_between
from tests.factories import Desk

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 10, 1)


@pytest.fixture
def office(desk: Desk) -> Calendar:
    return Calendar.objects.get(code="office")


@pytest.fixture
def admin(desk: Desk) -> Client:
    client = Client()
    client.force_login(desk.admin)
    return client


def page(office: Calendar) -> str:
    return reverse("desk:calendar_days", args=[office.pk])


def edit(office: Calendar, first: dt.date = DAY) -> str:
    return reverse("desk:calendar_days_edit", args=[office.pk, first.isoformat()])


def days() -> dict[str, tuple[list[list[str]], str]]:
    return {day.date.isoformat(): (day.hours, day.note) for day in CalendarDay.objects.all()}


def open_hours(on: dt.date) -> float:
    start = dt.datetime.combine(on, dt.time(0), dt.UTC)
    calendar = Calendar.objects.get(code="office")
    return business_time_between(
        start, start + dt.timedelta(days=1), business_hours(calendar)
    ) / dt.timedelta(hours=1)


def seen(first: str, last: str = "", hours: str = "", note: str = "") -> dict[str, str]:
    """What the forms of a row send along unseen."""
    return {"seen-first": first, "seen-last": last or first, "seen-hours": hours, "seen-note": note}


def sent_along(admin: Client, office: Calendar, first: dt.date = DAY) -> dict[str, str]:
    """What the page of a row has both of its forms send along."""
    shown = admin.get(edit(office, first)).content.decode()
    found = re.findall(r'<input type="hidden" name="(seen-\w+)"(?: value="([^"]*)")?[^>]*>', shown)
    assert len(found) == 8
    assert found[:4] == found[4:]
    return dict(found)


def test_a_week_of_holidays_is_added_shown_as_one_row_moved_and_removed(
    admin: Client, office: Calendar
) -> None:
    fields = {"first": "2026-10-01", "last": "2026-10-07", "kind": "closed", "note": "National Day"}
    assert admin.post(page(office), fields).status_code == 302
    assert len(days()) == 7
    assert open_hours(DAY) == 0
    shown = admin.get(page(office)).content.decode()
    assert shown.count('<td class="hide-s">National Day</td>') == 1
    assert edit(office) in shown

    fields |= {"first": "2026-10-02", "last": "2026-10-03", "kind": "open", "hours": "10:00-14:00"}
    was = seen("2026-10-01", "2026-10-07", note="National Day")
    assert was == sent_along(admin, office)
    assert admin.post(edit(office), fields | was).status_code == 302
    assert days() == {
        "2026-10-02": ([["10:00", "14:00"]], "National Day"),
        "2026-10-03": ([["10:00", "14:00"]], "National Day"),
    }
    assert (open_hours(DAY), open_hours(DAY + dt.timedelta(days=1))) == (9, 4)
    remove = reverse("desk:calendar_days_remove", args=[office.pk, "2026-10-02"])
    assert remove in admin.get(edit(office, DAY + dt.timedelta(days=1))).content.decode()
    was = seen("2026-10-02", "2026-10-03", "10:00-14:00", "National Day")
    assert was == sent_along(admin, office, DAY + dt.timedelta(days=1))
    assert admin.post(remove, was).status_code == 302
    assert days() == {}
    verbs = Event.objects.filter(stream=f"calendar:{office.pk}").values_list("verb", flat=True)
    assert list(verbs) == ["calendar.days_added", "calendar.days_changed", "calendar.days_removed"]
    changed = Event.objects.get(verb="calendar.days_changed")
    assert changed.data["first"] == ["2026-10-01", "2026-10-02"]
    assert changed.data["hours"] == [[], [["10:00", "14:00"]]]


def test_saving_without_a_change_records_nothing(admin: Client, office: Calendar) -> None:
    fields = {"first": "2026-10-01", "kind": "closed"}
    admin.post(page(office), fields)
    assert admin.post(edit(office), fields | seen("2026-10-01")).status_code == 302
    assert Event.objects.filter(stream=f"calendar:{office.pk}").count() == 1


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"first": ""}, "first"),
        ({"first": "soon"}, "first"),
        ({"first": "2026-12-24"}, "first"),
        ({"first": "2026-12-20", "last": "2026-12-31"}, "first"),
        ({"last": "2026-09-30"}, "last"),
        ({"last": "2027-10-02"}, "last"),
        ({"kind": "open"}, "hours"),
        ({"kind": "open", "hours": ", ,"}, "hours"),
        ({"kind": "open", "hours": "nine to five"}, "hours"),
        ({"kind": "open", "hours": "09:00-13:00, 12:00-18:00"}, "hours"),
        ({"kind": "open", "hours": "17:00-09:00"}, "hours"),
        ({"kind": "closed", "hours": "09:00-13:00"}, "hours"),
        ({"kind": ""}, "kind"),
        ({"note": "n" * 121}, "note"),
    ],
)
def test_a_wrong_field_is_told_beside_it(
    admin: Client, office: Calendar, fields: dict[str, str], field: str
) -> None:
    CalendarDay.objects.create(calendar=office, date="2026-12-24")
    response = admin.post(page(office), {"first": "2026-10-01", "kind": "closed"} | fields)
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    assert len(days()) == 1


def test_a_list_of_closed_days_is_pasted_and_can_be_sent_again(admin: Client, office: Calendar) -> None:
    CalendarDay.objects.create(calendar=office, date="2026-10-02", hours=[["10:00", "12:00"]])
    address = reverse("desk:calendar_days_list", args=[office.pk])
    lines = "2026-10-01..2026-10-03 National Day\n\n2026-12-24，圣诞前夜\n2026-12-25\n"
    assert admin.post(address, {"lines": lines}).status_code == 302
    expected = {
        "2026-10-01": ([], "National Day"),
        "2026-10-02": ([["10:00", "12:00"]], ""),
        "2026-10-03": ([], "National Day"),
        "2026-12-24": ([], "圣诞前夜"),
        "2026-12-25": ([], ""),
    }
    assert days() == expected
    assert (
        "4 closed days are added. One was a special day already." in admin.get(page(office)).content.decode()
    )
    assert admin.post(address, {"lines": lines}).status_code == 302
    assert days() == expected
    assert Event.objects.filter(verb="calendar.days_added").count() == 1


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("", "required"),
        ("2026-10-01 A\nChristmas", "Line 2"),
        ("2026-13-01", "Line 1"),
        ("2026-10-05..2026-10-01", "Line 1: The last day is before the first."),
        ("2026-10-01 " + "n" * 121, "Line 1"),
        ("2026-10-01\n" * 401, "more than 400 lines"),
    ],
)
def test_a_list_that_can_not_be_read_says_which_line(
    admin: Client, office: Calendar, lines: str, words: str
) -> None:
    response = admin.post(reverse("desk:calendar_days_list", args=[office.pk]), {"lines": lines})
    assert response.status_code == 422
    assert words in str(response.context["pasted"].errors["lines"])
    assert not days()


def test_days_that_are_not_there_are_not_found(admin: Client, office: Calendar) -> None:
    CalendarDay.objects.create(calendar=office, date=DAY)
    CalendarDay.objects.create(calendar=office, date=DAY + dt.timedelta(days=1))
    for first in ("2026-10-02", "2026-11-11", "soon"):
        assert admin.get(reverse("desk:calendar_days_edit", args=[office.pk, first])).status_code == 404
        assert admin.post(reverse("desk:calendar_days_remove", args=[office.pk, first])).status_code == 404
    assert len(days()) == 2


def test_the_section_shows_the_days_ahead_and_the_way_to_change_them(
    admin: Client, office: Calendar, desk: Desk
) -> None:
    today = dt.datetime.now(dt.UTC).date()
    for number in range(1, 17, 2):
        CalendarDay.objects.create(
            calendar=office, date=today + dt.timedelta(days=number), note=f"Day {number}."
        )
    CalendarDay.objects.create(calendar=office, date=today - dt.timedelta(days=3), note="Gone")
    section = reverse("desk:settings_section", args=["calendars"])
    shown = admin.get(section).content.decode()
    assert ("Day 1." in shown, "Day 11." in shown, "Day 13." in shown, "Gone" in shown) == (
        True,
        True,
        False,
        False,
    )
    assert "and 2 more" in shown
    assert page(office) in shown
    reader = Client()
    reader.force_login(desk.auditor)
    assert page(office) not in reader.get(section).content.decode()


@pytest.mark.parametrize(
    ("hours", "note"),
    [
        ([["10:00", "14:00"]], "Works"),
        ([], "National Day"),
        (None, ""),
    ],
)
def test_days_that_a_colleague_has_changed_are_neither_changed_nor_removed_unseen(
    admin: Client, office: Calendar, hours: list[list[str]] | None, note: str
) -> None:
    for day in ("2026-10-01", "2026-10-02"):
        CalendarDay.objects.create(calendar=office, date=day, note="Works")
    was = sent_along(admin, office)
    CalendarDay.objects.filter(date="2026-10-02").delete()
    if hours is not None:
        CalendarDay.objects.create(calendar=office, date="2026-10-02", hours=hours, note=note)
    before = days()
    response = admin.post(edit(office), {"first": "2026-10-01", "kind": "closed", "note": "New"} | was)
    assert response.status_code == 422
    assert "Somebody else has changed this in the meantime." in response.content.decode()
    assert response.context["form"]["note"].value() == "New"
    remove = reverse("desk:calendar_days_remove", args=[office.pk, "2026-10-01"])
    assert admin.post(remove, was).status_code == 302
    assert "Somebody else has changed this in the meantime." in admin.get(page(office)).content.decode()
    assert days() == before


def test_changing_a_row_leaves_the_neighbours_that_a_colleague_has_added(
    admin: Client, office: Calendar
) -> None:
    CalendarDay.objects.create(calendar=office, date=DAY, note="Works")
    was = sent_along(admin, office)
    CalendarDay.objects.create(calendar=office, date="2026-10-02", note="Works")
    admin.post(edit(office), {"first": "2026-10-01", "kind": "closed", "note": "New"} | was)
    assert days() == {"2026-10-01": ([], "New"), "2026-10-02": ([], "Works")}


def test_removing_a_row_leaves_the_neighbours_that_a_colleague_has_added(
    admin: Client, office: Calendar
) -> None:
    CalendarDay.objects.create(calendar=office, date=DAY, note="Works")
    was = sent_along(admin, office)
    CalendarDay.objects.create(calendar=office, date="2026-10-02", note="Works")
    admin.post(reverse("desk:calendar_days_remove", args=[office.pk, "2026-10-01"]), was)
    assert days() == {"2026-10-02": ([], "Works")}
