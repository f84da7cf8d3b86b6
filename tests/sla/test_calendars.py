"""Calendars: how hours are read, what is refused, when changes count, and what the trail keeps."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from accounts.actions.branches import BranchRecord
from audit.models import Event
from audit.queries import Verification
from common.errors import Invalid, NotAllowed
from sla.actions.branches import assign_calendar, open_branch
from sla.actions.calendars import CalendarRecord, read_week, save_calendar, write_day
from sla.models import BranchCalendar, Calendar
from sla.queries import business_hours, calendar_of
from sla.rules import add_business_time
from tests.factories import MONDAY, Desk, make_desk

pytestmark = pytest.mark.django_db
SHOP = CalendarRecord(
    name_en="Shop hours", time_zone="UTC", hours={0: "09:00-13:00, 14:00-18:00"}, holiday_country="DE"
)


@pytest.fixture
def desk() -> Desk:
    return make_desk()


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("09:00-17:00", [["09:00", "17:00"]]),
        (" 18:00 – 22:00 ,9:00-17:00 ", [["09:00", "17:00"], ["18:00", "22:00"]]),
        ("9：00至17：00、18:00~24:00", [["09:00", "17:00"], ["18:00", "24:00"]]),
        ("00:00-00:00", [["00:00", "24:00"]]),
        ("08:00-12:00,12:00-16:00,", [["08:00", "12:00"], ["12:00", "16:00"]]),
    ],
)
def test_hours_are_read_as_people_write_them(text: str, pairs: list[list[str]]) -> None:
    week = read_week({3: text}, "UTC")
    assert week == {"3": pairs}
    assert read_week({3: write_day(week["3"])}, "UTC") == week


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("nine to five", "Write hours as"),
        ("09:00", "Write hours as"),
        ("25:00-26:00", "Write hours as"),
        ("24:00-24:00", "Write hours as"),
        ("09:60-10:00", "Write hours as"),
        ("٠٩:00-10:00", "Write hours as"),
        ("18:00-02:00", "after they open"),
        ("09:00-09:00", "after they open"),
        ("09:00-13:00, 12:00-18:00", "overlap"),
        ("09:00-24:00, 23:00-24:00", "overlap"),
    ],
)
def test_hours_that_make_no_sense_are_told_at_their_day(desk: Desk, text: str, says: str) -> None:
    before = Calendar.objects.count()
    with pytest.raises(Invalid, match=says) as refused:
        save_calendar(
            actor=desk.admin, calendar_id=None, new=replace(SHOP, hours={0: "09:00-10:00", 4: text})
        )
    assert refused.value.field == "day_4"
    assert Calendar.objects.count() == before


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"hours": {}}, "day_0"),
        ({"hours": {2: " , "}}, "day_0"),
        ({"name_en": " "}, "name_en"),
        ({"name_zh": "时" * 121}, "name_zh"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"holiday_country": "ZZ"}, "holiday_country"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(desk: Desk, change: dict[str, object], field: str) -> None:
    for calendar_id in (None, calendar_of(desk.branch.pk).pk):
        with pytest.raises(Invalid) as refused:
            save_calendar(actor=desk.admin, calendar_id=calendar_id, new=replace(SHOP, **change))  # type: ignore[arg-type]
        assert refused.value.field == field
    assert not Event.objects.filter(stream__startswith="calendar:").exists()


def test_two_calendars_of_one_name_get_two_codes(desk: Desk) -> None:
    codes = [save_calendar(actor=desk.admin, calendar_id=None, new=SHOP).code for _ in range(3)]
    assert codes == ["shop-hours", "shop-hours-2", "shop-hours-3"]
    chinese = replace(SHOP, name_en="营业时间")
    assert save_calendar(actor=desk.admin, calendar_id=None, new=chinese).code == "calendar"


def test_changed_hours_count_at_once(desk: Desk) -> None:
    calendar = save_calendar(actor=desk.admin, calendar_id=None, new=SHOP)
    hour = dt.timedelta(hours=1)
    assert add_business_time(MONDAY, 4 * hour, business_hours(calendar)) == MONDAY + 5 * hour
    save_calendar(actor=desk.admin, calendar_id=calendar.pk, new=replace(SHOP, hours={0: "08:00-20:00"}))
    calendar = Calendar.objects.get(pk=calendar.pk)
    assert add_business_time(MONDAY, 4 * hour, business_hours(calendar)) == MONDAY + 4 * hour


def test_the_trail_keeps_calendars(desk: Desk) -> None:
    calendar = save_calendar(actor=desk.admin, calendar_id=None, new=SHOP)
    for _ in range(2):
        save_calendar(actor=desk.admin, calendar_id=calendar.pk, new=replace(SHOP, holiday_country=""))
    made, changed = Event.objects.filter(stream=f"calendar:{calendar.pk}").order_by("sequence")
    assert (made.verb, made.data["week"]) == ("calendar.created", calendar.week)
    assert (changed.verb, changed.data) == ("calendar.changed", {"holiday_country": ["DE", ""]})
    assert list(Verification(f"calendar:{calendar.pk}").breaks()) == []


def test_a_branch_works_by_one_calendar_at_a_time(desk: Desk) -> None:
    shop = save_calendar(actor=desk.admin, calendar_id=None, new=SHOP)
    for _ in range(2):
        assign_calendar(actor=desk.admin, branch=desk.branch, calendar=shop)
    assert calendar_of(desk.branch.pk) == shop
    event = Event.objects.get(stream=f"branch:{desk.branch.pk}")
    assert (event.verb, event.data) == ("branch.calendar_set", {"calendar": ["office", "shop-hours"]})


def test_a_branch_is_opened_with_its_calendar_or_not_at_all(desk: Desk) -> None:
    office = Calendar.objects.get(code="office")
    new = BranchRecord(code="harbour", name_en="Harbour Shop", time_zone="UTC", currency="EUR")
    branch = open_branch(actor=desk.admin, new=new, calendar=office)
    assert calendar_of(branch.pk) == office
    before = BranchCalendar.objects.count()
    with pytest.raises(Invalid):
        open_branch(actor=desk.admin, new=new, calendar=office)
    assert BranchCalendar.objects.count() == before


@pytest.mark.parametrize("role", ["frontline", "supervisor", "manager", "auditor"])
def test_only_an_administrator_changes_calendars(desk: Desk, role: str) -> None:
    actor, office = getattr(desk, role), Calendar.objects.get(code="office")
    for calendar_id in (None, office.pk):
        with pytest.raises(NotAllowed):
            save_calendar(actor=actor, calendar_id=calendar_id, new=SHOP)
    with pytest.raises(NotAllowed):
        assign_calendar(actor=actor, branch=desk.branch, calendar=office)
