"""Targets and authorities by the settings pages: they hold from a date on, and what held before is kept."""

from __future__ import annotations

import datetime as dt
import html
from collections.abc import Iterator
from decimal import Decimal

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import translation

from accounts.actions.authorities import granting_roles, set_authorities
from accounts.models import Authority
from audit.models import Event
from audit.queries import Verification
from common.errors import Conflict
from compensation.authority_queries import limits_of_roles
from sla.actions.targets import LONGEST_HOURS, read_minutes, target_values
from sla.models import Target
from sla.queries import targets_for
from sla.states import CASE_METRICS, Metric, Severity
from tests.factories import Desk

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)
TODAY, LATER = NOW.date(), dt.date(2026, 12, 1)
TARGETS = reverse("desk:targets_edit")
EURO = reverse("desk:authority_edit", args=["EUR"])


@pytest.fixture(autouse=True)
def _still() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def admin(desk: Desk) -> Client:
    client = Client()
    client.force_login(desk.admin)
    return client


def target_fields(**fields: str) -> dict[str, str]:
    values = {"valid_from": TODAY.isoformat()}
    for severity, (first, resolution, decision) in enumerate(
        (
            ("30 min", "2 h", "30 min"),
            ("1 h", "4 h", "1 h"),
            ("8 h", "24 h", "4 h"),
            ("24 h", "72 h", "8 h"),
        ),
        start=1,
    ):
        values |= {
            f"first_response_{severity}": first,
            f"resolution_{severity}": resolution,
            f"decision_{severity}": decision,
        }
    return values | fields


def limit_fields(**fields: str) -> dict[str, str]:
    values = {"valid_from": TODAY.isoformat()}
    for role, (case, day) in {
        "frontline": ("50", "200"),
        "supervisor": ("300", "1500"),
        "manager": ("5000", "20000"),
    }.items():
        values |= {f"{role}_per_case": case, f"{role}_per_day": day}
    return values | fields


def critical(on: dt.date) -> dict[Metric, int]:
    held = targets_for(Severity.CRITICAL, on)
    return {metric: held[metric] for metric in CASE_METRICS}


def section(client: Client, name: str) -> str:
    return html.unescape(client.get(reverse("desk:settings_section", args=[name])).content.decode())


# --- targets -------------------------------------------------------------------------------


def test_the_form_begins_with_what_holds(admin: Client) -> None:
    form = admin.get(TARGETS).context["form"]
    shown = {name: str(form[name].value()) for name in form.fields if name != "seen_values"}
    assert shown == target_fields()


def test_new_targets_hold_from_their_date_on_and_the_old_ones_stay_for_the_days_before(admin: Client) -> None:
    given = target_fields(valid_from=LATER.isoformat(), first_response_1="20 min", resolution_1="1:30")
    assert admin.post(TARGETS, given).status_code == 302
    assert critical(TODAY) == {Metric.FIRST_RESPONSE: 30, Metric.RESOLUTION: 120}
    assert critical(LATER) == {Metric.FIRST_RESPONSE: 20, Metric.RESOLUTION: 90}
    assert Target.objects.filter(valid_from=LATER).count() == 2
    shown = section(admin, "targets")
    assert "Planned for 1 Dec 2026" in shown
    assert "1 h 30" in shown
    event = Event.objects.get(stream="targets")
    assert (event.verb, event.data) == (
        "targets.set",
        {"valid_from": "2026-12-01", "first_response_1": [30, 20], "resolution_1": [120, 90]},
    )


def test_a_planned_change_is_changed_again_and_given_up_but_nothing_that_held(admin: Client) -> None:
    given = target_fields(valid_from=LATER.isoformat(), first_response_1="20 min")
    admin.post(TARGETS, given)
    asked = admin.get(TARGETS, {"on": LATER.isoformat()}).context["form"]
    assert (asked["valid_from"].value(), asked["first_response_1"].value()) == (LATER, "20 min")
    admin.post(TARGETS, given | {"first_response_1": "25分钟"})
    assert critical(LATER)[Metric.FIRST_RESPONSE] == 25
    withdraw = reverse("desk:targets_withdraw", args=[LATER.isoformat()])
    assert admin.post(withdraw).status_code == 302
    assert critical(LATER)[Metric.FIRST_RESPONSE] == 30
    for day in (LATER, TODAY, dt.date(2000, 1, 1)):
        admin.post(reverse("desk:targets_withdraw", args=[day.isoformat()]))
    assert Target.objects.count() == 12
    verification = Verification("targets")
    assert list(verification.breaks()) == []
    assert verification.events == 3


