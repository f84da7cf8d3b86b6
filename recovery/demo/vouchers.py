"""The demo's vouchers: issued as their offers were fulfilled, and redeemed whole, in part or not in time."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from decimal import Decimal
from functools import partial

from accounts.models import User
from compensation.actions.telling import amount_text
from compensation.models import Offer, Redemption, Voucher, VoucherRule
from compensation.promise_rules import end_of_day
from compensation.states import VoucherState
from compensation.voucher_keys import keys
from compensation.voucher_queries import voucher_rule
from compensation.voucher_rules import LAST, derive_code, digest_of, remind_at
from recovery.demo.life import Life
from recovery.demo.writing import write_rows

CENT = Decimal("0.01")
# Staff gave some vouchers less time than the rule of the kind.
SHORT = dt.timedelta(days=60)
SHORT_SHARE = 0.3
REDEEMED_SHARE, WHOLE_SHARE = 0.6, 0.6
SECOND = dt.timedelta(seconds=1)


class Vouchers:
    """Issues vouchers, and lets some be redeemed by now."""

    def __init__(self, chance: random.Random, now: dt.datetime) -> None:
        self._chance = chance
        self._now = now
        self._key = keys()[0]
        self._rules: dict[str, VoucherRule] = {}
        self._vouchers: list[Voucher] = []
        self._redemptions: list[Redemption] = []

    def issue(self, offer: Offer, life: Life, at: dt.datetime, by: User) -> Voucher:
        """The voucher of an offer that is fulfilled by it; see `tell` for what is written down of it."""
        rule = self._rules.setdefault(offer.kind, voucher_rule(offer.kind))
        days = SHORT.days if self._chance.random() < SHORT_SHARE else rule.validity_days
        expires_at = end_of_day(at, days, life.place.trade.time_zone) + SECOND
        seed = self._chance.randbytes(32).hex()
        code = derive_code(seed, self._key.secret)
        reminder = remind_at(issued_at=at, expires_at=expires_at, days=rule.reminder_days)
        voucher = Voucher(
            offer=offer,
            branch=life.place.branch,
            value=offer.standing_amount,
            remaining=offer.standing_amount,
            currency=offer.currency,
            single_use=rule.single_use,
            everywhere=rule.everywhere,
            seed=seed,
            digest=digest_of(code, self._key.secret),
            key_mark=self._key.mark,
            last_four=code[-LAST:],
            state=VoucherState.ACTIVE,
            issued_by=by,
            issued_at=at,
            expires_at=expires_at,
            remind_at=reminder,
        )
        if reminder is not None and reminder <= self._now:
            voucher.remind_at, voucher.reminded_at = None, reminder
        self._vouchers.append(voucher)
        return voucher

    def tell(self, voucher: Voucher, life: Life, people: list[User]) -> None:
        """Write the issue down, and what somebody of these people redeemed since."""
        at, by = voucher.issued_at, voucher.issued_by
        said = {"last": voucher.last_four, "amount": amount_text(voucher.value, voucher.currency)}
        life.record("voucher.issued", at, by, partial(_issued, voucher))
        life.event(at, by, "Voucher …%(last)s over %(amount)s issued.", said)
        if self._chance.random() < REDEEMED_SHARE:
            self._redeem(voucher, life, people)

    def write(self) -> None:
        """Write vouchers, and then redemptions, which a trigger takes off them."""
        write_rows(self._vouchers)
        self._redemptions.sort(key=lambda redemption: redemption.at)
        write_rows(self._redemptions)

    def _redeem(self, voucher: Voucher, life: Life, people: list[User]) -> None:
        whole = self._chance.random() < WHOLE_SHARE
        share = Decimal(1) if whole else Decimal(self._chance.choice(("0.4", "0.5", "0.75")))
        after = dt.timedelta(days=self._chance.lognormvariate(2.6, 0.8))
        at = life.place.after(voucher.issued_at + after, self._chance.uniform(600, 9000))
        amount = (voucher.value * share).quantize(CENT)
        if at >= min(self._now, voucher.expires_at):
            return
        by = self._chance.choice(people)
        redemption = Redemption(
            voucher=voucher,
            amount=amount,
            reference=f"{life.place.trade.order_prefix}-{at:%y}-{self._chance.randint(10**5, 10**6 - 1)}",
            remaining_after=voucher.value - amount,
            by=by,
            at=at,
        )
        self._redemptions.append(redemption)
        said = {
            "last": voucher.last_four,
            "amount": amount_text(amount, voucher.currency),
            "reason": "",
        }
        life.event(at, by, "Voucher …%(last)s: %(amount)s redeemed.", said)
        life.record("voucher.redeemed", at, by, _redeemed(redemption))


def _issued(voucher: Voucher) -> dict[str, object]:
    return {
        "offer": voucher.offer.pk,
        "voucher": voucher.pk,
        "value": str(voucher.value),
        "currency": voucher.currency,
        "percent": None,
        "expires_at": voucher.expires_at.isoformat(),
    }


def _redeemed(redemption: Redemption) -> Callable[[], dict[str, object]]:
    return lambda: {
        "voucher": redemption.voucher.pk,
        "redemption": redemption.pk,
        "amount": str(redemption.amount),
        "currency": redemption.voucher.currency,
        "left": str(redemption.remaining_after),
        "reference": redemption.reference,
    }
