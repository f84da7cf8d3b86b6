"""Issuing a voucher, which fulfils its offer, and sending the customer the link that shows it."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from accounts.models import User
from accounts.states import Capability
from audit.actions import record
from cases.actions.timeline import add_event, email_of
from cases.models import Case
from common.days import local_day
from common.errors import Conflict, Invalid
from compensation.actions.fulfilment import fulfil_offer
from compensation.actions.guards import money_transaction, take_offer
from compensation.actions.telling import amount_text
from compensation.kind_queries import kind_setting
from compensation.models import Offer, RemedyShare, Voucher, VoucherLink, VoucherRule
from compensation.models.voucher import LONGEST_VALIDITY
from compensation.states import Need, OfferKind, ShareProblem, VoucherState
from compensation.voucher_keys import keys
from compensation.voucher_queries import voucher_rule
from compensation.voucher_rules import HUNDRED, LAST, derive_code, digest_of, link_digest, remind_at
from messaging.actions import letter, queue_email


@dataclass(frozen=True, slots=True)
class Issued:
    """A voucher, its code, which the desk sees this once, and whether the customer gets a mail."""

    voucher: Voucher
    code: str
    is_sent: bool


def issue_voucher(
    *,
    actor: User,
    offer_id: int,
    expires_on: dt.date | None = None,
    percent: Decimal | None = None,
    send: bool = True,
) -> Issued:
    """Issue the voucher of a granted offer, and record the offer as fulfilled by it.

    `expires_on` is the last day, by the branch's own days; without it the kind's rule says. A discount may be
    a `percent` of a bill, up to the amount granted. Raises `Invalid` for what can't be, `Conflict` when the
    offer is not one that can be fulfilled now.
    """
    with money_transaction():
        case, offer = take_offer(actor, offer_id, Capability.REDEEM_VOUCHER)
        kind = kind_setting(offer.kind)
        if kind.need != Need.CODE:
            raise Invalid(_("Nothing of this kind is issued with a code."))
        if Voucher.objects.filter(offer=offer).exists():
            raise Conflict(_("The voucher of this offer has been issued already."))
        _check_percent(offer, percent)
        voucher, code = _make(case, offer, actor, expires_on, percent)
        fulfil_offer(
            actor=actor,
            offer_id=offer.pk,
            method=kind.ways[0],
            reference=f"…{voucher.last_four}",
            landed_at=voucher.issued_at,
        )
        if offer.remedy_id is not None:
            RemedyShare.objects.filter(offer=offer, problem=ShareProblem.VOUCHER).update(problem="")
        is_sent = send and send_link(voucher, case, template="voucher", occasion="issued")
        _write_down(case, voucher, actor)
    return Issued(voucher, code, is_sent)


def _write_down(case: Case, voucher: Voucher, actor: User) -> None:
    data = {
        "offer": voucher.offer_id,
        "voucher": voucher.pk,
        "value": str(voucher.value),
        "currency": voucher.currency,
        "percent": None if voucher.percent is None else str(voucher.percent),
        "expires_at": voucher.expires_at.isoformat(),
    }
    record(stream=case.stream, verb="voucher.issued", actor=actor, data=data)
    add_event(
        case=case,
        actor=actor,
        message=gettext_noop("Voucher …%(last)s over %(amount)s issued."),
        params={"last": voucher.last_four, "amount": amount_text(voucher.value, voucher.currency)},
    )


def send_link(voucher: Voucher, case: Case, *, template: str, occasion: str) -> bool:
    """Send the customer a link of its own, in their language; returns whether there is an address for it.

    The mail holds no code, only the link, which shows the code once, and the outbox holds neither. The
    caller's transaction must hold the voucher.
    """
    address = email_of(case.customer_id)
    if address is None:
        return False
    token = secrets.token_urlsafe(32)
    link = VoucherLink.objects.create(voucher=voucher, digest=link_digest(token), sent_at=timezone.now())
    queue_email(
        letter(
            to_address=address.value,
            to_name=case.customer.name,
            language=case.language,
            template=template,
            context={
                "customer_name": case.customer.name,
                "number": case.number,
                "token": token,
                "voucher": voucher,
                "organisation": case.branch.name_in(case.language),
            },
            dedupe_key=f"voucher:{voucher.pk}:{occasion}:{link.pk}",
            secret=token,
            about=case.stream,
        )
    )
    return True


def _make(
    case: Case, offer: Offer, actor: User, expires_on: dt.date | None, percent: Decimal | None
) -> tuple[Voucher, str]:
    rule, now = voucher_rule(offer.kind), timezone.now()
    expires_at = _end_of(_last_day(case, rule, expires_on, now), case.branch.time_zone)
    seed, key = secrets.token_hex(32), keys()[0]
    code = derive_code(seed, key.secret)
    amount = offer.standing_amount
    voucher = Voucher.objects.create(
        offer=offer,
        branch=case.branch,
        value=amount,
        remaining=amount,
        currency=offer.currency,
        percent=percent,
        # What is left of a percentage means nothing: it is taken off one bill.
        single_use=rule.single_use or percent is not None,
        everywhere=rule.everywhere,
        seed=seed,
        digest=digest_of(code, key.secret),
        key_mark=key.mark,
        last_four=code[-LAST:],
        state=VoucherState.ACTIVE,
        issued_by=actor,
        issued_at=now,
        expires_at=expires_at,
        remind_at=remind_at(issued_at=now, expires_at=expires_at, days=rule.reminder_days),
    )
    return voucher, code


def _check_percent(offer: Offer, percent: Decimal | None) -> None:
    if percent is None:
        return
    if offer.kind != OfferKind.DISCOUNT:
        raise Invalid(_("Only a discount is given in percent."), field="percent")
    if not percent.is_finite() or not 0 < percent <= HUNDRED or percent != percent.quantize(Decimal("0.01")):
        raise Invalid(_("A percentage lies above 0, up to 100, with two decimals at most."), field="percent")


def _last_day(case: Case, rule: VoucherRule, asked: dt.date | None, now: dt.datetime) -> dt.date:
    today = local_day(now, case.branch.time_zone)
    day = asked or today + dt.timedelta(days=rule.validity_days)
    if not today < day <= today + dt.timedelta(days=LONGEST_VALIDITY):
        raise Invalid(_("The last day lies after today, and within ten years."), field="expires_on")
    return day


def _end_of(day: dt.date, time_zone: str) -> dt.datetime:
    """When the next day begins there."""
    return dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), ZoneInfo(time_zone))