def test_saving_what_holds_already_changes_nothing(admin: Client) -> None:
    assert admin.post(TARGETS, target_fields()).status_code == 302
    assert Target.objects.count() == 12
    assert not Event.objects.filter(stream="targets").exists()


@pytest.mark.parametrize("minutes", [1, 30, 60, 65, 150, 24 * 60, LONGEST_HOURS * 60])
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_targets_are_read_as_they_are_written_in_either_language(language: str, minutes: int) -> None:
    with translation.override(language):
        for field, text in target_values({(Severity.HIGH, Metric.RESOLUTION): minutes}).items():
            assert read_minutes(str(text), field) == minutes


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("first_response_1", ""),
        ("first_response_1", "-5 min"),
        ("first_response_1", "0 min"),
        ("first_response_1", "soon"),
        ("first_response_1", "30"),
        ("resolution_4", "2001 h"),
        ("first_response_2", "5 h"),
        ("valid_from", "2026-11-19"),
        ("valid_from", ""),
    ],
)
def test_a_wrong_target_is_told_beside_its_field(admin: Client, field: str, text: str) -> None:
    response = admin.post(TARGETS, target_fields(**{field: text}))
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    assert Target.objects.count() == 12


# --- authority -----------------------------------------------------------------------------


def test_limits_hold_from_their_date_on_and_history_shows_both(admin: Client) -> None:
    given = limit_fields(valid_from=LATER.isoformat(), frontline_per_case="75.50", frontline_per_day="300")
    assert admin.post(EURO, given).status_code == 302
    assert limits_of_roles("EUR", time_zone="UTC")["frontline"].per_case == 50
    with time_machine.travel(NOW + dt.timedelta(days=11), tick=False):
        assert limits_of_roles("EUR", time_zone="UTC")["frontline"].per_case == Decimal("75.5")
    assert Authority.objects.filter(valid_from=LATER).count() == 1
    shown = section(admin, "authority")
    assert "€75.50" in shown
    assert "Planned for 1 Dec 2026" in shown
    event = Event.objects.get(stream="authority:EUR")
    assert event.data == {
        "currency": "EUR",
        "valid_from": "2026-12-01",
        "frontline_per_case": ["50", "75.5"],
        "frontline_per_day": ["200", "300"],
    }
    withdraw = reverse("desk:authority_withdraw", args=["EUR", LATER.isoformat()])
    assert admin.post(withdraw).status_code == 302
    assert not Authority.objects.filter(valid_from=LATER).exists()


def test_a_role_that_may_grant_nothing_has_to_ask(admin: Client) -> None:
    given = limit_fields(frontline_per_case="0", frontline_per_day="0")
    assert admin.post(EURO, given).status_code == 302
    assert limits_of_roles("EUR", time_zone="UTC")["frontline"].per_case == 0


def test_another_currency_gets_its_first_limits(admin: Client) -> None:
    address = reverse("desk:authority_new")
    assert "EUR" not in dict(admin.get(address).context["form"].fields["currency"].choices)
    assert admin.post(address, limit_fields(currency="JPY")).status_code == 302
    assert limits_of_roles("JPY", time_zone="UTC")["manager"].per_day == 20000
    assert "JPY" in section(admin, "authority")


@pytest.mark.parametrize(
    ("currency", "field", "text"),
    [
        ("EUR", "frontline_per_case", ""),
        ("EUR", "frontline_per_case", "-1"),
        ("EUR", "frontline_per_case", "much"),
        ("EUR", "frontline_per_case", "1.234"),
        ("EUR", "frontline_per_day", "49"),
        ("EUR", "valid_from", "2026-11-19"),
        ("JPY", "frontline_per_case", "1.5"),
    ],
)
def test_a_wrong_limit_is_told_beside_its_field(admin: Client, currency: str, field: str, text: str) -> None:
    before = Authority.objects.count()
    address = reverse("desk:authority_edit", args=[currency])
    response = admin.post(address, limit_fields(**{field: text}))
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    assert Authority.objects.count() == before


