"""Making a voucher useless: by hand, or because its offer was clawed back."""

from __future__ import annotations

from decimal import Decimal

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
from common.errors import Conflict
from compensation.actions.guards import clean_text
from compensation.models import Offer, Voucher
from compensation.states import VoucherState


def void_voucher(*, actor: User, voucher_id: int, reason: str) -> Voucher:
    """Make a voucher useless from now on; what was redeemed stays. Raises `Conflict` when nothing is left."""
    reason = clean_text(reason, field="reason", longest=500, missing=_("Say why."))
    with transaction.atomic():
        found = Voucher.objects.select_related("offer").get(pk=voucher_id)
        require(actor, Capability.DECIDE_OFFER, branch_id=found.branch_id)
        case = lock_case(found.offer.case_id)
        voucher = Voucher.objects.select_for_update(no_key=True).get(pk=found.pk)
        if voucher.state != VoucherState.ACTIVE:
            raise Conflict(
                _("This is not possible any more: the voucher is now “%(state)s”."),
                params={"state": VoucherState(voucher.state).label},
            )
        _void(voucher, case, actor, reason)
    return voucher


def left_on_voucher(offer: Offer) -> Decimal | None:
    """What an offer's voucher is still worth, locked, to be called with its case held; None without one."""
    voucher = Voucher.objects.select_for_update(no_key=True).filter(offer=offer).first()
    return None if voucher is None else voucher.remaining


def void_voucher_of(offer: Offer, *, case: Case, actor: User | None, reason: str) -> Voucher | None:
    """Void an offer's voucher, if it has one that is still good, as when the offer is clawed back.

    To be called by the action that does that, which holds the case and has checked who may.
    """
    voucher = Voucher.objects.select_for_update(no_key=True).filter(offer=offer).first()
    if voucher is None or voucher.state != VoucherState.ACTIVE:
        return None
    _void(voucher, case, actor, reason)
    return voucher


def _void(voucher: Voucher, case: Case, actor: User | None, reason: str) -> None:
    voucher.state, voucher.voided_at, voucher.void_reason = VoucherState.VOID, timezone.now(), reason
    voucher.remind_at = None
    voucher.save(update_fields=("state", "voided_at", "void_reason", "remind_at"))
    add_event(
        case=case,
        actor=actor,
        message=gettext_noop("Voucher …%(last)s is void: %(reason)s"),
        params={"last": voucher.last_four, "reason": reason},
    )
    data = {"voucher": voucher.pk, "left": str(voucher.remaining), "currency": voucher.currency}
    record(stream=case.stream, verb="voucher.voided", actor=actor, data=data)
