"""Every address × every role: who gets in is written down here, and nothing is left out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.test.client import MULTIPART_CONTENT
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from accounts.models import Authority, Team, User
from accounts.states import Role
from audit.models import Event
from cases.actions.incidents import NewIncident, declare_incident
from cases.models import Affected, Case, Cause, Defect, Playbook
from compensation.actions.offers import propose_offer
from compensation.actions.redemption import Wanted, redeem_voucher
from compensation.actions.reviews import Wanted as Drawing
from compensation.actions.reviews import draw_reviews
from compensation.actions.vouchers import issue_voucher
from compensation.models import ApprovalRoute, Budget, Offer, PolicyVersion, Redemption, ReviewList
from feedback.models import FollowUp, Instrument, Invitation, Response
from messaging.actions import notify
from messaging.models import Notice, OutboxMessage
from sla.models import CalendarDay
from sla.queries import calendar_of
from tests.factories import MONDAY, Desk, log_case, make_branch, make_desk, make_user

F, S, M, A, U = Role.FRONTLINE, Role.SUPERVISOR, Role.MANAGER, Role.ADMIN, Role.AUDITOR
P = Role.FINANCE
EVERY = {F, S, M, A, U, P}
WORKS = {F, S, M}
FULFILS = {F, S, M, P}
PAYS = {M, P}
DECIDES = {S, M}
LOOKS = {S, M, A, U, P}
SETTINGS = {M, A, U, P}
CHECKS = {M, A, U}
REVIEWS = {M, U}

# Addresses of the desk, with the roles that get in.
STAFF: dict[str, set[Role]] = {
    "desk:home": EVERY,
    "desk:queue": EVERY,
    "desk:search": EVERY,
    "desk:customers": EVERY,
    "desk:customer": EVERY,
    "desk:case": EVERY,
    "desk:notifications": EVERY,
    "desk:notifications_read": EVERY,
    "desk:notification_open": EVERY,
    "desk:preferences": EVERY,
    "desk:log": WORKS,
    "desk:log_find": WORKS,
    "desk:log_customer": WORKS,
    "desk:log_suggest": WORKS,
    "desk:case_write": WORKS,
    "desk:case_step": WORKS,
    "desk:case_take": WORKS,
    "desk:case_assign": DECIDES,
    "desk:case_classify": WORKS,
    "desk:case_wait": WORKS,
    "desk:case_go_on": WORKS,
    "desk:case_resolve": WORKS,
    "desk:case_reopen": WORKS,
    "desk:case_mail_retry": WORKS,
    "desk:incidents": EVERY,
    "desk:incident_new": DECIDES,
    "desk:incident": EVERY,
    "desk:incident_add": DECIDES,
    "desk:incident_resolve": DECIDES,
    "desk:incident_change": DECIDES,
    "desk:incident_remedy": EVERY,
    "desk:incident_progress": EVERY,
    "desk:remedy_propose": DECIDES,
    "desk:remedy_decide": DECIDES,
    "desk:remedy_reply": DECIDES,
    "desk:remedy_steer": DECIDES,
    "desk:follow_up_finish": WORKS,
    "desk:offer_propose": WORKS,
    "desk:offer_forecast": WORKS,
    "desk:offer_withdraw": WORKS,
    "desk:offer_recall": WORKS,
    "desk:offer_fulfil": FULFILS,
    "desk:voucher_issue": WORKS,
    "desk:vouchers": WORKS,
    "desk:vouchers_csv": WORKS,
    "desk:vouchers_xlsx": WORKS,
    "desk:voucher_redeem": WORKS,
    "desk:voucher_receipt": WORKS,
    "desk:voucher": WORKS,
    "desk:voucher_void": DECIDES,
    "desk:voucher_send": WORKS,
    "desk:voucher_take_back": WORKS,
    "desk:voucher_rule_edit": {A},
    "desk:compensation_kind_new": {A},
    "desk:compensation_kind_edit": {A},
    "desk:compensation_kind_stock": {A},
    "desk:offer_submit": WORKS,
    "desk:offer_out": WORKS,
    "desk:offer_answer": WORKS,
    "desk:offer_fail": FULFILS,
    "desk:offer_claw_back": DECIDES,
    "desk:approvals": DECIDES,
    "desk:offers_decide": DECIDES,
    "desk:delegations": DECIDES | {A},
    "desk:delegation_revoke": EVERY,
    "desk:decision_link": DECIDES,
    "desk:offer_approve": DECIDES,
    "desk:offer_reject": DECIDES,
    "desk:offer_ask": DECIDES,
    "desk:payments": PAYS,
    "desk:payments_freeze": PAYS,
    "desk:paying_accounts": {A},
    "desk:payment_payee": FULFILS,
    "desk:payment_batch": PAYS,
    "desk:payment_result": PAYS,
    "desk:payment_file": PAYS,
    "desk:payment_confirm": PAYS,
    "desk:payment_fail": PAYS,
    "desk:payment_again": PAYS,
    "desk:insights": LOOKS,
    "desk:insights_csv": LOOKS,
    "desk:insights_cases": LOOKS,
    "desk:insights_cases_csv": LOOKS,
    "desk:insights_compensation": LOOKS,
    "desk:insights_fairness": LOOKS,
    "desk:insights_decisions": LOOKS,
    "desk:insights_budgets": LOOKS,
    "desk:insights_offers": LOOKS,
    "desk:insights_xlsx": LOOKS,
    "desk:insights_cases_xlsx": LOOKS,
    "desk:insights_compensation_csv": LOOKS,
    "desk:insights_compensation_xlsx": LOOKS,
    "desk:insights_fairness_csv": LOOKS,
    "desk:insights_fairness_xlsx": LOOKS,
    "desk:insights_decisions_csv": LOOKS,
    "desk:insights_decisions_xlsx": LOOKS,
    "desk:insights_budgets_csv": LOOKS,
    "desk:insights_budgets_xlsx": LOOKS,
    "desk:insights_offers_csv": LOOKS,
    "desk:insights_offers_xlsx": LOOKS,
    # In a demo the mailbox is everybody's; here it holds customers' mail.
    "desk:mailbox": {A},
    "desk:mailbox_message": {A},
    "desk:mailbox_retry": {A},
    "desk:undelivered": {A},
    "desk:undelivered_retry": {A},
    "desk:undelivered_retry_all": {A},
    "desk:audit": CHECKS,
    "desk:audit_csv": CHECKS,
    "desk:exceptions": REVIEWS,
    "desk:exceptions_csv": REVIEWS,
    "desk:exceptions_xlsx": REVIEWS,
    "desk:reviews": REVIEWS,
    "desk:review_list": REVIEWS,
    "desk:review_csv": REVIEWS,
    "desk:review_xlsx": REVIEWS,
    "desk:review_item": REVIEWS,
    "desk:offer_trail": CHECKS,
    "desk:offer_trail_csv": CHECKS,
    "desk:offer_trail_xlsx": CHECKS,
    "desk:audit_xlsx": CHECKS,
    "desk:settings": SETTINGS,
    "desk:settings_section": SETTINGS,
    "desk:staff_new": {A},
    "desk:staff_edit": {A},
    "desk:branch_new": {A},
    "desk:branch_edit": {A},
    "desk:team_new": {A},
    "desk:team_edit": {A},
    "desk:calendar_new": {A},
    "desk:calendar_edit": {A},
    "desk:calendar_days": {A},
    "desk:calendar_days_list": {A},
    "desk:calendar_days_edit": {A},
    "desk:calendar_days_remove": {A},
    "desk:targets_edit": {A},
    "desk:targets_withdraw": {A},
    "desk:authority_new": {A},
    "desk:special_limit_new": {A},
    "desk:special_limit_end": {A},
    "desk:route_new": {A},
    "desk:route_change": {A},
    "desk:route_end": {A},
    "desk:authority_edit": {A},
    "desk:authority_withdraw": {A},
    "desk:family_new": {A},
    "desk:kind_new": {A},
    "desk:defect_edit": {A},
    "desk:cause_new": {A},
    "desk:cause_edit": {A},
    "desk:playbook_edit": {A},
    "desk:script_new": {A},
    "desk:script_edit": {A},
    "desk:budget_new": {A},
    "desk:budget": SETTINGS,
    "desk:budget_edit": {A},
    "desk:budget_carry": {A},
    "desk:budget_close": {A},
    "desk:policy_new": {A},
    "desk:policy_draft": {A},
    "desk:policy_version": SETTINGS,
    "desk:policy_publish": {A},
    "desk:policy_retire": {A},
    "desk:policy_try": SETTINGS,
    "desk:policy_replay": SETTINGS,
    "desk:policy_rule": {A},
    "desk:policy_rule_move": {A},
    "desk:policy_rule_remove": {A},
    "api:cases": EVERY,
    "api:case": EVERY,
    "api:notes": WORKS,
    "api:customers": EVERY,
    "api:voucher_look_up": WORKS,
    "api:voucher_redeem": WORKS,
    "api:redemption_reverse": WORKS,
}
ABOUT_INCIDENT = {
    "desk:incident", "desk:incident_add", "desk:incident_resolve", "desk:incident_remedy",
    "desk:incident_progress", "desk:remedy_propose", "desk:remedy_decide", "desk:remedy_reply",
    "desk:remedy_steer",
}  # fmt: skip
# Addresses that need no account: probes, customers' links, sign-in and what belongs to it.
OPEN = {
    "healthz", "readyz", "metrics", "root", "set_language", "portal:survey", "portal:survey_thanks",
    "portal:track", "portal:voucher", "desk:demo_sign_in", "api:schema", "api:nothing",
    "api:payment_callback",
}  # fmt: skip
OPEN_PREFIXES = ("account_", "mfa_")


def addresses(resolver: URLResolver | None = None, space: str = "") -> Iterator[str]:
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            yield from addresses(entry, f"{space}{entry.namespace}:" if entry.namespace else space)
        elif isinstance(entry, URLPattern):
            yield f"{space}{entry.name}"


def test_every_address_is_written_down_here() -> None:
    unknown = {
        name
        for name in addresses()
        if name not in STAFF and name not in OPEN and not name.startswith(OPEN_PREFIXES)
    }
    assert unknown == set()
    assert set(STAFF) <= set(addresses())


@pytest.fixture
def desk(db: None) -> Desk:
    return make_desk()


@pytest.fixture
def places(desk: Desk) -> dict[str, list[Any]]:
    """The arguments of each address, all about one case of the desk's branch."""
    case = log_case(desk)
    offer = propose_offer(
        actor=desk.frontline,
        case_id=case.pk,
        kind="refund",
        basis="goodwill",
        amount=Decimal(120),
        purpose="The late parcel",
        reason="Two days late.",
    )
    redemption = redeemed_voucher(desk)
    drawn = drawn_review(desk)
    invitation = Invitation.objects.create(
        case=case, instrument=Instrument.objects.get(), token="t" * 32, language="en", due_at=MONDAY
    )
    response = Response.objects.create(invitation=invitation, case=case, answers={}, satisfaction=1)
    follow_up = FollowUp.objects.create(response=response, case=case, assignee=desk.supervisor, due_at=MONDAY)
    notify(users=[desk.frontline], message="%(number)s", params={"number": "1"}, url="/desk/", dedupe_key="x")
    budget = Budget.objects.create(
        branch=desk.branch, currency="EUR", starts_on=MONDAY, ends_on=MONDAY, amount=500
    )
    calendar = calendar_of(desk.branch.pk)
    CalendarDay.objects.create(calendar=calendar, date="2026-12-24", note="Christmas Eve")
    number = [case.number]
    new = NewIncident(name="No ferry", description="It did not sail.", branch=desk.branch)
    incident = declare_incident(actor=desk.supervisor, new=new, case_id=case.pk)
    version = PolicyVersion.objects.get(policy__code="house")
    limit = Authority.objects.create(
        role="frontline", currency="EUR", kind="meal", per_case=20, per_day=40, valid_from=MONDAY
    )
    route = ApprovalRoute.objects.create(name="Large sums", currency="EUR", valid_from=MONDAY)
    return {
        "desk:special_limit_end": [limit.pk],
        "desk:route_change": [route.pk],
        "desk:route_end": [route.pk],
        "desk:incident_change": [incident.number, Affected.objects.get().pk],
        **{name: [incident.number] for name in STAFF if name in ABOUT_INCIDENT},
        "desk:customer": [case.customer_id],
        "desk:case_write": [case.number, "note"],
        "desk:case_step": [case.number, "listen", "complete"],
        "desk:case_mail_retry": [case.number, OutboxMessage.objects.latest("pk").pk],
        "desk:payment_payee": [offer.pk],
        "desk:payment_batch": [1],
        "desk:payment_result": [1],
        "desk:payment_file": [1, "csv"],
        "desk:payment_confirm": [1],
        "desk:payment_fail": [1],
        "desk:payment_again": [1],
        "desk:offer_withdraw": [offer.pk],
        "desk:offer_fulfil": [offer.pk],
        "desk:offer_submit": [offer.pk],
        "desk:offer_out": [offer.pk],
        "desk:offer_answer": [offer.pk],
        "desk:offer_fail": [offer.pk],
        "desk:offer_claw_back": [offer.pk],
        "desk:decision_link": ["x" * 32],
        "desk:delegation_revoke": [1],
        "desk:offer_approve": [offer.pk],
        "desk:offer_reject": [offer.pk],
        "desk:offer_trail": [offer.pk],
        "desk:offer_trail_csv": [offer.pk],
        "desk:offer_trail_xlsx": [offer.pk],
        "desk:review_list": [drawn.pk],
        "desk:review_csv": [drawn.pk],
        "desk:review_xlsx": [drawn.pk],
        "desk:review_item": [drawn.pk, 1],
        "desk:offer_ask": [offer.pk],
        "desk:offer_recall": [offer.pk],
        "desk:voucher_issue": [offer.pk],
        "desk:voucher": [redemption.voucher_id],
        "desk:voucher_void": [redemption.voucher_id],
        "desk:voucher_send": [redemption.voucher_id],
        "desk:voucher_take_back": [redemption.voucher_id, redemption.pk],
        "desk:voucher_receipt": [redemption.pk],
        "desk:voucher_rule_edit": ["voucher"],
        "desk:compensation_kind_edit": ["gift"],
        "desk:compensation_kind_stock": ["gift"],
        "api:redemption_reverse": [redemption.pk],
        "desk:follow_up_finish": [follow_up.pk],
        "desk:notification_open": [Notice.objects.get(user=desk.frontline, dedupe_key__startswith="x").pk],
        "desk:mailbox_message": [OutboxMessage.objects.latest("pk").pk],
        "desk:mailbox_retry": [OutboxMessage.objects.latest("pk").pk],
        "desk:undelivered_retry": [OutboxMessage.objects.latest("pk").pk],
        "desk:settings_section": ["targets"],
        "desk:staff_edit": [desk.colleague.pk],
        "desk:branch_edit": [desk.branch.pk],
        "desk:team_edit": [Team.objects.create(branch=desk.branch, name_en="Desk", name_zh="前台").pk],
        "desk:calendar_edit": [calendar.pk],
        "desk:calendar_days": [calendar.pk],
        "desk:calendar_days_list": [calendar.pk],
        "desk:calendar_days_edit": [calendar.pk, "2026-12-24"],
        "desk:calendar_days_remove": [calendar.pk, "2026-12-24"],
        "desk:targets_withdraw": ["2999-01-01"],
        "desk:authority_edit": ["EUR"],
        "desk:authority_withdraw": ["EUR", "2999-01-01"],
        "desk:kind_new": [Defect.objects.get(code="quality").pk],
        "desk:defect_edit": [Defect.objects.get(code="slow").pk],
        "desk:cause_edit": [Cause.objects.get(code="staff").pk],
        "desk:playbook_edit": [Playbook.objects.get(failure_type="").pk],
        "desk:script_edit": ["acknowledge"],
        "desk:budget": [budget.pk],
        "desk:budget_edit": [budget.pk],
        "desk:budget_carry": [budget.pk],
        "desk:budget_close": [budget.pk],
        "desk:policy_draft": [version.policy_id],
        **{f"desk:policy_{name}": [version.pk] for name in ("version", "publish", "retire", "try", "replay")},
        **{f"desk:policy_{name}": [version.pk, 2] for name in ("rule", "rule_move", "rule_remove")},
        "api:case": number,
        "api:notes": number,
        **{
            name: number
            for name in STAFF
            if name.startswith(("desk:case_", "desk:offer_forecast", "desk:offer_propose"))
            or name == "desk:case"
            if name not in ("desk:case_write", "desk:case_step", "desk:case_mail_retry")
        },
    }


