"""The audit trail's page: who sees what of it, what its filter finds, and that its cost is that of a page."""

from __future__ import annotations

import ast
import csv
import datetime as dt
import html
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from audit.actions import record
from audit.models import Event
from audit.queries import Wanted, trail
from cases.actions.classify import Classification, reclassify_case
from cases.actions.escalate import fire_due_alerts
from cases.models import Case, Defect
from compensation.actions.payment_results import BY_CALLBACK, BY_FILE, BY_HAND
from desk.trail.verbs import PAIRED, VERBS
from desk.trail.words import FIELDS, LEFT_OUT
from tests.factories import MONDAY, Desk, log_case, make_branch, make_user

pytestmark = pytest.mark.django_db
AUDIT = reverse("desk:audit")
EXPORT = reverse("desk:audit_csv")
MOST_QUERIES = 20


ACTIONS = ("accounts", "cases", "compensation", "customers", "feedback", "messaging", "sla")


def recorded_keys(tree: ast.AST) -> Iterator[str]:
    """The names of values in what is given to `record`, or to what writes many at once, as `data`."""
    written = {
        target.id: node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and any(each.arg == "verb" for each in call.keywords):
            data = next((each.value for each in call.keywords if each.arg == "data"), None)
            data = written.get(data.id) if isinstance(data, ast.Name) else data
            if isinstance(data, ast.Dict):
                yield from (str(key.value) for key in data.keys if isinstance(key, ast.Constant))


def test_whatever_an_action_records_has_a_name_or_is_left_out() -> None:
    recorded = {
        key
        for app in ACTIONS
        for path in (settings.BASE_DIR / app / "actions").rglob("*.py")
        for key in recorded_keys(ast.parse(path.read_text(encoding="utf-8")))
    }
    assert {"amount", "total", "left"} <= recorded
    # What is told in lines of its own: see `lines_of`.
    special = {"clocks", "from", "to"}
    unnamed = {key for key in recorded if key not in FIELDS and key not in LEFT_OUT and key not in special}
    assert unnamed == set()


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def auditor(desk: Desk) -> Client:
    return client_of(desk.auditor)


@pytest.fixture
def case(desk: Desk) -> Case:
    return log_case(desk)


def shown(response: Any) -> list[tuple[str, str, str]]:
    """(what, about, who) of the events on a page."""
    return [(event.what, event.about, event.who) for event in response.context["events"]]


def words(response: Any) -> str:
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split()))


# --- who sees it ---------------------------------------------------------------------------


def test_those_who_hold_the_capability_find_the_trail_from_the_rail_and_the_case(
    desk: Desk, case: Case
) -> None:
    page = reverse("desk:case", args=[case.number])
    for user, sees in (
        (desk.auditor, True),
        (desk.admin, True),
        (desk.manager, True),
        (desk.supervisor, False),
        (desk.frontline, False),
    ):
        body = client_of(user).get(page).content.decode()
        assert (f'href="{AUDIT}"' in body, f'href="{AUDIT}?number={case.number}"' in body) == (sees, sees)
        assert client_of(user).get(AUDIT).status_code == (200 if sees else 403)


def test_who_works_for_some_branches_reads_the_trail_of_their_own_cases_only(desk: Desk, case: Case) -> None:
    theirs = client_of(make_user("manager", make_branch()))
    ours = client_of(make_user("manager", desk.branch))
    assert "Which case?" in words(theirs.get(AUDIT))
    for client, status in ((theirs, 422), (ours, 200)):
        response = client.get(AUDIT, {"number": case.number})
        assert response.status_code == status
        assert "Complaint logged" in [what for what, *_ in shown(response)] if status == 200 else True
    for query in ({}, {"number": case.number}, {"action": "case.logged", "number": ""}):
        export = theirs.get(EXPORT, query)
        assert (export.status_code, export.headers.get("Location", "").startswith(AUDIT)) == (302, True)


# --- what it shows -------------------------------------------------------------------------


def test_a_change_is_told_in_words_with_what_was_before(desk: Desk, auditor: Client, case: Case) -> None:
    reclassify_case(
        actor=desk.frontline,
        case_id=case.pk,
        to=Classification(
            failure_type="process", defect=Defect.objects.get(code="unclear"), severity=1, verified_loss=None
        ),
        reason="grave",
    )
    response = auditor.get(AUDIT, {"number": case.number})
    assert shown(response)[0] == ("Classification changed", case.number, desk.frontline.name)
    text = words(response)
    for change in (
        "Failure type: Outcome → changed to Process",
        "Defect: Slow → changed to Unclear",
        "Severity: High → changed to Critical",
        "Resolution: 4 h → changed to 2 h",
    ):
        assert change in text
    assert f"The chain of {case.number} is whole." in text


