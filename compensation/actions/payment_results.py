"""What became of payments: confirmed or failed, one by one, by the bank's file, or by the payment system."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.states import Capability
from audit.actions import record
from cases.actions.locking import lock_case, take_case_for
from cases.models import Case
from common.errors import Conflict, DomainError, Invalid, NotAllowed
from compensation.actions.fulfilment import LONGEST_REFERENCE, land
from compensation.actions.guards import clean_text, fresh, money_transaction
from compensation.actions.setbacks import miss
from compensation.models import PaymentBatch, PaymentDelivery, PaymentLine
from compensation.payment_files import Result, UnreadableError, read_results
from compensation.payment_queries import batches_for, orders_with_part
from compensation.payment_states import ON_ITS_WAY, LineState
from compensation.states import FulfilmentMethod

LONGEST_REASON = 300
BY_HAND, BY_FILE, BY_CALLBACK = "hand", "file", "callback"

_UNREADABLE = {
    "large": _("This file is too large."),
    "empty": _("There are no payments in this file."),
    "encoding": _("This file is neither XML nor a table in UTF-8."),
    "column": _("This table has no column %(detail)s."),
    "line": _("This file can’t be read: line %(detail)s is broken."),
    "kind": _("This XML is not pain.002."),
    "status": _("A status is not known (%(detail)s)."),
    "amount": _("An amount is no number (%(detail)s)."),
}


@dataclass
class Imported:
    """What an import did: how many are now paid, not paid, known already or pending, and what was odd."""

    paid: int = 0
    failed: int = 0
    known: int = 0
    pending: int = 0
    problems: list[tuple[str, DomainError]] = field(default_factory=list)


def confirm_payment(*, actor: User, line_id: int, reference: str = "", via: str = BY_HAND) -> bool:
    """Write down that a payment went out, and that its offer is fulfilled by it.

    False when that was known already. Raises `NotAllowed` for who had a part in the offer, `Conflict` for a
    payment that was declared failed: then its offer may be in another batch, and somebody has to look.
    """
    with _taken(actor, line_id, via) as (case, line):
        if line.state == LineState.CONFIRMED:
            return False
        if line.state == LineState.FAILED:
            raise Conflict(_("This payment was recorded as failed. Find out from the bank which is true."))
        if orders_with_part(actor, [line.order_id]):
            raise NotAllowed(
                _("Who proposed an offer, decided on it or entered the account does not pay it.")
            )
        line.reference = reference.strip()[:LONGEST_REFERENCE] or line.end_to_end_id
        _settle(line, actor, LineState.CONFIRMED)
        land(
            case,
            line.order.offer,
            by=actor,
            method=FulfilmentMethod.BANK_TRANSFER,
            reference=line.reference,
            landed_at=timezone.now(),
            details=line.order.details,
        )
        _write_down(case, line, actor, "payment.confirmed", via)
    return True


def fail_payment(*, actor: User, line_id: int, reason: str, via: str = BY_HAND) -> bool:
    """Write down that a payment did not go out, and why; its order is due again.

    False when that was known already. Raises `Conflict` for one that is paid, and by hand for one that is
    still being handed over: it could yet arrive.
    """
    reason = clean_text(reason, field="reason", longest=LONGEST_REASON, missing=_("Say why it failed."))
    with _taken(actor, line_id, via) as (case, line):
        if line.state == LineState.FAILED:
            return False
        if line.state == LineState.CONFIRMED:
            raise Conflict(_("This payment is recorded as paid."))
        delivery = PaymentDelivery.objects.filter(line=line).first()
        if via != BY_CALLBACK and delivery is not None and delivery.state in ON_ITS_WAY:
            raise Conflict(_("This payment is still being handed over to the payment system. Wait for that."))
        line.reason = reason
        _settle(line, actor, LineState.FAILED)
        miss(case, line.order.offer, by=actor, reason=reason)
        _write_down(case, line, actor, "payment.failed", via)
    return True


def import_results(*, actor: User, batch_id: int, content: bytes) -> Imported:
    """Take over what the bank says of a batch, each payment by itself: one that is odd stops no other.

    The same file may come again: what is known is counted and not done twice. Raises `Invalid` for a file
    that can't be read, before anything is written.
    """
    payer = fresh(actor, Capability.PAY_COMPENSATION)
    batch = batches_for(payer).get(pk=batch_id)
    try:
        results = read_results(content)
    except UnreadableError as error:
        raise Invalid(_UNREADABLE[error.code], field="file", params={"detail": error.detail}) from error
    lines = {line.end_to_end_id: line for line in batch.lines.only("pk", "end_to_end_id", "amount", "batch")}
    done = Imported()
    for result in results:
        try:
            _take_over(payer, lines.get(result.end_to_end_id), result, done)
        except DomainError as error:
            done.problems.append((result.end_to_end_id, error))
    _note_import(payer, batch, done)
    return done


def _take_over(payer: User, line: PaymentLine | None, result: Result, done: Imported) -> None:
    if line is None:
        raise Invalid(_("This payment is not in the batch."))
    if result.amount is not None and result.amount != line.amount:
        raise Invalid(_("The bank names another amount."))
    if result.paid is None:
        done.pending += 1
    elif result.paid:
        new = confirm_payment(actor=payer, line_id=line.pk, reference=result.reference, via=BY_FILE)
        done.paid, done.known = done.paid + new, done.known + (not new)
    else:
        reason = result.reason or str(_("The bank gave no reason."))
        new = fail_payment(actor=payer, line_id=line.pk, reason=reason, via=BY_FILE)
        done.failed, done.known = done.failed + new, done.known + (not new)


def _note_import(payer: User, batch: PaymentBatch, done: Imported) -> None:
    with money_transaction():
        PaymentBatch.objects.select_for_update(no_key=True).get(pk=batch.pk)
        record(
            stream=f"payments:{batch.pk}",
            verb="payment.imported",
            actor=payer,
            data={
                "batch": batch.reference,
                "paid": done.paid,
                "failed": done.failed,
                "known": done.known,
                "pending": done.pending,
                "problems": len(done.problems),
            },
        )


def settle_by_callback(
    *, end_to_end_id: str, paid: bool, reference: str = "", reason: str = ""
) -> PaymentLine:
    """Take over what the payment system says of a payment that was handed to it; again is no error.

    It is written down in the name of who froze the batch, who sent the payment off: also when they have left
    since, for what is paid is paid. Raises `PaymentLine.DoesNotExist`, and `Conflict` when the payment is
    settled otherwise.
    """
    line = PaymentLine.objects.select_related("batch__frozen_by").get(
        end_to_end_id=end_to_end_id, delivery__isnull=False
    )
    actor = line.batch.frozen_by
    if paid:
        confirm_payment(actor=actor, line_id=line.pk, reference=reference, via=BY_CALLBACK)
    else:
        reason = reason.strip()[:LONGEST_REASON] or str(_("The payment system gave no reason."))
        fail_payment(actor=actor, line_id=line.pk, reason=reason, via=BY_CALLBACK)
    line.refresh_from_db(fields=("state",))
    return line


@contextmanager
def _taken(actor: User, line_id: int, via: str) -> Iterator[tuple[Case, PaymentLine]]:
    """A transaction with the case locked, then the line with its offer, as they stand then.

    What the payment system says is signed, and needs nobody's right.
    """
    with money_transaction():
        case_id = PaymentLine.objects.values_list("order__offer__case_id", flat=True).get(pk=line_id)
        if via == BY_CALLBACK:
            case = lock_case(case_id)
        else:
            payer = fresh(actor, Capability.PAY_COMPENSATION)
            case = take_case_for(payer, case_id, Capability.PAY_COMPENSATION, must_be_open=False)
        joined = ("batch", "order__offer__proposer", "order__offer__budget")
        lines = PaymentLine.objects.select_for_update(of=("self",)).select_related(*joined)
        yield case, lines.get(pk=line_id)


def _settle(line: PaymentLine, actor: User, state: LineState) -> None:
    line.state, line.settled_by, line.settled_at = state, actor, timezone.now()
    line.save(update_fields=("state", "settled_by", "settled_at", "reference", "reason"))


def _write_down(case: Case, line: PaymentLine, actor: User, verb: str, via: str) -> None:
    record(
        stream=case.stream,
        verb=verb,
        actor=actor,
        data={
            "batch": line.batch.reference,
            "payment": line.end_to_end_id,
            "offer": line.order.offer_id,
            "amount": str(line.amount),
            "currency": line.batch.currency,
            "via": via,
        },
    )