def drawn_review(desk: Desk) -> ReviewList:
    """A list for review of what was granted today, drawn tomorrow."""
    today = timezone.now().date()
    with time_machine.travel(timezone.now() + dt.timedelta(days=1)):
        wanted = Drawing("Today", "EUR", today, today, size=3)
        return draw_reviews(actor=desk.auditor, wanted=wanted)


def redeemed_voucher(desk: Desk) -> Redemption:
    """A part of a voucher of another case, so that the case itself stays as it is."""
    offer = propose_offer(
        actor=desk.frontline,
        case_id=log_case(desk).pk,
        kind="voucher",
        basis="goodwill",
        amount=Decimal(30),
        purpose="The late parcel",
        reason="Two days late.",
    )
    issued = issue_voucher(actor=desk.frontline, offer_id=offer.pk)
    return redeem_voucher(actor=desk.frontline, code=issued.code, wanted=Wanted(amount=Decimal(10)))


def visit(client: Client, name: str, places: dict[str, list[Any]]) -> list[Any]:
    """What the address answers to GET and to an empty POST, of JSON where programs call."""
    url = reverse(name, args=places.get(name, []))
    kind = "application/json" if name.startswith("api:") else MULTIPART_CONTENT
    return [client.get(url), client.post(url, content_type=kind)]