@pytest.mark.parametrize(
    ("via", "said"),
    [(BY_HAND, "a person"), (BY_FILE, "the bank's file"), (BY_CALLBACK, "the payment system")],
)
def test_who_told_of_a_payment_is_said_in_words(auditor: Client, case: Case, via: str, said: str) -> None:
    record(stream=case.stream, verb="payment.confirmed", actor=None, data={"amount": "5.00", "via": via})
    assert f"Result told by: {said}" in words(auditor.get(AUDIT, {"number": case.number}))


def test_a_clocks_warning_belongs_to_its_case(desk: Desk, auditor: Client) -> None:
    with time_machine.travel(MONDAY, tick=False):
        case = log_case(desk, severity=1)
    with time_machine.travel(MONDAY + dt.timedelta(minutes=25), tick=False):
        fire_due_alerts()
    response = auditor.get(AUDIT, {"number": case.number.lower()})
    assert ("Deadline warned of", case.number, "Amends itself") in shown(response)
    assert f"Told: {desk.frontline.name}" in words(response)


def test_a_broken_chain_is_told(desk: Desk, auditor: Client, case: Case) -> None:
    with connection.cursor() as cursor:
        connection.check_constraints()
        cursor.execute("ALTER TABLE audit_event DISABLE TRIGGER audit_event_append_only")
        Event.objects.filter(stream=case.stream).update(data={"severity": 4})
        connection.check_constraints()
        cursor.execute("ALTER TABLE audit_event ENABLE TRIGGER audit_event_append_only")
    text = words(auditor.get(AUDIT, {"number": case.number}))
    assert "The chain of this case is broken" in text
    assert "Link 1 was changed after it was written." in text


def test_every_kind_of_event_that_the_product_writes_has_a_name() -> None:
    written: set[str] = set()
    for app in ("accounts", "audit", "cases", "compensation", "customers", "feedback", "messaging", "sla"):
        for path in (Path(settings.BASE_DIR) / app).rglob("actions/**/*.py"):
            written |= set(re.findall(r'"([a-z_]+\.[a-z_]+)"', path.read_text(encoding="utf-8")))
    kinds = {verb.partition(".")[0] for verb in VERBS}
    named = {verb for verb in written if verb.partition(".")[0] in kinds} - {"customer.email"}
    assert named - set(VERBS) == set()
    assert set(VERBS) >= PAIRED


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_whatever_an_event_holds_can_be_shown(desk: Desk, language: str) -> None:
    for verb in VERBS:
        data: dict[str, Any] = {"currency": "XXX", "amount": "much", "clocks": [{}, 3, {"clock": "odd"}]}
        data |= {"severity": [9], "hours": [], "told": [0], "days": [{"a": 1}], "step": {"b": {}}}
        data |= {"resolution_1": ["x", None], "landed_at": "x", "defect": [[1], 2], "from": "x", "to": {}}
        record(stream=f"odd:{verb}", verb=verb, actor=None, data=data, begins=True)
        record(stream=f"empty:{verb}", verb=verb, actor=None, data={}, begins=True)
    record(stream="case:999999", verb="case.unheard_of", actor=None, data={"x": [[], {}]}, begins=True)
    desk.auditor.language = language
    desk.auditor.save()
    client, address, seen = client_of(desk.auditor), AUDIT, 0
    while address:
        response = client.get(address)
        assert response.status_code == 200
        seen += len(response.context["events"])
        address = AUDIT + response.context["next_url"] if response.context["next_url"] else ""
    assert seen == Event.objects.count()


# --- the filter ----------------------------------------------------------------------------


def test_person_action_and_period_narrow_the_trail(desk: Desk, auditor: Client) -> None:
    with time_machine.travel(MONDAY, tick=False):
        log_case(desk)
    with time_machine.travel(MONDAY + dt.timedelta(days=2), tick=False):
        log_case(desk, actor=desk.colleague)
    logged = {"action": "case.logged"}
    assert len(shown(auditor.get(AUDIT, logged))) == 2
    assert [who for *_, who in shown(auditor.get(AUDIT, logged | {"person": desk.colleague.pk}))] == [
        desk.colleague.name
    ]
    assert shown(auditor.get(AUDIT, logged | {"person": "0"})) == []
    for since, until, count in (
        ("2026-03-02", "2026-03-02", 1),
        ("2026-03-03", "", 1),
        ("", "2026-03-04", 2),
        ("2026-03-03", "2026-03-03", 0),
    ):
        assert len(shown(auditor.get(AUDIT, logged | {"since": since, "until": until}))) == count


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"number": "C-00-00000"}, "number"),
        ({"person": "abc"}, "person"),
        ({"action": "case.eaten"}, "action"),
        ({"since": "soon"}, "since"),
        ({"since": "2026-03-02", "until": "2026-03-01"}, "until"),
        ({"until": "9999-12-31"}, "until"),
        ({"since": "0001-01-01"}, "since"),
    ],
)
def test_a_wrong_filter_is_told_beside_its_field(auditor: Client, query: dict[str, str], field: str) -> None:
    response = auditor.get(AUDIT, query)
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]


