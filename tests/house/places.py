"""What the addresses are about: the arguments of each, all of one case of the desk's branch."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import time_machine
from django.test import Client
from django.test.client import MULTIPART_CONTENT
from django.urls import reverse
from django.utils import timezone

from accounts.models import Authority, Team
from cases.actions.incidents import NewIncident, declare_incident
from cases.models import Affected, Case, Cause, Defect, Playbook
from compensation.actions.offers import propose_offer
from compensation.actions.redemption import Wanted, redeem_voucher
from compensation.actions.reviews import Wanted as Drawing
from compensation.actions.reviews import draw_reviews
from compensation.actions.vouchers import issue_voucher
from compensation.models import ApprovalRoute, Budget, PolicyVersion, Redemption
from feedback.models import FollowUp, Instrument, Invitation, Response
from messaging.actions import notify
from messaging.models import Notice, OutboxMessage
from sla.models import CalendarDay
from sla.queries import calendar_of
from tests.factories import MONDAY, Desk, log_case
from tests.house.addresses import STAFF

Places = dict[str, list[Any]]

ABOUT_CASE = {name for name in STAFF if name.startswith("desk:case")} | {
    "desk:offer_forecast", "desk:offer_propose", "api:case", "api:notes",
}  # fmt: skip
ABOUT_OFFER = {
    "desk:offer_withdraw", "desk:offer_recall", "desk:offer_fulfil", "desk:offer_submit", "desk:offer_out",
    "desk:offer_answer", "desk:offer_fail", "desk:offer_claw_back", "desk:offer_approve",
    "desk:offer_reject", "desk:offer_ask", "desk:offer_trail", "desk:offer_trail_csv",
    "desk:offer_trail_xlsx", "desk:voucher_issue", "desk:payment_payee",
}  # fmt: skip
ABOUT_VOUCHER = {"desk:voucher", "desk:voucher_void", "desk:voucher_send"}
ABOUT_PAYMENT = {
    "desk:payment_batch", "desk:payment_result", "desk:payment_confirm", "desk:payment_fail",
    "desk:payment_again",
}  # fmt: skip
ABOUT_REVIEW = {"desk:review_list", "desk:review_csv", "desk:review_xlsx"}
ABOUT_INCIDENT = {
    "desk:incident", "desk:incident_add", "desk:incident_resolve", "desk:incident_remedy",
    "desk:incident_progress", "desk:remedy_propose", "desk:remedy_decide", "desk:remedy_reply",
    "desk:remedy_steer",
}  # fmt: skip
ABOUT_MESSAGE = {"desk:mailbox_message", "desk:mailbox_retry", "desk:undelivered_retry"}
ABOUT_CALENDAR = {"desk:calendar_edit", "desk:calendar_days", "desk:calendar_days_list"}
ABOUT_DAY = {"desk:calendar_days_edit", "desk:calendar_days_remove"}
ABOUT_BUDGET = {"desk:budget", "desk:budget_edit", "desk:budget_carry", "desk:budget_close"}
ABOUT_POLICY = {
    "desk:policy_version", "desk:policy_publish", "desk:policy_retire", "desk:policy_try",
    "desk:policy_replay",
}  # fmt: skip
ABOUT_POLICY_RULE = {"desk:policy_rule", "desk:policy_rule_move", "desk:policy_rule_remove"}
# What is there from the start, or is named by the address alone, whether it is there or not.
NAMED: Places = {
    **{name: [1] for name in ABOUT_PAYMENT},
    "desk:payment_file": [1, "csv"],
    "desk:decision_link": ["x" * 32],
    "desk:delegation_revoke": [1],
    "desk:voucher_rule_edit": ["voucher"],
    "desk:compensation_kind_edit": ["gift"],
    "desk:compensation_kind_stock": ["gift"],
    "desk:settings_section": ["targets"],
    "desk:targets_withdraw": ["2999-01-01"],
    "desk:authority_edit": ["EUR"],
    "desk:authority_withdraw": ["EUR", "2999-01-01"],
    "desk:script_edit": ["acknowledge"],
}


def make_places(desk: Desk) -> Places:
    """The arguments of each address that takes some."""
    case = log_case(desk)
    return {
        **NAMED,
        **case_places(case),
        **offer_places(desk, case),
        **voucher_places(desk),
        **review_places(desk),
        **incident_places(desk, case),
        **follow_up_places(desk, case),
        **office_places(desk),
        **authority_places(),
        **wording_places(),
        **policy_places(),
        **message_places(desk, case),
    }


def case_places(case: Case) -> Places:
    return {
        **{name: [case.number] for name in ABOUT_CASE},
        "desk:case_write": [case.number, "note"],
        "desk:case_step": [case.number, "listen", "complete"],
        "desk:customer": [case.customer_id],
    }


def offer_places(desk: Desk, case: Case) -> Places:
    offer = propose_offer(
        actor=desk.frontline,
        case_id=case.pk,
        kind="refund",
        basis="goodwill",
        amount=Decimal(120),
        purpose="The late parcel",
        reason="Two days late.",
    )
    return {name: [offer.pk] for name in ABOUT_OFFER}


def voucher_places(desk: Desk) -> Places:
    redemption = redeemed_voucher(desk)
    return {
        **{name: [redemption.voucher_id] for name in ABOUT_VOUCHER},
        "desk:voucher_take_back": [redemption.voucher_id, redemption.pk],
        "desk:voucher_receipt": [redemption.pk],
        "api:redemption_reverse": [redemption.pk],
    }


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


def review_places(desk: Desk) -> Places:
    """About a list of what was granted today, drawn tomorrow."""
    today = timezone.now().date()
    with time_machine.travel(timezone.now() + dt.timedelta(days=1)):
        drawn = draw_reviews(actor=desk.auditor, wanted=Drawing("Today", "EUR", today, today, size=3))
    return {**{name: [drawn.pk] for name in ABOUT_REVIEW}, "desk:review_item": [drawn.pk, 1]}


def incident_places(desk: Desk, case: Case) -> Places:
    new = NewIncident(name="No ferry", description="It did not sail.", branch=desk.branch)
    incident = declare_incident(actor=desk.supervisor, new=new, case_id=case.pk)
    return {
        **{name: [incident.number] for name in ABOUT_INCIDENT},
        "desk:incident_change": [incident.number, Affected.objects.get().pk],
    }


def follow_up_places(desk: Desk, case: Case) -> Places:
    invitation = Invitation.objects.create(
        case=case, instrument=Instrument.objects.get(), token="t" * 32, language="en", due_at=MONDAY
    )
    response = Response.objects.create(invitation=invitation, case=case, answers={}, satisfaction=1)
    follow_up = FollowUp.objects.create(response=response, case=case, assignee=desk.supervisor, due_at=MONDAY)
    return {"desk:follow_up_finish": [follow_up.pk]}


def office_places(desk: Desk) -> Places:
    """About the branch, its people, its days and its money."""
    team = Team.objects.create(branch=desk.branch, name_en="Desk", name_zh="前台")
    calendar = calendar_of(desk.branch.pk)
    CalendarDay.objects.create(calendar=calendar, date="2026-12-24", note="Christmas Eve")
    budget = Budget.objects.create(
        branch=desk.branch, currency="EUR", starts_on=MONDAY, ends_on=MONDAY, amount=500
    )
    return {
        "desk:staff_edit": [desk.colleague.pk],
        "desk:branch_edit": [desk.branch.pk],
        "desk:team_edit": [team.pk],
        **{name: [calendar.pk] for name in ABOUT_CALENDAR},
        **{name: [calendar.pk, "2026-12-24"] for name in ABOUT_DAY},
        **{name: [budget.pk] for name in ABOUT_BUDGET},
    }


def authority_places() -> Places:
    limit = Authority.objects.create(
        role="frontline", currency="EUR", kind="meal", per_case=20, per_day=40, valid_from=MONDAY
    )
    route = ApprovalRoute.objects.create(name="Large sums", currency="EUR", valid_from=MONDAY)
    return {
        "desk:special_limit_end": [limit.pk],
        "desk:route_change": [route.pk],
        "desk:route_end": [route.pk],
    }


def wording_places() -> Places:
    """About what a case can be called, and what is done about it."""
    return {
        "desk:kind_new": [Defect.objects.get(code="quality").pk],
        "desk:defect_edit": [Defect.objects.get(code="slow").pk],
        "desk:cause_edit": [Cause.objects.get(code="staff").pk],
        "desk:playbook_edit": [Playbook.objects.get(failure_type="").pk],
    }


def policy_places() -> Places:
    version = PolicyVersion.objects.get(policy__code="house")
    return {
        "desk:policy_draft": [version.policy_id],
        **{name: [version.pk] for name in ABOUT_POLICY},
        **{name: [version.pk, 2] for name in ABOUT_POLICY_RULE},
    }


def message_places(desk: Desk, case: Case) -> Places:
    """About a notice, and about the last message that was written."""
    notify(users=[desk.frontline], message="%(number)s", params={"number": "1"}, url="/desk/", dedupe_key="x")
    notice = Notice.objects.get(user=desk.frontline, dedupe_key__startswith="x")
    message = OutboxMessage.objects.latest("pk")
    return {
        **{name: [message.pk] for name in ABOUT_MESSAGE},
        "desk:case_mail_retry": [case.number, message.pk],
        "desk:notification_open": [notice.pk],
    }


def visit(client: Client, name: str, places: Places) -> list[Any]:
    """What the address answers to GET and to an empty POST, of JSON where programs call."""
    url = reverse(name, args=places.get(name, []))
    kind = "application/json" if name.startswith("api:") else MULTIPART_CONTENT
    return [client.get(url), client.post(url, content_type=kind)]
