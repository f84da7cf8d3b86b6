"""Logging a complaint: the case, its steps and clocks, and the acknowledgement to the customer."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.access import require
from accounts.models import Branch, User
from accounts.states import Capability
from audit.actions import record
from cases.actions.clocks import build_clocks
from cases.actions.timeline import email_of
from cases.models import NEVER, Case, Clock, Defect, RecoveryStep
from cases.queries import playbook_steps
from cases.rules import found_by, next_step, title_of
from cases.states import BaselineSource, Channel, Cue, FailureType, Remedy, StepKind, StepState
from common.copying import reserve
from common.errors import Conflict, Invalid
from common.money import check_amount
from common.search_text import document_tokens, joined_tokens, stored_document
from common.writing import insert
from customers.actions import NewCustomer, create_customer
from customers.models import ContactPoint, Customer
from messaging.actions import letter, queue_email
from sla.states import Metric, Severity

LONGEST_DESCRIPTION = 20_000
NUMBERS = "cases_case_number"
# `values` of an enumeration makes a list each time, which an import feels.
_CHANNELS, _CUES = frozenset(Channel.values), frozenset(Cue.values)
_REMEDIES, _SEVERITIES = frozenset(Remedy.values), frozenset(Severity.values)
_FAILURE_TYPES = frozenset(FailureType.values)


@dataclass(frozen=True, kw_only=True)
class NewCase:
    """The complaint as taken down. Money is in the branch's currency; `satisfaction_before` is 1 to 5."""

    customer: Customer | NewCustomer
    branch: Branch
    channel: str
    description: str
    summary: str = ""
    product: str = ""
    order_reference: str = ""
    occurred_on: dt.date | None = None
    remedies_sought: list[str] = field(default_factory=list)
    loss_amount: Decimal | None = None
    satisfaction_before: int | None = None
    language: str = "en"
    preferred_contact: str = "email"
    failure_type: str = ""
    defect: Defect | None = None
    severity: int = Severity.MEDIUM
    cues: list[str] = field(default_factory=list)
    suggestion: dict[str, object] = field(default_factory=dict)
    external_source: str = ""
    external_reference: str = ""

    @cached_property
    def title(self) -> str:
        """The line for lists: as given, or made from the description."""
        return title_of(self.summary, self.text)

    @cached_property
    def text(self) -> str:
        """The description as it is stored."""
        return self.description.replace("\x00", "").strip()

    @cached_property
    def own_tokens(self) -> list[str]:
        """What the case is found by, beside its number and its customer's name."""
        return found_by(self.order_reference, self.product, self.title, self.text)

    @classmethod
    def of(cls, given: Mapping[str, Any], **own: Any) -> NewCase:
        """The record from checked input that names its fields; what is `own` is not taken from there."""
        return cls(**({name: given[name] for name in cls.__dataclass_fields__ if name in given} | own))


class AlreadyLogged(Conflict):
    """There is a case with this reference of another system."""


def log_complaint(*, actor: User, new: NewCase) -> Case:
    """Write a complaint; its logger owns it until someone else takes it.

    Starts the clocks in the branch's business time, and queues an acknowledgement in the customer's language
    when there is an address to send it to. A customer met for the first time is written with the case,
    or not at all. Raises `Invalid` at the field that is wrong, `NotAllowed`, and `AlreadyLogged` where a
    reference of another system has its case.
    """
    require(actor, Capability.LOG_CASE, branch_id=new.branch.pk)
    now = timezone.now()
    check_complaint(new, today=timezone.localdate(now))
    with transaction.atomic():
        customer = new.customer
        if isinstance(customer, NewCustomer):
            customer = create_customer(actor=actor, new=customer)
        address = email_of(customer.pk)
        case = build_case(
            new, customer=customer, number=next_numbers(1, now)[0], received_at=now, actor=actor
        )
        steps = build_steps(case, acknowledged_at=now if address else None)
        case.next_step = next_step((step.kind, step.state) for step in steps)
        clocks = build_clocks(case, at=now)
        if clocks:
            first = min(clocks, key=lambda clock: clock.due_at)
            case.due_at, case.due_metric = first.due_at, first.metric
        _insert(case)
        insert(*steps)
        insert(*clocks)
        record(
            stream=case.stream,
            verb="case.logged",
            actor=actor,
            data={"channel": case.channel, "severity": case.severity, "failure_type": case.failure_type},
            begins=True,
        )
        if address is not None:
            _acknowledge(case, address, clocks)
    return case


def _insert(case: Case) -> None:
    try:
        case.save(force_insert=True)
    except IntegrityError as error:
        if case.external_reference and "cases_external_once" in str(error):
            raise AlreadyLogged(
                _("A complaint with this reference has been logged already."), field="external_reference"
            ) from error
        raise


