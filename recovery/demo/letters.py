"""The demo's mail: what customers and staff were sent lately, rendered by the product's own templates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from email.utils import make_msgid
from typing import Any

from django.utils import translation

from accounts.models import User
from cases.models import Case, Clock, TimelineEntry
from cases.paths import case_path
from cases.states import EntryKind
from compensation.actions.promises import MESSAGES as PROMISE_MESSAGES
from compensation.actions.telling import amount_text
from compensation.models import Offer
from compensation.paths import APPROVALS_PATH
from compensation.states import OfferState
from feedback.actions.invite import customer_zone
from feedback.models import FollowUp, Invitation, Item
from feedback.states import Construct
from messaging.models import Notice, OutboxMessage
from messaging.rendering import render_email
from messaging.states import MessageState
from recovery.demo.life import Alert, Life
from recovery.demo.money import Reminder
from recovery.demo.staff import Staff
from recovery.demo.writing import write_rows
from sla.states import Metric, Severity

# Mail older than this is no longer in the mailbox: it would only make it long.
KEPT = dt.timedelta(days=21)
NOTICES_KEPT = dt.timedelta(days=10)
READ_AFTER = dt.timedelta(hours=7)


class Postman:
    """Writes the outbox and the notices as they would stand by now: sent, and mostly read."""

    def __init__(self, now: dt.datetime, emails: Mapping[int, str], staff: Staff) -> None:
        self._now = now
        self._emails = emails
        self._staff = staff
        self._messages: list[OutboxMessage] = []
        self._notices: list[Notice] = []

    def acknowledge(self, lives: Iterable[Life]) -> None:
        for life in lives:
            case = life.case
            respond_by = next(
                (each.due_at for each in life.clocks if each.metric == Metric.FIRST_RESPONSE), None
            )
            context = _common(case) | {
                "customer_name": case.customer.name,
                "answer_by": respond_by,
                "time_zone": case.branch.time_zone,
            }
            self._send(
                case, "acknowledgement", context, at=case.received_at, occasion=f"acknowledgement:{case.pk}"
            )

    def reply(self, entries: Iterable[TimelineEntry]) -> None:
        for entry in entries:
            if entry.kind == EntryKind.REPLY and entry.author is not None:
                case = entry.case
                context = _common(case) | {"text": entry.body}
                self._send(case, "reply", context, at=entry.at, occasion=f"reply:{entry.pk}")

    def survey(self, invitations: Iterable[Invitation]) -> None:
        first = Item.objects.filter(instrument__is_active=True, construct=Construct.RECOVERY).earliest(
            "position"
        )
        for invitation in invitations:
            if invitation.sent_at is not None and self._keeps(invitation.sent_at):
                context = _survey_context(invitation, first)
                self._send(
                    invitation.case,
                    "survey",
                    context,
                    at=invitation.sent_at,
                    occasion=f"survey:{invitation.pk}",
                )

    def tell_of_clocks(self, lives: Iterable[Life]) -> None:
        for life in lives:
            for alert in life.alerts:
                self._tell(
                    told_of(alert, life, self._staff),
                    alert.message,
                    {"number": life.case.number},
                    url=case_path(life.case.number),
                    occasion=clock_occasion(alert.clock, alert.level),
                    at=alert.at,
                    urgent=alert.level > 1,
                )

    def tell_of_offers(self, offers: Iterable[Offer], lives: Mapping[int, Life]) -> None:
        for offer in offers:
            life = lives[offer.case_id]
            if not offer.asked_role:
                continue
            role_level = 3 if offer.asked_role == "manager" else 2
            said = {"amount": amount_text(offer.amount, offer.currency), "case": offer.case.number}
            self._tell(
                [
                    person
                    for person in self._staff.told_at(role_level, life.place.branch)
                    if person != offer.proposer
                ],
                "%(amount)s on %(case)s waits for your approval.",
                said,
                url=f"{APPROVALS_PATH}?offer={offer.pk}",
                occasion=f"offer:{offer.pk}:waiting",
                at=offer.proposed_at,
                urgent=offer.case.severity == Severity.CRITICAL,
            )
            if offer.decided_at is not None:
                self._tell_proposer(offer)

    def tell_of_promises(self, reminders: Iterable[Reminder]) -> None:
        for reminder in reminders:
            offer, number = reminder.offer, reminder.life.case.number
            assert offer.due_at is not None
            promised = int(offer.due_at.timestamp())
            self._tell(
                reminder.told,
                PROMISE_MESSAGES[reminder.level],
                {"number": number, "amount": amount_text(offer.standing_amount, offer.currency)},
                url=case_path(number),
                occasion=f"offer:{offer.pk}:promise:{promised}:{reminder.level}",
                at=reminder.at,
                urgent=reminder.level > 1,
            )

    def tell_of_follow_ups(self, follow_ups: Iterable[FollowUp]) -> None:
        for follow_up in follow_ups:
            self._tell(
                [follow_up.assignee],
                "%(number)s: the customer is still dissatisfied. Please call within 48 hours.",
                {"number": follow_up.case.number},
                url=case_path(follow_up.case.number),
                occasion=f"follow-up:{follow_up.pk}:{int(follow_up.created_at.timestamp())}",
                at=follow_up.created_at,
                urgent=True,
            )

    def write(self) -> None:
        self._messages.sort(key=lambda message: message.created_at)
        self._notices.sort(key=lambda notice: notice.created_at)
        write_rows(self._messages)
        write_rows(self._notices)

    def _tell_proposer(self, offer: Offer) -> None:
        assert offer.decided_at is not None
        if offer.state == OfferState.REJECTED:
            message = "%(asked)s on %(case)s was rejected."
        elif offer.is_lowered:
            message = "%(granted)s instead of %(asked)s was approved on %(case)s."
        else:
            message = "%(asked)s on %(case)s was approved."
        said = {
            "asked": amount_text(offer.amount, offer.currency),
            "granted": amount_text(offer.standing_amount, offer.currency),
            "case": offer.case.number,
        }
        self._tell(
            [offer.proposer],
            message,
            said,
            url=case_path(offer.case.number),
            occasion=f"offer:{offer.pk}:decided",
            at=offer.decided_at,
        )

    def _tell(
        self,
        people: Iterable[User | None],
        message: str,
        params: dict[str, str],
        *,
        url: str,
        occasion: str,
        at: dt.datetime,
        urgent: bool = False,
    ) -> None:
        if at < self._now - NOTICES_KEPT:
            return
        read_at = at + READ_AFTER
        self._notices += [
            Notice(
                user=person,
                message=message,
                params=params,
                url=url,
                urgent=urgent,
                dedupe_key=f"{occasion}:{person.pk}",
                created_at=at,
                read_at=read_at if read_at < self._now else None,
            )
            for person in people
            if person is not None
        ]

    def _keeps(self, at: dt.datetime) -> bool:
        return at >= self._now - KEPT

    def _send(
        self, case: Case, template: str, context: Mapping[str, Any], *, at: dt.datetime, occasion: str
    ) -> None:
        address = self._emails[case.customer_id]
        if not address or not self._keeps(at):
            return
        rendered = render_email(template, context, case.language)
        self._messages.append(
            OutboxMessage(
                to_address=address,
                to_name=case.customer.name,
                language=case.language,
                template=template,
                subject=rendered.subject,
                body_text=rendered.text,
                body_html=rendered.html,
                message_id=make_msgid(domain="demo.example"),
                dedupe_key=occasion,
                about=case.stream,
                state=MessageState.SENT,
                created_at=at,
                due_at=at,
                attempts=1,
                claimed_at=at,
                sent_at=at,
            )
        )


def told_of(alert: Alert, life: Life, staff: Staff) -> list[User]:
    """Whom a level of a clock is told to: the owner at first, and without one the supervisors at once."""
    if alert.level == 1 and life.case.owner is not None:
        return [life.case.owner]
    return staff.told_at(max(alert.level, 2), life.place.branch)


def clock_occasion(clock: Clock, level: int) -> str:
    """The occasion of an alert, as the sweep names it."""
    return f"clock:{clock.pk}:{level}"


def _common(case: Case) -> dict[str, Any]:
    return {
        "number": case.number,
        "tracking_token": case.tracking_token,
        "organisation": case.branch.name_in(case.language),
    }


def _survey_context(invitation: Invitation, first: Item) -> dict[str, Any]:
    case, language = invitation.case, invitation.language
    with translation.override(language):
        question, scale = first.text, list(enumerate(first.labels, start=first.lowest))
    return {
        "customer_name": case.customer.name,
        "number": case.number,
        "token": invitation.token,
        "closes_at": invitation.closes_at,
        "time_zone": customer_zone(case).key,
        "organisation": case.branch.name_in(language),
        "question": question,
        "scale": scale,
    }
