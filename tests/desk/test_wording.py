"""Kinds of failure, causes, playbooks and scripts by the settings pages; what is retired stays on cases."""

from __future__ import annotations

import html
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import Event
from audit.queries import Verification
from cases.models import Cause, Defect, Playbook, PlaybookStep
from cases.queries import causes, defects
from messaging.models import Script
from messaging.queries import scripts_for
from messaging.seed import seed
from tests.factories import Desk, log_case

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(desk: Desk) -> Client:
    client = Client()
    client.force_login(desk.admin)
    return client


def defect(code: str) -> Defect:
    return Defect.objects.get(code=code)


def cause(code: str) -> Cause:
    return Cause.objects.get(code=code)


def edit(term: Defect | Cause) -> str:
    name = "desk:defect_edit" if isinstance(term, Defect) else "desk:cause_edit"
    return reverse(name, args=[term.pk])


def fields_of(term: Defect | Cause, **changes: object) -> dict[str, object]:
    """What the page of a term would send, with changes."""
    siblings = Defect.objects.filter(family=term.family) if isinstance(term, Defect) else Cause.objects.all()
    before = [row.pk for row in siblings.order_by("position") if row.position < term.position]
    values: dict[str, object] = {"name_en": term.name_en, "name_zh": term.name_zh}
    values |= {"after": before[-1] if before else "", "is_active": "on" if term.is_active else ""}
    return {name: value for name, value in (values | changes).items() if value != ""}


def kinds_of(family: str) -> list[str]:
    return [each.code for each in defects() if each.family is not None and each.family.code == family]


# --- failures and causes -------------------------------------------------------------------


def test_a_kind_is_added_where_it_belongs_and_offered_in_forms(admin: Client, desk: Desk) -> None:
    slow = defect("slow")
    address = reverse("desk:kind_new", args=[defect("responsiveness").pk])
    given = {"name_en": "Unanswered", "name_zh": "无人答复", "after": slow.pk, "is_active": "on"}
    assert admin.post(address, given).status_code == 302
    assert kinds_of("responsiveness") == ["slow", "unanswered", "inefficient", "misallocated"]
    worker = Client()
    worker.force_login(desk.frontline)
    assert "Unanswered" in worker.get(reverse("desk:log")).content.decode()
    event = Event.objects.get(stream=f"defect:{defect('unanswered').pk}")
    assert (event.verb, event.actor, event.data["name_zh"]) == ("defect.created", desk.admin, "无人答复")


def test_a_kind_is_renamed_and_moved_to_the_front(admin: Client) -> None:
    term = defect("misallocated")
    given = fields_of(term, name_en="Wrong people", after="")
    assert admin.post(edit(term), given).status_code == 302
    assert kinds_of("responsiveness") == ["misallocated", "slow", "inefficient"]
    event = Event.objects.get(stream=f"defect:{term.pk}")
    assert event.data["name_en"] == ["Misallocated resources", "Wrong people"]
    assert "name_zh" not in event.data


def test_a_retired_kind_vanishes_from_forms_and_stays_on_the_cases_that_have_it(
    admin: Client, desk: Desk
) -> None:
    case = log_case(desk, defect=defect("slow"))
    assert admin.post(edit(defect("slow")), fields_of(defect("slow"), is_active="")).status_code == 302
    assert "slow" not in kinds_of("responsiveness")
    worker = Client()
    worker.force_login(desk.frontline)
    assert "Slow" not in worker.get(reverse("desk:log")).content.decode()
    page = reverse("desk:case", args=[case.number])
    assert "Slow" in worker.get(page).content.decode()

    form = worker.get(page, {"edit": "classify"}).context["edit_form"]
    assert str(form["defect"].value()) == str(defect("slow").pk)
    sent = {"failure_type": "process", "defect": defect("slow").pk, "severity": 2}
    sent |= {name: form[name].value() for name in form.fields if name not in {*sent, "reason"}}
    sent = {name: "" if value is None else value for name, value in sent.items()}
    response = worker.post(reverse("desk:case_classify", args=[case.number]), sent)
    assert response.status_code == 302
    case.refresh_from_db()
    assert (case.failure_type, case.defect) == ("process", defect("slow"))

    assert admin.post(edit(defect("slow")), fields_of(defect("slow"), is_active="on")).status_code == 302
    assert "slow" in kinds_of("responsiveness")


