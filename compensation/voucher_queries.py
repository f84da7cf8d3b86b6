"""Lookups about vouchers: by code, for the desk's list, and what is due."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.states import Capability
from compensation.models import Redemption, Voucher, VoucherLink, VoucherRule
from compensation.states import VoucherStanding, VoucherState
from compensation.voucher_rules import link_digest

# What a list of vouchers shows, without the long texts of cases.
_JOINED = ("offer__case__customer", "branch", "issued_by")
_DEFERRED = ("offer__case__search", "offer__case__description", "offer__case__customer__search")


@dataclass(frozen=True, slots=True)
class VoucherFilter:
    """Which vouchers a list shows; "" and None narrow nothing."""

    standing: str = ""
    text: str = ""
    branch_id: int | None = None


def voucher_rule(kind: str) -> VoucherRule:
    """The rule of a kind; the defaults where none has been kept."""
    return VoucherRule.objects.filter(kind=kind).first() or VoucherRule(kind=kind)


def voucher_by_digests(digests: Collection[str]) -> Voucher | None:
    """The voucher whose code is kept as one of these."""
    found = Voucher.objects.filter(digest__in=digests).select_related("offer__case", "branch")
    return found.defer("offer__case__search", "offer__case__description").first()


def link_by_token(token: str) -> VoucherLink:
    """A link with its voucher. Raises `VoucherLink.DoesNotExist`."""
    rows = VoucherLink.objects.select_related("voucher__offer__case", "voucher__branch")
    rows = rows.defer("voucher__offer__case__search", "voucher__offer__case__description")
    return rows.get(digest=link_digest(token))


def visible_vouchers(user: User) -> QuerySet[Voucher]:
    """The vouchers of the branches that this person works for, with what a list shows of them."""
    if not user.may(Capability.REDEEM_VOUCHER):
        return Voucher.objects.none()
    rows = Voucher.objects.select_related(*_JOINED).defer(*_DEFERRED)
    return rows if user.branch_ids is None else rows.filter(branch_id__in=user.branch_ids)


def filtered(rows: QuerySet[Voucher], wanted: VoucherFilter) -> QuerySet[Voucher]:
    """Those that a filter asks for, the newest first."""
    if wanted.standing:
        rows = rows.filter(_standing(wanted.standing, timezone.now()))
    if wanted.branch_id is not None:
        rows = rows.filter(branch_id=wanted.branch_id)
    if wanted.text:
        text = wanted.text.strip().lstrip("…")
        rows = rows.filter(Q(last_four=text.upper()) | Q(offer__case__number=text.upper()))
    return rows.order_by("-id")


def redemptions_of(voucher: Voucher) -> list[Redemption]:
    """A voucher's redemptions in their order, each with the one that took it back."""
    return list(voucher.redemptions.select_related("by", "reversal", "reverses").order_by("id"))


def get_redemption_for(user: User, redemption_id: int) -> Redemption:
    """A redemption for its receipt: one's own, or of a branch that one works for.

    Raises `Redemption.DoesNotExist`.
    """
    rows = Redemption.objects.select_related("voucher__branch", "voucher__offer__case", "by", "reversal")
    if user.branch_ids is not None:
        rows = rows.filter(Q(by=user) | Q(voucher__branch_id__in=user.branch_ids))
    return rows.get(pk=redemption_id)


def due_voucher_reminders(now: dt.datetime) -> QuerySet[Voucher]:
    """Vouchers whose customers are to be reminded, the oldest reminder first."""
    return Voucher.objects.filter(remind_at__lte=now, state=VoucherState.ACTIVE).order_by("remind_at", "id")


def _standing(standing: str, now: dt.datetime) -> Q:
    active = Q(state=VoucherState.ACTIVE)
    return {
        VoucherStanding.VALID: active & Q(expires_at__gt=now, remaining=F("value")),
        VoucherStanding.PARTLY: active & Q(expires_at__gt=now, remaining__lt=F("value")),
        VoucherStanding.EXPIRED: active & Q(expires_at__lte=now),
        VoucherStanding.REDEEMED: Q(state=VoucherState.REDEEMED),
        VoucherStanding.VOID: Q(state=VoucherState.VOID),
    }[VoucherStanding(standing)]