def of(desk: Desk, role: Role) -> User:
    return getattr(desk, role.value)


@pytest.mark.parametrize("role", sorted(EVERY))
def test_a_role_gets_into_its_own_addresses_and_no_others(
    desk: Desk, places: dict[str, list[Any]], role: Role
) -> None:
    client = Client()
    client.force_login(of(desk, role))
    for name, roles in STAFF.items():
        for response in visit(client, name, places):
            if role in roles:
                assert response.status_code in (200, 201, 204, 302, 400, 404, 405, 409, 415, 422), (
                    name,
                    response.status_code,
                )
            else:
                assert response.status_code in (403, 405), (name, response.status_code)
        if role not in roles:
            assert 403 in [response.status_code for response in visit(client, name, places)], name


def test_no_address_of_a_form_is_a_dead_end(desk: Desk, places: dict[str, list[Any]]) -> None:
    """Whoever opens one by hand, or reloads a form that was refused, gets to the page that the form is on."""
    for name, roles in STAFF.items():
        if not name.startswith("desk:"):
            continue
        client = Client()
        client.force_login(of(desk, min(roles)))
        response = client.get(reverse(name, args=places.get(name, [])), follow=True)
        assert response.status_code in (200, 404), (name, response.status_code)


def test_nobody_gets_in_without_signing_in(places: dict[str, list[Any]]) -> None:
    before = Event.objects.count()
    for name in STAFF:
        for response in visit(Client(), name, places):
            turned_away = response.status_code in (401, 403, 405) or (
                response.status_code == 302 and response.headers["Location"].startswith("/accounts/login/")
            )
            assert turned_away, (name, response.status_code)
    assert Event.objects.count() == before