def test_a_family_is_retired_once_its_kinds_are_and_then_takes_none_into_use(admin: Client) -> None:
    family = defect("quality")
    refused = admin.post(edit(family), fields_of(family, is_active=""))
    assert list(refused.context["form"].errors) == ["is_active"]
    for kind in Defect.objects.filter(family=family):
        admin.post(edit(kind), fields_of(kind, is_active=""))
    assert admin.post(edit(family), fields_of(family, is_active="")).status_code == 302
    kind = defect("below_standard")
    refused = admin.post(edit(kind), fields_of(kind, is_active="on"))
    assert list(refused.context["form"].errors) == ["is_active"]


def test_a_family_and_a_cause_are_added_last(admin: Client) -> None:
    for name in ("desk:family_new", "desk:cause_new"):
        form = admin.get(reverse(name)).context["form"]
        given = {"name_en": "Weather", "after": form["after"].value(), "is_active": "on"}
        assert admin.post(reverse(name), given).status_code == 302
    assert Defect.objects.filter(family=None).order_by("position").last() == defect("weather")
    assert causes()[-1].name_zh == "Weather"


def test_one_cause_stays_in_use(admin: Client) -> None:
    Cause.objects.exclude(code="staff").update(is_active=False)
    refused = admin.post(edit(cause("staff")), fields_of(cause("staff"), is_active=""))
    assert list(refused.context["form"].errors) == ["is_active"]
    assert [each.code for each in causes()] == ["staff"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name_en": ""}, "name_en"),
        ({"name_en": "n" * 121}, "name_en"),
        ({"name_en": "slow"}, "name_en"),
        ({"name_zh": "响应慢"}, "name_zh"),
        ({"after": "0"}, "after"),
    ],
)
def test_a_wrong_field_of_a_kind_is_told_beside_it(
    admin: Client, changes: dict[str, str], field: str
) -> None:
    term = defect("inefficient")
    refused = admin.post(edit(term), fields_of(term, **changes))
    assert refused.status_code == 422
    assert list(refused.context["form"].errors) == [field]
    assert not Event.objects.filter(stream=f"defect:{term.pk}").exists()


def test_saving_a_term_as_it_is_records_nothing(admin: Client) -> None:
    assert admin.post(edit(cause("staff")), fields_of(cause("staff"))).status_code == 302
    assert not Event.objects.filter(stream__startswith="cause:").exists()


# --- playbooks -----------------------------------------------------------------------------


def test_new_guidance_is_read_on_cases_at_once_in_both_languages(admin: Client, desk: Desk) -> None:
    book = Playbook.objects.get(failure_type="outcome")
    address = reverse("desk:playbook_edit", args=[book.pk])
    form = admin.get(address).context["form"]
    given = {name: form[name].value() for name in form.fields}
    given |= {"acknowledge_en": "Say who looks after it.", "acknowledge_zh": "告知由谁负责。"}
    assert admin.post(address, given).status_code == 302
    case = log_case(desk)
    for language, words in (("en", "Say who looks after it."), ("zh-hans", "告知由谁负责。")):
        desk.frontline.language = language
        desk.frontline.save()
        reader = Client()
        reader.force_login(desk.frontline)
        page = reader.get(reverse("desk:case", args=[case.number])).content.decode()
        shown = PlaybookStep.objects.get(playbook=book, kind="acknowledge")
        assert words in (shown.hint_en, shown.hint_zh)
        assert (words in page) == (case.next_step == "acknowledge")
    event = Event.objects.get(stream=f"playbook:{book.pk}")
    assert set(event.data) == {"code", "acknowledge_en", "acknowledge_zh"}


@pytest.mark.parametrize(("field", "text"), [("name_en", " "), ("solve_zh", "字" * 251)])
def test_a_wrong_field_of_a_playbook_is_told_beside_it(admin: Client, field: str, text: str) -> None:
    book = Playbook.objects.get(failure_type="outcome")
    address = reverse("desk:playbook_edit", args=[book.pk])
    form = admin.get(address).context["form"]
    given = {name: form[name].value() for name in form.fields} | {field: text}
    refused = admin.post(address, given)
    assert refused.status_code == 422
    assert list(refused.context["form"].errors) == [field]
    assert not Event.objects.filter(stream__startswith="playbook:").exists()


# --- scripts -------------------------------------------------------------------------------


