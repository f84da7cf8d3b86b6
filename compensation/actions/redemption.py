"""Redeeming vouchers: found by their code, redeemed exactly once, and taken back with a reason."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from babel.numbers import get_currency_precision
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from accounts.access import require
from accounts.models import User
from accounts.states import Capability
from audit.actions import record
from cases.actions.locking import lock_case
from cases.actions.timeline import add_event
from cases.models import Case
from common.errors import Conflict, Invalid, NotAllowed
from common.money import check_amount, format_money
from compensation.actions.guards import clean_text
from compensation.actions.telling import amount_text
from compensation.models import Redemption, Voucher
from compensation.states import VoucherStanding
from compensation.voucher_keys import digests_of
from compensation.voucher_queries import voucher_by_digests
from compensation.voucher_rules import clean_code, is_well_formed, taken_off

if TYPE_CHECKING:
    from common.errors import Text

LONGEST_REFERENCE = 120
LONGEST_TICKET = 64

REFUSED: dict[VoucherStanding, Text] = {
    VoucherStanding.REDEEMED: _("This voucher has been redeemed already."),
    VoucherStanding.EXPIRED: _("This voucher has expired."),
    VoucherStanding.VOID: _("This voucher is void."),
}


class UnknownCode(Conflict):
    """No voucher that this person may redeem has such a code; the answer never says which of these it is."""

    code = "unknown_code"

    def __init__(self) -> None:
        super().__init__(
            _("No voucher has this code. Check it letter by letter, or scan it again."), field="code"
        )


class NotRedeemable(Conflict):
    """The voucher is known, and redeemed, expired or void."""

    def __init__(self, standing: VoucherStanding) -> None:
        super().__init__(REFUSED[standing], field="code")
        self.code = f"voucher_{standing.value}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be redeemed: an `amount`, or of a percentage the `bill`; neither means all that is left."""

    amount: Decimal | None = None
    bill: Decimal | None = None
    reference: str = ""


def find_voucher(*, actor: User, code: str) -> Voucher:
    """The voucher with that code, whatever its state. Raises `UnknownCode`, also for another branch's own."""
    require(actor, Capability.REDEEM_VOUCHER)
    cleaned = clean_code(code)
    # The same work for every code, so that the time it takes tells nothing.
    voucher = voucher_by_digests(digests_of(cleaned))
    if voucher is None or not is_well_formed(cleaned):
        raise UnknownCode
    if not voucher.everywhere and not actor.reaches(voucher.branch_id):
        raise UnknownCode
    return voucher


def redeem_voucher(*, actor: User, code: str, wanted: Wanted, ticket: str = "") -> Redemption:
    """Redeem all or part of a voucher.

    A `ticket` names the occasion: the same one again returns the first redemption. Raises `UnknownCode`,
    `NotRedeemable`, or `Invalid` for an amount that the voucher does not hold.
    """
    found = find_voucher(actor=actor, code=code)
    reference = wanted.reference.replace("\x00", "").strip()
    if len(reference) > LONGEST_REFERENCE:
        raise Invalid(_("Please keep the reference to 120 characters."), field="reference")
    with transaction.atomic():
        case, voucher = _take(found)
        if ticket and (earlier := voucher.redemptions.filter(ticket=ticket[:LONGEST_TICKET]).first()):
            return earlier
        now = timezone.now()
        standing = voucher.standing_at(now)
        if standing in REFUSED:
            raise NotRedeemable(standing)
        amount = _amount(voucher, wanted)
        redemption = Redemption.objects.create(
            voucher=voucher,
            amount=amount,
            bill=wanted.bill if voucher.percent is not None else None,
            reference=reference,
            ticket=ticket[:LONGEST_TICKET] or None,
            remaining_after=voucher.remaining - amount,
            by=actor,
            at=now,
        )
        _write_down(case, redemption, actor, "voucher.redeemed")
    return redemption


def reverse_redemption(*, actor: User, redemption_id: int, reason: str) -> Redemption:
    """Take a redemption back, so that the voucher is worth that much again.

    Whoever redeemed it may, and whoever decides on offers in that branch. A void voucher stays void. Raises
    `Conflict` when it was taken back already.
    """
    reason = clean_text(reason, field="reason", longest=500, missing=_("Say why."))
    require(actor, Capability.REDEEM_VOUCHER)
    found = Redemption.objects.select_related("voucher__offer").get(pk=redemption_id)
    with transaction.atomic():
        case, voucher = _take(found.voucher)
        if found.by_id != actor.pk:
            if not actor.may(Capability.DECIDE_OFFER):
                raise NotAllowed(_("Only the person who redeemed it, or a supervisor, can take this back."))
            require(actor, Capability.DECIDE_OFFER, branch_id=voucher.branch_id)
        if found.reverses_id is not None or Redemption.objects.filter(reverses=found).exists():
            raise Conflict(_("This has been taken back already."))
        reversal = Redemption.objects.create(
            voucher=voucher,
            reverses=found,
            amount=found.amount,
            reason=reason,
            remaining_after=voucher.remaining + found.amount,
            by=actor,
            at=timezone.now(),
        )
        _write_down(case, reversal, actor, "voucher.reversed")
    return reversal


def _take(voucher: Voucher) -> tuple[Case, Voucher]:
    """Lock the case and then the voucher, as every action on vouchers does, and read it as it is then."""
    case = lock_case(voucher.offer.case_id)
    return case, Voucher.objects.select_for_update(no_key=True).get(pk=voucher.pk)


def _amount(voucher: Voucher, wanted: Wanted) -> Decimal:
    """What to redeem, in the currency's own decimals. Raises `Invalid`."""
    if voucher.percent is not None:
        if wanted.bill is None:
            raise Invalid(_("Enter the bill that the discount is taken off."), field="bill")
        bill = check_amount(wanted.bill, voucher.currency, field="bill")
        decimals = get_currency_precision(voucher.currency)
        amount = taken_off(bill, voucher.percent, at_most=voucher.remaining, decimals=decimals)
        if amount <= 0:
            raise Invalid(_("The discount on this bill is nothing."), field="bill")
        return amount
    amount = check_amount(wanted.amount if wanted.amount is not None else voucher.remaining, voucher.currency)
    if amount > voucher.remaining:
        raise Invalid(
            _("This voucher is worth no more than %(left)s."),
            field="amount",
            params={"left": format_money(voucher.remaining, voucher.currency)},
        )
    return amount


def _write_down(case: Case, redemption: Redemption, actor: User, verb: str) -> None:
    voucher = redemption.voucher
    message = (
        gettext_noop("Voucher …%(last)s: %(amount)s redeemed.")
        if redemption.reverses_id is None
        else gettext_noop("Voucher …%(last)s: the redemption of %(amount)s was taken back: %(reason)s")
    )
    params = {
        "last": voucher.last_four,
        "amount": amount_text(redemption.amount, voucher.currency),
        "reason": redemption.reason,
    }
    add_event(case=case, actor=actor, message=message, params=params)
    record(
        stream=case.stream,
        verb=verb,
        actor=actor,
        data={
            "voucher": voucher.pk,
            "redemption": redemption.pk,
            "amount": str(redemption.amount),
            "currency": voucher.currency,
            "left": str(redemption.remaining_after),
            "reference": redemption.reference,
        },
    )
