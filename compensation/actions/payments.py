"""Naming whom to pay, and freezing what is due into a batch."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping, Sequence
from decimal import Decimal

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from accounts.access import require
from accounts.models import Branch, User
from accounts.states import Capability
from audit.actions import record
from cases.actions.timeline import add_event
from cases.models import Case
from common.days import local_day
from common.errors import Conflict, Invalid, NotAllowed
from common.money import CURRENCIES, check_amount
from common.queue import nudge
from compensation.actions.guards import check_choice, clean_text, fresh, money_transaction, take_offer
from compensation.detail_rules import clean_details
from compensation.kind_queries import kind_setting
from compensation.models import (
    PayingAccount,
    PaymentBatch,
    PaymentDelivery,
    PaymentFile,
    PaymentLine,
    PaymentOrder,
)
from compensation.payment_files import Payer, Payment, write_csv, write_pain001
from compensation.payment_queries import (
    MOST_IN_A_BATCH,
    due_orders,
    is_payable,
    orders_with_part,
    paying_account,
)
from compensation.payment_rules import checksum, clean_account, is_account, is_bank, is_iban, looks_like_iban
from compensation.payment_states import BatchChannel, FileKind, LineState

LONGEST_NAME, LONGEST_TEXT = 70, 140
LONGEST_WAIT = dt.timedelta(days=60)
SEND_TASK = "compensation.tasks.send_payments"


def webhook_is_on() -> bool:
    """Whether a payment system is configured that payments can be handed over to."""
    return bool(settings.PAYMENT_WEBHOOK_URL)


def set_payee(
    *,
    actor: User,
    offer_id: int,
    name: str,
    account: str,
    bank: str,
    text: str,
    details: Mapping[str, object] | None = None,
) -> PaymentOrder:
    """Say to whom an offer is paid by bank transfer, or correct it while no payment is under way.

    `account` is an IBAN, or a number together with `bank`, a BIC or a clearing number. `text` is what the
    payee reads on the statement; empty stands for the number of the case. `details` are what the kind wants
    to be told at fulfilment (see `clean_details`), for the bank's word alone then fulfils the offer.
    """
    with money_transaction():
        case, offer = take_offer(actor, offer_id, Capability.FULFIL_OFFER)
        kind = kind_setting(offer.kind)
        if not is_payable(offer, kind):
            raise Conflict(_("Only money that was granted is paid by bank transfer."))
        order = PaymentOrder.objects.filter(offer=offer).first() or PaymentOrder(offer=offer)
        if order.pk and order.lines.exclude(state=LineState.FAILED).exists():
            raise Conflict(_("A payment of this offer is under way. First say what became of it."))
        order.text = _line_of_text(text or case.number, "text", LONGEST_TEXT)
        order.details = clean_details(details or {}, kind, offer.currency)
        _set_account(order, name=name, account=account, bank=bank)
        order.entered_by, order.entered_at = actor, timezone.now()
        order.save()
        add_event(case=case, actor=actor, message=gettext_noop("Account for the bank transfer entered."))
        # The event says who and when; the account itself stays out of the trail.
        record(stream=case.stream, verb="payment.payee_set", actor=actor, data={"offer": offer.pk})
    return order


def set_paying_account(
    *, actor: User, branch_id: int, currency: str, name: str, account: str, bank: str
) -> PayingAccount:
    """Say from which account a branch pays in a currency; batches that are frozen keep what they had."""
    with money_transaction():
        branch = Branch.objects.select_for_update(no_key=True).get(pk=branch_id)
        require(actor, Capability.CHANGE_SETTINGS, branch_id=branch.pk)
        if currency not in CURRENCIES:
            raise Invalid(_("Choose one of the list."), field="currency")
        found = paying_account(branch.pk, currency) or PayingAccount(branch=branch, currency=currency)
        _set_account(found, name=name, account=account, bank=bank)
        found.save()
        record(
            stream=f"branch:{branch.pk}",
            verb="payment.account_set",
            actor=actor,
            data={"branch": branch.code, "currency": currency},
        )
    return found


def _set_account(target: PaymentOrder | PayingAccount, *, name: str, account: str, bank: str) -> None:
    """Check and set an account. Raises `Invalid`, without repeating the number."""
    target.name = _line_of_text(name, "name", LONGEST_NAME)
    number, code = clean_account(account), clean_account(bank)
    target.iban = target.account = ""
    if is_iban(number):
        target.iban = number
    elif looks_like_iban(number):
        raise Invalid(_("This IBAN is not right: check its digits."), field="account")
    elif is_account(number):
        target.account = number
    else:
        raise Invalid(_("Enter an IBAN, or an account number of 4 to 34 digits."), field="account")
    if code and not is_bank(code):
        raise Invalid(_("Enter a BIC, or the digits of the bank’s clearing number."), field="bank")
    if target.account and not code:
        raise Invalid(_("An account number needs its bank."), field="bank")
    target.bank = code


def _line_of_text(value: str, field: str, longest: int) -> str:
    one_line = " ".join("".join(c if c.isprintable() else " " for c in value).split())
    return clean_text(one_line, field=field, longest=longest, missing=_("Fill this in."))


def freeze_batch(
    *, actor: User, order_ids: Sequence[int], channel: str = BatchChannel.FILE, pay_on: dt.date | None = None
) -> PaymentBatch:
    """Freeze orders of one branch and currency into a batch, which nobody changes any more.

    Raises `NotAllowed` when the actor had a part in one of them, `Conflict` when one is not due any more:
    then nothing is frozen, for the totals would not be those that were looked at.
    """
    wanted = sorted(set(order_ids))
    _check_wanted(wanted, channel)
    with money_transaction():
        payer = fresh(actor, Capability.PAY_COMPENSATION)
        orders = _take_orders(wanted)
        branch, currency = _one_place(payer, orders)
        if orders_with_part(payer, wanted):
            raise NotAllowed(
                _("Who proposed an offer, decided on it or entered the account does not pay it.")
            )
        batch = _make_batch(payer, orders, branch, currency, channel, pay_on)
        lines = PaymentLine.objects.bulk_create([_line(batch, order) for order in orders])
        if channel == BatchChannel.WEBHOOK:
            PaymentDelivery.objects.bulk_create([PaymentDelivery(line=line) for line in lines])
            nudge(SEND_TASK)
        else:
            _write_files(batch, lines)
        data = {
            "batch": batch.reference,
            "branch": branch.code,
            "count": batch.count,
            "total": str(batch.total),
            "currency": currency,
            "channel": batch.channel,
        }
        record(stream=f"payments:{batch.pk}", verb="payment.frozen", actor=payer, data=data, begins=True)
    return batch


def _check_wanted(wanted: Sequence[int], channel: str) -> None:
    """Raise unless this many payments may go out by that way."""
    check_choice(channel, BatchChannel, field="channel")
    if not wanted:
        raise Invalid(_("Choose at least one payment."))
    if len(wanted) > MOST_IN_A_BATCH:
        raise Invalid(_("A batch holds at most %(most)s payments."), params={"most": MOST_IN_A_BATCH})
    if channel == BatchChannel.WEBHOOK and not webhook_is_on():
        raise Conflict(_("No payment system is set up."))


def _take_orders(wanted: Sequence[int]) -> list[PaymentOrder]:
    """The orders with their cases locked, in the order that every other action keeps: cases first."""
    cases = Case.objects.filter(offers__payment_order__in=wanted).values("pk")
    list(Case.objects.select_for_update(of=("self",)).filter(pk__in=cases).order_by("pk").values_list("pk"))
    orders = list(
        due_orders().filter(pk__in=wanted).select_related("offer__branch", "offer__case").order_by("pk")
    )
    if len(orders) < len(wanted):
        raise Conflict(_("Some of these payments are not due any more. Look at the list again."))
    return orders


def _one_place(payer: User, orders: Sequence[PaymentOrder]) -> tuple[Branch, str]:
    places = {(order.offer.branch_id, order.offer.currency) for order in orders}
    if len(places) > 1:
        raise Invalid(_("A batch is for one branch and one currency."))
    offer = orders[0].offer
    require(payer, Capability.PAY_COMPENSATION, branch_id=offer.branch_id)
    return offer.branch, offer.currency


def _make_batch(
    payer: User,
    orders: Sequence[PaymentOrder],
    branch: Branch,
    currency: str,
    channel: str,
    pay_on: dt.date | None,
) -> PaymentBatch:
    now = timezone.now()
    today = local_day(now, branch.time_zone)
    day = pay_on or today
    if not today <= day <= today + LONGEST_WAIT:
        raise Invalid(_("Choose a day from today on, within 60 days."), field="pay_on")
    return PaymentBatch.objects.create(
        reference=f"{today:%Y%m%d}-{secrets.token_hex(4).upper()}",
        branch=branch,
        currency=currency,
        channel=channel,
        count=len(orders),
        total=sum((check_amount(order.offer.standing_amount, currency) for order in orders), Decimal(0)),
        pay_on=day,
        frozen_by=payer,
        frozen_at=now,
    )


def _line(batch: PaymentBatch, order: PaymentOrder) -> PaymentLine:
    # The id is random: counted ones would come again after a restore, and a payment system would take a new
    # payment for one that it knows.
    return PaymentLine(
        batch=batch,
        order=order,
        end_to_end_id=f"AM{secrets.token_hex(10).upper()}",
        amount=check_amount(order.offer.standing_amount, batch.currency),
        name=order.name,
        iban=order.iban,
        account=order.account,
        bank=order.bank,
        text=order.text,
    )


def _write_files(batch: PaymentBatch, lines: Sequence[PaymentLine]) -> None:
    payments = [
        Payment(line.end_to_end_id, line.amount, line.name, line.iban, line.account, line.bank, line.text)
        for line in lines
    ]
    contents = {FileKind.CSV: write_csv(payments, batch.currency)}
    account = paying_account(batch.branch_id, batch.currency)
    if account is not None:
        contents[FileKind.PAIN001] = write_pain001(
            payments,
            payer=Payer(account.name, account.iban, account.account, account.bank),
            reference=batch.reference,
            currency=batch.currency,
            at=batch.frozen_at.astimezone(dt.UTC),
            on=batch.pay_on,
        )
    PaymentFile.objects.bulk_create(
        PaymentFile(batch=batch, kind=kind, content=content, sha256=checksum(content))
        for kind, content in contents.items()
    )