def script_fields(**changes: str) -> dict[str, str]:
    values = {"step": "explain", "is_active": "on", "title_en": "Late post", "body_en": "Dear {customer}, …"}
    return {name: value for name, value in (values | changes).items() if value}


def test_a_script_is_written_translated_and_taken_out_of_use(admin: Client, desk: Desk) -> None:
    assert admin.post(reverse("desk:script_new"), script_fields()).status_code == 302
    address = reverse("desk:script_edit", args=["late-post"])
    given = script_fields(**{"title_zh-hans": "邮件延误", "body_zh-hans": "尊敬的{customer}：……"})
    assert admin.post(address, given).status_code == 302
    assert "邮件延误" in [row.title for row in scripts_for("zh-hans", "explain")]
    assert admin.post(address, given | {"is_active": ""}).status_code == 302
    assert "late-post" not in [row.code for row in scripts_for("en")]
    events = Event.objects.filter(stream="script:late-post")
    assert [event.verb for event in events] == ["script.created", "script.changed", "script.changed"]
    assert events[2].data == {"is_active": [True, False]}
    assert list(Verification("script:late-post").breaks()) == []


def test_a_changed_script_is_not_overwritten_by_the_next_upgrade(admin: Client) -> None:
    address = reverse("desk:script_edit", args=["acknowledge"])
    form = admin.get(address).context["form"]
    given = {name: form[name].value() for name in form.fields if form[name].value()}
    assert admin.post(address, given | {"title_en": "We have got it"}).status_code == 302
    seed()
    assert Script.objects.get(code="acknowledge", language="en").title == "We have got it"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title_en": "", "body_en": ""}, "title_en"),
        ({"body_en": ""}, "body_en"),
        ({"title_zh-hans": "邮件延误"}, "body_zh-hans"),
        ({"body_en": "Dear {name}"}, "body_en"),
        ({"title_en": "t" * 121}, "title_en"),
        ({"step": "dance"}, "step"),
    ],
)
def test_a_wrong_field_of_a_script_is_told_beside_it(
    admin: Client, changes: dict[str, str], field: str
) -> None:
    before = Script.objects.count()
    refused = admin.post(reverse("desk:script_new"), script_fields(**changes))
    assert refused.status_code == 422
    assert list(refused.context["form"].errors) == [field]
    assert Script.objects.count() == before


def test_a_language_that_is_there_can_not_be_emptied(admin: Client) -> None:
    refused = admin.post(reverse("desk:script_edit", args=["acknowledge"]), script_fields())
    assert list(refused.context["form"].errors) == ["title_zh-hans"]
    assert Script.objects.filter(code="acknowledge").count() == 2


def test_readers_see_the_wording_and_no_way_to_change_it(desk: Desk) -> None:
    reader = Client()
    reader.force_login(desk.auditor)
    for section in ("taxonomy", "playbooks", "scripts"):
        page = html.unescape(reader.get(reverse("desk:settings_section", args=[section])).content.decode())
        assert f'href="/desk/settings/{section}/' in page  # its own entry among the sections
        assert page.count(f'href="/desk/settings/{section}/') == 1


# --- two at once ---------------------------------------------------------------------------


def sent(form: Any, **changes: str) -> dict[str, str]:
    """What a browser sends of a form as it was shown, with changes."""
    values = {name: form[name].value() for name in form.fields}
    values |= {name: "on" for name, value in values.items() if value is True}
    return {name: str(value) for name, value in (values | changes).items() if value not in (None, False, "")}


@pytest.mark.parametrize(
    ("name", "field"), [("cause", "name_en"), ("playbook", "listen_en"), ("script", "title_en")]
)
def test_nobody_undoes_unseen_what_a_colleague_has_just_written(admin: Client, name: str, field: str) -> None:
    address = {
        "cause": edit(cause("staff")),
        "playbook": reverse("desk:playbook_edit", args=[Playbook.objects.get(failure_type="outcome").pk]),
        "script": reverse("desk:script_edit", args=["acknowledge"]),
    }[name]
    mine, theirs = (admin.get(address).context["form"] for _ in range(2))
    assert admin.post(address, sent(theirs, **{field: "Theirs"})).status_code == 302
    refused = admin.post(address, sent(mine, **{field: "Mine"}))
    assert refused.status_code == 422
    assert "Theirs" in str(refused.context["form"].non_field_errors())
    assert admin.post(address, sent(refused.context["form"])).status_code == 302
    assert str(admin.get(address).context["form"][field].value()) == "Mine"
