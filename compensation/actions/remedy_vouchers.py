"""Vouchers of remedies: issued to whom a remedy granted one and a mail reaches, by a sweep.

Whoever has no e-mail address gets theirs from staff, who are shown the code.
"""

from __future__ import annotations

import logging

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import User
from common.errors import DomainError
from compensation.actions.guards import hold_case
from compensation.actions.vouchers import issue_voucher
from compensation.models import KindSetting, Offer, RemedyShare
from compensation.states import Need, OfferState, RemedyState, ShareProblem
from customers.models import ContactPoint
from customers.states import ContactKind

log = logging.getLogger(__name__)

BATCH = 100
BATCHES = 40


def issue_due_vouchers(*, limit: int = BATCH, batches: int = BATCHES) -> int:
    """Issue vouchers that remedies have granted, up to so many batches; returns how many were issued.

    Each is a transaction of its own, in the name of whoever started the remedy. Several sweeps may run at
    once, and may be killed: a voucher is issued once, with its mail. One that is refused is left for staff,
    and the page of the remedy says so; after any other fault it is tried again by the next sweep.
    """
    issued = last = 0
    for _batch in range(batches):
        rows = list(_due().filter(pk__gt=last).values_list("pk", "case_id", "remedy__started_by")[:limit])
        if not rows:
            break
        starters = User.objects.in_bulk({starter for _offer, _case, starter in rows})
        for offer_id, case_id, starter in rows:
            issued += _issue(starters[starter], offer_id, case_id)
        last = rows[-1][0]
    return issued


def _issue(starter: User, offer_id: int, case_id: int) -> bool:
    """Whether it is issued now; not when another sweep, or somebody of the staff, has it in hand."""
    try:
        with transaction.atomic():
            if hold_case(case_id) is None or not _due().filter(pk=offer_id).exists():
                return False
            issue_voucher(actor=starter, offer_id=offer_id)
    except DomainError as refusal:
        log.warning("The voucher of offer %s is left for staff: %s", offer_id, refusal)
        # Somebody may have issued it since.
        left = RemedyShare.objects.filter(offer=offer_id, offer__state=OfferState.APPROVED)
        left.update(problem=ShareProblem.VOUCHER)
    except Exception:
        # The others must not wait for it.
        log.exception("The voucher of offer %s could not be issued", offer_id)
    else:
        return True
    return False


def _due() -> QuerySet[Offer]:
    codes = KindSetting.objects.filter(need=Need.CODE).values("pk")
    addressed = ContactPoint.objects.filter(customer=OuterRef("case__customer"), kind=ContactKind.EMAIL)
    granted = Offer.objects.filter(state=OfferState.APPROVED, remedy__isnull=False, kind__in=codes)
    running = granted.filter(
        remedy__tell_customers=True,
        remedy__state__in=(RemedyState.RUNNING, RemedyState.DONE),
        share__problem="",
    )
    return running.filter(Exists(addressed)).order_by("id")
