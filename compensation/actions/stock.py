"""Stock of what is sent or handed over: counted, taken as it goes out, and given back when it returns."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.access import require
from accounts.models import Branch, User
from accounts.states import Capability
from audit.actions import record
from common.errors import Conflict, Invalid
from compensation.actions.guards import clean_text
from compensation.kind_queries import kind_setting
from compensation.kind_states import Detail
from compensation.models import KindSetting, Offer, Stock, StockMovement

MOST = 1_000_000


def change_stock(
    *, actor: User, code: str, branch_id: int, change: int, low_at: int | None, reason: str
) -> Stock:
    """Count things of a kind in, or out (below zero), and say at which number to warn, if not as before.

    Raises `Conflict` where the kind's stock is not counted or there are not so many, `Invalid` for what can't
    be.
    """
    if low_at is not None and not 0 <= low_at <= MOST:
        raise Invalid(_("Enter a number from 0 to %(most)s."), field="low_at", params={"most": MOST})
    if not -MOST <= change <= MOST:
        raise Invalid(_("This number is too large."), field="change")
    with transaction.atomic():
        branch = Branch.objects.get(pk=branch_id)
        require(actor, Capability.CHANGE_SETTINGS, branch_id=branch.pk)
        if not kind_setting(code).counts_stock:
            raise Conflict(_("The stock of this kind is not counted."))
        stock = _locked(code, branch)
        if stock.on_hand + change < 0:
            raise _too_few(stock, field="change")
        if change:
            reason = clean_text(reason, field="reason", longest=200, missing=_("Say why."))
            StockMovement.objects.create(stock=stock, change=change, reason=reason, by=actor)
        if low_at is not None:
            Stock.objects.filter(pk=stock.pk).update(low_at=low_at)
        stock.refresh_from_db(fields=("on_hand", "low_at"))
        data = {"branch": branch.code, "change": change, "on_hand": stock.on_hand, "low_at": stock.low_at}
        record(stream=f"offer-kind:{code}", verb="offer_kind.stock", actor=actor, data=data)
    return stock


def take_from_stock(offer: Offer, setting: KindSetting, *, by: User, details: Mapping[str, str]) -> None:
    """Take what a fulfilment hands out, where it is counted; for the action that fulfils, in its transaction.

    Raises `Conflict` when the branch has not so many.
    """
    if not setting.counts_stock:
        return
    count = int(details.get(Detail.QUANTITY, "1"))
    stock = _locked(offer.kind, offer.branch)
    if stock.on_hand < count:
        raise _too_few(stock)
    StockMovement.objects.create(stock=stock, change=-count, offer=offer, by=by)


def put_back(offer: Offer, *, by: User) -> None:
    """Put back what was taken for an offer that is clawed back, also where stock is counted no more."""
    taken = StockMovement.objects.filter(offer=offer, change__lt=0).first()
    if taken is not None:
        StockMovement.objects.create(stock_id=taken.stock_id, change=-taken.change, offer=offer, by=by)


def _locked(code: str, branch: Branch) -> Stock:
    """The stock of a branch, which nobody else changes until the end of the transaction."""
    Stock.objects.get_or_create(kind=code, branch=branch)
    return (
        Stock.objects.select_for_update(no_key=True, of=("self",))
        .select_related("branch")
        .get(kind=code, branch=branch)
    )


def _too_few(stock: Stock, field: str = "") -> Conflict:
    return Conflict(
        _("%(branch)s has %(count)s of “%(kind)s” at hand. Count in what came, or offer another kind."),
        field=field,
        params={
            "branch": stock.branch.label,
            "count": stock.on_hand,
            "kind": stock.get_kind_display(),
        },
    )