def test_an_unknown_currency_or_day_is_not_found(admin: Client) -> None:
    assert admin.get(reverse("desk:authority_edit", args=["XXX"])).status_code == 404
    assert admin.post(reverse("desk:targets_withdraw", args=["soon"])).status_code == 404


def test_readers_see_what_held_from_when_and_no_way_to_change_it(desk: Desk, admin: Client) -> None:
    admin.post(TARGETS, target_fields(valid_from=LATER.isoformat(), first_response_1="20 min"))
    reader = Client()
    reader.force_login(desk.auditor)
    shown = section(reader, "targets") + section(reader, "authority")
    assert "Planned for 1 Dec 2026" in shown
    assert "From 1 Jan 2000" in shown
    assert '<form method="post"' not in shown.split("<main", 1)[1].split("</main>")[0]
    assert TARGETS not in shown
    assert EURO not in shown


def test_what_holds_already_where_the_day_begins_first_can_not_be_given_up(admin: Client) -> None:
    tomorrow = (TODAY + dt.timedelta(days=1)).isoformat()
    admin.post(TARGETS, target_fields(valid_from=tomorrow, first_response_1="20 min"))
    admin.post(EURO, limit_fields(valid_from=tomorrow, frontline_per_case="75"))
    withdrawn = (
        reverse("desk:targets_withdraw", args=[tomorrow]),
        reverse("desk:authority_withdraw", args=["EUR", tomorrow]),
    )
    for address in withdrawn:  # at noon in UTC tomorrow has begun in the Pacific
        admin.post(address)
    assert (Target.objects.count(), Authority.objects.filter(valid_from=tomorrow).count()) == (13, 1)
    with time_machine.travel(NOW - dt.timedelta(hours=3), tick=False):
        for address in withdrawn:
            admin.post(address)
    assert (Target.objects.count(), Authority.objects.filter(valid_from=tomorrow).count()) == (12, 0)


def seen_in(client: Client, url: str) -> dict[str, str]:
    return {"seen_values": client.get(url).context["form"]["seen_values"].value()}


def test_who_sets_limits_after_a_colleague_undoes_nothing_unseen(desk: Desk, admin: Client) -> None:
    seen = seen_in(admin, EURO)
    assert admin.post(EURO, limit_fields(frontline_per_case="60") | seen).status_code == 302

    refused = admin.post(EURO, limit_fields(manager_per_day="30000") | seen)
    assert refused.status_code == 422
    form = refused.context["form"]
    assert form["frontline_per_case"].value() == "60"
    assert form["manager_per_day"].value() == "30000"
    sent = {name: str(form[name].value()) for name in form.fields}
    assert admin.post(EURO, sent).status_code == 302
    limits = limits_of_roles("EUR", time_zone="UTC")
    assert limits["frontline"].per_case == 60
    assert limits["manager"].per_day == 30000


def test_a_change_for_later_does_not_take_back_one_that_is_planned_for_before(admin: Client) -> None:
    planned = target_fields(first_response_1="20 min", valid_from=LATER.isoformat())
    assert admin.post(TARGETS, planned | seen_in(admin, TARGETS)).status_code == 302

    much_later = (LATER + dt.timedelta(days=30)).isoformat()
    later = target_fields(resolution_4="80 h", valid_from=much_later)
    refused = admin.post(TARGETS, later | seen_in(admin, TARGETS))
    assert refused.status_code == 422
    assert refused.context["form"]["first_response_1"].value() == "20 min"


def test_a_currency_gets_its_first_limits_once(desk: Desk, admin: Client) -> None:
    assert admin.post(reverse("desk:authority_new"), limit_fields(currency="SGD")).status_code == 302
    wanted = dict.fromkeys(granting_roles(), (Decimal(1), Decimal(1)))
    with pytest.raises(Conflict):
        set_authorities(actor=desk.admin, currency="SGD", valid_from=TODAY, wanted=wanted, is_new=True)
    assert limits_of_roles("SGD", time_zone="UTC")["manager"].per_day == 20000