def test_someone_who_has_left_gets_in_nowhere(desk: Desk, places: dict[str, list[Any]]) -> None:
    client = Client()
    client.force_login(desk.supervisor)
    desk.supervisor.is_active = False
    desk.supervisor.save()
    for name in STAFF:
        for response in visit(client, name, places):
            assert response.status_code in (302, 401, 403, 405), (name, response.status_code)


def test_a_case_of_another_branch_is_not_there(desk: Desk, places: dict[str, list[Any]]) -> None:
    stranger = make_user(Role.SUPERVISOR, make_branch())
    client = Client()
    client.force_login(stranger)
    case = Case.objects.earliest("pk")
    before = (Event.objects.count(), case.timeline.count())
    about_the_case = [
        name
        for name, arguments in places.items()
        if arguments[0] == case.number or (name.startswith("desk:offer_") and "trail" not in name)
    ]
    for name in [*about_the_case, "desk:follow_up_finish"]:
        for response in visit(client, name, places):
            if response.status_code == 302:
                # A form's address leads to its page, whatever is there: the page tells, or a list without it.
                page = client.get(response.headers["Location"])
                assert case.number not in page.content.decode(), name
            else:
                assert response.status_code in (404, 405), (name, response.status_code)
    assert (Event.objects.count(), case.timeline.count()) == before
    assert Offer.objects.earliest("pk").state == "waiting"


def test_a_form_sent_without_its_token_gets_a_page_that_says_what_to_do(desk: Desk) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(desk.frontline)
    response = client.post(reverse("desk:notifications_read"))
    assert response.status_code == 403
    assert "reload the page and try again" in response.content.decode()
