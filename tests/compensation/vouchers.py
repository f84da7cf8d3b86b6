"""Vouchers to play with: issued for granted offers, redeemed, and the links that show them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from accounts.models import User
from cases.models import Case
from compensation.actions.redemption import Wanted, redeem_voucher
from compensation.actions.vouchers import Issued, issue_voucher
from compensation.models import Offer, Redemption
from customers.models import ContactPoint
from messaging.models import OutboxMessage
from tests.compensation.world import World, propose

ADDRESS = "guest@example.com"


def granted(world: World, case: Case, amount: int = 200, kind: str = "voucher") -> Offer:
    return propose(world.frontline, case, amount, kind=kind)


def issue(world: World, case: Case, amount: int = 200, kind: str = "voucher", **fields: Any) -> Issued:
    return issue_voucher(actor=world.frontline, offer_id=granted(world, case, amount, kind).pk, **fields)


def reachable(case: Case) -> Case:
    """The same case, with an e-mail address of its customer."""
    ContactPoint.objects.create(customer=case.customer, kind="email", value=ADDRESS)
    return case


def link_in(message: OutboxMessage) -> str:
    """The token in the link that the message carries."""
    return message.whole_text.split("/voucher/")[1].split("/")[0]


def redeem(actor: User, code: str, amount: int | None = None, **fields: Any) -> Redemption:
    """Redeem this much, or all there is."""
    wanted = Wanted(amount=None if amount is None else Decimal(amount))
    return redeem_voucher(actor=actor, code=code, wanted=wanted, **fields)