def check_complaint(new: NewCase, *, today: dt.date) -> None:
    """Raise `Invalid` at the first field that is wrong."""
    if not new.description.strip():
        raise Invalid(_("Write what happened, in the customer’s words."), field="description")
    if len(new.description) > LONGEST_DESCRIPTION:
        raise Invalid(
            _("This is longer than %(most)s characters."),
            field="description",
            params={"most": LONGEST_DESCRIPTION},
        )
    if new.channel not in _CHANNELS:
        raise Invalid(_("Choose a channel."), field="channel")
    if new.failure_type and new.failure_type not in _FAILURE_TYPES:
        raise Invalid(_("Choose process or outcome."), field="failure_type")
    if new.severity not in _SEVERITIES:
        raise Invalid(_("Choose a severity from 1 to 4."), field="severity")
    if not _REMEDIES.issuperset(new.remedies_sought):
        raise Invalid(_("Choose remedies from the list."), field="remedies_sought")
    check_loss(new.loss_amount, new.branch.currency)
    if new.satisfaction_before is not None and not 1 <= new.satisfaction_before <= 5:
        raise Invalid(_("Satisfaction is a number from 1 to 5."), field="satisfaction_before")
    check_day(new.occurred_on, today=today)


def check_loss(amount: Decimal | None, currency: str) -> None:
    """Raise `Invalid` for a loss that can't be an amount of that currency; 0 means that there was none."""
    if amount is not None and amount != 0:
        check_amount(amount, currency, field="loss_amount")


def check_day(occurred_on: dt.date | None, *, today: dt.date) -> None:
    """Raise `Invalid` for a day on which nothing can have happened yet."""
    # Someone in a zone ahead of ours may truthfully speak of what is tomorrow here.
    if occurred_on is not None and occurred_on > today + dt.timedelta(days=1):
        raise Invalid(_("This date lies in the future."), field="occurred_on")


def build_case(
    new: NewCase, *, customer: Customer, number: str, received_at: dt.datetime, actor: User | None
) -> Case:
    """The row of a checked complaint, not yet written."""
    values = case_columns(new, customer=customer, number=number, received_at=received_at, actor=actor)
    tokens = joined_tokens(document_tokens([number, customer.name]), new.own_tokens)
    case = Case(**values, search=stored_document(tokens))
    # So that nobody has to read again what is at hand.
    case.customer, case.branch, case.defect = customer, new.branch, new.defect
    case.owner = case.logged_by = actor
    return case


def case_columns(
    new: NewCase, *, customer: Customer, number: str, received_at: dt.datetime, actor: User | None
) -> dict[str, Any]:
    """The columns of a checked complaint, for an import that writes many without making instances.

    What it is found by is not among them: see `joined_tokens` and `joined_document`.
    """
    actor_id = actor.pk if actor else None
    return {
        "number": number,
        "customer_id": customer.pk,
        "branch_id": new.branch.pk,
        "channel": new.channel,
        "summary": new.title,
        "description": new.text,
        "product": new.product.strip()[:120],
        "order_reference": new.order_reference.strip()[:60],
        "occurred_on": new.occurred_on,
        "received_at": received_at,
        "remedies_sought": list(new.remedies_sought),
        "currency": new.branch.currency,
        "loss_amount": new.loss_amount,
        "language": new.language,
        "preferred_contact": new.preferred_contact,
        "satisfaction_before": new.satisfaction_before,
        "baseline_source": BaselineSource.ASKED if new.satisfaction_before else BaselineSource.NONE,
        "failure_type": new.failure_type,
        "defect_id": new.defect.pk if new.defect else None,
        "severity": new.severity,
        "cues": [cue for cue in new.cues if cue in _CUES],
        "suggestion": new.suggestion,
        "external_source": new.external_source,
        "external_reference": new.external_reference,
        "owner_id": actor_id,
        "logged_by_id": actor_id,
        "due_at": NEVER,
        "tracking_token": secrets.token_urlsafe(18),
    }


def next_numbers(count: int, at: dt.datetime) -> list[str]:
    """That many new case numbers, such as C-26-01842: the year, and a number that never comes twice."""
    return [case_number(value, at) for (value,) in reserve(count, NUMBERS)]


def case_number(value: int, at: dt.datetime) -> str:
    """The number of a case, from one of the sequence `NUMBERS`."""
    return f"C-{at:%y}-{value:05d}"


def build_steps(
    case: Case, *, acknowledged_at: dt.datetime | None, kinds: Sequence[str] | None = None
) -> list[RecoveryStep]:
    """The steps that a case takes from its playbook, not yet written; the first may be done already.

    `kinds` are the playbook's steps where the caller has read them already.
    """
    steps = [
        RecoveryStep(case=case, kind=kind, position=position)
        for position, kind in enumerate(playbook_steps(case.failure_type) if kinds is None else kinds)
    ]
    for step in steps:
        if step.kind == StepKind.ACKNOWLEDGE and acknowledged_at is not None:
            step.state, step.at = StepState.DONE, acknowledged_at
    return steps


def _acknowledge(case: Case, address: ContactPoint, clocks: list[Clock]) -> None:
    respond_by = next((clock.due_at for clock in clocks if clock.metric == Metric.FIRST_RESPONSE), None)
    queue_email(
        letter(
            to_address=address.value,
            to_name=case.customer.name,
            language=case.language,
            template="acknowledgement",
            context={
                "customer_name": case.customer.name,
                "number": case.number,
                "tracking_token": case.tracking_token,
                "answer_by": respond_by,
                "time_zone": case.branch.time_zone,
                "organisation": case.branch.name_in(case.language),
            },
            dedupe_key=f"acknowledgement:{case.pk}",
            about=case.stream,
        ),
        begins=True,
    )
