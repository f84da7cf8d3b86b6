"""Handing payments over to a payment system, so that none is lost and none is paid twice.

As in the outbox a payment belongs to one sender at a time: it claims the row, commits, talks, and writes
down what came of it; a claim is a lease. Killed after the payment system took a payment and before that was
written down, it is handed over again under the same `Idempotency-Key`, by which the payment system knows it
for the same payment. An attempt without an answer says nothing about the payment: never is it failed.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
from http.client import HTTPException
from time import monotonic
from typing import Any
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.access import require
from accounts.models import User
from accounts.states import Capability
from audit.actions import record
from common.errors import Conflict
from common.money import check_amount
from common.queue import claim, nudge
from compensation.actions.guards import fresh
from compensation.actions.payments import SEND_TASK, webhook_is_on
from compensation.models import PaymentBatch, PaymentDelivery, PaymentLine
from compensation.payment_rules import LEASE, back_off, is_refusal, sign
from compensation.payment_states import ON_ITS_WAY, DeliveryState, LineState

log = logging.getLogger(__name__)

TIMEOUT = 20  # seconds
# A round ends well within the life of its task, its last attempt included; the next round goes on.
MOST_SECONDS = 60


class _NoRedirects(HTTPRedirectHandler):
    """Accounts go to the configured address alone."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


_opener = build_opener(_NoRedirects)


def send_due_payments() -> int:
    """Hand over the payments that are due, for a minute at most; returns how many were taken.

    Many may run at once.
    """
    taken = 0
    if not webhook_is_on():
        return taken
    until = monotonic() + MOST_SECONDS
    while monotonic() < until and (delivery := _claim_next()) is not None:
        taken += _hand_over(delivery)
    return taken


def send_again(*, actor: User, line_id: int) -> None:
    """Hand a payment over again that was refused or got no answer, under its own key, so it is paid once."""
    with transaction.atomic():
        payer = fresh(actor, Capability.PAY_COMPENSATION)
        line = PaymentLine.objects.select_for_update(of=("self",)).select_related("batch").get(pk=line_id)
        require(payer, Capability.PAY_COMPENSATION, branch_id=line.batch.branch_id)
        stuck = PaymentDelivery.objects.filter(
            line=line, state__in=(DeliveryState.REFUSED, DeliveryState.GIVEN_UP)
        )
        again = line.state == LineState.WAITING and stuck.update(
            state=DeliveryState.QUEUED, attempts=0, due_at=timezone.now(), last_error=""
        )
        if not again:
            raise Conflict(_("This payment need not be handed over again."))
        PaymentBatch.objects.select_for_update(no_key=True).get(pk=line.batch_id)
        record(
            stream=f"payments:{line.batch_id}",
            verb="payment.sent_again",
            actor=payer,
            data={"batch": line.batch.reference, "payment": line.end_to_end_id},
        )
        nudge(SEND_TASK)


@transaction.atomic
def _claim_next() -> PaymentDelivery | None:
    now = timezone.now()
    due = PaymentDelivery.objects.filter(state__in=ON_ITS_WAY, due_at__lte=now).order_by("due_at")
    rows = claim(due.select_related("line__batch"), limit=1)
    if not rows:
        return None
    delivery = rows[0]
    delivery.state = DeliveryState.SENDING
    delivery.attempts += 1
    delivery.claimed_at, delivery.due_at = now, now + LEASE
    delivery.save(update_fields=("state", "attempts", "claimed_at", "due_at"))
    return delivery


def _hand_over(delivery: PaymentDelivery) -> int:
    if delivery.line.state != LineState.WAITING:
        # The payment system has answered before we wrote down that it took the payment.
        return _finish(delivery, state=DeliveryState.TAKEN, last_error="")
    try:
        with _opener.open(_request(delivery.line), timeout=TIMEOUT):
            pass
    except HTTPError as error:
        error.close()
        return _not_taken(delivery, f"HTTP {error.code}", refused=is_refusal(error.code))
    except (OSError, HTTPException) as error:
        return _not_taken(delivery, type(error).__name__, refused=False)
    return _finish(delivery, state=DeliveryState.TAKEN, last_error="")


def _request(line: PaymentLine) -> Request:
    body = json.dumps(
        {
            "end_to_end_id": line.end_to_end_id,
            "batch": line.batch.reference,
            "amount": str(check_amount(line.amount, line.batch.currency)),
            "currency": line.batch.currency,
            "pay_on": line.batch.pay_on.isoformat(),
            "payee": {"name": line.name, "iban": line.iban, "account": line.account, "bank": line.bank},
            "text": line.text,
        },
        ensure_ascii=False,
    ).encode()
    timestamp = str(int(timezone.now().timestamp()))
    headers = {
        "Content-Type": "application/json",
        "Idempotency-Key": line.end_to_end_id,
        "Amends-Timestamp": timestamp,
        "Amends-Signature": sign(settings.PAYMENT_WEBHOOK_SECRET, timestamp, body),
    }
    return Request(str(settings.PAYMENT_WEBHOOK_URL), data=body, headers=headers, method="POST")  # noqa: S310  # the settings take http only


def _not_taken(delivery: PaymentDelivery, said: str, *, refused: bool) -> int:
    wait = back_off(delivery.attempts)
    log.warning("Payment %s was not taken over: %s", delivery.line.end_to_end_id, said)
    if refused:
        _finish(delivery, state=DeliveryState.REFUSED, last_error=said)
    elif wait is None:
        _finish(delivery, state=DeliveryState.GIVEN_UP, last_error=said)
    else:
        _finish(delivery, state=DeliveryState.QUEUED, last_error=said, due_at=timezone.now() + wait)
    return 0


def _finish(delivery: PaymentDelivery, *, due_at: dt.datetime | None = None, **values: object) -> int:
    """Write the result, if the claim is still ours; returns 1 if it was."""
    if due_at is not None:
        values["due_at"] = due_at
    ours = PaymentDelivery.objects.filter(
        pk=delivery.pk,
        state=DeliveryState.SENDING,
        claimed_at=delivery.claimed_at,
        attempts=delivery.attempts,
    )
    return ours.update(**values)