def test_pages_go_on_where_the_last_one_ended_also_within_one_moment(desk: Desk, auditor: Client) -> None:
    with time_machine.travel(MONDAY, tick=False):
        for number in range(120):
            record(stream=f"script:{number}", verb="script.created", actor=desk.admin, begins=True)
    query, seen = {"action": "script.created"}, []
    address = f"{AUDIT}?action={query['action']}"
    while address:
        response = auditor.get(address)
        seen += [event.id for event in response.context["events"]]
        following = response.context["next_url"]
        address = AUDIT + following if following else ""
    assert seen == sorted(
        Event.objects.filter(verb="script.created").values_list("pk", flat=True), reverse=True
    )
    for made_up in ("x", "1", "1_x", "9" * 30 + "_1", "²_1"):
        assert auditor.get(AUDIT, query | {"after": made_up}).status_code == 302


def test_the_page_asks_as_much_for_fifty_events_as_for_a_few(desk: Desk, auditor: Client) -> None:
    log_case(desk)
    auditor.get(AUDIT)
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            auditor.get(AUDIT)
        counts.append(len(asked))
        for _number in range(12):
            log_case(desk)
    assert counts[0] == counts[1] <= MOST_QUERIES


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (Wanted(), "audit_event_at"),
        (Wanted(since=MONDAY), "audit_event_at"),
        (Wanted(actor_id=1), "audit_event_actor"),
        (Wanted(by_nobody=True), "audit_event_at"),
        (Wanted(verb="case.logged"), "audit_event_verb"),
        (Wanted(streams=["case:1"]), "audit_event_chain"),
    ],
)
def test_every_filter_reads_by_an_index(desk: Desk, wanted: Wanted, index: str) -> None:
    with connection.cursor() as cursor:
        # What the planner knows of the table must not come from the tests before this one.
        cursor.execute(
            """
            INSERT INTO audit_event (stream, sequence, at, actor_id, verb, data, previous_hash, hash)
            SELECT 'case:' || n, 1, now() - n * interval '1 minute', (%s::bigint[])[1 + n %% 4],
                'verb.' || n %% 40, '{}', '', md5(n::text) FROM generate_series(100001, 103000) AS n
            """,
            [[None, desk.frontline.pk, desk.manager.pk, desk.admin.pk]],
        )
        cursor.execute("ANALYZE audit_event")
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off" if wanted.streams is None else "SELECT 1")
        with CaptureQueriesContext(connection) as asked:
            trail(wanted)
        cursor.execute("EXPLAIN " + asked.captured_queries[0]["sql"])
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert index in plan, plan


# --- the file ------------------------------------------------------------------------------


def exported(client: Client, **query: str) -> list[list[str]]:
    response = client.get(EXPORT, query)
    assert response["Content-Type"].startswith("text/csv")
    body = b"".join(response.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    return list(csv.reader(io.StringIO(body)))


def test_the_file_holds_what_is_filtered_in_the_readers_words_and_zone(desk: Desk, case: Case) -> None:
    desk.auditor.time_zone, desk.auditor.language = "Asia/Shanghai", "en"
    desk.auditor.save()
    client = client_of(desk.auditor)
    heading, line = exported(client, number=case.number, action="case.logged")
    assert heading == ["Event number", "Time", "Who", "What", "About", "Changes"]
    event = Event.objects.get(verb="case.logged")
    at = event.at.astimezone(dt.timezone(dt.timedelta(hours=8))).strftime("%Y-%m-%d %H:%M:%S")
    assert line[:5] == [str(event.pk), at, desk.frontline.name, "Complaint logged", case.number]
    assert "Severity: High" in line[5]


def test_the_file_is_bounded_and_says_so(
    desk: Desk, auditor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desk.views.audit.CHUNK", 2)
    monkeypatch.setattr("desk.views.audit.MOST_EXPORTED", 4)
    for number in range(7):
        record(stream=f"script:{number}", verb="script.created", actor=desk.admin, begins=True)
    lines = exported(auditor, action="script.created")
    assert len(lines) == 1 + 4 + 1
    assert "more than 4 events" in lines[-1][0]
    monkeypatch.setattr("desk.views.audit.MOST_EXPORTED", 100)
    assert len(exported(auditor, action="script.created")) == 1 + 7
